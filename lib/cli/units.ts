/** Quantities as people say them. */

/** `950 ms`, `12.5 s`, `3m 20s`, `2h 05m`, `3d 4h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor(seconds % 60))}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${pad(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** In whole seconds, for what is told while it grows. */
export function elapsed(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1000)} s` : duration(ms / 1000);
}

/** How long ago that was; what is less than a second old is as good as now. */
export function age(ms: number | null): string {
  if (ms === null) return 'never';
  return ms < 1000 ? 'now' : `${elapsed(ms)} ago`;
}

/** `840 B`, `12.3 kB`, `1.2 GB`. */
export function bytes(count: number): string {
  return scaled(count, byteUnits);
}

/** `0 bit/s`, `12.3 Mbit/s`. */
export function bitRate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, rateUnits);
}

/** `0.4 ms`, `120 ms`; a dash where it is not known. */
export function milliseconds(value: number | null): string {
  return value === null ? unknown : `${oneDigit(value)} ms`;
}

/** `20.1 ± 0.4 ms`. */
export function spread(value: number | null, deviation: number | null): string {
  return value === null || deviation === null ? milliseconds(value) : `${oneDigit(value)} ± ${oneDigit(deviation)} ms`;
}

/** A share from 0 to 1: `0 %`, `1.5 %`, `33 %`. */
export function percent(share: number | null): string {
  if (share === null) return unknown;
  const value = share * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} %`;
}

/** The time of day here, with the date where that is another day than `now`'s. Not ISO 8601: as it came. */
export function clockTime(iso: string, now: Date): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':');
  const day = dayOf(at);
  return day === dayOf(now) ? time : `${day} ${time}`;
}

/** What stands for a figure that nobody knows. */
export const unknown: string = '–';

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const rateUnits = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];

function scaled(count: number, units: readonly string[]): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function oneDigit(value: number): string {
  if (value === 0) return '0';
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}

function dayOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(pad).join('-');
}

function pad(n: number): string {
  return String(n).padStart(2, '0');
}

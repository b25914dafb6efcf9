/** Calendar time as certificates have it (RFC 5280 §4.1.2.5): milliseconds since 1970, UTC. */
import { lossyText } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { derTag, type DerElement } from '../wire/der.js';

/** @throws DecodeError on anything but the one form that RFC 5280 allows of each type */
export function readTime({ tag, content }: DerElement): number {
  const text = lossyText(content);
  const match = tag === derTag.utcTime ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) : tag === derTag.generalizedTime ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) : null;
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = match?.slice(1).map(Number) ?? [];
  const full = tag === derTag.utcTime ? year + (year < 50 ? 2000 : 1900) : year;
  const ok = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(full, month) && hour < 24 && minute < 60 && second < 60;
  if (!ok) throw new DecodeError('a time that is none', 0);
  return ((daysSince1970(full, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

/** The content of a UTCTime up to 2049, of a GeneralizedTime after that, with its tag. */
export function timeContent(ms: number): { readonly tag: number; readonly text: string } {
  const [date = '', time = ''] = formatTime(ms).split(' ');
  const digits = `${date}${time}`.replace(/[-:]/g, '');
  const year = Number(date.slice(0, 4));
  return year >= 1950 && year < 2050 ? { tag: derTag.utcTime, text: `${digits.slice(2)}Z` } : { tag: derTag.generalizedTime, text: `${digits}Z` };
}

/** `2026-11-26 22:09:15`, in UTC. */
export function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const { year, month, day } = dateOf(days);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
}

/** The time and its distance, as `2026-11-26 22:09:15 UTC, 3 days ago`. */
export function formatTimeAndDistance(ms: number, now: number): string {
  const days = Math.floor(Math.abs(now - ms) / 86_400_000);
  const distance = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return `${formatTime(ms)} UTC, ${ms < now ? `${distance} ago` : `in ${distance}`}`;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : ([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0);
}

/** Of the Gregorian calendar, counted in eras of 400 years from the first of March, so that a leap day is a year's last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

/** Settings of a connection that both of strongSwan's formats have, each under its own key. */
import { peerAddressKind, selectorKind } from '../config/network-kinds.js';
import { durationKind, type ValueKind } from '../config/value.js';
import { parseAddress } from '../util/address.js';
import { parsePrefix } from '../util/address-range.js';
import { maxReplayWindowPackets, minReplayWindowPackets } from '../esp/limits.js';
import type { Setting, Start } from './found.js';
import type { DraftTable, Remarks, SettingValue } from './model.js';
import type { View } from './section.js';
import { durationText, parseBoolean, parseTime, problemWith, readIdentity, splitList } from './strongswan-values.js';

/** The key with its value, or null. */
export function settingOf(view: View, key: string): Setting | null {
  const value = view.value(key);
  return value === null ? null : { key, value };
}

export function readFlag(setting: Setting | null, remarks: Remarks): boolean | null {
  if (setting === null) return null;
  const parsed = parseBoolean(setting.value.text);
  if (parsed === null) remarks.value(setting.key, setting.value, 'expected yes or no');
  return parsed;
}

export function setFlag(table: DraftTable, name: string, setting: Setting | null, remarks: Remarks): void {
  const flag = readFlag(setting, remarks);
  if (flag !== null) table.set(name, flag);
}

/** @param minMs of our own key */
export function readDuration(setting: Setting | null, minMs: number, remarks: Remarks): number | null {
  if (setting === null) return null;
  const ms = parseTime(setting.value.text);
  if (ms === null) {
    remarks.value(setting.key, setting.value, 'expected a time, as 30s, 5m, 4h or 1d');
    return null;
  }
  const problem = problemWith(minMs === 0 ? anyTime : aSecond, durationText(ms));
  if (problem === null) return ms;
  remarks.value(setting.key, setting.value, ms === 0 ? 'mhtun always renews keys: the default stands' : `the default stands: ${problem}`);
  return null;
}

const anyTime: ValueKind<number> = durationKind(0, '"0s" or more');
const aSecond: ValueKind<number> = durationKind(1000, 'at least "1s"');

/** Null where there is none, or it is 0, which stands for none. */
export function readCount(setting: Setting | null, remarks: Remarks): number | null {
  if (setting === null) return null;
  const { text } = setting.value;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : null;
  if (count === null) remarks.value(setting.key, setting.value, 'expected a whole number');
  return count === 0 ? null : count;
}

export function readReplayWindow(setting: Setting | null, remarks: Remarks): number | null {
  if (setting === null) return null;
  const size = /^\d{1,9}$/.test(setting.value.text) ? Number(setting.value.text) : 0;
  if (size >= minReplayWindowPackets && size <= maxReplayWindowPackets) return size;
  remarks.value(setting.key, setting.value, `the default stands: a window has from ${minReplayWindowPackets} to ${maxReplayWindowPackets} packets, and is never off`);
  return null;
}

/** Hosts to call. @param port where it is not the usual one */
export function readHosts(setting: Setting | null, port: number | null, remarks: Remarks): readonly string[] {
  const out: string[] = [];
  for (const text of setting === null ? [] : splitList(setting.value.text)) {
    const host = hostOf(text);
    if (host === 'any') continue;
    const problem = host === 'many' ? 'callers are told apart by their identities, not their addresses' : problemWith(peerAddressKind, host);
    if (problem !== null && setting !== null) remarks.value(setting.key, { ...setting.value, text }, problem);
    else out.push(port === null ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`);
  }
  return [...new Set(out)];
}

/** Addresses of this end; null: any. */
export function readOwnAddresses(setting: Setting | null, remarks: Remarks): readonly string[] | null {
  const out: string[] = [];
  for (const text of setting === null ? [] : splitList(setting.value.text)) {
    const host = hostOf(text);
    if (host === 'any') return null;
    if (parseAddress(host) !== null) out.push(host);
    else if (setting !== null) remarks.value(setting.key, { ...setting.value, text }, 'listen in [endpoint] takes addresses only');
  }
  return out.length === 0 ? null : [...new Set(out)];
}

/** `any`: every host; `many`: a network, which nobody can call. */
function hostOf(text: string): string {
  if (['%any', '%any4', '%any6', '%defaultroute', '0.0.0.0', '::', '0.0.0.0/0', '::/0', '%any/0'].includes(text)) return 'any';
  // ipsec.conf's sign for "other addresses too".
  const host = text.startsWith('%') ? text.slice(1) : text;
  if (host === 'any' || host === 'many') return `${host}.`;
  const isRange = /^[0-9a-f.:]+-[0-9a-f.:]+$/i.test(host) && !host.startsWith('-');
  return isRange || (host.includes('/') && parsePrefix(host) !== null) ? 'many' : host;
}

/** What is right of a list of selectors. */
export function readSelectors(key: string, value: SettingValue, texts: readonly string[], remarks: Remarks): readonly string[] {
  return texts.filter((text) => {
    const problem = problemWith(selectorKind, text);
    if (problem !== null) remarks.value(key, { ...value, text }, `left out: ${problem}`);
    return problem === null;
  });
}

/** Null where it is not there, or we can't spell it, which is said. */
export function readId(setting: Setting | null, remarks: Remarks): string | null {
  if (setting === null) return null;
  const id = readIdentity(setting.value.text);
  if (id === null) remarks.value(setting.key, setting.value, 'an identity that mhtun can\'t spell');
  return id;
}

/** What is done when the SA ends or the peer is silent; `start` kept up says the same here, as far as it goes. */
export function remarkAction(setting: Setting | null, start: Start, remarks: Remarks): void {
  if (setting === null) return;
  const meant = actions.get(setting.value.text);
  if (meant === undefined) remarks.value(setting.key, setting.value, 'expected none, clear, trap, hold, start or restart');
  else if (meant !== start) remarks.value(setting.key, setting.value, `mhtun does what start says, which is "${start}" here`);
}

const actions: ReadonlyMap<string, Start> = new Map([
  ['none', 'never'], ['clear', 'never'], ['trap', 'traffic'], ['hold', 'traffic'], ['start', 'now'], ['restart', 'now'], ['trap|start', 'now'],
]);

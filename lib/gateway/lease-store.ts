/** Who has which address, as it is written down for the next run: text, one lease a line. */
import { parseAddress } from '../util/address.js';
import { maxRememberedLeases, maxStoreBytes } from './limits.js';
import type { RememberedLease } from './lease-book.js';

/** What a store holds, or why it can't be used, for people. */
export type LeaseStore = { readonly ok: true; readonly leases: readonly RememberedLease[] } | { readonly ok: false; readonly problem: string };

/** JSON; whoever reads it reads the whole or nothing. */
export function writeLeases(leases: readonly RememberedLease[]): string {
  const lines = leases.map(({ identity, address }) => JSON.stringify([identity, address]));
  return `{"schema":${schema},"leases":[${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`}]}\n`;
}

/** Never throws: a store that is damaged in any way is none. */
export function readLeases(text: string): LeaseStore {
  if (text.length > maxStoreBytes) return bad(`it has more than ${maxStoreBytes} octets`);
  const document = parseQuietly(text);
  if (fieldOf(document, 'schema') !== schema) return bad(`expected JSON with "schema": ${schema}`);
  const list = fieldOf(document, 'leases');
  if (!Array.isArray(list)) return bad('expected a list "leases"');
  if (list.length > maxRememberedLeases) return bad(`more than ${maxRememberedLeases} leases`);
  const leases: RememberedLease[] = [];
  for (const item of list) {
    const lease = leaseOf(item);
    if (lease === null) return bad(`lease ${leases.length + 1} is none`);
    leases.push(lease);
  }
  return { ok: true, leases };
}

const schema = 1;

function leaseOf(item: unknown): RememberedLease | null {
  if (!Array.isArray(item) || item.length !== 2) return null;
  const list: readonly unknown[] = item;
  const [identity, text] = list;
  const address = typeof text === 'string' ? parseAddress(text) : null;
  return typeof identity === 'string' && identity !== '' && address !== null ? { identity, address } : null;
}

function bad(problem: string): LeaseStore {
  return { ok: false, problem };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(name) : undefined;
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

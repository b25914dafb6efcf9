/** What a fuzz target of the decoders is, and what their checks have in common. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { toHex } from '../../lib/util/bytes.js';
import { DecodeError } from '../../lib/util/errors.js';

export interface FuzzTarget {
  /** Returns for every input there is; throws when one shows a fault. Keeps nothing from one call to the next. */
  readonly run: (input: Uint8Array) => void;
  /** What an honest sender would write, to begin with. */
  readonly seeds: () => readonly Uint8Array[];
  /** Inputs of about so many octets that cost as much as inputs of that size can. */
  readonly large: (octets: number) => readonly Uint8Array[];
  /** Octets that seldom come about by chance. */
  readonly words: readonly Uint8Array[];
}

/** Something that must be so is not. */
export class Fault extends Error {
  override readonly name = 'Fault';
}

/** The value, or null where it is refused as a decoder may: with a DecodeError. Anything else thrown is a fault. */
export function decoded<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

export function mustBeSame(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Fault(`${what}: ${shown(actual)} instead of ${shown(expected)}`);
}

export function mustHold(holds: boolean, what: string): void {
  if (!holds) throw new Fault(what);
}

/** The same few values every time. */
export function drawn<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed: 1, numRuns: count });
}

/** As many octets as there are, from the pattern over and over. */
export function repeated(pattern: Uint8Array, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => pattern[i % pattern.length] ?? 0);
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? toHex(item) : typeof item === 'bigint' ? `${item}n` : item)).slice(0, 2000);
}

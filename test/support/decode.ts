/** What every test of a decoder asks. */
import { expect } from 'chai';
import { DecodeError } from '../../lib/util/errors.js';
import { fromHex } from '../../lib/util/bytes.js';
import { Reader } from '../../lib/wire/reader.js';

/** A reader over octets written as hex. */
export function readerOf(hex: string): Reader {
  return new Reader(fromHex(hex));
}

/** Fails unless `decode` throws a DecodeError that says so. */
export function expectDecodeError(decode: () => unknown, reason: RegExp): void {
  expect(decode).to.throw(DecodeError, reason);
}

/** The value, or null where a DecodeError was thrown; anything else thrown comes out and fails the test. */
export function decodedOrNull<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** The Encrypted Fragment payload (RFC 7383 §2.5), still encrypted. */
import { assert } from '../../util/assert.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface SkfPayload {
  readonly kind: 'skf';
  readonly critical: boolean;
  /** Type of the first payload inside in the first fragment, 0 in the others. */
  readonly nextPayload: number;
  /** From 1 to `totalFragments`. */
  readonly fragmentNumber: number;
  readonly totalFragments: number;
  readonly body: Uint8Array;
}

/** @throws DecodeError when the numbers contradict each other (RFC 7383 §2.6) */
export function decodeSkfBody(body: Reader, critical: boolean, nextPayload: number): SkfPayload {
  const fragmentNumber = body.uint16();
  const totalFragments = body.uint16();
  if (fragmentNumber < 1 || fragmentNumber > totalFragments) throw body.error(`fragment ${fragmentNumber} of ${totalFragments}`);
  if (fragmentNumber > 1 && nextPayload !== 0) throw body.error(`fragment ${fragmentNumber} names a next payload`);
  return { kind: 'skf', critical, nextPayload, fragmentNumber, totalFragments, body: body.rest() };
}

export function encodeSkfBody(p: SkfPayload): Uint8Array {
  assert(p.fragmentNumber >= 1 && p.fragmentNumber <= p.totalFragments, 'a fragment number is between 1 and the total');
  return new Writer(4 + p.body.length).uint16(p.fragmentNumber).uint16(p.totalFragments).bytes(p.body).finish();
}

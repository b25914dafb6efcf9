/** The Traffic Selector payloads (RFC 7296 §3.13). */
import { assert } from '../../util/assert.js';
import { addressBytes, addressFamily, addressFromBytes } from '../../util/address.js';
import { compareBytes } from '../../util/bytes.js';
import { trafficSelectorType } from '../iana.js';
import { Reader } from '../reader.js';
import type { TrafficSelector } from '../traffic-selector.js';
import { Writer } from '../writer.js';

export interface TsPayload {
  readonly kind: 'ts-i' | 'ts-r';
  readonly critical: boolean;
  readonly selectors: readonly WireSelector[];
}

/** `bytes` of an unknown one are all its octets, type and length included. */
export type WireSelector =
  | { readonly kind: 'selector'; readonly selector: TrafficSelector }
  | { readonly kind: 'unknown'; readonly tsType: number; readonly bytes: Uint8Array };

/** The payload that carries `selectors`, in order: the first may be the more specific one (RFC 7296 §2.9). */
export function tsPayload(kind: TsPayload['kind'], selectors: readonly TrafficSelector[]): TsPayload {
  return { kind, critical: false, selectors: selectors.map((selector) => ({ kind: 'selector', selector })) };
}

/** Those of a type that we know (RFC 7296 §2.9 lets us ignore the others). */
export function knownSelectors(p: TsPayload): TrafficSelector[] {
  return p.selectors.flatMap((s) => (s.kind === 'selector' ? [s.selector] : []));
}

/** @throws DecodeError when the count is wrong, or a range runs backwards */
export function decodeTsBody(body: Reader, critical: boolean, kind: TsPayload['kind']): TsPayload {
  const count = body.uint8();
  body.skip(3); // RESERVED
  if (count === 0) throw body.error('a Traffic Selector payload without a selector');
  const selectors: WireSelector[] = [];
  for (let i = 0; i < count; i++) selectors.push(decodeSelector(body));
  body.end('a Traffic Selector payload');
  return { kind, critical, selectors };
}

export function encodeTsBody(p: TsPayload): Uint8Array {
  assert(p.selectors.length > 0 && p.selectors.length <= maxSelectorsPerPayload, 'a TS payload has 1 to 255 selectors');
  const w = new Writer().uint8(p.selectors.length).uint8(0).uint16(0);
  for (const s of p.selectors) {
    if (s.kind === 'unknown') w.bytes(s.bytes);
    else encodeSelector(w, s.selector);
  }
  return w.finish();
}

/** The count has 8 bits (RFC 7296 §3.13). */
export const maxSelectorsPerPayload = 255;

/** Type, protocol, length. */
const selectorHeaderBytes = 4;
/** Header and ports. */
const selectorFixedBytes = 8;
const startOfOpaque = 65535;

function decodeSelector(body: Reader): WireSelector {
  const header = body.bytes(selectorHeaderBytes);
  const fields = new Reader(header);
  const tsType = fields.uint8();
  const protocol = fields.uint8();
  const length = fields.uint16();
  if (length < selectorHeaderBytes) throw body.error(`a selector of length ${length} is shorter than its header`);
  const content = body.sub(length - selectorHeaderBytes);
  const addressLength = addressOctets(tsType);
  if (addressLength === null) {
    return { kind: 'unknown', tsType, bytes: new Writer(length).bytes(header).bytes(content.rest()).finish() };
  }
  if (length !== selectorFixedBytes + 2 * addressLength) throw content.error(`a selector of type ${tsType} with length ${length}`);
  const startPort = content.uint16();
  const endPort = content.uint16();
  // RFC 7296 §3.13.1: OPAQUE is the one range that runs backwards.
  if (startPort > endPort && !(startPort === startOfOpaque && endPort === 0)) throw content.error(`ports ${startPort} to ${endPort}`);
  const first = content.bytes(addressLength);
  const last = content.bytes(addressLength);
  if (compareBytes(first, last) > 0) throw content.error('a selector whose first address is after its last');
  const range = { start: addressFromBytes(first), end: addressFromBytes(last) };
  return { kind: 'selector', selector: { range, protocol, startPort, endPort } };
}

function addressOctets(tsType: number): number | null {
  if (tsType === trafficSelectorType.TS_IPV4_ADDR_RANGE) return 4;
  if (tsType === trafficSelectorType.TS_IPV6_ADDR_RANGE) return 16;
  return null;
}

function encodeSelector(w: Writer, ts: TrafficSelector): void {
  const start = addressBytes(ts.range.start);
  const end = addressBytes(ts.range.end);
  assert(start.length === end.length, 'a range is of one family');
  const v4 = addressFamily(ts.range.start) === 4;
  w.uint8(v4 ? trafficSelectorType.TS_IPV4_ADDR_RANGE : trafficSelectorType.TS_IPV6_ADDR_RANGE);
  w.uint8(ts.protocol).uint16(selectorFixedBytes + start.length + end.length);
  w.uint16(ts.startPort).uint16(ts.endPort).bytes(start).bytes(end);
}

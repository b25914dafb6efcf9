/** The Security Association payload (RFC 7296 §3.3): proposals of transforms with their attributes. */
import { assert } from '../../util/assert.js';
import { attributeType } from '../iana.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface SaPayload {
  readonly kind: 'sa';
  readonly critical: boolean;
  readonly proposals: readonly Proposal[];
}

/** RFC 7296 §3.3.1. */
export interface Proposal {
  readonly number: number;
  readonly protocol: number;
  /** Empty, 4 (ESP, AH) or 8 octets (IKE); a peer may send any length. */
  readonly spi: Uint8Array;
  readonly transforms: readonly Transform[];
}

/** RFC 7296 §3.3.2. */
export interface Transform {
  readonly type: number;
  readonly id: number;
  readonly attributes: readonly TransformAttribute[];
}

/** RFC 7296 §3.3.5. `short`: the value is the two octets that stand where other attributes have their length. */
export interface TransformAttribute {
  readonly type: number;
  readonly value: Uint8Array;
  readonly short: boolean;
}

/** Specification: proposals are numbered from 1 in 8 bits (RFC 7296 §3.3.1). */
export const maxProposalsPerPayload = 255;
/** Implementation: one attribute is known; sixteen leave room for the unknown. */
export const maxAttributesPerTransform = 16;

/** @throws DecodeError */
export function decodeSaBody(body: Reader, critical: boolean): SaPayload {
  const proposals: Proposal[] = [];
  for (let more = true; more; ) {
    if (proposals.length === maxProposalsPerPayload) throw body.error(`more than ${maxProposalsPerPayload} proposals`);
    const { last, content } = substructure(body, moreProposals, 'proposal');
    proposals.push(decodeProposal(content));
    more = !last;
  }
  body.end('an SA payload');
  return { kind: 'sa', critical, proposals };
}

export function encodeSaBody(p: SaPayload): Uint8Array {
  assert(p.proposals.length > 0, 'an SA payload has a proposal');
  const w = new Writer();
  p.proposals.forEach((proposal, i) => {
    const start = w.length();
    w.uint8(i + 1 < p.proposals.length ? moreProposals : 0).uint8(0).uint16(0);
    w.uint8(proposal.number).uint8(proposal.protocol).uint8(proposal.spi.length).uint8(proposal.transforms.length);
    w.bytes(proposal.spi);
    proposal.transforms.forEach((t, j) => {
      encodeTransform(w, t, j + 1 === proposal.transforms.length);
    });
    w.patchUint16(start + 2, w.length() - start);
  });
  return w.finish();
}

/** A transform, with a Key Length attribute where the algorithm wants one. */
export function transform(type: number, id: number, keyLength: number | null = null): Transform {
  if (keyLength === null) return { type, id, attributes: [] };
  return { type, id, attributes: [{ type: attributeType.KEY_LENGTH, value: new Writer(2).uint16(keyLength).finish(), short: true }] };
}

/**
 * The Key Length in bits, or null when the transform has none. A Key Length that is malformed or
 * there more than once is 0, which no algorithm accepts: it must not pass for an absent one.
 */
export function keyLengthOf(t: Transform): number | null {
  const found = t.attributes.filter((a) => a.type === attributeType.KEY_LENGTH);
  const first = found[0];
  if (first === undefined) return null;
  if (found.length > 1 || !first.short) return 0;
  return ((first.value[0] ?? 0) << 8) | (first.value[1] ?? 0);
}

/** Such a transform must not be chosen (RFC 7296 §3.3.6). */
export function hasUnknownAttribute(t: Transform): boolean {
  return t.attributes.some((a) => a.type !== attributeType.KEY_LENGTH);
}

/** Values of the first octet of a substructure that is not the last. */
const moreProposals = 2;
const moreTransforms = 3;
const substructureHeaderBytes = 4;
/** Set where an attribute is its type and two octets of value. */
const shortAttribute = 0x8000;

function substructure(reader: Reader, moreValue: number, what: string): { last: boolean; content: Reader } {
  const mark = reader.uint8();
  if (mark !== 0 && mark !== moreValue) throw reader.error(`a ${what} begins with ${mark}`);
  reader.skip(1); // RESERVED
  const length = reader.uint16();
  if (length < substructureHeaderBytes) throw reader.error(`a ${what} of length ${length} is shorter than its header`);
  return { last: mark === 0, content: reader.sub(length - substructureHeaderBytes) };
}

function decodeProposal(reader: Reader): Proposal {
  const number = reader.uint8();
  const protocol = reader.uint8();
  const spiSize = reader.uint8();
  const count = reader.uint8();
  const spi = reader.bytes(spiSize);
  const transforms: Transform[] = [];
  for (let i = 0; i < count; i++) {
    const { last, content } = substructure(reader, moreTransforms, 'transform');
    if (last !== (i + 1 === count)) throw reader.error(`transform ${i + 1} of ${count} is marked wrong as the last or not`);
    transforms.push(decodeTransform(content));
  }
  reader.end('a proposal');
  return { number, protocol, spi, transforms };
}

function decodeTransform(reader: Reader): Transform {
  const type = reader.uint8();
  reader.skip(1); // RESERVED
  const id = reader.uint16();
  const attributes: TransformAttribute[] = [];
  while (reader.remaining > 0) {
    if (attributes.length === maxAttributesPerTransform) throw reader.error(`more than ${maxAttributesPerTransform} attributes`);
    const typeField = reader.uint16();
    const short = (typeField & shortAttribute) !== 0;
    const length = short ? 2 : reader.uint16();
    attributes.push({ type: typeField & ~shortAttribute, value: reader.bytes(length), short });
  }
  return { type, id, attributes };
}

function encodeTransform(w: Writer, t: Transform, last: boolean): void {
  const start = w.length();
  w.uint8(last ? 0 : moreTransforms).uint8(0).uint16(0);
  w.uint8(t.type).uint8(0).uint16(t.id);
  for (const attribute of t.attributes) {
    assert(attribute.type < shortAttribute, 'an attribute type fits in 15 bits');
    w.uint16(attribute.short ? attribute.type | shortAttribute : attribute.type);
    if (attribute.short) assert(attribute.value.length === 2, 'a short attribute has two octets');
    else w.uint16(attribute.value.length);
    w.bytes(attribute.value);
  }
  w.patchUint16(start + 2, w.length() - start);
}

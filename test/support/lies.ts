/** Makes wrong payloads from the right ones. What has no place in a message leaves it as it is. */
import type { Payload, PayloadKind } from '../../lib/wire/payload.js';
import type { Proposal, Transform, TransformAttribute } from '../../lib/wire/payloads/sa.js';

/** A lie. */
export type Tell = (payloads: readonly Payload[]) => Payload[];

const keyLengthAttribute = 14;

export function each<Kind extends PayloadKind>(kind: Kind, change: (payload: Payload & { readonly kind: Kind }) => readonly Payload[]): Tell {
  const isKind = (p: Payload): p is Payload & { readonly kind: Kind } => p.kind === kind;
  return (payloads) => payloads.flatMap((p) => (isKind(p) ? change(p) : [p]));
}

export const without = (...kinds: readonly PayloadKind[]): Tell => (payloads) => payloads.filter((p) => !kinds.includes(p.kind));
export const twice = (kind: PayloadKind): Tell => each(kind, (p) => [p, p]);
export const adding = (...more: readonly Payload[]): Tell => (payloads) => [...payloads, ...more];
export const atFirst = (...more: readonly Payload[]): Tell => (payloads) => [...more, ...payloads];

export function value(change: (data: Uint8Array) => Uint8Array): Tell {
  return each('ke', (p) => [{ ...p, data: change(p.data) }]);
}

export function proposal(change: (p: Proposal) => Proposal): Tell {
  return each('sa', (p) => [{ ...p, proposals: p.proposals.map(change) }]);
}

export function transforms(change: (list: readonly Transform[]) => Transform[]): Tell {
  return proposal((p) => ({ ...p, transforms: change(p.transforms) }));
}

/** Of the encryption algorithm. */
export function keyLength(change: (attribute: TransformAttribute) => TransformAttribute[]): Tell {
  return transforms((list) => list.map((t) => ({ ...t, attributes: t.attributes.flatMap((a) => (a.type === keyLengthAttribute ? change(a) : [a])) })));
}

export function bits(n: number): (attribute: TransformAttribute) => TransformAttribute[] {
  return (a) => [{ ...a, value: Uint8Array.of(n >> 8, n & 0xff) }];
}

export function unknownPayload(type: number, critical = false, octets = 5): Payload {
  return { kind: 'unknown', type, critical, body: new Uint8Array(octets) };
}

export function manyUnknown(count: number): Tell {
  return atFirst(...Array.from({ length: count }, (_, i) => unknownPayload(100 + i % 100)));
}

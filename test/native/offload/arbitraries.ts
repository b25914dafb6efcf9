/** Packets of every kind that the offloads may meet, for property tests. */
import fc from 'fast-check';
import type { PacketSpec } from './segments.js';

/** Octets that look drawn at random, from a number: an array drawn octet by octet is slow, and unreadable when a test fails. */
export function payloadOf(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * (2 * seed + 1) + (i >> 8)) & 0xff);
}

/** A packet without its payload. */
export interface Drawn {
  readonly spec: PacketSpec;
  readonly length: number;
  readonly seed: number;
}

export function specOf({ spec, seed, length }: Drawn): PacketSpec {
  return { ...spec, payload: payloadOf(seed, length) };
}

const words = fc.integer({ min: 0, max: 10 }).map((count) => Uint8Array.from({ length: 4 * count }, (_, i) => i + 1));
const extension = fc.nat(2).map((more) => {
  const octets = new Uint8Array(8 + 8 * more);
  octets[1] = more;
  return octets;
});

const fields = {
  protocol: fc.constantFrom('tcp', 'udp'),
  flow: fc.nat(2),
  sequence: fc.oneof(fc.nat(0xffffffff), fc.constant(0xfffff000)),
  acknowledgement: fc.nat(0xffffffff),
  window: fc.nat(0xffff),
  urgent: fc.nat(0xffff),
  flags: fc.nat(255),
  reserved: fc.nat(15),
  options: words,
  tos: fc.nat(255),
  ttl: fc.nat(255),
} as const;

export const anyPacket: fc.Arbitrary<Drawn> = fc.record({
  spec: fc.oneof(
    fc.record({ ...fields, version: fc.constant(4), dontFragment: fc.boolean(), id: fc.nat(0xffff) }),
    fc.record({ ...fields, version: fc.constant(4), ipOptions: words }),
    fc.record({ ...fields, version: fc.constant(6) }),
    fc.record({ ...fields, version: fc.constant(6), extension }),
  ),
  length: fc.nat(8000),
  seed: fc.nat(255),
});

/** What happens to the next packet of a flow: usually it just continues. */
export interface Turn {
  readonly flow: number;
  readonly kind: 'tcp4' | 'tcp6' | 'udp4' | 'udp6';
  readonly change: 'none' | 'short' | 'empty' | 'gap' | 'flags' | 'tos' | 'ttl' | 'window' | 'options' | 'id' | 'damage' | 'fragment' | 'strange' | 'size';
  readonly value: number;
}

const changes = ['short', 'empty', 'gap', 'flags', 'tos', 'ttl', 'window', 'options', 'id', 'damage', 'fragment', 'strange', 'size'] as const;

export const anyTurn: fc.Arbitrary<Turn> = fc.record({
  flow: fc.nat(2),
  kind: fc.constantFrom('tcp4', 'tcp6', 'udp4', 'udp6'),
  change: fc.oneof({ weight: 20, arbitrary: fc.constant('none' as const) }, { weight: 3, arbitrary: fc.constantFrom(...changes) }),
  value: fc.nat(255),
});

/** Random values of the wire layer for property tests. What they make is what an honest peer could send. */
import fc from 'fast-check';
import { addressFromBytes } from '../../lib/util/address.js';
import { compareAddresses, type AddressRange } from '../../lib/util/address-range.js';
import { ikeSpi, messageId } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { payloadType } from '../../lib/wire/iana.js';
import type { OutgoingHeader } from '../../lib/wire/message.js';
import type { Payload } from '../../lib/wire/payload.js';
import type { Proposal, Transform, TransformAttribute } from '../../lib/wire/payloads/sa.js';
import type { WireSelector } from '../../lib/wire/payloads/ts.js';
import type { TrafficSelector } from '../../lib/wire/traffic-selector.js';

export function octetsOf(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

const uint8 = fc.nat(0xff);
const uint16 = fc.nat(0xffff);
const critical = fc.boolean();

const attribute: fc.Arbitrary<TransformAttribute> = fc.oneof(
  fc.record({ type: fc.nat(0x7fff), value: octetsOf(2, 2), short: fc.constant(true) }),
  fc.record({ type: fc.nat(0x7fff), value: octetsOf(0, 20), short: fc.constant(false) }),
);
const transform: fc.Arbitrary<Transform> = fc.record({ type: uint8, id: uint16, attributes: fc.array(attribute, { maxLength: 3 }) });
const proposal: fc.Arbitrary<Proposal> = fc.record({
  number: uint8,
  protocol: uint8,
  spi: fc.constantFrom(0, 4, 8, 255).chain((n) => octetsOf(n, n)),
  transforms: fc.array(transform, { maxLength: 6 }),
});

export const addressRange: fc.Arbitrary<AddressRange> = fc.constantFrom(4, 16).chain((n) =>
  fc.tuple(octetsOf(n, n), octetsOf(n, n)).map(([a, b]) => {
    const x = addressFromBytes(a);
    const y = addressFromBytes(b);
    return compareAddresses(x, y) <= 0 ? { start: x, end: y } : { start: y, end: x };
  }),
);
const ports: fc.Arbitrary<[number, number]> = fc.oneof(
  fc.constantFrom<[number, number]>([0, 65535], [65535, 0]),
  fc.tuple(uint16, uint16).map(([a, b]): [number, number] => (a <= b ? [a, b] : [b, a])),
);
export const trafficSelector: fc.Arbitrary<TrafficSelector> = fc
  .tuple(addressRange, uint8, ports)
  .map(([range, protocol, [startPort, endPort]]) => ({ range, protocol, startPort, endPort }));
const wireSelector: fc.Arbitrary<WireSelector> = fc.oneof(
  { weight: 4, arbitrary: trafficSelector.map((selector): WireSelector => ({ kind: 'selector', selector })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 9, max: 255 }), uint8, octetsOf(0, 30)).map(
      ([tsType, second, rest]): WireSelector => ({
        kind: 'unknown',
        tsType,
        bytes: Uint8Array.of(tsType, second, 0, rest.length + 4, ...rest),
      }),
    ),
  },
);
const deletion = fc.oneof(
  fc.constant({ protocol: 1, spiSize: 0, spis: [] }),
  fc.record({ protocol: fc.constantFrom(2, 3), spiSize: fc.constant(4), spis: fc.array(octetsOf(4, 4), { maxLength: 5 }) }),
);
const eapPacket = octetsOf(4, 40).map((bytes) => {
  bytes[2] = 0;
  bytes[3] = bytes.length;
  return bytes;
});
const knownTypes: ReadonlySet<number> = new Set([...range(payloadType.SA, payloadType.EAP), payloadType.SKF]);
const unknownType = fc.integer({ min: 1, max: 255 }).filter((type) => !knownTypes.has(type));

/** Any payload but an encrypted one. */
export const plainPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('sa' as const), critical, proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant('ke' as const), critical, group: uint16, data: octetsOf(0, 64) }),
  fc.record({ kind: fc.constantFrom('id-i' as const, 'id-r' as const), critical, idType: uint8, reserved: octetsOf(3, 3), data: octetsOf(0, 40) }),
  fc.record({ kind: fc.constant('cert' as const), critical, encoding: uint8, data: octetsOf(0, 64) }),
  fc.record({ kind: fc.constant('certreq' as const), critical, encoding: uint8, authorities: octetsOf(0, 64) }),
  fc.record({ kind: fc.constant('auth' as const), critical, method: uint8, reserved: octetsOf(3, 3), data: octetsOf(0, 64) }),
  fc.record({ kind: fc.constant('nonce' as const), critical, data: octetsOf(16, 256) }),
  fc.record({ kind: fc.constant('notify' as const), critical, protocol: uint8, spi: octetsOf(0, 8), notifyType: uint16, data: octetsOf(0, 64) }),
  deletion.chain((d) => fc.record({ kind: fc.constant('delete' as const), critical }).map((head) => ({ ...head, ...d }))),
  fc.record({ kind: fc.constant('vendor-id' as const), critical, data: octetsOf(0, 64) }),
  fc.record({ kind: fc.constantFrom('ts-i' as const, 'ts-r' as const), critical, selectors: fc.array(wireSelector, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('cp' as const),
    critical,
    cfgType: uint8,
    reserved: octetsOf(3, 3),
    attributes: fc.array(fc.record({ type: fc.nat(0x7fff), value: octetsOf(0, 20) }), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('eap' as const), critical, data: eapPacket }),
  fc.record({ kind: fc.constant('unknown' as const), type: unknownType, critical, body: octetsOf(0, 40) }),
);

/** An Encrypted payload, or a fragment of one. */
export const encryptedPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('sk' as const), critical, nextPayload: uint8, body: octetsOf(0, 100) }),
  fc
    .tuple(critical, uint8, fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff }), octetsOf(0, 100))
    .map(([isCritical, next, a, b, body]) => ({
      kind: 'skf' as const,
      critical: isCritical,
      nextPayload: Math.min(a, b) === 1 ? next : 0,
      fragmentNumber: Math.min(a, b),
      totalFragments: Math.max(a, b),
      body,
    })),
);

/** A chain, with an encrypted payload at its end or not. */
export const payloadChain: fc.Arbitrary<Payload[]> = fc
  .tuple(fc.array(plainPayload, { maxLength: 8 }), fc.option(encryptedPayload))
  .map(([plain, encrypted]) => (encrypted === null ? plain : [...plain, encrypted]));

export const outgoingHeader: fc.Arbitrary<OutgoingHeader> = fc.record({
  spiI: octetsOf(8, 8).map((bytes) => ikeSpi(toHex(bytes))),
  spiR: octetsOf(8, 8).map((bytes) => ikeSpi(toHex(bytes))),
  majorVersion: fc.constant(2),
  minorVersion: fc.nat(15),
  exchangeType: uint8,
  initiator: fc.boolean(),
  version: fc.boolean(),
  response: fc.boolean(),
  reservedFlags: fc.nat(0xff).map((flags) => flags & ~0x38),
  messageId: fc.nat(0xffff_ffff).map(messageId),
});

/** Octets of an inner packet with a right outer shape: its lengths fit, what is inside is random. */
export const innerPacket: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.tuple(octetsOf(20, 60), octetsOf(0, 60)).map(([head, payload]) => {
    const header = head.subarray(0, head.length & ~3);
    const out = new Uint8Array(header.length + payload.length);
    out.set(header);
    out.set(payload, header.length);
    out[0] = 0x40 | (header.length / 4);
    out[2] = 0;
    out[3] = out.length;
    return out;
  }),
  fc.tuple(octetsOf(40, 140), fc.constantFrom(0, 43, 44, 60, 6, 17, 58, 59, 135)).map(([out, next]) => {
    out[0] = 0x60 | ((out[0] ?? 0) & 0x0f);
    out[4] = 0;
    out[5] = out.length - 40;
    out[6] = next;
    return out;
  }),
);

/** The same octets with something cut, added or changed. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(Math.max(0, bytes.length - 1));
  return fc.oneof(
    at.map((n) => bytes.slice(0, n)),
    octetsOf(1, 8).map((more) => Uint8Array.of(...bytes, ...more)),
    fc.array(fc.tuple(at, uint8), { minLength: 1, maxLength: 4 }).map((changes) => {
      const out = bytes.slice();
      for (const [where, value] of changes) if (where < out.length) out[where] = value;
      return out;
    }),
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Diffie-Hellman on the NIST curves (RFC 5903): the public value is x | y without a format octet,
 * the shared secret is x alone (§7), and the peer's point is checked (RFC 6989 §2.3).
 */
import { assert } from '../../util/assert.js';
import { compareBytes, fromHex, secretCopy } from '../../util/bytes.js';
import { keId } from '../../wire/iana.js';
import type { KeAlgorithm, RandomBytes } from '../algorithm.js';
import { SecretKey } from '../key.js';
import type { NistCurve, Provider } from '../providers/provider.js';

export function ecp256(provider: Provider): KeAlgorithm {
  return ecp(provider, { name: 'ecp256', transformId: keId.ECP_256, curve: 'p256', order: p256Order, topMask: 0xff });
}

export function ecp384(provider: Provider): KeAlgorithm {
  return ecp(provider, { name: 'ecp384', transformId: keId.ECP_384, curve: 'p384', order: p384Order, topMask: 0xff });
}

export function ecp521(provider: Provider): KeAlgorithm {
  // 521 bits are 65 octets and one bit.
  return ecp(provider, { name: 'ecp521', transformId: keId.ECP_521, curve: 'p521', order: p521Order, topMask: 0x01 });
}

interface EcpGroup {
  readonly name: string;
  readonly transformId: number;
  readonly curve: NistCurve;
  /** Number of points (RFC 5903 §3); as long as the field in all three. */
  readonly order: Uint8Array;
  /** Bits of a private value's first octet that the order reaches. */
  readonly topMask: number;
}

const p256Order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const p384Order = fromHex('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973');
const p521Order = fromHex(`
  01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
  fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409
`);

/** A draw fails once in 2^32 at worst: so many in a row mean that the random source is broken. */
const maxDraws = 64;

function ecp(provider: Provider, group: EcpGroup): KeAlgorithm {
  const fieldBytes = group.order.length;
  return {
    name: group.name,
    transformId: group.transformId,
    publicBytes: 2 * fieldBytes,
    generate(random) {
      const privateKey = drawPrivate(group, random);
      return { privateKey, publicValue: provider.nistPublic(group.curve, privateKey.expose()) };
    },
    derive(privateKey, peerPublic) {
      // x | y of another length has no meaning. Infinity has no such encoding at all.
      if (peerPublic.length !== 2 * fieldBytes) return null;
      const shared = provider.nistShared(group.curve, privateKey.expose(), peerPublic);
      if (shared === null) return null;
      const secret = new SecretKey(shared);
      shared.fill(0);
      return secret;
    },
  };
}

/** From 1 to n - 1, each as likely: what is drawn outside is drawn again (FIPS 186-5 A.2.2). */
function drawPrivate(group: EcpGroup, random: RandomBytes): SecretKey {
  for (let draw = 0; draw < maxDraws; draw++) {
    const drawn = random(group.order.length);
    const octets = secretCopy(drawn);
    drawn.fill(0);
    assert(octets.length === group.order.length, 'the random source gives what it is asked for');
    octets[0] = (octets[0] ?? 0) & group.topMask;
    if (octets.some((octet) => octet !== 0) && compareBytes(octets, group.order) < 0) {
      const privateKey = new SecretKey(octets);
      octets.fill(0);
      return privateKey;
    }
  }
  assert(false, 'the random source gives no private value for the curve');
}

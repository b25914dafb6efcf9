/** Diffie-Hellman in the MODP groups (RFC 3526; RFC 7296 §2.14), with the checks of RFC 6989 §2.1. */
import { assert } from '../../util/assert.js';
import { compareBytes, secretCopy } from '../../util/bytes.js';
import { keId } from '../../wire/iana.js';
import type { KeAlgorithm } from '../algorithm.js';
import { SecretKey } from '../key.js';
import type { ModpGroup, Provider } from '../providers/provider.js';
import { modp2048Group, modp3072Group, modp4096Group } from './modp-groups.js';

// Private values are as long as the larger exponent size of RFC 3526 §8, rounded up to octets.
export function modp2048(provider: Provider): KeAlgorithm {
  return modp(provider, 'modp2048', keId.MODP_2048, modp2048Group, 40);
}

export function modp3072(provider: Provider): KeAlgorithm {
  return modp(provider, 'modp3072', keId.MODP_3072, modp3072Group, 53);
}

export function modp4096(provider: Provider): KeAlgorithm {
  return modp(provider, 'modp4096', keId.MODP_4096, modp4096Group, 60);
}

function modp(provider: Provider, name: string, transformId: number, group: ModpGroup, privateBytes: number): KeAlgorithm {
  const publicBytes = group.prime.length;
  const one = new Uint8Array(publicBytes);
  one[publicBytes - 1] = 1;
  const primeMinusOne = Uint8Array.from(group.prime);
  // The prime is odd: its last bit is all there is to take away.
  primeMinusOne[publicBytes - 1] = (primeMinusOne[publicBytes - 1] ?? 0) & 0xfe;
  return {
    name,
    transformId,
    publicBytes,
    generate(random) {
      const drawn = random(privateBytes);
      assert(drawn.length === privateBytes, 'the random source gives what it is asked for');
      const octets = secretCopy(drawn);
      drawn.fill(0);
      // The top bit fixes the length of the exponent, whatever the random source says.
      octets[0] = (octets[0] ?? 0) | 0x80;
      const privateKey = new SecretKey(octets);
      octets.fill(0);
      return { privateKey, publicValue: provider.modpPublic(group, privateKey.expose()) };
    },
    derive(privateKey, peerPublic) {
      // RFC 7296 §3.4: as long as the prime, zeros in front where needed.
      if (peerPublic.length !== publicBytes) return null;
      // RFC 6989 §2.1: 1 < y < p - 1 is all that a safe prime needs.
      if (compareBytes(peerPublic, one) <= 0 || compareBytes(peerPublic, primeMinusOne) >= 0) return null;
      const shared = provider.modpShared(group, privateKey.expose(), peerPublic);
      if (shared === null) return null;
      const secret = new SecretKey(shared);
      shared.fill(0);
      return secret;
    },
  };
}

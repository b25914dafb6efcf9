/** What X25519 and X448 have in common as key exchange methods (RFC 8031). */
import { assert } from '../../util/assert.js';
import type { KeAlgorithm } from '../algorithm.js';
import { SecretKey } from '../key.js';
import type { MontgomeryCurve, Provider } from '../providers/provider.js';

export function montgomery(provider: Provider, curve: MontgomeryCurve, transformId: number, keyBytes: number): KeAlgorithm {
  return {
    name: curve,
    transformId,
    publicBytes: keyBytes,
    generate(random) {
      // Any octets will do: the curve's function clamps them (RFC 7748 §5).
      const drawn = random(keyBytes);
      assert(drawn.length === keyBytes, 'the random source gives what it is asked for');
      const privateKey = new SecretKey(drawn);
      drawn.fill(0);
      return { privateKey, publicValue: provider.montgomeryPublic(curve, privateKey.expose()) };
    },
    derive(privateKey, peerPublic) {
      // RFC 8031 §3.1: a KE payload of another length is refused.
      if (peerPublic.length !== keyBytes) return null;
      const shared = provider.montgomeryShared(curve, privateKey.expose(), peerPublic);
      // RFC 7748 §6: an all-zero output is refused, even where a provider would give it. Nothing ends early.
      if (shared === null || shared.reduce((all, octet) => all | octet, 0) === 0) return null;
      const secret = new SecretKey(shared);
      shared.fill(0);
      return secret;
    },
  };
}

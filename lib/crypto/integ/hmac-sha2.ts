/** HMAC with SHA-2 as integrity algorithm (RFC 4868 §2.1.1, §2.3): keys as long as the hash, tags half as long. */
import { assert } from '../../util/assert.js';
import { integId } from '../../wire/iana.js';
import type { IntegAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';

export function hmacSha256Integ(provider: Provider): IntegAlgorithm {
  return hmacInteg(provider, 'sha256', integId.HMAC_SHA2_256_128, 32);
}

export function hmacSha384Integ(provider: Provider): IntegAlgorithm {
  return hmacInteg(provider, 'sha384', integId.HMAC_SHA2_384_192, 48);
}

export function hmacSha512Integ(provider: Provider): IntegAlgorithm {
  return hmacInteg(provider, 'sha512', integId.HMAC_SHA2_512_256, 64);
}

function hmacInteg(provider: Provider, name: 'sha256' | 'sha384' | 'sha512', transformId: number, keyBytes: number): IntegAlgorithm {
  const icvBytes = keyBytes / 2;
  return {
    name,
    transformId,
    keyBytes,
    icvBytes,
    mac(key, ...parts) {
      // RFC 4868 §2.1.1: no other key length may be used.
      assert(key.length === keyBytes, `${name} takes a key of ${keyBytes} octets`);
      return provider.hmac(name, key, parts).slice(0, icvBytes);
    },
  };
}

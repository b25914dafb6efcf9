/** HMAC with SHA-2 as pseudo-random function (RFC 4868 §2.1.2): keys of any length, nothing truncated. */
import { prfId } from '../../wire/iana.js';
import type { PrfAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';

export function hmacSha256Prf(provider: Provider): PrfAlgorithm {
  return hmacPrf(provider, 'sha256', prfId.HMAC_SHA2_256, 32);
}

export function hmacSha384Prf(provider: Provider): PrfAlgorithm {
  return hmacPrf(provider, 'sha384', prfId.HMAC_SHA2_384, 48);
}

export function hmacSha512Prf(provider: Provider): PrfAlgorithm {
  return hmacPrf(provider, 'sha512', prfId.HMAC_SHA2_512, 64);
}

function hmacPrf(provider: Provider, hash: 'sha256' | 'sha384' | 'sha512', transformId: number, outputBytes: number): PrfAlgorithm {
  return {
    name: `prf${hash}`,
    transformId,
    outputBytes,
    prf: (key, ...parts) => provider.hmac(hash, key, parts),
  };
}

/** ChaCha20-Poly1305 (RFC 7634). */
import { encrId } from '../../wire/iana.js';
import type { EncrAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';
import { saltedAead } from './salted-aead.js';

export function chacha20Poly1305(provider: Provider): EncrAlgorithm {
  return saltedAead({
    name: 'chacha20poly1305',
    transformId: encrId.CHACHA20_POLY1305,
    // The key always has 256 bits, and no Key Length attribute is sent (RFC 7634 §4).
    keyLengthBits: null,
    keyBytes: 32,
    newContext: (key) => provider.aead('chacha20-poly1305', key),
  });
}

/** AES-GCM with a 16-octet ICV: RFC 4106 in ESP, RFC 5282 in IKEv2. */
import { encrId } from '../../wire/iana.js';
import type { EncrAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';
import { saltedAead } from './salted-aead.js';

export function aesGcm16(provider: Provider, keyLengthBits: 128 | 192 | 256): EncrAlgorithm {
  return saltedAead({
    name: `aes${keyLengthBits}gcm16`,
    transformId: encrId.AES_GCM_16,
    keyLengthBits,
    keyBytes: keyLengthBits / 8,
    newContext: (key) => provider.aead('aes-gcm', key),
  });
}

/** X25519 (RFC 8031, RFC 7748). */
import { keId } from '../../wire/iana.js';
import type { KeAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';
import { montgomery } from './montgomery.js';

export function x25519(provider: Provider): KeAlgorithm {
  return montgomery(provider, 'x25519', keId.CURVE25519, 32);
}

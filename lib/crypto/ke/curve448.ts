/** X448 (RFC 8031, RFC 7748). */
import { keId } from '../../wire/iana.js';
import type { KeAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';
import { montgomery } from './montgomery.js';

export function x448(provider: Provider): KeAlgorithm {
  return montgomery(provider, 'x448', keId.CURVE448, 56);
}

/** Algorithms chosen together: what one IKE SA or one Child SA uses. */
import type { EncrAlgorithm, IntegAlgorithm, KeAlgorithm, PrfAlgorithm } from './algorithm.js';

/** The algorithms of an IKE SA (RFC 7296 §3.3). `integ` is null exactly when `encr` is AEAD. */
export interface IkeSuite {
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | null;
  readonly prf: PrfAlgorithm;
  readonly ke: KeAlgorithm;
}

/** The algorithms of a Child SA. `ke` is null without a key exchange of its own. */
export interface EspSuite {
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | null;
  readonly ke: KeAlgorithm | null;
  /** 64-bit sequence numbers on the wire (RFC 4303 §2.2.1). */
  readonly esn: boolean;
}

/** `aes256gcm16-prfsha384-x25519`: strongSwan's keywords, which status and logs show. */
export function formatIkeSuite(suite: IkeSuite): string {
  const integ = suite.integ === null ? [] : [suite.integ.name];
  return [suite.encr.name, ...integ, suite.prf.name, suite.ke.name].join('-');
}

/** `aes128gcm16`, `aes256-sha256-modp3072-esn`. */
export function formatEspSuite(suite: EspSuite): string {
  const integ = suite.integ === null ? [] : [suite.integ.name];
  const ke = suite.ke === null ? [] : [suite.ke.name];
  return [suite.encr.name, ...integ, ...ke, ...(suite.esn ? ['esn'] : [])].join('-');
}

/** What both ends of EAP inside IKE_AUTH share (RFC 7296 §2.16): how many rounds there may be, and the payload. */
import type { EapPayload } from '../wire/payloads/eap.js';
import type { IdPayload } from '../wire/payloads/id.js';

/** Rounds of IKE_AUTH with EAP in them; RFC 7296 §2.16 wants ten at least, and no method here needs more than a dozen. */
export const maxEapRounds = 32;

/** What the AUTH of either end covers. */
export interface EapIds {
  readonly own: IdPayload;
  readonly peer: IdPayload;
}

export function eapPayload(packet: Uint8Array): EapPayload {
  return { kind: 'eap', critical: false, data: packet };
}

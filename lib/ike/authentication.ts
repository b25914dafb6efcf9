/** What AUTH covers, and its value with a shared secret (RFC 7296 §2.15). */
import type { PrfAlgorithm } from '../crypto/algorithm.js';
import type { SecretKey } from '../crypto/key.js';
import { concat, utf8 } from '../util/bytes.js';
import type { IdPayload } from '../wire/payloads/id.js';
import { encodeIdBody } from '../wire/payloads/id.js';

/** What one end signs: its first message as sent, the other's nonce, and its identity under SK_p. */
export interface SignedOctets {
  readonly message: Uint8Array;
  readonly otherNonce: Uint8Array;
  readonly id: IdPayload;
  readonly skP: SecretKey;
}

/** What AUTH is a MAC, or a signature, of. The reserved octets of the ID payload count. */
export function signedOctets(prf: PrfAlgorithm, { message, otherNonce, id, skP }: SignedOctets): Uint8Array {
  return concat(message, otherNonce, prf.prf(skP.expose(), encodeIdBody(id)));
}

/** prf(prf(secret, "Key Pad for IKEv2"), octets). */
export function sharedKeyAuth(prf: PrfAlgorithm, secret: SecretKey, signed: SignedOctets): Uint8Array {
  const key = prf.prf(secret.expose(), utf8('Key Pad for IKEv2'));
  const auth = prf.prf(key, signedOctets(prf, signed));
  key.fill(0);
  return auth;
}

/** AUTH_LIFETIME: the responder says how long the initiator's authentication counts (RFC 4478). When to act on it the endpoint decides. */
import { uint32 } from '../util/bytes.js';
import { notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import type { Association } from './association.js';

/** In the responder's last answer of IKE_AUTH (RFC 4478 §2). */
export function authLifetimeNotify({ knownPeer: { authLifetimeMs } }: Association): Payload[] {
  return authLifetimeMs === 0 ? [] : [notify(notifyType.AUTH_LIFETIME, uint32(Math.ceil(authLifetimeMs / 1000)))];
}

/** As initiator: notes it, wherever it stands. From an original initiator, or of another size, it means nothing. */
export function noteAuthLifetime(association: Association, payloads: readonly Payload[]): void {
  const data = findNotify(payloads, notifyType.AUTH_LIFETIME)?.data;
  if (data?.length !== 4 || !association.traits.mobikeInitiator) return;
  const seconds = new DataView(data.buffer, data.byteOffset, 4).getUint32(0);
  association.outputs.push({ kind: 'auth-lifetime', lifetimeMs: Math.min(seconds, longestLifetimeS) * 1000 });
}

/** Longer than any host's timers count; by then it is told anew, or nobody cares. */
const longestLifetimeS = 24 * 86_400;

/** INFORMATIONAL requests of the peer (RFC 7296 §1.4, §1.4.1, §2.4, RFC 4555 §3.5–§3.8). */
import { notifyName, notifyType } from '../wire/iana.js';
import { findNotify, notifiesOf, payloadsOf, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { noteAuthLifetime } from './auth-lifetime.js';
import { followPeer } from './address-update.js';
import { processDeletes } from './deletion.js';
import { notePeerAddresses } from './establishment.js';
import type { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
import { natDetectionOn, natsAsAllowed } from './address-checks.js';
import { processUpdate } from './lean.js';

/** What a request may mean for the IKE SA as a whole. */
export interface InformationalOutcome {
  /** The peer deleted the IKE SA. */
  deleted(): void;
  /** The peer says that the IKE SA has failed (AUTHENTICATION_FAILED, INVALID_SYNTAX): it is gone there. */
  failed(reason: string): void;
}

/** These, in a request under our keys, mean that the peer has given the IKE SA up (RFC 7296 §2.21.2, §2.21.3). */
const fatalNotifies: readonly number[] = [notifyType.AUTHENTICATION_FAILED, notifyType.INVALID_SYNTAX, notifyType.UNSUPPORTED_CRITICAL_PAYLOAD];

/** RFC 4555 §4.2.5. */
const maxCookie2Bytes = 64;

/** Answers the request, whatever is in it. */
export function answerInformational(exchanger: Exchanger, request: Request, outcome: InformationalOutcome): void {
  const { association } = exchanger;
  const { payloads, path } = request;
  const unknown = payloadsOf(payloads, 'unknown').find((p) => p.critical);
  if (unknown !== undefined) {
    exchanger.respond([notify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(unknown.type))]);
    return;
  }
  const deletes = processDeletes(exchanger, payloads);
  const answer: Payload[] = [...deletes.answer, ...answerAddresses(exchanger, request), ...mirror(payloads)];
  if (findNotify(payloads, notifyType.NAT_DETECTION_SOURCE_IP) !== null) {
    // RFC 4555 §3.8: the peer learns from our answer how we see it now.
    answer.push(...natDetectionOn(association, path));
  }
  exchanger.respond(answer);
  if (deletes.ikeSa) {
    outcome.deleted();
    return;
  }
  noteAuthLifetime(association, payloads);
  const fatal = notifiesOf(payloads).find((n) => fatalNotifies.includes(n.notifyType));
  if (fatal !== undefined) outcome.failed(`the peer gave the IKE SA up: ${notifyName(fatal.notifyType)}`);
}

/** COOKIE2 goes back as it came (RFC 4555 §3.7). */
function mirror(payloads: readonly Payload[]): Payload[] {
  const cookie2 = findNotify(payloads, notifyType.COOKIE2);
  return cookie2 === null || cookie2.data.length > maxCookie2Bytes ? [] : [notify(notifyType.COOKIE2, cookie2.data)];
}

function answerAddresses(exchanger: Exchanger, request: Request): Payload[] {
  const { association } = exchanger;
  const { payloads, path } = request;
  const { mobike, mobikeInitiator } = association.traits;
  // A peer that did not agree to MOBIKE can't use it; its notifications are status ones that we may ignore.
  if (!mobike) return [];
  if (!natsAsAllowed(payloads, path)) return [notify(notifyType.UNEXPECTED_NAT_DETECTED)];
  const answer: Payload[] = [];
  // Only the initiator moves addresses (RFC 4555 §3.5).
  const update = findNotify(payloads, notifyType.UPDATE_SA_ADDRESSES);
  if (update !== null && !mobikeInitiator) answer.push(...processUpdate(exchanger, payloads, path));
  if (notePeerAddresses(association, payloads, path)) {
    association.log('debug', `the peer’s addresses: ${association.peerAddresses.join(', ')}`);
    // RFC 4555 §3.6: a responder that wants to move shows itself at the new source; following is ours to decide.
    if (mobikeInitiator) followPeer(exchanger, path);
  }
  return answer;
}

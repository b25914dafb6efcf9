/**
 * Post-quantum pre-shared keys (RFC 8784): a secret mixed into SK_d, SK_pi and SK_pr, so that who breaks the key exchange
 * one day does not have the Child SAs' keys. Both ends say in IKE_SA_INIT that they know of it; the initiator names one in
 * the IKE_AUTH request that has its AUTH, and the responder says whether it was used.
 */
import { prfPlus } from '../crypto/prf-plus.js';
import { SecretKey } from '../crypto/key.js';
import { assert, present } from '../util/assert.js';
import { bytesEqual, concat } from '../util/bytes.js';
import { notifyType } from '../wire/iana.js';
import { findNotify, findPayload, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import type { Association } from './association.js';
import type { IkeKeys } from './key-schedule.js';
import type { IkePeer, Ppk } from './peer.js';
import type { OwnProofResult } from './proof.js';

/** PPK_ID_FIXED: the rest is an identifier that both ends have configured (RFC 8784 §5.1). Of PPK_ID_OPAQUE nobody can know what it is. */
const ppkIdFixed = 2;

/** In the request for an IKE SA, where there is one to name, be it required or not (RFC 8784 §3). */
export function offersPpk(peer: IkePeer): boolean {
  return peer.ppk !== null && peer.ppk.own !== null;
}

/** Keys with the PPK in them; those without are kept beside them until `settlePpk`. */
export function mixPpk(keys: IkeKeys, ppk: SecretKey): IkeKeys {
  assert(keys.unmixed === null, 'a PPK is mixed in once');
  const { prf } = keys.suite;
  const mixed = (key: SecretKey): SecretKey => {
    const octets = prfPlus(prf, ppk.expose(), key.expose(), prf.outputBytes);
    const result = new SecretKey(octets);
    octets.fill(0);
    return result;
  };
  const { skD, skPi, skPr } = keys;
  return { ...keys, skD: mixed(skD), skPi: mixed(skPi), skPr: mixed(skPr), unmixed: { skD, skPi, skPr } };
}

/** Forgets the keys that do not count. */
export function settlePpk(keys: IkeKeys, isUsed: boolean): IkeKeys {
  const { unmixed, skD, skPi, skPr } = keys;
  if (unmixed === null) return keys;
  for (const key of Object.values(isUsed ? unmixed : { skD, skPi, skPr })) key.wipe();
  return isUsed ? { ...keys, unmixed: null } : { ...keys, ...unmixed, unmixed: null };
}

/** What goes out with a PPK named: AUTH, and the notifications about it. */
export interface PpkProof {
  readonly proof: OwnProofResult;
  readonly notifies: readonly Payload[];
}

/**
 * As initiator: AUTH under the PPK, if one is agreed on, and where it is not required AUTH without it as well (NO_PPK_AUTH).
 * @param prove makes AUTH with the IKE SA's keys of that moment
 */
export function proveWithPpk(association: Association, prove: (done: (proof: OwnProofResult) => void) => void, done: (result: PpkProof) => void): void {
  const { ppk } = association.knownPeer;
  const own = association.usesPpk ? (ppk?.own ?? null) : null;
  if (ppk === null || own === null) {
    prove((proof) => {
      done({ proof, notifies: [] });
    });
    return;
  }
  const mixed = (fallback: readonly Payload[]): void => {
    association.keys = mixPpk(association.establishedKeys, own.secret);
    prove((proof) => {
      done({ proof, notifies: [notify(notifyType.PPK_IDENTITY, concat(Uint8Array.of(ppkIdFixed), own.id)), ...fallback] });
    });
  };
  if (ppk.required) {
    mixed([]);
    return;
  }
  prove((proof) => {
    if (!proof.ok) done({ proof, notifies: [] });
    else mixed([notify(notifyType.NO_PPK_AUTH, present(findPayload([proof.auth], 'auth'), 'AUTH was made').data)]);
  });
}

/** As initiator, before AUTH of the answer is judged: which keys the responder took. Why it can't go on, or null. */
export function takePpkAnswer(association: Association, payloads: readonly Payload[]): string | null {
  const unmixed = association.keys?.unmixed ?? null;
  if (unmixed === null) return null;
  // RFC 8784 §3: what is in it does not matter. Unasked it means nothing.
  const isUsed = findNotify(payloads, notifyType.PPK_IDENTITY) !== null;
  if (!isUsed && association.knownPeer.ppk?.required === true) return 'it does not use the PPK, and ppk_required is set';
  association.keys = settlePpk(association.establishedKeys, isUsed);
  association.traits.ppk = isUsed;
  return null;
}

/** What the responder makes of a request: the payloads by which to judge the initiator, or why it goes no further. */
export type PpkVerdict = { readonly ok: true; readonly payloads: readonly Payload[] } | { readonly ok: false; readonly reason: string };

/** As responder, of the request that has AUTH (RFC 8784 §3, table 1). From here on the IKE SA's keys are those that count. */
export function choosePpk(association: Association, peer: IkePeer, payloads: readonly Payload[]): PpkVerdict {
  const required = peer.ppk?.required === true;
  if (!association.usesPpk) {
    return required ? { ok: false, reason: 'it uses no PPK (RFC 8784), and ppk_required is set' } : { ok: true, payloads };
  }
  const identity = findNotify(payloads, notifyType.PPK_IDENTITY);
  if (identity === null) return { ok: false, reason: 'it said that it has a PPK, and named none' };
  const found = findPpk(peer, identity.data);
  if (found !== null) {
    association.keys = settlePpk(mixPpk(association.establishedKeys, found.secret), true);
    association.traits.ppk = true;
    return { ok: true, payloads };
  }
  const without = findNotify(payloads, notifyType.NO_PPK_AUTH);
  const auth = findPayload(payloads, 'auth');
  const unknown = `it named a PPK that ${peer.name} does not have (compare ppk_id)`;
  if (required) return { ok: false, reason: `${unknown}, and ppk_required is set` };
  if (without === null || auth === null) return { ok: false, reason: `${unknown}, and did not offer to go without` };
  // The method is the AUTH payload's.
  return { ok: true, payloads: payloads.map((payload) => (payload === auth ? { ...auth, data: without.data } : payload)) };
}

/** In the responder's last answer of IKE_AUTH. */
export function ppkAnswer(association: Association): Payload[] {
  return association.traits.ppk ? [notify(notifyType.PPK_IDENTITY)] : [];
}

/** RFC 8784 §6: where one was configured and not used, somebody should be able to see it. */
export function auditPpk(association: Association): void {
  const { ppk, name } = association.knownPeer;
  if (ppk === null || association.traits.ppk) return;
  association.log('warn', `the IKE SA with ${name} is up without a PPK: the peer ${association.usesPpk ? 'does not know the one that was named' : 'named or knows none'}; ppk_required = true would have refused it`);
}

/** What else may differ where AUTH is refused; empty without a PPK. */
export function ppkDoubt({ usesPpk }: Association): string {
  return usesPpk ? ' (or `ppk` differs under the same `ppk_id`)' : '';
}

function findPpk({ ppk }: IkePeer, identity: Uint8Array): Ppk | null {
  if (ppk === null || identity[0] !== ppkIdFixed) return null;
  return ppk.known.find(({ id }) => bytesEqual(id, identity.subarray(1))) ?? null;
}

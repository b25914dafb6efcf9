/** The IKE_SA_INIT exchange as initiator (RFC 7296 §1.2, §2.6, §2.7, §2.23, RFC 7383 §2.3, RFC 6023). */
import type { SlowJobResult } from '../pki/work.js';
import type { KeyPair } from '../crypto/algorithm.js';
import { assert } from '../util/assert.js';
import type { DatagramPath } from '../util/address.js';
import { after, ikeSpi, messageId, type MessageId } from '../util/brands.js';
import { bytesEqual } from '../util/bytes.js';
import { exchangeType, isErrorNotify, notifyType } from '../wire/iana.js';
import { decodeIkeHeader } from '../wire/ike-header.js';
import { encodeMessage } from '../wire/message.js';
import { findNotify, findPayload, findUnknownCritical, notifiesOf, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { denied } from './denial.js';
import type { Exchange, Exchanger, Subject } from './exchanger.js';
import { deriveIkeKeys } from './key-schedule.js';
import { findNat, natDetectionNotifies } from './nat-detection.js';
import { offersPpk } from './ppk.js';
import { ppkMisfit } from './proof-difference.js';
import { acceptAnswer, ikeSuiteOf, keyExchangeGroups, withSpi } from './proposal-selection.js';
import { signatureHashes, signatureWishesIn } from './signature-wishes.js';
import { isMhtun, vendorIdPayload } from './vendor.js';

/** Octets of our nonces: as many as the largest PRF puts out asks for at most (RFC 7296 §2.10: half of that). */
export const nonceBytes = 32;
/** Answers that only ask for another try: a cookie that is refreshed, a group; more is a peer that plays with us. */
const maxInitTries = 6;
/** How long an answer counts for less than a better one: the request is repeated once meanwhile. */
const doubtMs = 1_000;
/** RFC 7296 §2.6. */
const maxCookieBytes = 64;

/** What comes after IKE_SA_INIT, and what to do when it can't. */
export interface InitOutcome {
  established(): void;
  failed(reason: string): void;
}

export class IkeSaInit implements Exchange {
  readonly name = 'IKE_SA_INIT';
  readonly exchangeType: number = exchangeType.IKE_SA_INIT;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #natPath: DatagramPath;
  readonly #outcome: InitOutcome;
  readonly #proposals: readonly Proposal[];
  readonly #nonce: Uint8Array;
  #messageId: MessageId = messageId(0);
  #pair: KeyPair | null = null;
  #group = 0;
  #cookie: Uint8Array | null = null;
  #tries = 0;
  #request: Uint8Array = new Uint8Array(0);
  /** The answer is being worked on; later ones are ignored. */
  #believed = false;

  /** @param natPath where IKE goes on after this exchange: the same addresses, NAT ports (RFC 7296 §2.23) */
  constructor(exchanger: Exchanger, natPath: DatagramPath, outcome: InitOutcome) {
    this.#exchanger = exchanger;
    this.#natPath = natPath;
    this.#outcome = outcome;
    this.#proposals = withSpi(exchanger.association.knownPeer.ike, new Uint8Array(0));
    this.#nonce = exchanger.association.env.random(nonceBytes);
    exchanger.association.nonces = [this.#nonce];
  }

  begin(): void {
    this.#messageId = this.#exchanger.takeInitId();
    const [group] = keyExchangeGroups(this.#proposals);
    if (group === undefined) {
      this.#fail('no key exchange method is configured');
      return;
    }
    this.#generate(group);
  }

  answered(payloads: readonly Payload[], path: DatagramPath, bytes: Uint8Array): void {
    if (this.#believed) return;
    const cookie = findNotify(payloads, notifyType.COOKIE);
    if (cookie !== null) {
      this.#retryWithCookie(cookie.data);
      return;
    }
    const invalidKe = findNotify(payloads, notifyType.INVALID_KE_PAYLOAD);
    if (invalidKe !== null) {
      this.#retryWithGroup(invalidKe.data);
      return;
    }
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    if (error !== undefined) {
      this.#doubt(() => denied(this.#exchanger.association, error.notifyType, { kind: 'ike' }));
      return;
    }
    this.#accept(payloads, path, bytes);
  }

  abandoned(reason: string): void {
    this.#pair?.privateKey.wipe();
    this.#outcome.failed(reason);
  }

  #generate(group: number): void {
    this.#group = group;
    this.#exchanger.association.work({ kind: 'ke-generate', group }, (result) => {
      assert(result.kind === 'ke-generated', 'a key pair was asked for');
      this.#pair = result.pair;
      this.#send();
    });
  }

  #send(): void {
    const { association } = this.#exchanger;
    if (this.#pair === null) return;
    // Whoever asks for more may be somebody else than the peer: what was sent last is repeated as long as for any silence.
    if (++this.#tries > maxInitTries) {
      association.log('warn', 'answers to IKE_SA_INIT keep asking for another one');
      return;
    }
    const payloads: Payload[] = [
      // RFC 7296 §2.6: the cookie comes first, all else stays as it was.
      ...(this.#cookie === null ? [] : [notify(notifyType.COOKIE, this.#cookie)]),
      { kind: 'sa', critical: false, proposals: this.#proposals },
      { kind: 'ke', critical: false, group: this.#group, data: this.#pair.publicValue },
      { kind: 'nonce', critical: false, data: this.#nonce },
      ...natDetectionNotifies(association.path, association.spiI, association.spiR, association.env.random),
      ...(offersPpk(association.knownPeer) ? [notify(notifyType.USE_PPK)] : []),
      ...(association.knownPeer.fragmentation ? [notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
      signatureHashes(),
      vendorIdPayload(),
    ];
    const header = { spiI: association.spiI, spiR: association.spiR, majorVersion: 2, minorVersion: 0, exchangeType: exchangeType.IKE_SA_INIT,
      initiator: true, version: false, response: false, reservedFlags: 0, messageId: this.#messageId };
    this.#request = encodeMessage(header, payloads);
    this.#exchanger.sendPlain(this, this.#messageId, this.#request);
  }

  #retryWithCookie(cookie: Uint8Array): void {
    // A cookie of an impossible size is not from the peer's IKE, or not worth an answer.
    if (cookie.length < 1 || cookie.length > maxCookieBytes) return;
    // Late, or said twice: the request with it is on its way.
    if (this.#cookie !== null && bytesEqual(cookie, this.#cookie)) return;
    this.#cookie = cookie.slice();
    this.#send();
  }

  #retryWithGroup(data: Uint8Array): void {
    const group = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    const possible = keyExchangeGroups(this.#proposals);
    // RFC 7296 §2.7: a group that we did not offer would be a downgrade by whoever sent this.
    if (data.length !== 2 || !possible.includes(group) || group === this.#group) return;
    this.#exchanger.stopRepeating();
    this.#pair?.privateKey.wipe();
    this.#pair = null;
    this.#generate(group);
  }

  #accept(payloads: readonly Payload[], path: DatagramPath, bytes: Uint8Array): void {
    const { association } = this.#exchanger;
    if (findUnknownCritical(payloads) !== null) {
      this.#doubt(() => 'the answer has a critical payload of an unknown type');
      return;
    }
    const header = decodeIkeHeader(bytes);
    const sa = findPayload(payloads, 'sa');
    const ke = findPayload(payloads, 'ke');
    const nonce = findPayload(payloads, 'nonce');
    // Anybody could have sent such a message: keep waiting for a whole one.
    if (sa === null || ke === null || nonce === null || /^0+$/.test(header.spiR)) return;
    const chosen = acceptAnswer(this.#proposals, sa.proposals);
    const suite = chosen === null ? null : ikeSuiteOf(association.env.registry, chosen);
    if (suite?.ke.transformId !== this.#group || ke.group !== this.#group || this.#pair === null) {
      this.#doubt(() => 'the peer chose algorithms that were not offered');
      return;
    }
    const nat = findNat(payloads, path, association.spiI, header.spiR);
    if (!nat.supported) {
      this.#doubt(() => 'the peer does no NAT traversal, but ESP travels in UDP here, always: enable NAT traversal (UDP encapsulation) at the peer');
      return;
    }
    const usesPpk = offersPpk(association.knownPeer) && findNotify(payloads, notifyType.USE_PPK) !== null;
    if (!usesPpk && association.knownPeer.ppk?.required === true) {
      // RFC 8784 §6: a forger would only have to be quicker than the peer.
      this.#doubt(() => association.note(ppkMisfit(association.knownPeer, 'the peer knows no PPK (RFC 8784) for this end, and ppk_required is set')));
      return;
    }
    this.#believed = true;
    this.#exchanger.stopRepeating();
    association.timers.cancel('doubt');
    const { privateKey } = this.#pair;
    this.#pair = null;
    association.work({ kind: 'ke-derive', group: this.#group, privateKey, peerPublic: ke.data }, (result) => {
      association.remoteSpi = ikeSpi(header.spiR);
      association.traits.natLocal = nat.local;
      association.traits.natRemote = nat.remote;
      association.traits.mhtun = isMhtun(payloads);
      association.traits.fragmentation = association.knownPeer.fragmentation && findNotify(payloads, notifyType.IKEV2_FRAGMENTATION_SUPPORTED) !== null;
      association.usesPpk = usesPpk;
      association.signatureWishes = signatureWishesIn(payloads);
      association.traits.childless = findNotify(payloads, notifyType.CHILDLESS_IKEV2_SUPPORTED) !== null;
      this.#derived(result, suite, nonce.data, bytes);
    });
  }

  #derived(result: SlowJobResult, suite: NonNullable<ReturnType<typeof ikeSuiteOf>>, nr: Uint8Array, response: Uint8Array): void {
    const { association } = this.#exchanger;
    assert(result.kind === 'ke-derived', 'a shared secret was asked for');
    if (result.secret === null) {
      this.#fail('the peer sent an invalid key exchange value');
      return;
    }
    association.keys = deriveIkeKeys(
      { suite, spiI: association.spiI, spiR: association.spiR, ni: this.#nonce, nr, shared: result.secret, rekeyed: null },
      association.env.keyLog,
    );
    association.nonces = [this.#nonce, nr];
    association.handshake = { request: this.#request, response };
    // RFC 4555 §3.3: with NAT traversal at both ends the rest runs on the NAT port, NAT or not.
    association.path = this.#natPath;

    this.#exchanger.finish(this);
    this.#outcome.established();
  }

  /** RFC 7296 §2.21.1: anybody can refuse an IKE_SA_INIT, so the peer's own answer is waited for a little longer. */
  #doubt(reason: () => string): void {
    const { association } = this.#exchanger;
    if (association.timers.has('doubt')) return;
    association.log('debug', 'an answer to IKE_SA_INIT that may be anybody’s refuses it');
    association.timers.set('doubt', after(association.now, doubtMs), () => {
      this.#fail(reason());
    });
  }

  #fail(reason: string): void {
    this.#exchanger.association.timers.cancel('doubt');
    this.#pair?.privateKey.wipe();
    this.#believed = true;
    this.#exchanger.finish(this);
    this.#outcome.failed(reason);
  }
}

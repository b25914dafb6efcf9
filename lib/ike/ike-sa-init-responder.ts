/** IKE_SA_INIT as responder (RFC 7296 §1.2, §2.6, §2.7): answered without state where it can be, else by a half-open IKE SA. */
import { assert } from '../util/assert.js';
import type { DatagramPath } from '../util/address.js';
import { messageId, type Instant } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';
import { exchangeType, notifyType } from '../wire/iana.js';
import type { IkeHeader } from '../wire/ike-header.js';
import { decodeMessage, encodeMessage, type IkeMessage } from '../wire/message.js';
import { findNotify, findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import type { KePayload } from '../wire/payloads/ke.js';
import { notify } from '../wire/payloads/notify.js';
import type { Proposal } from '../wire/payloads/sa.js';
import type { IkeSuite } from '../crypto/suite.js';
import type { Association } from './association.js';
import type { Misfit } from './attempt.js';
import type { CookieSecret } from './cookie.js';
import type { Exchanger } from './exchanger.js';
import { nonceBytes } from './ike-sa-init.js';
import type { IkeEnvironment } from './io.js';
import { deriveIkeKeys } from './key-schedule.js';
import { findNat, natDetectionNotifies } from './nat-detection.js';
import { initMisfit } from './proposal-difference.js';
import { chooseProposal, ikeSuiteOf } from './proposal-selection.js';
import { certificateRequest, signatureHashes, signatureWishesIn } from './signature-wishes.js';
import { isMhtun, vendorIdPayload } from './vendor.js';

/** A request that deserves an IKE SA: what was chosen from it. */
export interface AcceptedInit {
  readonly message: IkeMessage;
  readonly bytes: Uint8Array;
  readonly path: DatagramPath;
  readonly chosen: Proposal;
  readonly suite: IkeSuite;
  readonly ke: KePayload;
  readonly ni: Uint8Array;
}

export type InitVerdict =
  | { readonly kind: 'ignore'; readonly reason: string }
  /** Answered without keeping anything. `misfit`, made only for who asks, where it is the configuration that does not fit. */
  | { readonly kind: 'reply'; readonly bytes: Uint8Array; readonly reason: string; readonly misfit: (() => Misfit) | null }
  | { readonly kind: 'accept'; readonly init: AcceptedInit };

/** Whether a cookie is asked for, and what makes and checks it (RFC 7296 §2.6). */
export interface CookieDemand {
  readonly required: boolean;
  readonly secret: CookieSecret;
}

/** Judges an IKE_SA_INIT request; never throws for what is in it. */
export function judgeInit(now: Instant, env: IkeEnvironment, path: DatagramPath, bytes: Uint8Array, demand: CookieDemand): InitVerdict {
  let message: IkeMessage;
  try {
    message = decodeMessage(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'ignore', reason: error.message };
    throw error;
  }
  const { header, payloads } = message;
  if (!header.initiator || header.response || header.messageId !== 0 || /^0+$/.test(header.spiI) || !/^0+$/.test(header.spiR)) {
    return { kind: 'ignore', reason: 'an IKE_SA_INIT request with an impossible header' };
  }
  const unknown = payloadsOf(payloads, 'unknown').find((p) => p.critical);
  if (unknown !== undefined) return refuse(header, notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(unknown.type), 'a critical payload of an unknown type');
  const sa = findPayload(payloads, 'sa');
  const ke = findPayload(payloads, 'ke');
  const nonce = findPayload(payloads, 'nonce');
  if (sa === null || ke === null || nonce === null) return refuse(header, notifyType.INVALID_SYNTAX, empty, 'SA, KE or nonce is missing');
  if (demand.required) {
    const given = findNotify(payloads, notifyType.COOKIE)?.data;
    if (given === undefined || !demand.secret.check(now, given, nonce.data, path.remote, header.spiI)) {
      return refuse(header, notifyType.COOKIE, demand.secret.make(now, nonce.data, path.remote, header.spiI), 'a cookie is asked for');
    }
  }
  return negotiate(env, { message, bytes, path, ke, ni: nonce.data }, sa.proposals);
}

type Offer = Pick<AcceptedInit, 'message' | 'bytes' | 'path' | 'ke' | 'ni'>;

function negotiate(env: IkeEnvironment, offer: Offer, proposals: readonly Proposal[]): InitVerdict {
  const { header } = offer.message;
  if (!findNat(offer.message.payloads, offer.path, header.spiI, header.spiR).supported) {
    return refuse(header, notifyType.NO_PROPOSAL_CHOSEN, empty, noNatTraversal.problem, () => noNatTraversal);
  }
  for (const peer of env.directory.candidates(offer.path)) {
    const chosen = chooseProposal(peer.ike, proposals);
    const suite = chosen === null ? null : ikeSuiteOf(env.registry, chosen);
    if (chosen === null || suite === null) continue;
    if (suite.ke.transformId !== offer.ke.group) {
      const group = Uint8Array.of(suite.ke.transformId >> 8, suite.ke.transformId & 0xff);
      return refuse(header, notifyType.INVALID_KE_PAYLOAD, group, `the key exchange shall be ${suite.ke.name}`);
    }
    // RFC 7296 §3.4: the length of the value must be the group's.
    if (offer.ke.data.length !== suite.ke.publicBytes) return refuse(header, notifyType.INVALID_SYNTAX, empty, 'a key exchange value of the wrong length');
    return { kind: 'accept', init: { ...offer, chosen, suite } };
  }
  return refuse(header, notifyType.NO_PROPOSAL_CHOSEN, empty, 'no IKE proposal in common', () => {
    const { directory } = env;
    return initMisfit(directory.candidates(offer.path), directory.expectedFrom(offer.path), proposals);
  });
}

/** Makes keys and the answer for an accepted request. `closed` is called where the peer's value is no good. */
export function answerInit(exchanger: Exchanger, init: AcceptedInit, closed: (reason: string) => void): void {
  const { association } = exchanger;
  const { env } = association;
  const { header } = init.message;
  exchanger.beginInit(header, init.path, init.bytes);
  const nr = env.random(nonceBytes);
  association.nonces = [init.ni, nr];
  noteTraits(association, init);
  association.work({ kind: 'ke-generate', group: init.ke.group }, (generated) => {
    assert(generated.kind === 'ke-generated', 'a key pair was asked for');
    const { privateKey, publicValue } = generated.pair;
    association.work({ kind: 'ke-derive', group: init.ke.group, privateKey, peerPublic: init.ke.data }, (derived) => {
      assert(derived.kind === 'ke-derived', 'a shared secret was asked for');
      if (derived.secret === null) {
        exchanger.respondPlain(plainMessage(association, [notify(notifyType.INVALID_SYNTAX)]));
        closed('the peer sent an invalid key exchange value');
        return;
      }
      const response = plainMessage(association, responsePayloads(association, init, publicValue, nr));
      const keyInput = { suite: init.suite, spiI: association.spiI, spiR: association.spiR, ni: init.ni, nr, shared: derived.secret, rekeyed: null };
      association.keys = deriveIkeKeys(keyInput, env.keyLog);
      association.handshake = { request: init.bytes, response };
      exchanger.respondPlain(response);
    });
  });
}

const empty = new Uint8Array(0);

const noNatTraversal: Misfit = {
  part: 'NAT', problem: 'the peer does no NAT traversal, but ESP travels in UDP here, always', offered: [], wanted: ['NAT traversal (RFC 7296 §2.23)'],
  peer: null, nearest: null, remedy: 'at the other end, enable NAT traversal (UDP encapsulation)',
};

function noteTraits(association: Association, init: AcceptedInit): void {
  const { header, payloads } = init.message;
  const nat = findNat(payloads, init.path, header.spiI, header.spiR);
  association.traits.natLocal = nat.local;
  association.traits.natRemote = nat.remote;
  association.traits.mhtun = isMhtun(payloads);
  association.signatureWishes = signatureWishesIn(payloads);
  // RFC 8784 §3: who calls is not known yet, so whatever PPK there is counts.
  association.usesPpk = findNotify(payloads, notifyType.USE_PPK) !== null && association.env.directory.candidates(init.path).some(({ ppk }) => ppk !== null);
  association.traits.fragmentation = findNotify(payloads, notifyType.IKEV2_FRAGMENTATION_SUPPORTED) !== null;
}

function responsePayloads(association: Association, init: AcceptedInit, publicValue: Uint8Array, nr: Uint8Array): Payload[] {
  return [
    { kind: 'sa', critical: false, proposals: [{ ...init.chosen, spi: empty }] },
    { kind: 'ke', critical: false, group: init.ke.group, data: publicValue },
    { kind: 'nonce', critical: false, data: nr },
    ...natDetectionNotifies(init.path, association.spiI, association.spiR, association.env.random),
    ...(association.usesPpk ? [notify(notifyType.USE_PPK)] : []),
    ...(association.traits.fragmentation ? [notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
    signatureHashes(),
    // Who calls is not known yet: whose certificates any peer may have.
    ...certificateRequest(association.env.directory.authorities()),
    notify(notifyType.CHILDLESS_IKEV2_SUPPORTED),
    vendorIdPayload(),
  ];
}

function plainMessage(association: Association, payloads: readonly Payload[]): Uint8Array {
  return encodeMessage(plainHeader(association.spiI, association.spiR), payloads);
}

function refuse(header: IkeHeader, type: number, data: Uint8Array, reason: string, misfit: (() => Misfit) | null = null): InitVerdict {
  return { kind: 'reply', bytes: encodeMessage(plainHeader(header.spiI, header.spiR), [notify(type, data)]), reason, misfit };
}

/** Of a response to IKE_SA_INIT; the SPI of the responder stays zero where nothing was kept (RFC 7296 §2.6). */
function plainHeader(spiI: IkeHeader['spiI'], spiR: IkeHeader['spiR']): Parameters<typeof encodeMessage>[0] {
  const version = { majorVersion: 2, minorVersion: 0, version: false, reservedFlags: 0 };
  return { spiI, spiR, ...version, exchangeType: exchangeType.IKE_SA_INIT, initiator: false, response: true, messageId: messageId(0) };
}

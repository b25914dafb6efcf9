/** Rekeying the IKE SA, both roles, and two rekeys at once (RFC 7296 §1.3.2, §2.8.2, §2.18, §2.25.2). */
import type { KeyPair } from '../crypto/algorithm.js';
import type { SecretKey } from '../crypto/key.js';
import { formatIkeSuite, type IkeSuite } from '../crypto/suite.js';
import { samePath } from '../util/address.js';
import { assert } from '../util/assert.js';
import { after, ikeSpi, type IkeSpi } from '../util/brands.js';
import { compareBytes, fromHex, toHex } from '../util/bytes.js';
import { exchangeType, isErrorNotify, notifyType } from '../wire/iana.js';
import { findPayload, findUnknownCritical, notifiesOf, type Payload } from '../wire/payload.js';
import type { KePayload } from '../wire/payloads/ke.js';
import { notify } from '../wire/payloads/notify.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { Association } from './association.js';
import { lowestNonce, moveChildren } from './children.js';
import { temporaryFailureDelayMs } from './create-child.js';
import { deleteIkeSa } from './deletion.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import type { Request } from './peer-requests.js';
import { denied } from './denial.js';
import { nonceBytes } from './ike-sa-init.js';
import { deriveIkeKeys } from './key-schedule.js';
import { acceptAnswer, chooseProposal, ikeSuiteOf, keyExchangeGroups, withSpi } from './proposal-selection.js';

/** Up to this part of the configured time early, so that both ends rarely rekey at one moment. */
const rekeyJitter = 0.1;
const refusedRekeyRetryMs = 60_000;
const maxTemporaryFailures = 60;
const maxGroupRetries = 2;

/** Rekeys that IKE SA when its turn comes, unless it was rekeyed by then. */
export function rekeyWhenDue(association: Association): Intent {
  return (exchanger) => (exchanger.association === association ? rekeyIkeSa([])(exchanger) : null);
}

/** Rekeys the IKE SA when its turn comes. */
export function rekeyIkeSa(commands: readonly number[], temporaryFailures = 0): Intent {
  return (exchanger) => {
    const { association } = exchanger;
    if (association.phase.kind === 'established') return new IkeRekey(exchanger, commands, temporaryFailures);
    association.commandDone(commands, { ok: false, error: 'the IKE SA is ending' });
    return null;
  };
}

class IkeRekey implements Exchange {
  readonly name = 'rekey of the IKE SA';
  readonly exchangeType: number = exchangeType.CREATE_CHILD_SA;
  readonly subject: Subject = { kind: 'ike-rekey' };
  readonly #exchanger: Exchanger;
  readonly #commands: readonly number[];
  readonly #temporaryFailures: number;
  readonly #nonce: Uint8Array;
  readonly #spi: IkeSpi;
  readonly #proposals: readonly Proposal[];
  #pair: KeyPair | null = null;
  #group = 0;
  #groupRetries = 0;

  constructor(exchanger: Exchanger, commands: readonly number[], temporaryFailures: number) {
    const { association } = exchanger;
    this.#exchanger = exchanger;
    this.#commands = commands;
    this.#temporaryFailures = temporaryFailures;
    this.#nonce = association.env.random(nonceBytes);
    this.#spi = association.env.allocateIkeSpi();
    this.#proposals = withSpi(association.knownPeer.ike, fromHex(this.#spi));
  }

  begin(): void {
    const [group] = keyExchangeGroups(this.#proposals);
    if (group === undefined) this.#refused('no key exchange method is configured');
    else this.#generate(group);
  }

  answered(payloads: readonly Payload[]): void {
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    if (findUnknownCritical(payloads) !== null) this.#unusable('it has a critical payload of an unknown type');
    else if (error === undefined) this.#accept(payloads);
    else if (error.notifyType === notifyType.INVALID_KE_PAYLOAD) this.#retryWithGroup(error.data);
    else if (error.notifyType === notifyType.TEMPORARY_FAILURE) this.#retryLater();
    else this.#refused(denied(this.#exchanger.association, error.notifyType, { kind: 'ike-rekey' }));
  }

  abandoned(reason: string): void {
    this.#pair?.privateKey.wipe();
    const { association } = this.#exchanger;
    // RFC 7296 §2.8.2: the peer, who did not see our rekey, has deleted the old IKE SA: its own rekey stands.
    if (association.rekeyedByPeer !== null) association.commandDone(this.#commands, { ok: true, detail: 'the peer has rekeyed the IKE SA' });
    else association.commandDone(this.#commands, { ok: false, error: reason });
  }

  #generate(group: number): void {
    this.#group = group;
    this.#exchanger.association.work({ kind: 'ke-generate', group }, (result) => {
      assert(result.kind === 'ke-generated', 'a key pair was asked for');
      this.#pair = result.pair;
      this.#send(result.pair.publicValue);
    });
  }

  #send(publicValue: Uint8Array): void {
    const { association } = this.#exchanger;
    if (association.rekeyedByPeer !== null) {
      this.#yieldToPeer();
      return;
    }
    if (association.phase.kind !== 'established') {
      this.#end();
      return;
    }
    this.#exchanger.send(this, [
      { kind: 'sa', critical: false, proposals: this.#proposals },
      { kind: 'nonce', critical: false, data: this.#nonce },
      { kind: 'ke', critical: false, group: this.#group, data: publicValue },
    ]);
  }

  #accept(payloads: readonly Payload[]): void {
    const { association } = this.#exchanger;
    const sa = findPayload(payloads, 'sa');
    const nonce = findPayload(payloads, 'nonce');
    const ke = findPayload(payloads, 'ke');
    const accepted = sa === null ? null : acceptAnswer(this.#proposals, sa.proposals);
    // What was not offered, and can be computed all the same, is at least deleted under its own keys.
    const chosen = accepted ?? sa?.proposals[0] ?? null;
    const suite = chosen === null ? null : ikeSuiteOf(association.env.registry, chosen);
    const spi = chosen === null ? null : ikeSpiOf(chosen);
    const fits = ke?.group === this.#group && suite?.ke.transformId === this.#group;
    if (!fits || nonce === null || spi === null || this.#pair === null) {
      this.#unusable('it does not fit what was asked');
      return;
    }
    const { privateKey } = this.#pair;
    this.#pair = null;
    association.work({ kind: 'ke-derive', group: ke.group, privateKey, peerPublic: ke.data }, (result) => {
      assert(result.kind === 'ke-derived', 'a shared secret was asked for');
      if (result.secret === null) {
        this.#unusable('its key exchange value is invalid');
        return;
      }
      const birth = { suite, localSpi: this.#spi, remoteSpi: spi, ni: this.#nonce, nr: nonce.data, shared: result.secret, initiator: true };
      const successor = bear(association, birth);
      if (accepted !== null) {
        this.#decide(successor);
        return;
      }
      association.control.redundant(successor);
      this.#unusable('it chose what was not offered');
    });
  }

  /** RFC 7296 §2.8.2: of two new IKE SAs the one made with the lowest of the four nonces goes. */
  #decide(successor: Association): void {
    const { association } = this.#exchanger;
    const theirs = association.rekeyedByPeer;
    if (theirs !== null && compareBytes(lowestNonce(successor.nonces), lowestNonce(theirs.nonces)) < 0) {
      association.control.redundant(successor);
      this.#yieldToPeer();
      return;
    }
    this.#done(successor);
    this.#end(() => {
      association.control.superseded(successor, true);
    });
  }

  #yieldToPeer(): void {
    const { association } = this.#exchanger;
    const theirs = association.rekeyedByPeer;
    if (theirs !== null) this.#done(theirs.successor);
    this.#end(() => {
      if (theirs !== null) association.control.superseded(theirs.successor, false);
    });
  }

  #done(successor: Association): void {
    this.#exchanger.association.commandDone(this.#commands, { ok: true, detail: `the IKE SA is rekeyed: 0x${successor.spiI} 0x${successor.spiR}` });
  }

  #retryWithGroup(data: Uint8Array): void {
    const group = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    if (data.length !== 2 || !keyExchangeGroups(this.#proposals).includes(group) || group === this.#group || ++this.#groupRetries > maxGroupRetries) {
      this.#refused('the peer asked for a key exchange that is not configured here (INVALID_KE_PAYLOAD)');
      return;
    }
    this.#pair?.privateKey.wipe();
    this.#generate(group);
  }

  #retryLater(): void {
    const { association } = this.#exchanger;
    if (association.rekeyedByPeer !== null) {
      this.#yieldToPeer();
      return;
    }
    if (this.#temporaryFailures >= maxTemporaryFailures) {
      this.#refused('the peer kept answering TEMPORARY_FAILURE');
      return;
    }
    const again = rekeyIkeSa(this.#commands, this.#temporaryFailures + 1);
    this.#exchanger.enqueueAt(after(association.now, temporaryFailureDelayMs(association)), again);
    this.#end();
  }

  #refused(reason: string): void {
    const { association } = this.#exchanger;
    if (association.rekeyedByPeer !== null) {
      this.#yieldToPeer();
      return;
    }
    association.log('warn', `the rekey of the IKE SA failed: ${reason}`);
    association.commandDone(this.#commands, { ok: false, error: reason });
    association.rekeyAt = after(association.now, refusedRekeyRetryMs);
    this.#end();
  }

  /** The peer has moved everything to an IKE SA that can't be used here. Nothing of this one counts there any more: it goes, too. */
  #unusable(what: string): void {
    const { association } = this.#exchanger;
    if (association.rekeyedByPeer !== null) {
      this.#yieldToPeer();
      return;
    }
    const reason = `the peer's answer to the rekey of the IKE SA can't be used: ${what}`;
    association.event('peer-misbehaved', { reason });
    association.commandDone(this.#commands, { ok: false, error: reason });
    this.#end(() => {
      this.#exchanger.enqueueFirst(deleteIkeSa(reason, []));
    });
  }

  /** `before`: what must happen while the window is still ours, so that nothing else starts on the old IKE SA. */
  #end(before: () => void = () => undefined): void {
    this.#pair?.privateKey.wipe();
    before();
    this.#exchanger.finish(this);
  }
}

/** Answers the peer's request to rekey the IKE SA. */
export function answerIkeRekey(exchanger: Exchanger, request: Request): void {
  const { association } = exchanger;
  const obstacle = findObstacle(exchanger);
  if (obstacle !== null) {
    association.log('debug', `the peer’s rekey of the IKE SA has to wait: ${obstacle}`);
    exchanger.respond([notify(notifyType.TEMPORARY_FAILURE)]);
    return;
  }
  const sa = findPayload(request.payloads, 'sa');
  const nonce = findPayload(request.payloads, 'nonce');
  const ke = findPayload(request.payloads, 'ke');
  if (sa === null || nonce === null) {
    exchanger.respond([notify(notifyType.INVALID_SYNTAX)]);
    return;
  }
  const chosen = chooseProposal(association.knownPeer.ike, sa.proposals);
  const suite = chosen === null ? null : ikeSuiteOf(association.env.registry, chosen);
  const remoteSpi = chosen === null ? null : ikeSpiOf(chosen);
  if (chosen === null || suite === null || remoteSpi === null) {
    exchanger.respond([notify(notifyType.NO_PROPOSAL_CHOSEN)]);
    return;
  }
  if (ke?.group !== suite.ke.transformId) {
    exchanger.respond([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(suite.ke.transformId >> 8, suite.ke.transformId & 0xff))]);
    return;
  }
  if (ke.data.length !== suite.ke.publicBytes) {
    exchanger.respond([notify(notifyType.INVALID_SYNTAX)]);
    return;
  }
  exchangeKeys({ exchanger, chosen, suite, remoteSpi, ni: nonce.data, ke });
}

interface RekeyGrant {
  readonly exchanger: Exchanger;
  readonly chosen: Proposal;
  readonly suite: IkeSuite;
  readonly remoteSpi: IkeSpi;
  readonly ni: Uint8Array;
  readonly ke: KePayload;
}

function exchangeKeys(grant: RekeyGrant): void {
  const { exchanger, ke } = grant;
  const { association } = exchanger;
  association.work({ kind: 'ke-generate', group: ke.group }, (generated) => {
    assert(generated.kind === 'ke-generated', 'a key pair was asked for');
    const { privateKey, publicValue } = generated.pair;
    association.work({ kind: 'ke-derive', group: ke.group, privateKey, peerPublic: ke.data }, (derived) => {
      assert(derived.kind === 'ke-derived', 'a shared secret was asked for');
      if (derived.secret === null) exchanger.respond([notify(notifyType.INVALID_SYNTAX)]);
      else complete(grant, derived.secret, publicValue);
    });
  });
}

function complete(grant: RekeyGrant, shared: SecretKey, publicValue: Uint8Array): void {
  const { exchanger, chosen, suite, remoteSpi, ni, ke } = grant;
  const { association } = exchanger;
  if (findObstacle(exchanger) !== null) {
    shared.wipe();
    exchanger.respond([notify(notifyType.TEMPORARY_FAILURE)]);
    return;
  }
  const nr = association.env.random(nonceBytes);
  const localSpi = association.env.allocateIkeSpi();
  const successor = bear(association, { suite, localSpi, remoteSpi, ni, nr, shared, initiator: false });
  exchanger.respond([
    { kind: 'sa', critical: false, proposals: [{ ...chosen, spi: fromHex(localSpi) }] },
    { kind: 'nonce', critical: false, data: nr },
    { kind: 'ke', critical: false, group: ke.group, data: publicValue },
  ]);
  successor.introduction = exchanger.lastAnswer;
  if (exchanger.active?.subject.kind === 'ike-rekey') {
    association.rekeyedByPeer = { successor, nonces: successor.nonces };
    association.control.born(successor);
  } else {
    association.control.superseded(successor, false);
  }
}

/** RFC 7296 §2.25.1, §2.25.2: null where the rekey can go on. */
function findObstacle(exchanger: Exchanger): string | null {
  const { association, active } = exchanger;
  if (association.phase.kind !== 'established') return `the IKE SA is ${association.phase.kind}`;
  if (association.rekeyedByPeer !== null) return 'the IKE SA was rekeyed already';
  return active?.subject.kind === 'child' ? 'a Child SA is being created, rekeyed or deleted' : null;
}

interface Birth {
  readonly suite: IkeSuite;
  readonly localSpi: IkeSpi;
  readonly remoteSpi: IkeSpi;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly shared: SecretKey;
  readonly initiator: boolean;
}

/** The new IKE SA: all that was agreed stays, keys and Message IDs start afresh (RFC 7296 §2.18). */
function bear(old: Association, birth: Birth): Association {
  const { env, now, path, peer } = old;
  const successor = new Association(now, env, { initiator: birth.initiator, localSpi: birth.localSpi, path, peer });
  Object.assign(successor.traits, old.traits);
  successor.remoteSpi = birth.remoteSpi;
  successor.firstAttempt = old.attempt;
  successor.localId = old.localId;
  successor.remoteId = old.remoteId;
  successor.peerAddresses = old.peerAddresses;
  successor.virtual = old.virtual;
  successor.rttMs = old.rttMs;
  successor.nonces = [birth.ni, birth.nr];
  const { suite, ni, nr, shared } = birth;
  const { prf } = old.establishedKeys.suite;
  const { spiI, spiR } = successor;
  successor.keys = deriveIkeKeys({ suite, spiI, spiR, ni, nr, shared, rekeyed: { prf, skD: old.establishedKeys.skD } }, env.keyLog);
  successor.enter({ kind: 'established', since: now });
  successor.rekeyAt = after(now, successor.knownPeer.ikeRekeyMs * (1 - rekeyJitter * successor.fraction()));
  return successor;
}

/** Hands everything that lives on to the successor. */
export function inherit(old: Association, successor: Association): void {
  moveChildren(old, successor);
  // The path may have changed between the answer and this moment.
  if (samePath(successor.path, successor.birthPath)) {
    successor.path = old.path;
    Object.assign(successor.traits, old.traits);
  }
  successor.peerAddresses = old.peerAddresses;
  successor.event('ike-rekeyed', { spi_i: `0x${successor.spiI}`, spi_r: `0x${successor.spiR}`, suite: formatIkeSuite(successor.establishedKeys.suite), old_spi_i: `0x${old.spiI}` });
}

function ikeSpiOf(proposal: Proposal): IkeSpi | null {
  const hex = toHex(proposal.spi);
  return proposal.spi.length === 8 && !/^0+$/.test(hex) ? ikeSpi(hex) : null;
}

/** CREATE_CHILD_SA as initiator, for a new Child SA and for rekeying one (RFC 7296 §1.3.1, §1.3.3, §2.8.1, §2.25). */
import type { KeyPair } from '../crypto/algorithm.js';
import type { SecretKey } from '../crypto/key.js';
import { assert } from '../util/assert.js';
import { after, type ChildSaId, type EspSpi } from '../util/brands.js';
import { compareBytes } from '../util/bytes.js';
import { exchangeType, isErrorNotify, notifyType, protocolId } from '../wire/iana.js';
import { findNotify, findPayload, findUnknownCritical, notifiesOf, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import type { Proposal } from '../wire/payloads/sa.js';
import type { Association } from './association.js';
import { espSpiBytes, formatEspSpi, type ChildSa } from './child-sa.js';
import { childProposals, isRefusal, judgeChildAnswer, noteNarrowing, selectorPayloads, type AgreedChild } from './child-negotiation.js';
import { addChild, announceChild, lowestNonce, removeChild, replaceChild, yieldToPeer } from './children.js';
import { deleteChild, denyChild } from './deletion.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import { denied } from './denial.js';
import { nonceBytes } from './ike-sa-init.js';
import type { ChildTemplate } from './peer.js';
import { keyExchangeGroups } from './proposal-selection.js';
import type { AgreedSelectors } from './traffic-selection.js';
import { wantedSelectors } from './trigger.js';
import { dynamicSides, leadsNowhere } from './virtual-addresses.js';

/** RFC 7296 §2.25: never at once; drawn between these, so that two ends do not meet again. */
const retryLeastMs = 400;
const retrySpreadMs = 1_600;
/** A rekey that was refused for good is tried again well before the SA ends. */
const refusedRekeyRetryMs = 30_000;
/** With the waits above some minutes, as RFC 7296 §2.25 allows. */
const maxTemporaryFailures = 60;
const maxGroupRetries = 2;

/** A wish for a Child SA: which, whether it takes another's place, and who waits for it. */
interface Wish {
  readonly template: ChildTemplate;
  readonly rekeys: ChildSa | null;
  readonly commands: readonly number[];
  readonly temporaryFailures: number;
}

/** A new Child SA of that template. */
export function createChild(template: ChildTemplate, commands: readonly number[]): Intent {
  return create({ template, rekeys: null, commands, temporaryFailures: 0 });
}

/** Rekeys that Child SA. Those who wait for it are in `child.waiting`. */
export function rekeyChild(child: ChildSa): Intent {
  return create({ template: child.template, rekeys: child, commands: [], temporaryFailures: 0 });
}

function create(wish: Wish): Intent {
  return (exchanger) => {
    const { children, phase } = exchanger.association;
    if (wish.rekeys !== null && (children.get(wish.rekeys.id) !== wish.rekeys || !canRekey(wish.rekeys))) return null;
    if (wish.rekeys === null && leadsNowhere(exchanger.association, wish.template)) {
      exchanger.association.commandDone(wish.commands, { ok: false, error: `the Child SA ${wish.template.name} leads to an address that is lent, and the peer has none: it has to call and ask for one` });
      return null;
    }
    if (phase.kind === 'established') return new ChildCreation(exchanger, wish);
    exchanger.association.commandDone(wish.commands, { ok: false, error: 'the IKE SA is ending' });
    return null;
  };
}

/** One that the peer made by a rekey is not known to it for certain before it is used: until then a rekey could find nothing there. */
export function canRekey(child: ChildSa): boolean {
  return child.state === 'installed' && child.sends;
}

/** How long to wait before trying again what the peer could not do just now. */
export function temporaryFailureDelayMs(association: Association): number {
  return retryLeastMs + retrySpreadMs * association.fraction();
}

class ChildCreation implements Exchange {
  readonly exchangeType: number = exchangeType.CREATE_CHILD_SA;
  readonly name: string;
  readonly subject: Subject;
  readonly #exchanger: Exchanger;
  readonly #wish: Wish;
  readonly #nonce: Uint8Array;
  readonly #selectors: AgreedSelectors;
  readonly #own: { readonly id: ChildSaId; readonly spi: EspSpi };
  readonly #proposals: readonly Proposal[];
  #pair: KeyPair | null = null;
  #group: number | null = null;
  #groupRetries = 0;

  constructor(exchanger: Exchanger, wish: Wish) {
    const { association } = exchanger;
    this.#exchanger = exchanger;
    this.#wish = wish;
    this.name = `${wish.rekeys === null ? 'creation' : 'rekey'} of ${wish.template.name}`;
    this.subject = { kind: 'child', child: wish.rekeys?.id ?? null };
    this.#nonce = association.env.random(nonceBytes);
    // RFC 7296 §2.9.2: a rekey asks for what is in use.
    this.#selectors = wish.rekeys?.selectors ?? wantedSelectors(association, wish.template, dynamicSides(association));
    this.#own = association.env.allocateChild();
    this.#proposals = childProposals(association.knownPeer, this.#own.spi, true);
  }

  begin(): void {
    if (this.#wish.rekeys !== null) this.#wish.rekeys.state = 'rekeying';
    this.#exchanger.association.earlyDeletes.clear();
    const [group] = keyExchangeGroups(this.#proposals);
    if (group === undefined) this.#send();
    else this.#generate(group);
  }

  answered(payloads: readonly Payload[]): void {
    if (findUnknownCritical(payloads) !== null) {
      this.#unacceptable(payloads, 'the peer sent a critical payload of an unknown type');
      return;
    }
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    if (error === undefined || findPayload(payloads, 'sa') !== null) {
      this.#accept(payloads);
      return;
    }
    switch (error.notifyType) {
      case notifyType.INVALID_KE_PAYLOAD:
        this.#retryWithGroup(error.data);
        break;
      case notifyType.TEMPORARY_FAILURE:
        this.#retryLater();
        break;
      case notifyType.CHILD_SA_NOT_FOUND:
        this.#notFound();
        break;
      default:
        this.#refused(denied(this.#exchanger.association, error.notifyType, { kind: 'child', template: this.#wish.template, rekey: this.#wish.rekeys !== null }));
    }
  }

  abandoned(reason: string): void {
    this.#pair?.privateKey.wipe();
    this.#exchanger.association.commandDone(this.#wish.commands, { ok: false, error: reason });
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
    const { rekeys } = this.#wish;
    if (rekeys !== null && rekeys.rekeyedByPeer !== null) {
      this.#yieldToPeer(rekeys);
      return;
    }
    // The peer was faster, or the SA went, while our key pair was made.
    if (rekeys !== null && (rekeys.state !== 'rekeying' || !this.#exchanger.association.children.has(rekeys.id))) {
      this.#end();
      return;
    }
    this.#exchanger.send(this, [
      ...(rekeys === null ? [] : [notify(notifyType.REKEY_SA, empty, protocolId.ESP, espSpiBytes(rekeys.spiIn))]),
      { kind: 'sa', critical: false, proposals: this.#proposals },
      { kind: 'nonce', critical: false, data: this.#nonce },
      ...(this.#pair === null || this.#group === null ? [] : [{ kind: 'ke', critical: false, group: this.#group, data: this.#pair.publicValue } as const]),
      ...selectorPayloads(this.#selectors, true),
    ]);
  }

  #accept(payloads: readonly Payload[]): void {
    const { association } = this.#exchanger;
    const replaced = this.#wish.rekeys?.selectors ?? null;
    const answer = judgeChildAnswer(association, payloads, { proposals: this.#proposals, selectors: this.#selectors, replaced });
    const nonce = findPayload(payloads, 'nonce');
    if (isRefusal(answer) || nonce === null) {
      this.#unacceptable(payloads, isRefusal(answer) ? answer.reason : 'the answer lacks a nonce');
      return;
    }
    const ke = findPayload(payloads, 'ke');
    if (answer.suite.ke === null) {
      this.#install(answer, nonce.data, null);
      return;
    }
    if (ke === null || this.#pair === null || ke.group !== this.#group || answer.suite.ke.transformId !== this.#group) {
      this.#unacceptable(payloads, 'the peer answered with another key exchange than was asked for');
      return;
    }
    const { privateKey } = this.#pair;
    this.#pair = null;
    association.work({ kind: 'ke-derive', group: ke.group, privateKey, peerPublic: ke.data }, (result) => {
      assert(result.kind === 'ke-derived', 'a shared secret was asked for');
      if (result.secret === null) this.#unacceptable(payloads, 'the peer sent an invalid key exchange value');
      else this.#install(answer, nonce.data, result.secret);
    });
  }

  #install(answer: Omit<AgreedChild, 'template'>, nr: Uint8Array, shared: SecretKey | null): void {
    const { association } = this.#exchanger;
    const { rekeys, template, commands } = this.#wish;
    const theirs = rekeys?.rekeyedByPeer ?? null;
    // RFC 7296 §2.8.1: the SA made with the lowest of the four nonces is redundant.
    const redundant = theirs !== null && compareBytes(lowestNonce([this.#nonce, nr]), lowestNonce(theirs.nonces)) < 0;
    const child = addChild(association, {
      ...answer,
      id: this.#own.id,
      template,
      spiIn: this.#own.spi,
      ni: this.#nonce,
      nr,
      shared,
      initiated: true,
      send: redundant ? 'never' : 'now',
    });
    if (association.earlyDeletes.has(child.spiOut)) {
      removeChild(association, child, 'deleted by the peer');
      this.#refused('the peer deleted the new Child SA at once');
      return;
    }
    if (rekeys === null) {
      announceChild(association, child);
      noteNarrowing(association, template, child.selectors);
      association.commandDone(commands, { ok: true, detail: `Child SA ${template.name} is up: ${formatEspSpi(child.spiIn)} in, ${formatEspSpi(child.spiOut)} out` });
    } else if (redundant) {
      child.replacedBy = theirs.child.id;
      child.state = 'rekeyed';
      this.#yieldToPeer(rekeys);
      this.#exchanger.enqueueFirst(deleteChild(child, 'redundant after a simultaneous rekey'));
      return;
    } else {
      this.#supersede(rekeys, child);
    }
    this.#end();
  }

  /** Ours survives: whoever began the surviving rekey deletes the old SA. */
  #supersede(old: ChildSa, fresh: ChildSa): void {
    const { association } = this.#exchanger;
    if (old.rekeyedByPeer !== null) {
      // The peer deletes what it made itself; until then nothing is sent on it.
      old.rekeyedByPeer.child.sendAt = null;
      old.rekeyedByPeer.child.state = 'rekeyed';
      old.rekeyedByPeer.child.replacedBy = fresh.id;
    }
    replaceChild(association, old, fresh);
    if (association.children.has(old.id)) this.#exchanger.enqueueFirst(deleteChild(old, 'rekeyed'));
  }

  /** The peer's rekey of the same SA stands; the peer deletes the old one. */
  #yieldToPeer(old: ChildSa): void {
    yieldToPeer(this.#exchanger.association, old);
    this.#end();
  }

  #retryWithGroup(data: Uint8Array): void {
    const group = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    if (data.length !== 2 || !keyExchangeGroups(this.#proposals).includes(group) || group === this.#group || ++this.#groupRetries > maxGroupRetries) {
      this.#refused('the peer asked for a key exchange that is not configured here (INVALID_KE_PAYLOAD)');
      return;
    }
    this.#pair?.privateKey.wipe();
    this.#pair = null;
    this.#generate(group);
  }

  #retryLater(): void {
    const { association } = this.#exchanger;
    const { rekeys, temporaryFailures } = this.#wish;
    if (rekeys !== null && rekeys.rekeyedByPeer !== null) {
      this.#yieldToPeer(rekeys);
      return;
    }
    if (temporaryFailures >= maxTemporaryFailures) {
      this.#refused('the peer kept answering TEMPORARY_FAILURE');
      return;
    }
    if (rekeys !== null && rekeys.state === 'rekeying') rekeys.state = 'installed';
    const wish = { ...this.#wish, temporaryFailures: temporaryFailures + 1 };
    this.#exchanger.enqueueAt(after(association.now, temporaryFailureDelayMs(association)), create(wish));
    this.#end();
  }

  /** RFC 7296 §2.25: the peer has no such SA, so ours goes without a word; a new one is made unless the peer made one. */
  #notFound(): void {
    const { association } = this.#exchanger;
    const { rekeys, template } = this.#wish;
    if (rekeys === null) {
      this.#refused('the peer does not know the Child SA');
      return;
    }
    if (rekeys.rekeyedByPeer !== null) {
      this.#yieldToPeer(rekeys);
      return;
    }
    const commands = rekeys.waiting;
    rekeys.waiting = [];
    if (association.children.has(rekeys.id)) {
      removeChild(association, rekeys, 'the peer does not know it any more (CHILD_SA_NOT_FOUND)');
      this.#exchanger.enqueue(createChild(template, commands));
    } else {
      association.commandDone(commands, { ok: false, error: 'the Child SA was deleted while it was rekeyed' });
    }
    this.#end();
  }

  /** The peer granted what we can't take: it must not go on using it. */
  #unacceptable(payloads: readonly Payload[], reason: string): void {
    if (findPayload(payloads, 'sa') !== null) this.#exchanger.enqueueFirst(denyChild(this.#own.spi));
    this.#refused(reason);
  }

  #refused(reason: string): void {
    const { association } = this.#exchanger;
    const { rekeys, template, commands } = this.#wish;
    association.log('warn', `${this.name} failed: ${reason}`);
    association.commandDone(commands, { ok: false, error: reason });
    if (rekeys === null) {
      association.outputs.push({ kind: 'child-failed', name: template.name, reason });
      association.event('child-down', { child: template.name, reason });
    } else if (rekeys.rekeyedByPeer !== null) {
      this.#yieldToPeer(rekeys);
      return;
    } else {
      association.commandDone(rekeys.waiting, { ok: false, error: reason });
      rekeys.waiting = [];
      if (rekeys.state === 'rekeying') {
        rekeys.state = 'installed';
        rekeys.rekeyAt = after(association.now, refusedRekeyRetryMs);
      }
    }
    this.#end();
  }

  #end(): void {
    this.#exchanger.association.earlyDeletes.clear();
    this.#pair?.privateKey.wipe();
    this.#exchanger.finish(this);
  }
}

const empty = new Uint8Array(0);

/** The Child SA that a REKEY_SA notify names: the peer writes its inbound SPI, our outbound one (RFC 7296 §1.3.3). */
export function rekeyedSpi(payloads: readonly Payload[]): Uint8Array | null {
  const rekey = findNotify(payloads, notifyType.REKEY_SA);
  return rekey?.protocol === protocolId.ESP && rekey.spi.length === 4 ? rekey.spi : null;
}

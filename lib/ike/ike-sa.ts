/**
 * One IKE SA (RFC 7296) as a sans-IO machine: datagrams, time, results and wishes go in; datagrams,
 * jobs, data-plane commands and events come out. Here is decided which exchange runs; the exchanges
 * themselves are in files of their own.
 */
import { wipeResult } from '../crypto/work.js';
import { present } from '../util/assert.js';
import { sameAddresses, type DatagramPath } from '../util/address.js';
import { earlier, type ChildSaId, type IkeSpi, type Instant } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';
import type { FillTeller } from '../util/fill.js';
import type { Wake } from '../util/machine.js';
import { unreachable } from '../util/unreachable.js';
import { exchangeType, exchangeName, notifyType, protocolId } from '../wire/iana.js';
import { findNotify, findPayload, payloadsOf } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { Association, type Control } from './association.js';
import { beginSending, dropLingering, maxChildSasPerIkeSa, removeChild } from './children.js';
import { answerCreateChild } from './create-child-responder.js';
import { checkLiveness, refuseCommand, runCommand } from './commands.js';
import { deleteIkeSa, expireChild } from './deletion.js';
import { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
import { giveBackLease } from './configuration-responder.js';
import { AuthResponder } from './ike-auth-responder.js';
import { IkeSaInit } from './ike-sa-init.js';
import { answerInit, judgeInit, type AcceptedInit, type CookieDemand, type InitVerdict } from './ike-sa-init-responder.js';
import { authenticate } from './initiation.js';
import { answerInformational } from './informational.js';
import type { IkeEnvironment, IkeInput, IkeOutput, IkeSaMachine, IkeSaView } from './io.js';
import { wipeIkeKeys } from './key-schedule.js';
import { noteConsent } from './lean.js';
import { abandonMoves, handOverMoves } from './mobike.js';
import { followSource } from './new-source.js';
import { answerIkeRekey, inherit } from './rekey.js';
import { maxPathsUnderTest } from './path-test.js';
import { armPhaseTimers, awaitDeletion, nextDue, redundantLingerMs, runDue } from './schedule.js';
import { viewOf } from './view.js';
import type { Trigger } from './trigger.js';
import type { IkePeer } from './peer.js';

/** A peer that was heard so lately has the IKE SA, whoever says otherwise without protection (RFC 7296 §1.5). */
const hintPatienceMs = 1_000;

/** What an initiator needs to begin. */
export interface InitiateOptions {
  readonly peer: IkePeer;
  readonly path: DatagramPath;
  /** The same addresses with the NAT ports, where IKE goes on after IKE_SA_INIT. */
  readonly natPath: DatagramPath;
  readonly initialContact: boolean;
  /** Names of the Child SAs to create, the first of them in IKE_AUTH. */
  readonly children: readonly string[];
  /** The packet that it is begun for. */
  readonly trigger?: Trigger | null;
}

/** A request for a new IKE SA judged: nothing, an answer without state, or an IKE SA to drive. */
export type InitAnswer = Exclude<InitVerdict, { kind: 'accept' }> | { readonly kind: 'sa'; readonly ikeSa: IkeSaMachine };

/** Answers an IKE_SA_INIT request. Outputs of the IKE SA, if there is one, are pending: drain them. */
export function answerIkeSaInit(now: Instant, env: IkeEnvironment, path: DatagramPath, bytes: Uint8Array, cookie: CookieDemand): InitAnswer {
  const verdict = judgeInit(now, env, path, bytes, cookie);
  return verdict.kind === 'accept' ? { kind: 'sa', ikeSa: IkeSa.respond(now, env, verdict.init) } : verdict;
}

export class IkeSa implements IkeSaMachine {
  readonly #association: Association;
  readonly #exchanger: Exchanger;
  /** Of a responder, until both ends are authenticated. */
  #auth: AuthResponder | null = null;

  private constructor(association: Association) {
    this.#association = association;
    this.#exchanger = new Exchanger(association, (reason) => {
      this.#handOverToTheirs();
      this.#close(reason, false);
    });
    association.bind(this.#control());
  }

  /** Outputs are pending: drain them. */
  static initiate(now: Instant, env: IkeEnvironment, options: InitiateOptions): IkeSa {
    const { peer, path, natPath, initialContact, children, trigger = null } = options;
    const ikeSa = new IkeSa(new Association(now, env, { initiator: true, localSpi: env.allocateIkeSpi(), path, peer }));
    ikeSa.#association.trigger = trigger;
    ikeSa.#exchanger.enqueue((ex) => new IkeSaInit(ex, natPath, {
      established: () => {
        authenticate(ikeSa.#exchanger, children, initialContact, (reason) => {
          ikeSa.#close(reason, true);
        });
      },
      failed: (reason) => {
        ikeSa.#close(reason, false);
      },
    }));
    return ikeSa;
  }

  static respond(now: Instant, env: IkeEnvironment, init: AcceptedInit): IkeSa {
    const ikeSa = new IkeSa(new Association(now, env, { initiator: false, localSpi: env.allocateIkeSpi(), path: init.path, peer: null }));
    ikeSa.#association.remoteSpi = init.message.header.spiI;
    ikeSa.#auth = new AuthResponder(ikeSa.#exchanger, init.chosen, (reason, authenticationFailed) => {
      ikeSa.#close(reason, authenticationFailed);
    });
    answerInit(ikeSa.#exchanger, init, (reason) => {
      ikeSa.#close(reason, false);
    });
    ikeSa.#armTimers();
    return ikeSa;
  }

  get initiator(): boolean {
    return this.#association.initiator;
  }

  get localSpi(): IkeSpi {
    return this.#association.localSpi;
  }

  fills(tell: FillTeller): void {
    const { children, trials } = this.#association;
    this.#exchanger.fills(tell);
    this.#association.fills(tell);
    // In a rekey each stands twice for a moment.
    tell('Child SAs of an IKE SA', children.size, 2 * maxChildSasPerIkeSa);
    tell('paths under test', trials.size, maxPathsUnderTest);
  }

  view(): IkeSaView {
    return viewOf(this.#association, this.#exchanger);
  }

  hasChild(child: ChildSaId): boolean {
    return this.#association.children.has(child);
  }

  handleInput(now: Instant, input: IkeInput): void {
    const association = this.#association;
    association.outputs.begin(now);
    association.now = now;
    if (association.phase.kind === 'closed') {
      if (input.kind === 'work-done') wipeResult(input.result);
      if (input.kind === 'command') refuseCommand(association, input.id, input.command);
      return;
    }
    this.#dispatch(input);
    this.#armTimers();
  }

  pollOutput(): IkeOutput | Wake {
    return this.#association.outputs.poll(() => this.#wakeAt());
  }

  #dispatch(input: IkeInput): void {
    const association = this.#association;
    switch (input.kind) {
      case 'datagram':
        this.#receive(input.path, input.bytes);
        return;
      case 'wake':
        dropLingering(association, association.now);
        runDue(this.#exchanger);
        association.timers.fire(association.now);
        return;
      case 'work-done':
        association.workDone(input.id, input.result);
        return;
      case 'command':
        runCommand(this.#exchanger, input.id, input.command);
        return;
      case 'soft-expired':
        this.#childExpired(input.child, false);
        return;
      case 'hard-expired':
        this.#childExpired(input.child, true);
        return;
      case 'inbound-activity':
        this.#heard(input.child, input.path);
        return;
      case 'new-source':
        followSource(this.#exchanger, input.path);
        return;
      case 'invalid-spi-hint':
        // Anybody can say so: it only makes us ask the peer itself, sooner, and not more often than it makes sense.
        if (association.phase.kind === 'established' && association.now - association.lastHeardAt >= hintPatienceMs) checkLiveness(this.#exchanger);
        return;
      case 'abandon':
        this.#close(input.reason, false);
        return;
      default:
        unreachable(input);
    }
  }

  #armTimers(): void {
    armPhaseTimers(this.#exchanger);
  }

  #wakeAt(): Instant | null {
    return this.#association.phase.kind === 'closed' ? null : earlier(this.#association.timers.next(), nextDue(this.#exchanger));
  }

  #receive(path: DatagramPath, bytes: Uint8Array): void {
    const association = this.#association;
    let received: ReturnType<Exchanger['receive']>;
    try {
      received = this.#exchanger.receive(path, bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      association.log('debug', `a datagram that does not parse was dropped: ${error.message}`);
      return;
    }
    if (received.kind === 'request') this.#answer(received.request);
    else if (received.kind === 'malformed') this.#malformed(received.response, received.reason);
  }

  /** RFC 7296 §2.21.3: an authenticated message with wrong syntax means that one of us is broken; the IKE SA ends. */
  #malformed(response: boolean, reason: string): void {
    this.#association.event('peer-misbehaved', { reason: `a message of the peer does not parse: ${reason}` });
    if (!response) this.#exchanger.respond([notify(notifyType.INVALID_SYNTAX)]);
    this.#close(`a message of the peer does not parse: ${reason}`, false);
  }

  #answer(request: Request): void {
    const association = this.#association;
    const { exchangeType: type } = request.header;
    if (association.phase.kind === 'connecting') {
      // Nothing but IKE_AUTH has a place before both ends are authenticated (RFC 7296 §1.2).
      if (type === exchangeType.IKE_AUTH && !association.initiator) present(this.#auth, 'a responder chose a proposal').answer(request);
      else if (type !== exchangeType.INFORMATIONAL || this.#auth?.leave(request) !== true) this.#exchanger.ignoreRequest();
      return;
    }
    this.#followIke(request);
    if (findNotify(request.payloads, notifyType.UPDATE_SA_ADDRESSES) === null) noteConsent(this.#exchanger, request);
    // A peer that works on this IKE SA takes it for the one that stands (RFC 7296 §2.8.2), whatever we still wait for.
    if (!deletesIkeSa(request)) association.undecided?.adopt();
    switch (type) {
      case exchangeType.CREATE_CHILD_SA:
        this.#answerCreate(request);
        return;
      case exchangeType.INFORMATIONAL:
        answerInformational(this.#exchanger, request, {
          deleted: () => {
            this.#deletedByPeer();
          },
          failed: (reason) => {
            this.#close(reason, false);
          },
        });
        return;
      default:
        association.event('peer-misbehaved', { reason: `${exchangeName(type)} on an established IKE SA` });
        this.#exchanger.respond([notify(notifyType.INVALID_SYNTAX)]);
    }
  }

  #answerCreate(request: Request): void {
    const { payloads } = request;
    const critical = payloads.find((p) => p.kind === 'unknown' && p.critical);
    const sa = findPayload(payloads, 'sa');
    if (critical?.kind === 'unknown') this.#exchanger.respond([notify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(critical.type))]);
    else if (sa?.proposals.some((p) => p.protocol === protocolId.IKE) === true && findNotify(payloads, notifyType.REKEY_SA) === null) {
      answerIkeRekey(this.#exchanger, request);
    } else answerCreateChild(this.#exchanger, request);
  }

  /** Without MOBIKE an authenticated request from elsewhere is followed where the peer is behind a NAT and we are not (RFC 7296 §2.23). */
  #followIke(request: Request): void {
    if (!this.#association.traits.mobike && !this.#association.traits.natLocal) followSource(this.#exchanger, request.path);
  }

  #childExpired(id: ChildSaId, hard: boolean): void {
    const child = this.#association.children.get(id);
    if (child === undefined) return;
    if (hard) expireChild(this.#exchanger, child);
    else child.rekeyAt = this.#association.now;
    runDue(this.#exchanger);
  }

  #heard(id: ChildSaId, path: DatagramPath): void {
    const association = this.#association;
    // RFC 4555 §3.12: what comes over a pair that is not in use does not show that the peer knows of the one that is.
    const inUse = sameAddresses(path, association.path) || sameAddresses(path, association.trafficPath);
    if (inUse || !association.traits.mobike) association.lastHeardAt = association.now;
    const child = association.children.get(id);
    // The peer sends on its new SA, so it receives on it as well (RFC 7296 §2.8).
    if (child !== undefined && child.sendAt !== null) beginSending(this.#association, child);
  }

  #control(): Control {
    const association = this.#association;
    const successors = new Map<Association, IkeSa>();
    const machineOf = (successor: Association): IkeSa => {
      const known = successors.get(successor) ?? new IkeSa(successor);
      successors.set(successor, known);
      return known;
    };
    return {
      close: (reason) => {
        this.#close(reason, false);
      },
      distrust: (reason) => {
        association.event('peer-misbehaved', { reason });
        this.#close(reason, false);
      },
      born: (successor) => {
        const machine = machineOf(successor);
        successor.undecided = {
          adopt: () => {
            association.now = successor.now;
            association.control.superseded(successor, false);
            successor.outputs.push({ kind: 'successor', ikeSa: this });
          },
          forsake: () => {
            association.rekeyedByPeer = null;
          },
        };
        association.outputs.push({ kind: 'successor', ikeSa: machine });
      },
      redundant: (successor) => {
        const machine = machineOf(successor);
        // Another one carries on: its end is no news.
        successor.enter({ kind: 'rekeyed' });
        machine.#exchanger.enqueueFirst(deleteIkeSa('redundant after a simultaneous rekey', []));
        armPhaseTimers(machine.#exchanger);
        association.outputs.push({ kind: 'successor', ikeSa: machine });
      },
      superseded: (successor, deleteOld) => {
        const machine = machineOf(successor);
        if (association.phase.kind === 'rekeyed' || association.phase.kind === 'closed') return;
        successor.undecided = null;
        successor.now = association.now;
        inherit(association, successor);
        // Where it was to be deleted, the Delete waits in the queue and goes over, too.
        association.enter({ kind: 'rekeyed' });
        armPhaseTimers(this.#exchanger);
        armPhaseTimers(machine.#exchanger);
        // The peer deletes what it made in vain; it may have forgotten it already, so ours does not wait for ever.
        const loser = association.rekeyedByPeer?.successor ?? successor;
        loser.undecided = null;
        if (loser !== successor) {
          loser.now = association.now;
          loser.enter({ kind: 'rekeyed' });
          awaitDeletion(machineOf(loser).#exchanger, redundantLingerMs);
          association.outputs.push({ kind: 'successor', ikeSa: machineOf(loser) });
        }
        handOverMoves(association, machine.#exchanger);
        this.#exchanger.handOver(machine.#exchanger);
        association.outputs.push({ kind: 'successor', ikeSa: machine });
        if (deleteOld) this.#exchanger.enqueueFirst(deleteIkeSa('rekeyed', []));
      },
    };
  }

  #deletedByPeer(): void {
    this.#handOverToTheirs();
    this.#close('deleted by the peer', false);
  }

  /** RFC 7296 §2.8.2: the peer did not see our rekey, or no longer answers it, only its own; that one stands, or is what our own Delete must end. */
  #handOverToTheirs(): void {
    const association = this.#association;
    const theirs = association.rekeyedByPeer;
    const { kind } = association.phase;
    if ((kind === 'established' || kind === 'deleting') && theirs !== null) association.control.superseded(theirs.successor, false);
  }

  /** The end. Child SAs that no successor took are gone with it. */
  #close(reason: string, authenticationFailed: boolean): void {
    const association = this.#association;
    if (association.phase.kind === 'closed') return;
    // The peer's successor that did not stand leaves everything to the one that does.
    const rekeyed = association.phase.kind === 'rekeyed' || association.undecided !== null;
    association.undecided?.forsake();
    association.undecided = null;
    // What the peer made stands for itself from now on.
    if (association.rekeyedByPeer !== null) association.rekeyedByPeer.successor.undecided = null;
    const wasUp = association.phase.kind !== 'connecting';
    association.enter({ kind: 'closed' });
    for (const child of [...association.children.values()]) removeChild(association, child, reason);
    dropLingering(association, null);
    association.timers.clear();
    this.#exchanger.close(reason);
    abandonMoves(association, reason);
    this.#auth?.wipe();
    if (association.keys !== null) wipeIkeKeys(association.keys);
    if (!rekeyed) giveBackLease(association);
    if (wasUp && !rekeyed) association.event('ike-down', { reason, spi_i: `0x${association.spiI}`, spi_r: `0x${association.spiR}` });
    association.outputs.push({ kind: 'closed', reason, rekeyed, authenticationFailed });
  }
}

function deletesIkeSa(request: Request): boolean {
  return payloadsOf(request.payloads, 'delete').some((d) => d.protocol === protocolId.IKE);
}

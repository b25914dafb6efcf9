/**
 * Asking the peer over chosen paths: liveness (RFC 7296 §2.4), return routability (RFC 4555 §3.7), NAT mappings (§3.8) and path
 * tests (§3.10). All of them are one INFORMATIONAL exchange that changes nothing at the peer.
 */
import { sameAddresses, samePath, type DatagramPath } from '../util/address.js';
import { after, later } from '../util/brands.js';
import { bytesEqual } from '../util/bytes.js';
import { exchangeType, notifyType } from '../wire/iana.js';
import type { Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { cookie2Bytes, cookie2Fits, natDetectionOn, noteNat } from './address-checks.js';
import { refresh } from './address-update.js';
import type { Association } from './association.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import type { IkeCommand } from './io.js';
import { maxCopiesPerRequest, type SentRequest } from './sent-request.js';
import { divertTraffic } from './traffic-path.js';
import { paddingNotify } from './vendor.js';

/** Paths of one IKE SA that are tested or wait for it: sixteen addresses at either end, and no script can fill memory. */
export const maxPathsUnderTest = 256;
/** A peer that must compute before it answers has so long, from the first copy on: a key exchange on a slow machine. */
const slowAnswerMs = 200;

type TestCommand = Extract<IkeCommand, { readonly kind: 'test-paths' }>;
type Outcome = 'answered' | 'lost' | 'unknown';

/** One path of a test until its verdict. */
export interface Trial {
  readonly wish: TestCommand;
  readonly path: DatagramPath;
  /** Those of one command, which is answered with the last verdict. */
  readonly tally: { readonly command: number; open: number; answered: number };
  readonly timer: string;
  /** What the copies of an earlier round tell counts no more: an IKE SA that follows asks again. */
  round: number;
  sent: boolean;
  decided: boolean;
}

/** Tests the paths; each gets its `path-tested`, and the command is answered after the last. */
export function testPaths(exchanger: Exchanger, id: number, wish: TestCommand): void {
  const { association } = exchanger;
  const tally = { command: id, open: wish.paths.length, answered: 0 };
  if (tally.open === 0) association.commandDone([id], { ok: true, detail: 'no path was named' });
  const trials = wish.paths.map((path, i): Trial => ({ wish, path, tally, timer: `path test ${id}/${i}`, round: 0, sent: false, decided: false }));
  const possible = trials.filter((trial) => {
    const reason = obstacle(association, trial);
    if (reason === null) association.trials.add(trial);
    else refuse(association, trial, reason);
    return reason === null;
  });
  if (wish.alone || wish.padToBytes !== null) for (const trial of possible) exchanger.enqueue(testAlone(trial));
  else testTogether(exchanger, possible);
}

/** Every path of a test that can't be done. */
export function refuseTest(association: Association, id: number, wish: TestCommand, error: string): void {
  for (const path of wish.paths) association.outputs.push({ kind: 'path-tested', test: wish.test, path, outcome: 'unknown', rttMs: null, validated: false });
  association.commandDone([id], { ok: false, error });
}

/** What was out goes out again at the successor; what waits goes over with the queue. */
export function handOverTrials(old: Association, exchanger: Exchanger): void {
  const { association } = exchanger;
  const again: Trial[] = [];
  for (const trial of old.trials) {
    old.timers.cancel(trial.timer);
    association.trials.add(trial);
    trial.round++;
    if (trial.sent) again.push(trial);
    trial.sent = false;
  }
  old.trials.clear();
  association.waitingTrials.push(...old.waitingTrials.splice(0));
  const isAlone = ({ wish }: Trial): boolean => wish.alone || wish.padToBytes !== null;
  for (const trial of again.filter(isAlone)) exchanger.enqueue(testAlone(trial));
  testTogether(exchanger, again.filter((trial) => !isAlone(trial)));
}

/** Asks who answers on the path of the moment of its turn (RFC 4555 §3.7). @param urgent before everything else that waits */
export function checkPath(exchanger: Exchanger, routability: boolean, urgent: boolean): void {
  const { association } = exchanger;
  if (association.checkWaits) return;
  association.checkWaits = true;
  const check: Intent = (ex) => {
    ex.association.checkWaits = false;
    return new PathTest(ex, [], routability);
  };
  if (urgent) exchanger.enqueueFirst(check);
  else exchanger.enqueue(check);
}

/** Null: the trial can be done. */
function obstacle(association: Association, { wish, path }: Trial): string | null {
  if (association.trials.size >= maxPathsUnderTest) return 'too many paths are tested already';
  // RFC 7296 §2.23: a peer that does no MOBIKE may take the address of any request for our new one.
  if (!association.traits.mobike && !samePath(path, association.path)) return 'the peer does no MOBIKE';
  // Too large for every path it could never be answered, and without fragments not be repeated either (RFC 7383 §2.4).
  // strongSwan agrees to fragments, and takes an INFORMATIONAL request in fragments for one without protection.
  return wish.padToBytes !== null && !(association.splits && association.traits.mhtun) ? 'the peer takes no such request in fragments' : null;
}

function refuse(association: Association, trial: Trial, reason: string): void {
  association.log('debug', `a path is not tested: ${reason}`);
  decide(association, trial, 'unknown', null, false);
}

function testAlone(trial: Trial): Intent {
  return (exchanger) => (trial.decided ? null : new PathTest(exchanger, [trial], true));
}

/** By copies of what is out already, at once; where there is nothing that may be copied, by a request of its own before all that waits. */
function testTogether(exchanger: Exchanger, trials: readonly Trial[]): void {
  const { association } = exchanger;
  const waiting = trials.filter((trial) => !copyOver(exchanger, trial));
  if (waiting.length === 0) return;
  const first = association.waitingTrials.length === 0;
  association.waitingTrials.push(...waiting);
  if (first) exchanger.enqueueFirst(testWaiting);
}

const testWaiting: Intent = (exchanger) => {
  const due = exchanger.association.waitingTrials.splice(0, maxCopiesPerRequest);
  return due.length === 0 ? null : new PathTest(exchanger, due, true);
};

function copyOver(exchanger: Exchanger, trial: Trial): boolean {
  const request = exchanger.copyTo(trial.path, watcherOf(exchanger.association, trial), trial.wish.desperate);
  if (request !== null) awaitAnswer(exchanger.association, trial, request);
  return request !== null;
}

/** The copy of the trial is out: what it comes to is known when its time is over. */
function awaitAnswer(association: Association, trial: Trial, request: SentRequest): void {
  trial.sent = true;
  const { timeoutMs } = trial.wish;
  const due = after(association.now, timeoutMs);
  // The copy was there by then, and a peer that got it has answered.
  const arrivedAt = after(association.now, timeoutMs / 2);
  association.timers.set(trial.timer, request.isSlow ? later(due, after(request.firstAt, slowAnswerMs)) : due, () => {
    decide(association, trial, request.overtakenAt !== null && request.overtakenAt < arrivedAt ? 'unknown' : 'lost', null, false);
  });
}

function watcherOf(association: Association, trial: Trial): Parameters<Exchanger['copyTo']>[1] {
  const { round } = trial;
  const tell = (outcome: Outcome, rttMs: number | null, validated: boolean): void => {
    if (trial.round === round) decide(association, trial, outcome, rttMs, validated);
  };
  return {
    answered: (rttMs, validated) => {
      tell('answered', rttMs, validated);
    },
    forgotten: () => {
      tell('unknown', null, false);
    },
  };
}

function decide(association: Association, trial: Trial, outcome: Outcome, rttMs: number | null, validated: boolean): void {
  if (trial.decided) return;
  trial.decided = true;
  association.trials.delete(trial);
  association.timers.cancel(trial.timer);
  const { wish, path, tally } = trial;
  association.outputs.push({ kind: 'path-tested', test: wish.test, path, outcome, rttMs, validated });
  tally.open--;
  if (outcome === 'answered') tally.answered++;
  if (tally.open === 0) association.commandDone([tally.command], { ok: true, detail: `${tally.answered} of ${wish.paths.length} paths answered` });
}

/** One question to the peer: over the paths of trials, or over the IKE SA's own where there are none. */
export class PathTest implements Exchange {
  readonly name: string;
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #trials: readonly Trial[];
  /** What `round` each was in. */
  readonly #rounds: readonly number[];
  readonly #cookie2: Uint8Array | null;
  #asksNat = false;

  /** @param routability with COOKIE2 */
  constructor(exchanger: Exchanger, trials: readonly Trial[], routability: boolean) {
    this.#exchanger = exchanger;
    this.#trials = trials;
    this.#rounds = trials.map(({ round }) => round);
    this.name = trials.length === 0 ? 'liveness check' : 'path test';
    this.#cookie2 = routability && exchanger.association.traits.mobike ? exchanger.association.env.random(cookie2Bytes) : null;
  }

  begin(): void {
    const { association } = this.#exchanger;
    const alone = this.#alone;
    const first = this.#trials.length === 0 ? [association.path] : this.#trials.map(({ path }) => path);
    const atHome = alone === null ? this.#trials.length === 0 : samePath(alone.path, association.path);
    const payloads = [
      ...(this.#cookie2 === null ? [] : [notify(notifyType.COOKIE2, this.#cookie2)]),
      ...(atHome ? this.#natDetection() : []),
    ];
    const size = alone?.wish.padToBytes ?? null;
    this.#exchanger.send(this, size === null || alone === null ? payloads : this.#padded(payloads, alone.path, size), {
      first,
      ...(alone === null ? {} : { patienceMs: alone.wish.timeoutMs }),
      whole: size !== null,
    });
    for (const trial of this.#trials) {
      const request = this.#exchanger.watch(trial.path, watcherOf(association, trial));
      if (request !== null) awaitAnswer(association, trial, request);
    }
    if (association.waitingTrials.length > 0) this.#exchanger.enqueueFirst(testWaiting);
  }

  answered(payloads: readonly Payload[], path: DatagramPath): void {
    const { association } = this.#exchanger;
    if (this.#cookie2 !== null && !cookie2Fits(payloads, this.#cookie2)) {
      association.control.distrust('the peer returned another COOKIE2');
      return;
    }
    if (association.phase.kind === 'established') {
      if (this.#asksNat && sameAddresses(path, association.path)) this.#compare(payloads, path);
      this.#confirm();
    }
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    for (const [i, trial] of this.#trials.entries()) {
      if (trial.round === this.#rounds[i]) decide(this.#exchanger.association, trial, 'unknown', null, false);
    }
  }

  /** Trials go over by themselves. */
  renewal(): Intent {
    return (exchanger) => (this.#trials.length === 0 ? new PathTest(exchanger, [], this.#cookie2 !== null) : null);
  }

  get #alone(): Trial | null {
    const [trial] = this.#trials;
    return trial !== undefined && (trial.wish.alone || trial.wish.padToBytes !== null) ? trial : null;
  }

  /** RFC 4555 §3.8: the initiator asks how it is seen: behind a NAT, and where one may have appeared, since nothing comes in. */
  #natDetection(): Payload[] {
    const { association } = this.#exchanger;
    const { mobike, mobikeInitiator, natLocal } = association.traits;
    this.#asksNat = mobike && mobikeInitiator && (natLocal || this.#trials.length === 0 || this.#alone?.wish.asksNat === true);
    return this.#asksNat ? natDetectionOn(association, association.path) : [];
  }

  #padded(payloads: readonly Payload[], path: DatagramPath, ipPacketBytes: number): Payload[] {
    const missing = this.#exchanger.missingOctets([...payloads, paddingNotify(0)], path, ipPacketBytes);
    return missing < 0 ? [...payloads] : [...payloads, paddingNotify(missing)];
  }

  /** RFC 4555 §3.8: what the peer saw of our address before, and what it sees now. */
  #compare(payloads: readonly Payload[], path: DatagramPath): void {
    const { association } = this.#exchanger;
    const { seenAs: before, traits: { natLocal: wasBehindNat } } = association;
    noteNat(association, payloads, path);
    const { seenAs: now, traits: { natLocal: isBehindNat } } = association;
    if (now === null) return;
    if (wasBehindNat !== isBehindNat) this.#exchanger.enqueueFirst(refresh(isBehindNat ? 'a NAT has appeared' : 'there is no NAT any more'));
    // Seen for the first time: the NAT may have forgotten us since IKE_AUTH, and the peer sends to where we were.
    else if (before === null && isBehindNat) this.#exchanger.enqueueFirst(refresh(null));
    else if (before !== null && !bytesEqual(before, now)) this.#exchanger.enqueueFirst(refresh('the NAT mapping changed'));
  }

  /** The peer answers at its new source. */
  #confirm(): void {
    const { association } = this.#exchanger;
    const { doubted } = association;
    if (doubted === null) return;
    if (this.#exchanger.askedOnlyOver(doubted.to)) {
      association.doubted = null;
      association.timers.cancel('doubted path');
      if (association.diverted !== null && samePath(association.diverted, doubted.from)) divertTraffic(association, null);
    } else if (this.#trials.length === 0) {
      // RFC 4555 §3.7: sent to several addresses, it tells of none.
      checkPath(this.#exchanger, this.#cookie2 !== null, false);
    }
  }
}

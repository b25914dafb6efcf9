/** Sends the tests that are due, and learns from their outcomes. */
import { earlier, type Instant } from '../util/brands.js';
import { failureOf } from './choice.js';
import { costOfTest } from './budget.js';
import { doubt, silenceCause } from './doubting.js';
import type { TestOutcome } from './io.js';
import type { Path } from './path.js';
import { planTest, testTimeoutMs } from './schedule.js';
import type { Scene, Standing } from './scene.js';
import type { Test, TestKind } from './test-desk.js';

export interface Outcome {
  readonly outcome: TestOutcome;
  readonly rttMs: number | null;
  readonly validated: boolean;
}

/** Begins what is due: one test alone and one round of scouts at a time. Answers with when to come back. */
export function runTests(scene: Scene, standing: Standing): Instant | null {
  scene.desk.expire(scene.now);
  const need = inNeed(scene, standing);
  // The next request makes the peer forget the one that the scouts are copies of (RFC 7296 §2.3). And while the path in use is in
  // question, its own requests go first.
  const questioned = inQuestion(scene, standing);
  const mayScout = scene.desk.underWay('scout') === null && (need || !questioned);
  const mayAlone = scene.desk.underWay('alone', 'size') === null && !questioned;
  const scouts: Path[] = [];
  const willing: Path[] = [];
  let soonest: { readonly at: Instant; readonly path: Path } | null = null;
  let next: Instant | null = scene.desk.nextExpiry;
  for (const path of scene.table.all()) {
    if (standing.facts.peerIsMhtun) watchThrift(scene, path);
    const plan = planTest(scene, standing, path, need);
    if (plan === null) continue;
    if (plan.kind === 'scout') {
      if (!mayScout) continue;
      if (plan.at <= scene.now) scouts.push(path);
      else next = earlier(next, plan.at);
      if (plan.mayBeAt <= scene.now) willing.push(path);
    } else if (mayAlone && (mayScout || path.hurried) && (soonest === null || plan.at < soonest.at)) soonest = { at: plan.at, path };
  }
  // Fewer rounds: those whose turn comes soon go along.
  if (scouts.length > 0) sendScouts(scene, standing, willing);
  if (soonest === null || (scouts.length > 0 && !soonest.path.hurried)) return next;
  if (soonest.at > scene.now) return earlier(earlier(next, soonest.at), searchMtu(scene, standing));
  send(scene, 'alone', [soonest.path], testTimeoutMs(soonest.path), null);
  return next;
}

/** What became of a test on one path. */
export function learn(scene: Scene, path: Path, test: Test, outcome: Outcome): void {
  switch (outcome.outcome) {
    case 'unknown':
      if (test.kind === 'size') path.mtu.unclear(scene.now);
      if (test.kind === 'copy') path.doubt?.decided(test.begunAt, false);
      if (test.kind === 'size' || test.kind === 'copy') return;
      path.unclear++;
      path.tried();
      return;
    case 'answered':
      path.unclear = 0;
      answered(scene, path, test, outcome);
      return;
    case 'lost':
      path.unclear = 0;
      lost(scene, path, test);
  }
}

/** A request of the peer's came over it, or an answer that tells no RTT: on a metered network it costs as much as one of ours. */
export function asked(scene: Scene, path: Path): void {
  // A plain peer asks when it has something to say, and is not thrifty by it.
  if (scene.standing?.facts.peerIsMhtun === true) path.thrift.requested(scene.now, scene.busy ? scene.busySince : null, scene.isUsed(path));
  if (path.network.metered) scene.budgets.spend(scene.now, path.purse, costOfTest(path.pair, null));
}

/** Only of a path that works: over others the peer's tests can't come. */
function watchThrift(scene: Scene, path: Path): void {
  const { busySince, now } = scene;
  if (!scene.busy || busySince === null) return;
  const { kind, since } = path.health;
  if (kind === 'ready' && path.isValidated(now)) path.thrift.waited(now, since > busySince ? since : busySince, scene.isUsed(path));
  else if (kind === 'down') path.thrift.forget();
}

/** Something authenticated came over it. */
export function hear(scene: Scene, path: Path, rttMs: number | null, answers: boolean): void {
  // A gap in the traffic was taken for silence.
  if (path.doubt?.cause === silenceCause && path.doubt.unanswered === 0) {
    scene.silence.falseAlarm(scene.now, path.metered);
    // Or large packets vanish where small ones do not.
    if (!path.metered) path.mtu.suspect(scene.now);
    // Or a NAT has forgotten us, or stands where none was, and what the peer sends of itself goes to where we were: it has to be asked.
    if (scene.isUsed(path)) {
      path.asksNat = true;
      path.hurried ||= !path.metered || scene.standing?.facts.natLocal === true;
    }
  }
  path.heard(scene.now, rttMs, answers);
}

function answered(scene: Scene, path: Path, test: Test, { rttMs, validated }: Outcome): void {
  hear(scene, path, rttMs, true);
  if (test.kind === 'alone') path.answered(scene.now, rttMs, validated);
  if (test.kind === 'size' && test.padToBytes !== null) path.mtu.answered(scene.now, test.padToBytes);
}

function lost(scene: Scene, path: Path, test: Test): void {
  const { now } = scene;
  const { heardAt } = path.quality;
  const silentSince = heardAt === null || heardAt <= test.begunAt;
  switch (test.kind) {
    case 'size':
      // A path that is going silent loses packets of any size.
      if (path.health.kind === 'ready' && path.doubt === null && test.padToBytes !== null) path.mtu.lost(now, test.padToBytes, false);
      return;
    case 'scout':
      if (path.health.kind !== 'ready' && silentSince) path.missed(now, 'no answer');
      return;
    case 'alone':
      path.quality.tested(false);
      if (!scene.isUsed(path)) path.missed(now, 'no answer to its test');
      else if (path.doubt === null) questionUsed(scene, path, silentSince && scene.flowsUntil === null);
      return;
    case 'copy':
      if (path.doubt !== null) path.doubt.decided(test.begunAt, true);
      // Asked since another was in doubt: what failed there may have failed here as well.
      else if (path.health.kind === 'ready' && silentSince) doubt(scene, path, 'no answer, as of another path');
      return;
  }
}

/** Packets may come in all the time while ours get nowhere. Where the budget forbids a doubt, the lost test has to do. */
function questionUsed(scene: Scene, path: Path, silent: boolean): void {
  doubt(scene, path, silent ? 'no answer to its test' : 'packets come in, but no answers', !silent);
  if (path.doubt === null && silent) path.missed(scene.now, 'no answer to its test');
}

function inQuestion(scene: Scene, { active }: Standing): boolean {
  const { used } = scene;
  return active.doubt !== null || (used !== null && (used.doubt !== null || failureOf(scene, used) !== null));
}

/** A path in use is in question, and no validated one stands by. */
function inNeed(scene: Scene, standing: Standing): boolean {
  const { used } = scene;
  const failing = (path: Path): boolean => (path.doubt !== null && path.doubt.unanswered > 0) || failureOf(scene, path) !== null;
  // A gap in the traffic alone is no need.
  if (!failing(standing.active) && (used === null || !failing(used))) return false;
  return !scene.table.all().some((path) => path.health.kind === 'ready' && path.doubt === null && path.isValidated(scene.now) && !scene.isUsed(path));
}

/** The working path that the IKE SA is on gets a copy, too, and its answer frees the window. */
function sendScouts(scene: Scene, { active }: Standing, scouts: readonly Path[]): void {
  const withActive = active.health.kind === 'ready' && active.doubt === null && !active.gone && !scouts.includes(active);
  send(scene, 'scout', withActive ? [...scouts, active] : scouts, Math.max(...scouts.map(testTimeoutMs)), null);
}

function send(scene: Scene, kind: TestKind, paths: readonly Path[], timeoutMs: number, padToBytes: number | null): void {
  const { now } = scene;
  const test = scene.desk.begin(now, kind, paths, timeoutMs, padToBytes);
  for (const path of paths) {
    scene.budgets.spend(now, path.purse, costOfTest(path.pair, padToBytes));
    path.sentAt = now;
    if (kind === 'size' || (kind === 'scout' && path.health.kind === 'ready' && scene.isUsed(path))) continue;
    path.testedAt = now;
    path.hurried = false;
  }
  const alone = kind === 'alone' || kind === 'size';
  const asksNat = kind === 'alone' && paths.some((path) => path.asksNat || (scene.isUsed(path) && scene.hearsNothing));
  if (asksNat) for (const path of paths) path.asksNat = false;
  const desperate = kind === 'scout' && !scene.table.all().some((path) => path.works && !path.gone && path.doubt === null);
  scene.emit({ kind: 'test', test: test.id, paths: paths.map(({ pair }) => pair), alone, desperate, asksNat, timeoutMs, padToBytes });
}

/** Large packets are rare and of no hurry: only when nothing else is due, only on paths that work, and on a metered network only the one in use. */
function searchMtu(scene: Scene, { facts }: Standing): Instant | null {
  // A lost probe can only be repeated in pieces, and strongSwan takes no INFORMATIONAL request in pieces.
  if (facts.role === 'fixed' || !facts.peerIsMhtun || !scene.busy) return null;
  let next: Instant | null = null;
  for (const path of scene.table.all()) {
    const { metered } = path;
    if (path.health.kind !== 'ready' || !path.isValidated(scene.now) || (metered && !scene.isUsed(path))) continue;
    const due = path.mtu.dueAt(scene.now, metered || !scene.isUsed(path));
    if (due === null) continue;
    const affordable = scene.budgets.affordableAt(scene.now, path.purse, costOfTest(path.pair, path.network.linkMtu), 'measuring');
    const at = affordable > due ? affordable : due;
    if (at > scene.now) {
      next = earlier(next, at);
      continue;
    }
    send(scene, 'size', [path], testTimeoutMs(path), path.mtu.begin(scene.now));
    return null;
  }
  return next;
}

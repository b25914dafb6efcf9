/** Doubt about paths in use: when it begins, the copies it sends, and what comes of a round without an answer. */
import { after, earlier, later, type Instant } from '../util/brands.js';
import { costOfTest } from './budget.js';
import { Doubt } from './doubt.js';
import { alternativesAsked, leastPlainRoundMs, leastRoundMs, mostTestTimeoutMs, overdueMs } from './limits.js';
import type { Path } from './path.js';
import type { Scene, Standing } from './scene.js';
import type { Test } from './test-desk.js';

/** What silence is called as a cause. */
export const silenceCause = 'silence';

/** Asks the path at once whether it still works. Where the budget has nothing left, its next test will tell. */
export function doubt(scene: Scene, path: Path, cause: string, stubborn = false): void {
  const { now } = scene;
  if (path.doubt !== null || path.gone || (!path.works && path.health.kind !== 'suspect')) return;
  if (scene.budgets.affordableAt(now, path.purseInDoubt, costOfTest(path.pair, null), 'needed') > now) return;
  path.doubt = new Doubt(now, cause, stubborn, path.quality, path.metered, scene.standing?.facts.peerIsMhtun === true ? leastRoundMs : leastPlainRoundMs);
  scene.log('debug', `path ${path.label} is in doubt: ${cause}`, { id: path.id });
}

/** Sends the copies that are due, and draws the conclusions. Answers with when to come back. */
export function runDoubts(scene: Scene): Instant | null {
  let next: Instant | null = null;
  for (const path of scene.table.all()) {
    runDoubt(scene, path);
    if (path.doubt !== null) next = earlier(next, path.doubt.nextAt);
  }
  return next;
}

/** A test that has waited so long that it is worth a doubt about a path in use; answers with when to come back. */
export function watchTests(scene: Scene, { active }: Standing): Instant | null {
  let next = watchWindow(scene, active);
  for (const path of scene.table.all()) {
    const test = scene.isUsed(path) && path.doubt === null && path.works ? scene.desk.oldestOf(path) : null;
    if (test !== null) next = earlier(next, watchTest(scene, path, test));
  }
  return next;
}

/**
 * A test of any path that does not get its turn: what holds it up is a request that is repeated over the path of the IKE SA, and gets
 * nowhere (RFC 7296 §2.3). The copies that go out in doubt may free the window.
 */
function watchWindow(scene: Scene, active: Path): Instant | null {
  const test = scene.desk.underWay('alone', 'size', 'scout');
  if (test === null || active.doubt !== null || !active.works) return null;
  const overdue = after(test.begunAt, test.timeoutMs + overdueMs);
  // Once a second is enough: what is repeated may be waiting for a peer that computes.
  const due = active.testedAt === null ? overdue : later(overdue, after(active.testedAt, overdueMs));
  if (scene.now < due) return due;
  const { heardAt } = active.quality;
  doubt(scene, active, 'a request gets no answer', heardAt !== null && heardAt > test.begunAt);
  return null;
}

function watchTest(scene: Scene, path: Path, test: Test): Instant | null {
  const { now } = scene;
  const { heardAt, ptoMs } = path.quality;
  const silent = heardAt === null || heardAt <= test.begunAt;
  const flows = scene.flowsUntil;
  const due = after(test.begunAt, ptoMs);
  if (silent && flows === null) {
    if (now < due) return due;
    doubt(scene, path, 'no answer to its test');
    return null;
  }
  // It may wait for its turn behind a request that gets nowhere, while packets come in all the time.
  const overdue = after(test.begunAt, Math.max(4 * ptoMs, overdueMs));
  if (now >= overdue) doubt(scene, path, 'packets come in, but no answers', true);
  else return silent && flows !== null && flows < overdue ? flows : overdue;
  return null;
}

function runDoubt(scene: Scene, path: Path): void {
  const { now } = scene;
  if (path.doubt?.takeRound(now) === true) {
    const { unanswered, since, cause } = path.doubt;
    path.suspected(now, unanswered, `${cause}: no answer for ${Math.round(now - since)} ms`);
  }
  const first = path.doubt?.beginsRound === true;
  if (path.doubt?.takeCopy(now) !== true) return;
  const cost = costOfTest(path.pair, null);
  // A round without a probe would be no evidence.
  if (scene.budgets.affordableAt(now, path.purseInDoubt, cost, 'needed') > now) {
    path.doubt = null;
    return;
  }
  const timeoutMs = Math.min(mostTestTimeoutMs, Math.ceil(path.quality.ptoMs));
  // What failed may have been either end's uplink, or both: whoever answers now works now, and the answer frees the window.
  const asked = first && scene.isUsed(path) ? [path, ...alternatives(scene, path)] : [path];
  const test = scene.desk.begin(now, 'copy', asked, timeoutMs, null);
  for (const one of asked) {
    scene.budgets.spend(now, one.purseInDoubt, cost);
    one.sentAt = now;
  }
  path.testedAt = now;
  scene.emit({ kind: 'test', test: test.id, paths: asked.map(({ pair }) => pair), alone: false, desperate: false, asksNat: false, timeoutMs, padToBytes: null });
}

/** Those that share least with the path in doubt first. A doubt is no reason to pay for a metered one: its last test has to do. */
function alternatives(scene: Scene, doubted: Path): Path[] {
  const ready = scene.table.all().filter((path) => path !== doubted && path.health.kind === 'ready' && path.doubt === null && !path.gone
    && !path.metered);
  const shared = ({ pair }: Path): number => Number(pair.device === doubted.pair.device) + Number(pair.remote.address === doubted.pair.remote.address);
  return ready.sort((a, b) => shared(a) - shared(b)).slice(0, alternativesAsked);
}

/** Doubt about paths in use: when it begins, the copies it sends, and what comes of a round without an answer. */
import { after, earlier, type Instant } from '../util/brands.js';
import { costOfTest } from './budget.js';
import { Doubt } from './doubt.js';
import type { Path } from './path.js';
import type { Scene } from './scene.js';

/** What silence is called as a cause. */
export const silenceCause = 'silence';

/** Asks the path at once whether it still works. Where the budget has nothing left, its next test will tell. */
export function doubt(scene: Scene, path: Path, cause: string): void {
  const { now } = scene;
  if (path.doubt !== null || path.gone || (!path.works && path.health.kind !== 'suspect')) return;
  if (scene.budgets.affordableAt(now, path.network, costOfTest(path.pair, null), 'needed') > now) return;
  path.doubt = new Doubt(now, cause, path.quality, path.network.metered);
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

/** A test of a path in use that has waited for its answer so long that it is worth a doubt; answers with when to come back. */
export function watchTests(scene: Scene): Instant | null {
  const { now } = scene;
  let next: Instant | null = null;
  for (const path of scene.table.all()) {
    const test = scene.isUsed(path) ? scene.desk.of(path) : null;
    if (test?.kind !== 'alone' || path.doubt !== null || !path.works) continue;
    const { heardAt, ptoMs } = path.quality;
    if (heardAt !== null && heardAt > test.begunAt) continue;
    const flows = scene.flowsUntil;
    const due = after(test.begunAt, ptoMs);
    if (now < due) next = earlier(next, due);
    else if (flows !== null) next = earlier(next, flows);
    else doubt(scene, path, 'no answer to its test');
  }
  return next;
}

function runDoubt(scene: Scene, path: Path): void {
  const { now } = scene;
  if (path.doubt?.takeRound(now) === true) {
    const { unanswered, since, cause } = path.doubt;
    path.suspected(now, unanswered, `${cause}: no answer for ${Math.round(now - since)} ms`);
  }
  if (path.doubt?.takeCopy(now) !== true) return;
  const cost = costOfTest(path.pair, null);
  // A round without a probe would be no evidence.
  if (scene.budgets.affordableAt(now, path.network, cost, 'needed') > now) {
    path.doubt = null;
    return;
  }
  const timeoutMs = Math.ceil(2 * path.quality.ptoMs);
  const test = scene.desk.begin(now, 'copy', [path], timeoutMs, null);
  scene.budgets.spend(now, path.network, cost);
  path.testedAt = now;
  path.sentAt = now;
  scene.emit({ kind: 'test', test: test.id, paths: [path.pair], alone: false, timeoutMs, padToBytes: null });
}

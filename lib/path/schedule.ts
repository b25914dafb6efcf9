/** When a path is to be tested next, and how: as often as there is need, and as the budget of its network allows. */
import { after, type Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import { costOfTest, type Purpose } from './budget.js';
import { dwellMs } from './choice.js';
import {
  firstScoutMs, lastScoutInNeedMs, lastScoutMs, leastProbeIntervalMs, leastTestTimeoutMs, meteredStretch, mostScoutTimeoutMs, mostTestTimeoutMs,
  recoveryProbeMs,
  retestMs, revalidateAfterMs, trialProbeMs,
} from './limits.js';
import type { Path } from './path.js';
import type { Scene, Standing } from './scene.js';

/**
 * `alone`: a path test in its turn, with a COOKIE2. `scout`: one of several copies of a request that goes over a working path as well,
 * so that a dead path does not hold up the window of one.
 */
export interface Plan {
  readonly at: Instant;
  /** It may as well be tested from then on, where others are. */
  readonly mayBeAt: Instant;
  readonly kind: 'alone' | 'scout';
}

/** @param need no validated path stands by for one in use that is under doubt */
export function planTest(scene: Scene, standing: Standing, path: Path, need: boolean): Plan | null {
  if (path.gone || path.doubt !== null || scene.desk.isWaiting(path)) return null;
  // Without MOBIKE a test elsewhere is of no use, and a peer might take its source for a new mapping of our NAT.
  if (standing.facts.role === 'fixed' && path !== standing.active) return null;
  const plan = plainPlan(scene, standing, path, need);
  const purpose: Purpose = path.health.kind === 'ready' && !path.hurried ? 'measuring' : 'needed';
  const affordable = scene.budgets.affordableAt(scene.now, path.network, costOfTest(path.pair, null), purpose);
  const at = affordable > plan.at ? affordable : plan.at;
  const halfWay = after(plan.at, -(path.testedAt === null ? 0 : (plan.at - path.testedAt) / 2));
  return { kind: plan.kind, at, mayBeAt: affordable > halfWay ? affordable : halfWay };
}

/** A lost test is noticed by then, and a slow one is not taken for lost; after losses the next one gets more time. */
export function testTimeoutMs({ health, quality }: Path): number {
  const usual = Math.ceil(quality.rttMs === null ? quality.ptoMs : 2 * quality.ptoMs);
  const atFirst = Math.min(mostTestTimeoutMs, Math.max(leastTestTimeoutMs, usual));
  switch (health.kind) {
    case 'untested':
    case 'down': return Math.min(mostScoutTimeoutMs, atFirst * 2 ** Math.min(Math.max(0, health.tries - 1), 5));
    case 'suspect': return Math.min(mostTestTimeoutMs, atFirst * 2 ** Math.min(health.unanswered, 5));
    case 'probing':
    case 'ready': return atFirst;
    default: return unreachable(health);
  }
}

function plainPlan(scene: Scene, standing: Standing, path: Path, need: boolean): Pick<Plan, 'at' | 'kind'> {
  const { health } = path;
  switch (health.kind) {
    case 'untested':
    case 'down': {
      const backOff = path.hurried ? firstScoutMs : Math.min(need ? lastScoutInNeedMs : lastScoutMs, firstScoutMs * 2 ** Math.min(health.tries, 20));
      // The second test is alone: it is decided whatever else the peer is asked meanwhile.
      return { kind: health.kind === 'untested' && health.tries === 1 && !need ? 'alone' : 'scout', at: since(scene, path, backOff) };
    }
    case 'suspect':
      return { kind: need ? 'scout' : 'alone', at: since(scene, path, need ? firstScoutMs : retestMs * 2 ** Math.min(health.unanswered - 1, 4)) };
    case 'probing':
      return { kind: 'alone', at: since(scene, path, health.good === 0 ? leastProbeIntervalMs : recoveryProbeMs) };
    case 'ready':
      if (need && !path.isValidated(scene.now) && !scene.isUsed(path)) return { kind: 'scout', at: since(scene, path, firstScoutMs) };
      return { kind: 'alone', at: readyAt(scene, standing, path) };
    default:
      return unreachable(health);
  }
}

function readyAt(scene: Scene, standing: Standing, path: Path): Instant {
  if (path.hurried) return since(scene, path, leastProbeIntervalMs);
  const interval = intervalMs(scene, path);
  const at = since(scene, path, scene.busy && path.validatedAt === null ? Math.min(interval, firstScoutMs) : interval);
  const { dpdMs } = standing.facts;
  const { heardAt } = path.quality;
  if (dpdMs === 0 || heardAt === null || !scene.isUsed(path)) return at;
  const liveness = after(heardAt, dpdMs);
  // One that is unanswered is repeated by the rules of doubt, not by these.
  return liveness < at && (path.testedAt === null || path.testedAt < liveness) ? liveness : at;
}

function intervalMs(scene: Scene, path: Path): number {
  const { probeBusyMs, probeStandbyMs, probeIdleMs } = scene.settings;
  if (!scene.busy) return Math.max(leastProbeIntervalMs, probeIdleMs);
  const stretch = path.network.metered ? meteredStretch : 1;
  const plain = scene.isUsed(path) ? probeBusyMs * stretch : isOnTrial(scene, path) ? Math.min(probeStandbyMs, trialProbeMs * stretch) : probeStandbyMs;
  return Math.max(leastProbeIntervalMs, Math.min(plain, revalidateAfterMs));
}

/** It failed the tunnel, and works again: until it is welcome back its failures are to be seen. */
function isOnTrial(scene: Scene, path: Path): boolean {
  const welcome = path.welcomeAt(scene.now, dwellMs(scene));
  return welcome !== null && scene.now <= welcome;
}

/** So long after the last test; at once where there was none. Outcomes that say nothing make it rarer. */
function since(scene: Scene, path: Path, ms: number): Instant {
  if (path.testedAt === null) return scene.now;
  return after(path.testedAt, path.unclear === 0 ? ms : Math.max(ms, Math.min(lastScoutInNeedMs, leastProbeIntervalMs * 2 ** Math.min(path.unclear, 10))));
}

/** Which path is the best, and whether it is worth leaving the one in use for it: class gate and policy together. */
import { pastGate } from './gate.js';
import type { PathSettings } from './io.js';
import { leastLossTests, roundsToLeavePlain } from './limits.js';
import type { Path } from './path.js';
import { policies } from './policies/by-name.js';
import { firstDifference, type Contender } from './policies/policy.js';
import type { Scene } from './scene.js';

/** What stands against a path that works; the higher, the worse. */
export interface Burden {
  readonly weight: 0 | 1 | 2 | 3;
  readonly why: string;
}

/** Of one path beside the one in use. */
export interface Judgement {
  readonly better: boolean;
  /** A responder asks for it; what is measured it leaves to the initiator. */
  readonly ours: boolean;
  /** Nothing is waited for: no hold, no dwell. */
  readonly urgent: boolean;
  readonly why: string;
  readonly needs: string;
}

export function contenderOf(path: Path): Contender {
  const { network, quality, order } = path;
  return {
    class: network.class, cost: network.cost, order, signalDbm: network.signalDbm,
    rttMs: quality.rttMs, rttVarMs: quality.rttVarMs, jitterMs: quality.jitterMs,
    // One lost of few would be a high loss, and mean nothing.
    loss: quality.testCount >= leastLossTests ? quality.loss : null,
    lossError: quality.lossError,
  };
}

export function burdenOf(scene: Scene, path: Path): Burden {
  if (path.network.class === 'never' && path !== scene.wanted) return { weight: 3, why: 'class never: used only by command' };
  if (path.leaving) return { weight: 2, why: 'its address or network is to be left' };
  const gate = pastGate(scene.settings.gate, contenderOf(path));
  return gate === null ? { weight: 0, why: '' } : { weight: 1, why: `past the gate: ${gate}` };
}

/** Why the path in use must be left at once; null: it need not. */
export function failureOf(scene: Scene, path: Path): string | null {
  if (path.gone) return 'its own address is gone';
  const { health } = path;
  // To leave is cheap between two of our kind; but of one copy a round chance may take one.
  const rounds = scene.standing?.facts.peerIsMhtun === true && !path.metered ? 1 : roundsToLeavePlain;
  switch (health.kind) {
    case 'down': return health.cause;
    case 'suspect': return health.unanswered >= rounds ? health.cause : null;
    case 'untested':
    case 'probing':
    case 'ready': return null;
  }
}

/** The best of those that work, `except` not among them; null: none. One that answers, but has not earned trust yet, is the last resort. */
export function bestPath(scene: Scene, except: Path | null): Path | null {
  const usable = scene.table.all().filter((path) => path !== except && !path.gone && path.works && burdenOf(scene, path).weight < 3);
  const since = except?.doubt?.since ?? null;
  // What was heard while the other fell silent works for sure, whatever both share.
  const unheard = ({ quality: { heardAt } }: Path): number => Number(since === null || heardAt === null || heardAt < since);
  // Where this host itself cannot send, or has lost an address, it most likely has lost the link.
  const oursFails = except !== null && (except.gone || except.refused);
  const shares = ({ pair }: Path): number => Number(oursFails && pair.device === except.pair.device && pair.local.address === except.pair.local.address);
  const weight = (path: Path): number => burdenOf(scene, path).weight;
  const order = (a: Path, b: Path): number => firstDifference(weight(a) - weight(b), unheard(a) - unheard(b), shares(a) - shares(b), compare(scene, a, b));
  return usable.reduce<Path | null>((best, path) => (best === null || order(path, best) < 0 ? path : best), null);
}

/** The path that is better than `current` and worth a move; null: none. */
export function betterPath(scene: Scene, current: Path): { readonly path: Path; readonly judgement: Judgement } | null {
  const asks = scene.standing?.facts.role === 'asks';
  let best: { readonly path: Path; readonly judgement: Judgement } | null = null;
  for (const path of scene.table.all()) {
    if (path === current || path.gone || path.health.kind !== 'ready' || burdenOf(scene, path).weight === 3) continue;
    const judgement = judge(scene, path, current);
    if (!judgement.better || (asks && !judgement.ours)) continue;
    if (best === null || compare(scene, path, best.path) < 0) best = { path, judgement };
  }
  return best;
}

export function judge(scene: Scene, candidate: Path, current: Path): Judgement {
  const own = burdenOf(scene, candidate);
  const other = burdenOf(scene, current);
  if (own.weight < other.weight) return { better: true, ours: true, urgent: other.weight > 1, why: `the path in use: ${other.why}`, needs: 'the same happening here' };
  if (own.weight > other.weight) return { better: false, ours: true, urgent: false, why: own.why, needs: own.weight === 3 ? 'mhtun move' : 'no other path working' };
  return { urgent: false, ...policyOf(scene.settings).opinion(contenderOf(candidate), contenderOf(current)) };
}

export function dwellMs({ settings }: Scene): number {
  return Math.max(settings.dwellMs, policyOf(settings).leastDwellMs);
}

export function policyOf({ policy }: PathSettings): (typeof policies)[PathSettings['policy']] {
  return policies[policy];
}

function compare(scene: Scene, a: Path, b: Path): number {
  return firstDifference(
    Number(a.health.kind !== 'ready') - Number(b.health.kind !== 'ready'),
    burdenOf(scene, a).weight - burdenOf(scene, b).weight,
    policyOf(scene.settings).compare(contenderOf(a), contenderOf(b)),
  );
}

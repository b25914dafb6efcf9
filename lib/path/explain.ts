/** A path in words: why it is or is not in use, and what would change that; and a switch with its cause, numbers and alternatives. */
import type { DatagramPath } from '../util/address.js';
import { formatSocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import { bestPath, burdenOf, contenderOf, failureOf, judge, policyOf } from './choice.js';
import { mayBeTakenAt } from './handover.js';
import type { PathLook, PathOutput, PathState } from './io.js';
import type { Path } from './path.js';
import { showMs, showPercent } from './policies/policy.js';
import { describePair, rounded, type Scene, type Standing } from './scene.js';

interface Words {
  readonly reason: string;
  readonly wouldChange: string;
}

export function describePath(scene: Scene, path: Path, now: Instant): PathLook {
  const { quality } = path;
  return {
    id: path.id,
    path: path.pair,
    network: path.network,
    state: stateOf(scene, path),
    rttMs: quality.rttMs,
    rttVarMs: quality.rttVarMs,
    jitterMs: quality.jitterMs,
    loss: quality.loss,
    mtu: path.mtu.mtu,
    behindNat: path.behindNat,
    lastHeardMs: quality.heardAt === null ? null : Math.max(0, now - quality.heardAt),
    validated: path.isValidated(now),
    ...wordsFor(scene, path, now),
    recentRttMs: [...quality.recentRttMs],
  };
}

export interface Switch {
  readonly from: Path;
  readonly fromPair: DatagramPath;
  readonly to: Path;
  readonly toPair: DatagramPath;
  readonly cause: string;
  readonly byPeer: boolean;
}

/** Made before the switch is noted: what failed is still seen to have failed. */
export function movedEvent(scene: Scene, { from, fromPair, to, toPair, cause, byPeer }: Switch): PathOutput {
  const heardAt = scene.lastInbound(from);
  const failed = failureOf(scene, from) !== null || from.doubt !== null;
  const resumedAt = scene.move?.resumedAt ?? scene.now;
  return {
    kind: 'event',
    event: 'moved',
    fields: {
      from: describePair(fromPair), to: describePair(toPair), cause, by_peer: byPeer,
      local: formatSocketAddress(toPair.local), remote: formatSocketAddress(toPair.remote),
      from_id: from.id, to_id: to.id,
      outage_ms: failed && heardAt !== null ? rounded(Math.max(0, resumedAt - heardAt)) : null,
      from_rtt_ms: rounded(from.quality.rttMs), to_rtt_ms: rounded(to.quality.rttMs),
      alternatives: scene.table.all().filter((path) => path !== to).map((path) => `${alternative(path)}${path === from ? ' (left)' : ''}`),
    },
  };
}

function alternative(path: Path): string {
  const { rttMs } = path.quality;
  const loss = contenderOf(path).loss;
  return `${path.label}: ${path.health.kind}, ${showMs(rttMs)}${loss === null ? '' : `, loss ${showPercent(loss)}`}`;
}

function stateOf(scene: Scene, path: Path): PathState {
  const { kind } = path.health;
  if (path.gone) return 'down';
  if (kind !== 'ready' && kind !== 'probing') return kind;
  if (path === scene.standing?.active) return 'active';
  return kind === 'ready' ? 'standby' : 'probing';
}

function wordsFor(scene: Scene, path: Path, now: Instant): Words {
  const { standing } = scene;
  if (standing === null) return { reason: 'no IKE SA stands', wouldChange: 'one being established' };
  if (path === standing.active) return wordsForActive(scene, standing, path);
  if (path === scene.move?.path) return { reason: `${standing.facts.role === 'asks' ? 'the peer is asked to move here' : 'being moved to'}: ${scene.move.cause}`, wouldChange: 'no answer from the peer' };
  if (path === scene.lean) return { reason: 'carries our traffic; the initiator has not followed yet', wouldChange: 'the agreed path working again' };
  if (standing.facts.role === 'fixed') return { reason: 'the peer does not do MOBIKE: nothing can move', wouldChange: '' };
  return wordsForOther(scene, standing, path, now);
}

function wordsForActive(scene: Scene, standing: Standing, path: Path): Words {
  const failure = failureOf(scene, path);
  if (standing.facts.role === 'fixed') return { reason: failure ?? 'in use: the peer does not do MOBIKE, so that nothing can move', wouldChange: '' };
  const next = bestPath(scene, path);
  const then = next === null ? 'no other path works' : `then ${next.label} is next`;
  if (failure !== null) return { reason: `failed: ${failure}`, wouldChange: next === null ? 'any path that answers' : then };
  if (path.doubt !== null) return { reason: `in use, under doubt: ${path.doubt.cause}`, wouldChange: `no answer from it; ${then}` };
  if (path === scene.wanted) return { reason: 'in use: wanted by command', wouldChange: `its failure, or another command; ${then}` };
  const burden = burdenOf(scene, path);
  if (next === null) return { reason: `in use: the only path that works${burden.weight === 0 ? '' : ` (${burden.why})`}`, wouldChange: 'another path answering' };
  if (burden.weight > 0) return { reason: `in use, but ${burden.why}`, wouldChange: then };
  return { reason: `in use: ${policyOf(scene.settings).praise(contenderOf(path))}`, wouldChange: `its failure; ${then}` };
}

function wordsForOther(scene: Scene, standing: Standing, path: Path, now: Instant): Words {
  const { health } = path;
  switch (health.kind) {
    case 'untested':
      return { reason: health.tries === 0 ? 'not tested yet' : `no answer to ${health.tries === 1 ? 'a test' : `${health.tries} tests`}`, wouldChange: 'an answer' };
    case 'probing':
      return { reason: health.needed === 1 ? 'answers; not validated yet' : `answers again: ${health.good} of ${health.needed} good tests`, wouldChange: 'its tests answered' };
    case 'suspect':
      return { reason: `suspect: ${health.cause}`, wouldChange: 'anything heard over it' };
    case 'down':
      return { reason: `down for ${showSeconds(now - health.since)}: ${health.cause}`, wouldChange: 'an answer, five good tests and a dwell' };
    case 'ready':
      return wordsForReady(scene, standing, path, now);
    default:
      return unreachable(health);
  }
}

function wordsForReady(scene: Scene, standing: Standing, path: Path, now: Instant): Words {
  const { active } = standing;
  if (failureOf(scene, active) !== null && burdenOf(scene, path).weight < 3) return { reason: 'works; the path in use has failed', wouldChange: '' };
  if (scene.wanted === active) return { reason: 'stands by: another is wanted by command', wouldChange: 'that one failing, or another command' };
  const { better, ours, urgent, why, needs } = judge(scene, path, active);
  if (better && !ours && standing.facts.role === 'asks') return { reason: `stands by, though better (${why})`, wouldChange: 'the initiator, who decides' };
  if (!better) return { reason: `stands by: ${why}`, wouldChange: needs };
  if (!urgent && !scene.governor.isCandidate(path)) return { reason: `better (${why}), but another is better still`, wouldChange: 'that one getting worse' };
  const waitMs = mayBeTakenAt(scene, standing, path, urgent) - now;
  return waitMs > 0 ? { reason: `better (${why}): taken in ${showSeconds(waitMs)}`, wouldChange: needs } : { reason: `better (${why}): tested once more, then taken`, wouldChange: needs };
}

function showSeconds(ms: number): string {
  const seconds = ms / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

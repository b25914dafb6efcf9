/**
 * Moves: away from a path that fails, to one that is better, where a person or the peer wants to be; and what becomes of them. The
 * initiator of a MOBIKE SA decides; its responder asks, and meanwhile its own ESP may be ahead (`lean`) (RFC 4555 §3.5, §3.6).
 */
import type { DatagramPath } from '../util/address.js';
import { after, type Instant } from '../util/brands.js';
import { costOfTest } from './budget.js';
import { bestPath, betterPath, burdenOf, dwellMs, failureOf, policyOf } from './choice.js';
import { doubt } from './doubting.js';
import { askLaterMs, firstAskAgainMs, firstRefusalMs, freshForMs, hopeAfterMs, hopeForMs, lastAskAgainMs, lastHopeMs, lastRefusalMs, leastMoveIntervalMs } from './limits.js';
import type { Path } from './path.js';
import type { PendingMove, Scene, Standing } from './scene.js';

/** Leaves a path that failed, for the best that works. Answers with when to come back. */
export function leaveFailed(scene: Scene, standing: Standing): Instant | null {
  const { used, now } = scene;
  if (standing.facts.role === 'fixed' || used === null) return null;
  // A person said so; the IKE SA will tell what becomes of it.
  if (scene.move?.reason === 'command' && !used.gone) return null;
  const hoping = scene.move?.reason === 'hope';
  const failure = failureOf(scene, hoping ? standing.active : used);
  if (failure === null && !hoping) return askAgain(scene, standing);
  const best = bestPath(scene, hoping ? null : used);
  if (best === null) return hope(scene, standing);
  // It answers, and so will its UPDATE_SA_ADDRESSES.
  if (best === scene.move?.path) return null;
  const soonest = best.wantedAt === null ? now : after(best.wantedAt, leastMoveIntervalMs);
  if (now < soonest) return soonest;
  if (best.doubt !== null && best.doubt.unanswered > 0) return null;
  if (scene.lean !== null && best === standing.active) {
    used.blame(now);
    comeBack(scene);
    return null;
  }
  if (standing.facts.role === 'asks' && scene.askAgainAt !== null && now < scene.askAgainAt) return scene.askAgainAt;
  used.blame(now);
  if (scene.wanted === used) scene.wanted = null;
  startMove(scene, standing, best, failure ?? 'it works again', 'failure');
  return null;
}

/**
 * Scouts are copies of what is outstanding, and not everything may be copied (RFC 4555 §3.6). Where they do not get out, an
 * UPDATE_SA_ADDRESSES on the next path in the order of preference is a test as well: traffic follows its answer alone.
 */
function hope(scene: Scene, standing: Standing): Instant | null {
  const { now, desk, move } = scene;
  if (move !== null && move.reason !== 'hope') return null;
  const scouts = desk.underWay('scout');
  if (move === null && scouts === null) return null;
  const patienceMs = Math.min(lastHopeMs, hopeForMs * 2 ** Math.floor(scene.hopes / scene.table.all().length));
  const due = scene.hopedAt === null ? after(scouts?.begunAt ?? now, hopeAfterMs) : after(scene.hopedAt, patienceMs);
  if (now < due) return due;
  if (standing.facts.role === 'asks' && scene.askAgainAt !== null && now < scene.askAgainAt) return scene.askAgainAt;
  const next = nextHope(scene, standing);
  if (next === null) return null;
  move?.path.missed(now, 'no answer to the move there');
  next.hopedAt = now;
  scene.hopedAt = now;
  scene.hopes++;
  scene.budgets.spend(now, next.purse, costOfTest(next.pair, null));
  startMove(scene, standing, next, failureOf(scene, standing.active) ?? 'no path works', 'hope');
  return after(now, patienceMs);
}

/** The one that was hoped for longest ago. */
function nextHope(scene: Scene, { active }: Standing): Path | null {
  const possible = scene.table.all().filter((path) => path !== (scene.move?.path ?? active) && !path.gone && burdenOf(scene, path).weight < 3
    && scene.budgets.affordableAt(scene.now, path.purse, costOfTest(path.pair, null), 'needed') <= scene.now);
  return possible.reduce<Path | null>((best, path) => (best === null || (path.hopedAt ?? 0) < (best.hopedAt ?? 0) ? path : best), null);
}

/** A move whose new path says nothing is no better than what it left. */
export function watchMove(scene: Scene): Instant | null {
  const { move, now } = scene;
  if (move === null || move.reason === 'command' || move.reason === 'hope' || move.path.doubt !== null) return null;
  const { heardAt, rttMs, ptoMs } = move.path.quality;
  // What comes in sooner than a round trip later, but for its variance, was on its way before.
  if (heardAt !== null && heardAt > after(move.begunAt, soonestAnswer * (rttMs ?? 0))) return null;
  const due = after(move.begunAt, ptoMs);
  if (now < due) return due;
  doubt(scene, move.path, 'no answer to the move');
  return null;
}

/** Of a round trip. */
const soonestAnswer = 0.8;

/** Goes where the peer's ESP comes from: a responder follows the initiator before it is told; an initiator sees the responder leave. */
export function followPeer(scene: Scene, standing: Standing): Instant | null {
  const { peerPath, used, now } = scene;
  const { facts, active } = standing;
  if (!facts.peerIsMhtun || facts.role === 'fixed' || peerPath === null || used === null || peerPath === used) return null;
  if (now < scene.settledAt) return scene.settledAt;
  if (scene.move !== null && facts.role === 'decides') return null;
  if (peerPath.gone || peerPath.health.kind !== 'ready' || peerPath.doubt !== null || burdenOf(scene, peerPath).weight === 3) return null;
  if (peerPath === active) {
    comeBack(scene);
    return null;
  }
  if (!peerPath.isValidated(now)) {
    peerPath.hurried = true;
    return null;
  }
  if (facts.role === 'decides') doubt(scene, active, 'the peer left it');
  startMove(scene, standing, peerPath, facts.role === 'decides' ? 'the peer left the other path' : 'the peer uses it', 'peer');
  return null;
}

/** Moves to a path that is better and has earned it. Answers with when to come back. */
export function prefer(scene: Scene, standing: Standing): Instant | null {
  const { active } = standing;
  const { now } = scene;
  if (standing.facts.role === 'fixed' || scene.move !== null || scene.lean !== null) return null;
  if (scene.wanted === active || failureOf(scene, active) !== null) return null;
  const better = betterPath(scene, active);
  if (better === null) {
    scene.governor.contented();
    return null;
  }
  const { path, judgement } = better;
  const at = mayBeTakenAt(scene, standing, path, judgement.urgent);
  if (now < at) return at;
  if (active.doubt !== null || path.doubt !== null) return null;
  if (path.validatedAt === null || now > after(path.validatedAt, freshForMs)) {
    path.hurried = true;
    return null;
  }
  startMove(scene, standing, path, judgement.why, 'preference');
  return null;
}

/** When the path, which is the better one, may be taken. */
export function mayBeTakenAt(scene: Scene, { facts }: Standing, path: Path, urgent: boolean): Instant {
  const { settings, now } = scene;
  const policy = policyOf(settings);
  // The initiator goes first, so that the two do not pull in turns.
  const holdMs = (urgent ? 0 : Math.max(settings.holdMs, policy.leastHoldMs)) + (facts.role === 'asks' ? askLaterMs : 0);
  const at = urgent ? after(now, holdMs) : scene.governor.consider(now, path, holdMs, dwellMs(scene));
  const mayAsk = facts.role === 'asks' ? later(scene.askAgainAt, scene.refusedUntil) : null;
  return mayAsk !== null && mayAsk > at ? mayAsk : at;
}

/** A person wants it: at once, validated or not. */
export function goWhereWanted(scene: Scene, standing: Standing, pair: DatagramPath): void {
  const path = scene.table.find(pair) ?? scene.table.adopt(scene.now, pair);
  if (path === null) return;
  scene.wanted = path;
  startMove(scene, standing, path, 'wanted by command', 'command');
}

/** What became of a move. */
export function moveDone(scene: Scene, standing: Standing, id: number, ok: boolean, reason: string): void {
  const { move, now } = scene;
  if (move?.id !== id) return;
  scene.move = null;
  scene.changed();
  if (ok) {
    // Only our own traffic is there: the initiator is asked again, later and later.
    if (scene.lean === move.path) waitToAsk(scene);
    return;
  }
  scene.log('info', `the move to ${move.path.label} failed: ${reason}`);
  if (scene.wanted === move.path) scene.wanted = null;
  const { heardAt } = move.path.quality;
  const answers = heardAt !== null && heardAt > move.begunAt;
  if (standing.facts.role === 'asks') {
    waitToAsk(scene);
    if (!answers) move.path.suspected(now, 1, `the move there failed: ${reason}`);
    return;
  }
  move.path.blame(now);
  move.path.suspected(now, 1, `the move there failed: ${reason}`);
}

/** The IKE SA is on another path. */
export function moved(scene: Scene, from: Path, to: Path, byPeer: boolean): void {
  const { now, move } = scene;
  scene.changed();
  scene.lean = null;
  scene.hopes = 0;
  scene.hopedAt = null;
  scene.governor.switched(now, move?.reason === 'preference' && move.path === to, dwellMs(scene));
  if (move !== null && (move.path === to || byPeer)) scene.move = null;
  if (scene.wanted !== null && scene.wanted !== to && byPeer) scene.wanted = null;
  if (scene.asked === from && byPeer) {
    // It went with us, and then elsewhere: it knows better, and is the one who decides.
    scene.refusedUntil = after(now, Math.min(lastRefusalMs, firstRefusalMs * 2 ** Math.min(scene.refusals++, 20)));
    scene.asked = null;
  } else if (scene.asked === to) {
    scene.asksInVain = 0;
    scene.askAgainAt = null;
  }
  scene.silence.moved(to.metered);
  // Nothing but the mapping of a NAT has changed.
  if (from === to) scene.silence.justified();
  to.proven(now);
}

function waitToAsk(scene: Scene): void {
  scene.asksInVain++;
  scene.askAgainAt = after(scene.now, Math.min(lastAskAgainMs, firstAskAgainMs * 2 ** Math.min(scene.asksInVain - 1, 20)));
}

/** The agreed path failed, our own ESP left it, and the initiator has not followed yet; or the agreed path works again. */
function askAgain(scene: Scene, standing: Standing): Instant | null {
  const { lean, move, now } = scene;
  if (lean === null || move !== null) return null;
  if (scene.peerPath !== lean && failureOf(scene, standing.active) === null && standing.active.works) {
    comeBack(scene);
    return null;
  }
  if (scene.askAgainAt !== null && now < scene.askAgainAt) return scene.askAgainAt;
  startMove(scene, standing, lean, 'the initiator has not followed yet', 'failure');
  return null;
}

function later(a: Instant | null, b: Instant | null): Instant | null {
  return a === null || (b !== null && b > a) ? b : a;
}

function comeBack(scene: Scene): void {
  if (scene.lean === null) return;
  scene.log('info', `traffic comes back from ${scene.lean.label}`);
  scene.lean = null;
  scene.move = null;
  scene.changed();
  scene.emit({ kind: 'return' });
}

function startMove(scene: Scene, standing: Standing, path: Path, cause: string, reason: PendingMove['reason']): void {
  const { now } = scene;
  const { facts, active } = standing;
  // A plain peer expects ESP where the SA is: it is worth a risk only where that path has failed.
  const early = path.isValidated(now) && path.health.kind === 'ready' && (facts.peerIsMhtun || failureOf(scene, active) !== null);
  const id = ++scene.moves;
  path.wantedAt = now;
  scene.move = { id, path, begunAt: now, cause, reason, resumedAt: null };
  if (facts.role === 'asks') {
    scene.asked = path;
    if (early) scene.lean = path;
  }
  scene.changed();
  scene.log(reason === 'hope' ? 'debug' : 'info', `${facts.role === 'asks' ? 'asking the peer to move' : 'moving'} to ${path.label}: ${cause}`, { early });
  scene.emit({ kind: 'move', move: id, path: path.pair, early, cause });
}

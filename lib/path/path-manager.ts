/**
 * The path manager of one IKE SA and its successors: it decides which address pair is tested and which is used. Each input is noted,
 * then everything that is due is done in one fixed order: doubt, handover, choice, tests, keepalives.
 */
import { samePath, type DatagramPath } from '../util/address.js';
import { earlier, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { OutputQueue, type Machine, type Wake } from '../util/machine.js';
import { unreachable } from '../util/unreachable.js';
import { doubt, runDoubts, silenceCause, watchTests } from './doubting.js';
import { describePath, movedEvent } from './explain.js';
import { followPeer, goWhereWanted, leaveFailed, moveDone, moved, prefer, watchMove } from './handover.js';
import type { PathInput, PathLook, PathOutput, PathSettings, SaFacts } from './io.js';
import { sendKeepalives } from './keepalive.js';
import type { Path } from './path.js';
import { refused } from './refusal.js';
import { Scene, type Standing } from './scene.js';
import { asked, hear, learn, runTests } from './testing.js';

export class PathManager implements Machine<PathInput, PathOutput> {
  readonly #queue = new OutputQueue<PathOutput>();
  readonly #scene: Scene;
  #wakeAt: Instant | null = null;
  #toldSilentMs: number | null = null;
  #toldMtu: number | null = null;

  constructor(settings: PathSettings) {
    this.#scene = new Scene(settings, (output) => {
      this.#queue.push(output);
    });
  }

  handleInput(now: Instant, input: PathInput): void {
    this.#queue.begin(now);
    this.#scene.now = now;
    this.#note(input);
    this.#wakeAt = this.#run();
  }

  pollOutput(): PathOutput | Wake {
    return this.#queue.poll(() => this.#wakeAt);
  }

  /** Every path as it is now, in the order of preference. */
  looks(now: Instant): PathLook[] {
    return this.#scene.table.all().map((path) => describePath(this.#scene, path, now));
  }

  fills(tell: FillTeller): void {
    this.#scene.table.fills(tell);
    this.#scene.desk.fills(tell);
    this.#scene.budgets.fills(tell);
  }

  #note(input: PathInput): void {
    const scene = this.#scene;
    switch (input.kind) {
      case 'sa':
        this.#facts(input.facts);
        return;
      case 'local':
        scene.local = input.candidates;
        this.#addresses();
        return;
      case 'remote':
        scene.remote = input.candidates;
        this.#addresses();
        return;
      case 'settings':
        scene.settings = input.settings;
        scene.wanted = null;
        return;
      case 'tested': {
        const path = scene.table.find(input.path);
        const test = path === null ? null : scene.desk.take(input.test, path);
        if (path !== null && test !== null) learn(scene, path, test, input);
        return;
      }
      case 'heard':
        this.#heard(input.path, input.by, input.rttMs);
        return;
      case 'peer-path':
        scene.peerPath = scene.table.find(input.path);
        return;
      case 'traffic':
        scene.traffic();
        return;
      case 'silent':
        this.#silent();
        return;
      case 'refused':
        refused(scene, input);
        return;
      case 'wanted':
        if (scene.standing !== null) goWhereWanted(scene, scene.standing, input.path);
        return;
      case 'moved':
        this.#moved(input.from, input.to, input.cause, input.byPeer);
        return;
      case 'move-done':
        if (scene.standing !== null) moveDone(scene, scene.standing, input.move, input.ok, input.reason);
        return;
      case 'wake':
        return;
      default:
        unreachable(input);
    }
  }

  #facts(facts: SaFacts): void {
    const scene = this.#scene;
    const { standing } = scene;
    if (!facts.established) {
      this.#fallen();
      return;
    }
    const active = scene.table.update(scene.now, { local: scene.local, remote: scene.remote, current: facts.path }, standing?.active ?? null);
    scene.standing = { facts, active };
    active.behindNat = facts.natLocal;
    // Both ends have just proved themselves there.
    if (standing === null) active.proven(scene.now);
    else if (standing.active !== active) scene.changed();
    this.#dropLost();
  }

  /** No IKE SA stands: what was under way with it is over. */
  #fallen(): void {
    const scene = this.#scene;
    if (scene.standing === null) return;
    scene.standing = null;
    scene.move = null;
    scene.lean = null;
    scene.wanted = null;
    scene.peerPath = null;
    scene.askAgainAt = null;
    scene.asksInVain = 0;
    scene.refusals = 0;
    scene.refusedUntil = null;
    scene.asked = null;
    scene.desk.clear();
    scene.governor.contented();
    for (const path of scene.table.all()) path.restart(scene.now);
  }

  #addresses(): void {
    const scene = this.#scene;
    const { standing } = scene;
    if (standing === null) return;
    const active = scene.table.update(scene.now, { local: scene.local, remote: scene.remote, current: standing.facts.path }, standing.active);
    scene.standing = { facts: standing.facts, active };
    this.#dropLost();
  }

  /** Paths that are no longer there are nowhere. */
  #dropLost(): void {
    const scene = this.#scene;
    const lost = (path: Path | null): boolean => path !== null && !scene.table.has(path);
    if (scene.move !== null && lost(scene.move.path)) scene.move = null;
    if (lost(scene.lean)) {
      scene.lean = null;
      // What was asked for last cannot be any more.
      scene.askAgainAt = null;
    }
    if (lost(scene.wanted)) scene.wanted = null;
    if (lost(scene.peerPath)) scene.peerPath = null;
    if (lost(scene.asked)) scene.asked = null;
    scene.desk.keepOnly(scene.table);
  }

  #heard(pair: DatagramPath, by: 'ike' | 'esp', rttMs: number | null): void {
    const scene = this.#scene;
    const path = scene.table.find(pair);
    if (by === 'esp') scene.espHeard(path);
    if (path === null) return;
    if (by === 'ike' && rttMs === null) asked(scene, path);
    hear(scene, path, rttMs, rttMs !== null);
  }

  #silent(): void {
    const scene = this.#scene;
    scene.silenced();
    for (const path of new Set([scene.standing?.active, scene.used])) if (path !== null && path !== undefined) doubt(scene, path, silenceCause);
  }

  #moved(fromPair: DatagramPath, toPair: DatagramPath, cause: string, byPeer: boolean): void {
    const scene = this.#scene;
    const { standing } = scene;
    if (standing === null) return;
    const from = scene.table.find(fromPair) ?? standing.active;
    const facts: SaFacts = { ...standing.facts, path: toPair };
    const active = scene.table.update(scene.now, { local: scene.local, remote: scene.remote, current: toPair }, standing.active);
    scene.standing = { facts, active };
    const event = movedEvent(scene, { from, fromPair, to: active, toPair, cause, byPeer });
    moved(scene, from, active, byPeer);
    this.#dropLost();
    if (!samePath(fromPair, toPair)) scene.emit(event);
  }

  /** Everything that is due. Answers with when something will be. */
  #run(): Instant | null {
    const scene = this.#scene;
    const { standing } = scene;
    if (standing === null) {
      this.#tell(null);
      return null;
    }
    scene.silence.advance(scene.now, scene.used?.metered ?? false);
    runDoubts(scene);
    let next = leaveFailed(scene, standing);
    next = earlier(next, followPeer(scene, standing));
    next = earlier(next, prefer(scene, standing));
    next = earlier(next, runTests(scene, standing));
    next = earlier(next, earlier(watchTests(scene, standing), watchMove(scene)));
    // Again, for doubts that came up just now.
    next = earlier(next, runDoubts(scene));
    next = earlier(next, sendKeepalives(scene, standing));
    next = earlier(next, earlier(scene.idleAt, scene.silence.nextAt));
    this.#tell(standing);
    return next;
  }

  #tell(standing: Standing | null): void {
    const scene = this.#scene;
    const silentMs = standing === null || standing.facts.role === 'fixed' ? null : scene.silence.silentMs;
    if (silentMs !== this.#toldSilentMs) {
      scene.log('debug', silentMs === null ? 'pauses say nothing' : `a pause of ${silentMs} ms is silence`);
      scene.emit({ kind: 'watch', silentMs });
    }
    this.#toldSilentMs = silentMs;
    const mtu = standing === null || scene.move?.reason === 'hope' ? this.#toldMtu : (scene.used?.mtu.mtu ?? null);
    if (mtu !== this.#toldMtu) scene.emit({ kind: 'path-mtu', bytes: mtu });
    this.#toldMtu = mtu;
  }
}

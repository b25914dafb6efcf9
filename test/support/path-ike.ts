/**
 * As little of an IKE SA as a path manager can tell from the real one: a request window of one, tests and moves, copies of what is under
 * way, and the peer's answers.
 */
import type { PathInput, PathOutput, SaFacts, TestOutcome } from '../../lib/path/io.js';
import { samePath, type DatagramPath } from '../../lib/util/address.js';
import type { Instant } from '../../lib/util/brands.js';
import type { World } from './world.js';
import { named } from './path-fixtures.js';

type TestOutput = Extract<PathOutput, { kind: 'test' }>;
type MoveOutput = Extract<PathOutput, { kind: 'move' }>;

export interface Request {
  /** When it got the window; 0: not yet. */
  serial: number;
  readonly kind: 'alone' | 'copies' | 'update' | 'list';
  /** Where it belongs: the path of a test, the new path of a move. */
  readonly path: DatagramPath;
  readonly timeoutMs: number;
  readonly padToBytes: number | null;
  /** Over each path: when a copy went last, and how many; two copies tell no RTT. */
  readonly sent: Map<string, { readonly at: Instant; readonly copies: number }>;
  /** Tests that wait for an answer. */
  readonly tests: { readonly test: number; readonly path: DatagramPath }[];
  /** Null once it is decided, and in a test. */
  move: MoveOutput | null;
}

/** What the fake asks of what is around it. */
export interface IkeSurroundings {
  readonly world: World;
  readonly give: (input: PathInput) => void;
  readonly facts: () => SaFacts;
  /** It may be lost. */
  readonly send: (path: DatagramPath, bytes: number, arrive: (peer: FakeIke, over: DatagramPath) => void) => void;
  readonly spend: (path: DatagramPath, bytes: number) => void;
  readonly setEspPath: (path: DatagramPath) => void;
}

/** Octets of a test, and of an answer. */
const messageBytes = 120;
const windowRepeatMs = 250;
const moveTimeoutMs = 3_000;

export class FakeIke {
  /** Where requests go; as initiator during a move already the new path. */
  path: DatagramPath;
  /** As initiator: goes where the responder shows itself, as strongSwan does. */
  consents: boolean = false;
  /** Moves to such a path are answered UNACCEPTABLE_ADDRESSES. */
  refuses: (path: DatagramPath) => boolean = () => false;
  /** Outcomes of tests are unknown. */
  vague: boolean = false;
  readonly #around: IkeSurroundings;
  /** Where both ends have agreed to be. */
  #agreed: DatagramPath;
  #queue: Request[] = [];
  #serial: number = 0;
  #active: Request | null = null;
  /** Answered, but copies of it may still be answered over other paths: the newest request, and the one before it. */
  #listened: Request[] = [];
  /** The peer's newest request: to an older one there is no answer any more. */
  #newest: number = 0;
  #asked: Request | null = null;

  constructor(around: IkeSurroundings, path: DatagramPath) {
    this.#around = around;
    this.path = path;
    this.#agreed = path;
  }

  test(output: TestOutput): void {
    const [path] = output.paths;
    if (path === undefined) throw new Error('a test has a path');
    const tests = output.paths.map((item) => ({ test: output.test, path: item }));
    if (output.alone) {
      if (output.paths.length !== 1) throw new Error('a test alone has one path');
      this.#queue.push({ ...blank('alone', path, output.timeoutMs), padToBytes: output.padToBytes, tests });
      this.#next();
      return;
    }
    const active = this.#active;
    const open = active !== null && output.paths.every((item) => this.#mayCopy(active, item)) ? active : null;
    const request = open ?? { ...blank('copies', path, output.timeoutMs), tests: [] };
    request.tests.push(...tests);
    if (open === null) {
      this.#queue.unshift(request);
      this.#next();
      return;
    }
    for (const item of output.paths) this.#copy(request, item);
    this.#around.world.schedule(output.timeoutMs, () => {
      this.#timeOut(request, output.test);
    });
  }

  /** What names addresses, or asks how they are seen, goes over its own path alone (RFC 4555 §3.6, §3.8). */
  #mayCopy(request: Request, path: DatagramPath): boolean {
    const isHome = samePath(request.path, this.path);
    const bound = request.kind === 'update' || request.kind === 'list' || (isHome && request.kind === 'alone' && this.#around.facts().natLocal);
    return !bound || (isHome && samePath(path, this.path));
  }

  move(output: MoveOutput): void {
    const { world, give } = this.#around;
    const { role } = this.#around.facts();
    if (role === 'fixed') {
      give({ kind: 'move-done', move: output.move, ok: false, reason: 'the peer does not do MOBIKE' });
      return;
    }
    if (output.early) this.#around.setEspPath(output.path);
    const under = [this.#active, ...this.#queue].find((item) => item?.move !== null && item !== null && samePath(item.path, output.path)) ?? null;
    if (under?.move !== null && under !== null) {
      give({ kind: 'move-done', move: under.move.move, ok: false, reason: 'wished for once more' });
      under.move = output;
      return;
    }
    if (samePath(output.path, this.path)) {
      give({ kind: 'move-done', move: output.move, ok: true, reason: 'there already' });
      return;
    }
    const request = { ...blank(role === 'asks' ? 'list' : 'update', output.path, moveTimeoutMs), move: output };
    if (role === 'decides') {
      this.path = output.path;
      if (this.#active !== null) this.#copy(this.#active, output.path);
    }
    for (const item of this.#active === null ? this.#queue : [this.#active, ...this.#queue]) this.#decide(item, false, 'overtaken');
    this.#queue = this.#queue.filter(({ kind }) => kind === 'alone' || kind === 'copies');
    this.#queue.unshift(request);
    this.#asked = role === 'asks' ? request : null;
    this.#next();
    world.schedule(moveTimeoutMs, () => {
      this.#giveUp(request);
    });
  }

  comeBack(): void {
    this.#around.setEspPath(this.path);
  }

  /** A request of the peer's came in. */
  #request(request: Request, over: DatagramPath): void {
    const { give, setEspPath, facts } = this.#around;
    if (request.serial < this.#newest) return;
    this.#newest = request.serial;
    give({ kind: 'heard', path: over, by: 'ike', rttMs: null });
    if (request.kind === 'update' && !this.refuses(over)) {
      const from = this.#agreed;
      this.path = over;
      this.#agreed = over;
      setEspPath(over);
      if (!samePath(from, over)) give({ kind: 'moved', from, to: over, cause: 'the peer moved', byPeer: true });
      give({ kind: 'sa', facts: facts() });
      if (this.#asked !== null && samePath(this.#asked.path, over)) this.#decide(this.#asked, true, '');
    }
    // It goes where the responder showed itself.
    if (request.kind === 'list' && this.consents) this.move({ kind: 'move', move: -1, path: over, early: false, cause: 'the peer is there' });
    const refused = request.kind === 'update' && this.refuses(over);
    this.#around.send(over, messageBytes, (peer, back) => {
      peer.#response(request, back, refused);
    });
    this.#around.spend(over, messageBytes);
  }

  #response(request: Request, over: DatagramPath, refused: boolean): void {
    const { world, give } = this.#around;
    this.#around.spend(over, messageBytes);
    if (this.#active !== request && !this.#listened.includes(request)) return;
    const sent = request.sent.get(named(over));
    const rttMs = sent?.copies === 1 ? world.now - sent.at : null;
    give({ kind: 'heard', path: over, by: 'ike', rttMs });
    for (const item of request.tests.filter(({ path }) => samePath(path, over))) this.#tell(request, item, 'answered', rttMs);
    if (this.#active !== request) return;
    if (request.kind === 'update') this.#updated(request, refused);
    this.#finish(request);
  }

  #finish(request: Request): void {
    this.#active = null;
    this.#listened = [request, ...this.#listened.slice(0, 1)];
    this.#next();
  }

  #updated(request: Request, refused: boolean): void {
    const { give, setEspPath, facts } = this.#around;
    const { move } = request;
    if (move === null || !samePath(this.path, move.path)) return;
    if (refused) {
      this.path = this.#agreed;
      setEspPath(this.#agreed);
      this.#decide(request, false, 'UNACCEPTABLE_ADDRESSES');
      return;
    }
    const from = this.#agreed;
    this.#agreed = move.path;
    setEspPath(move.path);
    if (!samePath(from, move.path)) give({ kind: 'moved', from, to: move.path, cause: move.cause, byPeer: false });
    give({ kind: 'sa', facts: facts() });
    this.#decide(request, true, '');
  }

  #giveUp(request: Request): void {
    if (request.move === null) return;
    if (request.kind === 'update' && samePath(this.path, request.path)) {
      this.path = this.#agreed;
      this.#around.setEspPath(this.#agreed);
    }
    this.#decide(request, false, `no answer within ${moveTimeoutMs} ms`);
  }

  #decide(request: Request, ok: boolean, reason: string): void {
    const { move } = request;
    request.move = null;
    if (this.#asked === request) this.#asked = null;
    if (move !== null && move.move >= 0) this.#around.give({ kind: 'move-done', move: move.move, ok, reason });
  }

  #next(): void {
    if (this.#active !== null) return;
    const request = this.#queue.shift();
    if (request === undefined) return;
    this.#active = request;
    request.serial = ++this.#serial;
    for (const path of request.kind === 'copies' ? request.tests.map((item) => item.path) : [request.path]) this.#copy(request, path);
    if (request.kind !== 'alone') {
      for (const { test } of request.tests) this.#around.world.schedule(request.timeoutMs, () => {
        this.#timeOut(request, test);
      });
      this.#repeatLater(request);
      return;
    }
    this.#around.world.schedule(request.timeoutMs, () => {
      for (const { test } of [...request.tests]) this.#timeOut(request, test);
      // The test has failed; what is left of it is to free the window.
      if (this.#active === request) this.#repeat(request);
    });
  }

  #repeatLater(request: Request): void {
    this.#around.world.schedule(windowRepeatMs, () => {
      if (this.#active === request) this.#repeat(request);
    });
  }

  #repeat(request: Request): void {
    if ((request.kind === 'update' || request.kind === 'list') && request.move === null) {
      // Nobody waits for it any more; in truth the window stays taken until it is answered, which the next request's repeats bring about.
      this.#finish(request);
      return;
    }
    this.#copy(request, request.kind === 'list' ? request.path : this.path);
    this.#repeatLater(request);
  }

  #timeOut(request: Request, test: number): void {
    // After a later request its silence says nothing.
    const outcome = request.serial > 0 && request.serial < this.#serial ? 'unknown' : 'lost';
    for (const item of request.tests.filter((other) => other.test === test)) this.#tell(request, item, outcome, null);
  }

  #tell(request: Request, item: Request['tests'][number], outcome: TestOutcome, rttMs: number | null): void {
    request.tests.splice(request.tests.indexOf(item), 1);
    const validated = outcome === 'answered' && request.kind === 'alone' && samePath(item.path, request.path);
    this.#around.give({ kind: 'tested', test: item.test, path: item.path, outcome: this.vague ? 'unknown' : outcome, rttMs, validated });
  }

  #copy(request: Request, path: DatagramPath): void {
    const before = request.sent.get(named(path));
    request.sent.set(named(path), { at: this.#around.world.now, copies: (before?.copies ?? 0) + 1 });
    const bytes = before === undefined && samePath(path, request.path) ? (request.padToBytes ?? messageBytes) : messageBytes;
    this.#around.spend(path, bytes);
    this.#around.send(path, bytes, (peer, over) => {
      peer.#request(request, over);
    });
  }
}

function blank(kind: Request['kind'], path: DatagramPath, timeoutMs: number): Request {
  return { serial: 0, kind, path, timeoutMs, padToBytes: null, sent: new Map(), tests: [], move: null };
}

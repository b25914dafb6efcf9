/** Whatever comes in, in whatever order: the path manager does not throw, keeps its limits, and uses no path that has not proven itself. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { LocalCandidate, PathInput, PathOutput, SaFacts } from '../../lib/path/io.js';
import { maxPaths, maxRecentRtts, validForMs } from '../../lib/path/limits.js';
import { PathManager } from '../../lib/path/path-manager.js';
import { samePath, type DatagramPath } from '../../lib/util/address.js';
import { instant, type Instant } from '../../lib/util/brands.js';
import { candidate, defaultSettings, lte, named, pairOf } from '../support/path-fixtures.js';
import { ip } from '../support/virtual-host.js';

const own: readonly LocalCandidate[] = [
  candidate('10.1.0.1', 'eth0'), candidate('10.2.0.1', 'eth1', { class: 'secondary', linkMtu: 9000 }), candidate('10.3.0.1', 'wwan0', lte),
  candidate('10.4.0.1', 'eth3', { class: 'never' }), candidate('10.5.0.1', 'eth4', {}, true), candidate('2001:db8:1::1', 'eth0', { signalDbm: -90 }),
];
const remotes = ['10.1.0.2', '10.2.0.2', '198.51.100.7', '2001:db8:1::2'].map(ip);
const pairs: readonly DatagramPath[] = own.flatMap((local) => remotes.filter((address) => address.includes(':') === local.address.includes(':'))
  .map((address) => pairOf(local, { address })));

const pair = fc.constantFrom(...pairs);
const rtt = fc.option(fc.oneof(fc.double({ min: 0, max: 3_000, noNaN: true }), fc.constantFrom(0, Infinity, NaN, -1)), { nil: null, freq: 4 });

const facts: fc.Arbitrary<SaFacts> = fc.record({
  established: fc.boolean().map((down) => !down || down), path: pair, role: fc.constantFrom('decides', 'asks', 'fixed'), peerIsMhtun: fc.boolean(),
  natLocal: fc.boolean(), natRemote: fc.boolean(), dpdMs: fc.constantFrom(0, 1_000, 30_000),
});

const settings = fc.record({
  policy: fc.constantFrom('first', 'priority', 'rtt', 'score', 'cost'),
  gate: fc.record({ rttMs: fc.constantFrom(null, 50), loss: fc.constantFrom(null, 0.1), jitterMs: fc.constantFrom(null, 10) }),
  dwellMs: fc.constantFrom(0, 8_000), holdMs: fc.constantFrom(0, 5_000),
  probeBusyMs: fc.constantFrom(0, 1_000), probeStandbyMs: fc.constantFrom(0, 10_000), probeIdleMs: fc.constantFrom(0, 60_000),
});

/** A number stands for the newest test or move but so many, so that most answers are to something that was asked. */
type Step =
  | { readonly kind: 'input'; readonly input: PathInput }
  | { readonly kind: 'answer'; readonly back: number; readonly outcome: 'answered' | 'lost' | 'unknown'; readonly rttMs: number | null; readonly validated: boolean }
  | { readonly kind: 'done'; readonly ok: boolean }
  | { readonly kind: 'obey' };

const input: fc.Arbitrary<PathInput> = fc.oneof(
  fc.record({ kind: fc.constant('sa' as const), facts }),
  fc.record({ kind: fc.constant('sa' as const), facts: facts.map((f) => ({ ...f, established: false })) }),
  fc.record({ kind: fc.constant('local' as const), candidates: fc.subarray([...own]) }),
  fc.record({ kind: fc.constant('remote' as const), candidates: fc.subarray(remotes.map((address) => ({ address, port: 4500 }))) }),
  fc.record({ kind: fc.constant('settings' as const), settings }),
  fc.record({ kind: fc.constant('tested' as const), test: fc.nat(50), path: pair, outcome: fc.constantFrom('answered', 'lost', 'unknown'), rttMs: rtt, validated: fc.boolean() }),
  fc.record({ kind: fc.constant('heard' as const), path: pair, by: fc.constantFrom('ike', 'esp'), rttMs: rtt }),
  fc.record({ kind: fc.constant('peer-path' as const), path: pair }),
  fc.constant({ kind: 'traffic' } as const),
  fc.constant({ kind: 'silent' } as const),
  fc.record({
    kind: fc.constant('refused' as const), local: fc.constantFrom(...own.map(({ address }) => address)), remote: fc.constantFrom(...remotes),
    errno: fc.constantFrom('ENETUNREACH', 'ECONNREFUSED', 'ENOBUFS', 'EMSGSIZE', 'EPERM'),
  }),
  fc.record({ kind: fc.constant('wanted' as const), path: pair }),
  fc.record({ kind: fc.constant('moved' as const), from: pair, to: pair, cause: fc.constant('drawn'), byPeer: fc.boolean() }),
  fc.record({ kind: fc.constant('move-done' as const), move: fc.nat(20), ok: fc.boolean(), reason: fc.constant('drawn') }),
  fc.constant({ kind: 'wake' } as const),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('input' as const), input }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer' as const), back: fc.nat(3), outcome: fc.constantFrom('answered', 'answered', 'lost', 'unknown'), rttMs: rtt, validated: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('done' as const), ok: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'obey' } as const) },
);

const pause = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 90_000, noNaN: true }));

/** The manager, and a record of what it was told of each path. */
class Rig {
  readonly manager = new PathManager(defaultSettings);
  now: Instant = instant(1_000);
  wakeAt: Instant | null = null;
  readonly tests: Extract<PathOutput, { kind: 'test' }>[] = [];
  readonly moves: Extract<PathOutput, { kind: 'move' }>[] = [];
  readonly validatedAt = new Map<string, Instant>();
  readonly proven = new Set<string>();
  /** The IKE SA can do nothing at all, and says so at once. */
  refuses = false;
  #answered = { tests: 0, moves: 0 };
  #depth = 0;
  #command: DatagramPath | null = null;

  /** Wakes it as it wishes until then. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let wakes = 0; this.wakeAt !== null && this.wakeAt <= end; wakes++) {
      if (wakes > 2_000) throw new Error('it never comes to rest');
      this.now = this.wakeAt;
      this.give({ kind: 'wake' });
    }
    this.now = instant(Math.max(this.now, end));
  }

  give(item: PathInput): void {
    this.#record(item);
    this.manager.handleInput(this.now, item);
    for (let outputs = 0; ; outputs++) {
      const output = this.manager.pollOutput();
      if (output.kind === 'wake') {
        this.wakeAt = output.at;
        break;
      }
      if (outputs > 6 * maxPaths) throw new Error('it says too much at once');
      this.#check(output);
    }
    this.#answerAtOnce();
    if (this.wakeAt !== null && this.wakeAt <= this.now) throw new Error(`it wants to be woken at ${this.wakeAt}, and it is ${this.now}`);
    this.#command = null;
  }

  #answerAtOnce(): void {
    if (!this.refuses) return;
    const open = [...this.tests.slice(this.#answered.tests), ...this.moves.slice(this.#answered.moves)];
    this.#answered = { tests: this.tests.length, moves: this.moves.length };
    if (open.length > 0 && ++this.#depth > 50) throw new Error('it does not come to rest');
    for (const output of open) {
      if (output.kind === 'move') this.give({ kind: 'move-done', move: output.move, ok: false, reason: 'refused' });
      else for (const path of output.paths) this.give({ kind: 'tested', test: output.test, path, outcome: 'unknown', rttMs: null, validated: false });
    }
    this.#depth = 0;
  }

  take(drawn: Step): void {
    switch (drawn.kind) {
      case 'input':
        this.give(drawn.input);
        return;
      case 'answer': {
        const test = this.tests.at(-1 - drawn.back);
        for (const path of test?.paths ?? []) this.give({ kind: 'tested', test: test?.test ?? 0, path, outcome: drawn.outcome, rttMs: drawn.rttMs, validated: drawn.validated });
        return;
      }
      case 'done':
        this.give({ kind: 'move-done', move: this.moves.at(-1)?.move ?? 0, ok: drawn.ok, reason: 'drawn' });
        return;
      case 'obey': {
        const move = this.moves.at(-1);
        if (move !== undefined) this.give({ kind: 'moved', from: move.path, to: move.path, cause: move.cause, byPeer: false });
      }
    }
  }

  #record(item: PathInput): void {
    if (item.kind === 'wanted') this.#command = item.path;
    if (item.kind === 'sa' && !item.facts.established) this.validatedAt.clear();
    if (item.kind === 'tested' && item.outcome === 'answered' && item.validated) this.validatedAt.set(named(item.path), this.now);
    if (item.kind === 'tested' && item.outcome === 'answered') this.proven.add(named(item.path));
    if (item.kind === 'heard' && item.rttMs !== null) this.proven.add(named(item.path));
    if (item.kind === 'sa') this.proven.add(named(item.facts.path));
    if (item.kind === 'moved') this.proven.add(named(item.to));
  }

  #check(output: PathOutput): void {
    if (output.kind === 'test') {
      expect(output.paths.length).to.be.within(1, maxPaths);
      expect(output.timeoutMs).to.be.within(1, 10_000);
      if (output.alone) expect(output.paths).to.have.length(1);
      this.tests.push(output);
    }
    if (output.kind !== 'move') return;
    this.moves.push(output);
    const validatedAt = this.validatedAt.get(named(output.path));
    if (output.early) expect(validatedAt !== undefined && this.now <= validatedAt + validForMs, 'ESP goes early to validated paths alone').to.equal(true);
    const wished = this.#command !== null && samePath(this.#command, output.path);
    if (wished || this.proven.has(named(output.path))) return;
    // In hope, where nothing works that may be used without a command: traffic waits for the answer.
    expect(output.early).to.equal(false);
    expect(this.manager.looks(this.now).filter(({ state, path }) => (state === 'standby' || state === 'active') && !isOfClassNever(path)).map(({ path }) => named(path)))
      .to.deep.equal([]);
  }
}

/** Those stand by for a command alone. */
function isOfClassNever({ local }: DatagramPath): boolean {
  return own.some((one) => one.address === local.address && one.network.class === 'never');
}

describe('the path manager', () => {
  it('bears any input at any time', () => {
    fc.assert(fc.property(fc.array(fc.tuple(pause, step), { minLength: 1, maxLength: 80 }), facts, (steps, begin) => {
      const rig = new Rig();
      rig.give({ kind: 'local', candidates: own });
      rig.give({ kind: 'remote', candidates: remotes.map((address) => ({ address, port: 4500 })) });
      rig.give({ kind: 'sa', facts: { ...begin, established: true } });
      for (const [ms, drawn] of steps) {
        rig.pass(ms);
        rig.take(drawn);
        const looks = rig.manager.looks(rig.now);
        expect(looks.length).to.be.at.most(maxPaths);
        for (const look of looks) {
          expect(look.recentRttMs.length).to.be.at.most(maxRecentRtts);
          expect(look.reason).to.match(/^[^\n]{3,160}$/);
        }
        expect(new Set(looks.map(({ id }) => id)).size, 'every path has a name of its own').to.equal(looks.length);
      }
    }), { numRuns: 400 });
  }).timeout(120_000);

  it('comes to rest whatever is refused at once', () => {
    fc.assert(fc.property(fc.array(fc.tuple(pause, step), { minLength: 1, maxLength: 40 }), facts, (steps, begin) => {
      const rig = new Rig();
      rig.refuses = true;
      rig.give({ kind: 'local', candidates: own });
      rig.give({ kind: 'remote', candidates: remotes.map((address) => ({ address, port: 4500 })) });
      rig.give({ kind: 'sa', facts: { ...begin, established: true } });
      for (const [ms, drawn] of steps) {
        rig.pass(ms);
        rig.take(drawn);
      }
    }), { numRuns: 200 });
  }).timeout(120_000);
});

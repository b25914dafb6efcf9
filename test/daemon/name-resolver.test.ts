import { expect } from 'chai';
import { resolveName, resolveTimeoutMs, ttlPatienceMs, unknownTtlMs, type NameSources, type Resolved } from '../../lib/daemon/name-resolver.js';

type Records = readonly { readonly address: string; readonly ttl: number }[];

/** Sources whose answers and time a test gives. */
class Rig implements NameSources {
  readonly results: Resolved[] = [];
  brokenOff = 0;
  answer: (error: string | null, addresses: readonly string[]) => void = () => undefined;
  records: (records: Records) => void = () => undefined;
  #timers: { readonly ms: number; readonly run: () => void }[] = [];

  constructor() {
    resolveName('sun.example', this, (result) => this.results.push(result));
  }

  lookUp(_name: string, done: Rig['answer']): void {
    this.answer = done;
  }

  ask(_name: string, done: Rig['records']): () => void {
    this.records = done;
    return () => {
      this.brokenOff++;
    };
  }

  later(ms: number, run: () => void): () => void {
    const timer = { ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get waiting(): number[] {
    return this.#timers.map(({ ms }) => ms);
  }

  pass(ms: number): void {
    for (const timer of this.#timers.filter((item) => item.ms === ms)) timer.run();
  }
}

const good = (ttlMs: number, ...addresses: string[]): unknown => ({ kind: 'resolved', addresses, ttlMs, error: null });
const bad = (error: string | null): unknown => ({ kind: 'resolved', addresses: [], ttlMs: 0, error });

describe('a name', () => {
  it('stands for what the system says, for as long as the first of its records in DNS holds', () => {
    const rig = new Rig();
    rig.records([{ address: '10.1.0.1', ttl: 300 }, { address: '2001:DB8::1', ttl: 120 }, { address: '10.9.9.9', ttl: 5 }]);
    expect(rig.results).to.deep.equal([]);
    rig.answer(null, ['2001:db8::1', '10.1.0.1']);
    expect(rig.results).to.deep.equal([good(120_000, '2001:db8::1', '10.1.0.1')]);
    expect(rig.waiting).to.deep.equal([]);
  });

  it('waits a little for DNS, and takes a minute where it says nothing', () => {
    const rig = new Rig();
    rig.answer(null, ['10.1.0.1']);
    expect(rig.waiting).to.deep.equal([resolveTimeoutMs, ttlPatienceMs]);
    rig.pass(ttlPatienceMs);
    expect(rig.results).to.deep.equal([good(unknownTtlMs, '10.1.0.1')]);
    expect(rig.brokenOff).to.equal(1);
  });

  it('of /etc/hosts holds a minute, whatever DNS says of other addresses', () => {
    const rig = new Rig();
    rig.answer(null, ['10.1.0.1']);
    rig.records([{ address: '203.0.113.1', ttl: 86_400 }]);
    expect(rig.results).to.deep.equal([good(unknownTtlMs, '10.1.0.1')]);
  });

  it('does not exist where the system says so, even if DNS has one', () => {
    const rig = new Rig();
    rig.records([{ address: '10.1.0.1', ttl: 300 }]);
    rig.answer('ENOTFOUND', []);
    expect(rig.results).to.deep.equal([bad('ENOTFOUND')]);
  });

  it('stands for what DNS says where the system fails', () => {
    const rig = new Rig();
    rig.answer('EAI_AGAIN', []);
    rig.records([{ address: '10.1.0.1', ttl: 300 }]);
    expect(rig.results).to.deep.equal([good(300_000, '10.1.0.1')]);
  });

  it('stands for nothing where both fail, and the reason is the system\'s', () => {
    const rig = new Rig();
    rig.records([]);
    rig.answer('EAI_AGAIN', []);
    expect(rig.results).to.deep.equal([bad('EAI_AGAIN')]);
  });

  it('is not waited for without end, and an answer after that changes nothing', () => {
    const silent = new Rig();
    silent.pass(resolveTimeoutMs);
    expect(silent.results).to.deep.equal([bad('no answer within 10 s')]);
    silent.answer(null, ['10.1.0.1']);
    silent.records([{ address: '10.1.0.1', ttl: 300 }]);
    expect(silent.results).to.have.length(1);
    const half = new Rig();
    half.records([{ address: '10.1.0.1', ttl: 300 }]);
    half.pass(resolveTimeoutMs);
    expect(half.results).to.deep.equal([good(300_000, '10.1.0.1')]);
  });

  it('may have no address at all', () => {
    const rig = new Rig();
    rig.records([]);
    rig.answer(null, []);
    expect(rig.results).to.deep.equal([bad(null)]);
  });
});

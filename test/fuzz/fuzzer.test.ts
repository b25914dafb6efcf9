/** The fuzzer itself: it finds what is planted behind branches that chance does not take, says what takes too long, and keeps little. */
import { expect } from 'chai';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import { SeededRandom } from '../support/world.js';
import { Coverage } from './coverage.js';
import { Fuzzer } from './fuzzer.js';
import { maxInputOctets, Mutator } from './mutator.js';
import type * as Planted from './planted.js';
import type { FuzzTarget } from './target.js';

const limits = { runs: 300_000, ms: 60_000 };
describe('The fuzzer', function () {
  this.timeout(120_000);

  let coverage: Coverage;
  let planted: typeof Planted;
  before(async () => {
    // In this order: V8 counts branches in what is loaded afterwards.
    coverage = new Coverage('/test/fuzz/planted');
    planted = await import('./planted.js');
  });
  after(() => {
    coverage.close();
  });

  const fuzzerOf = (run: FuzzTarget['run'], patience?: { readonly slowMs: number; readonly hangMs: number }): Fuzzer => {
    coverage.take();
    coverage.forget();
    return new Fuzzer({ run, seeds: () => [], large: () => [], words: [] }, coverage, new SeededRandom(1), patience);
  };

  it('climbs to what no chance finds, branch by branch, and makes it small', () => {
    const fuzzer = fuzzerOf(planted.staircase);
    const finding = present(fuzzer.fuzz(limits), 'a finding');
    expect(finding.what).to.match(/the top of the stairs/);
    expect(toHex(fuzzer.shrink(finding).input)).to.equal('4d179903e0');
    expect(fuzzer.corpus.length).to.be.within(4, 8);
  });

  it('finds what needs several right lengths, from one of them', () => {
    const fuzzer = fuzzerOf(planted.pieces);
    fuzzer.takeIn([fromHex('000600000000')]);
    expect(fuzzer.fuzz(limits)?.what).to.match(/three pieces/);
  });

  it('takes in the shorter of two inputs that reach the same, and nothing that reaches nothing new', () => {
    const fuzzer = fuzzerOf(planted.staircase);
    expect(fuzzer.takeIn(['4d1700ff', '4d17', '00', '4d1799', '4d'].map(fromHex))).to.equal(null);
    expect(fuzzer.corpus.map(toHex)).to.deep.equal(['00', '4d', '4d17', '4d1799']);
  });

  it('leaves out of an input what its merit does not need', () => {
    const fuzzer = fuzzerOf(planted.staircase);
    fuzzer.takeInShortened(['4d1799010203040506', '00ffff'].map(fromHex));
    expect(fuzzer.corpus.map(toHex)).to.deep.equal(['', '4d1799']);
  });

  it('ends an input that never ends, and tells of one that is slow', () => {
    const patience = { slowMs: 20, hangMs: 300 };
    expect(fuzzerOf(planted.forEver, patience).run([fromHex('00'), fromHex('0700')])?.input[0]).to.equal(7);
    expect(fuzzerOf(planted.forEver, { slowMs: 20, hangMs: 60_000 }).run([fromHex('00'), fromHex('080000')])?.input[0]).to.equal(8);
  });

  it('says nothing of an input that was slow once', () => {
    let calls = 0;
    const fuzzer = fuzzerOf((input) => {
      if (++calls === 1) planted.forEver(input);
    }, { slowMs: 20, hangMs: 60_000 });
    expect(fuzzer.run([fromHex('080000')])).to.equal(null);
    expect(calls).to.equal(2);
  });

  it('runs as many inputs as it was told to', () => {
    const fuzzer = fuzzerOf(() => {});
    expect(fuzzer.fuzz({ runs: 1000, ms: 60_000 })).to.equal(null);
    expect(fuzzer.executions).to.equal(1000);
  });
});

describe('The mutator', () => {
  const inputs = [new Uint8Array(0), fromHex('00'), fromHex('0008000000000000'), new Uint8Array(maxInputOctets).fill(7)];

  it('makes the same of the same seed, never too long, and leaves its input as it is', () => {
    const made = (seed: number): string[] => {
      const mutator = new Mutator(new SeededRandom(seed), [utf8('word')]);
      return inputs.flatMap((input) => Array.from({ length: 300 }, () => toHex(mutator.mutate(input, inputs[2] ?? input))));
    };
    const before = inputs.map(toHex);
    expect(made(3)).to.deep.equal(made(3));
    expect(made(3)).not.to.deep.equal(made(4));
    expect(Math.max(...made(3).map((hex) => hex.length / 2))).to.equal(maxInputOctets);
    expect(inputs.map(toHex)).to.deep.equal(before);
  });

  it('lets a length grow with what it counts', () => {
    const mutator = new Mutator(new SeededRandom(1), []);
    const input = fromHex('2100000c0000000000000000');
    const grown = Array.from({ length: 2000 }, () => mutator.mutate(input, input)).filter((out) => out.length > input.length);
    expect(grown.filter((out) => out[2] === 0 && out[3] === out.length).length).to.be.greaterThan(50);
  });
});

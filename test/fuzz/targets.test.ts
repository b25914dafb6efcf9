/** The fuzz targets of the decoders over what the repository keeps for them, and the time that large inputs take. */
import { expect } from 'chai';
import { keptPath, readInputs } from './corpus.js';
import { loadTarget, targetNames } from './registry.js';
import type { FuzzTarget } from './target.js';

/** Sizes of inputs that are compared; eight times as much may take eight times as long. */
const [smaller, larger] = [8192, 65_536];
/** How much more than eightfold is no sign of anything: collecting garbage, a busy machine. */
const leniency = 4;
/** What takes no longer needs no second look. */
const quickMs = 250;

for (const name of targetNames) {
  describe(`The fuzz target ${name}`, function () {
    this.timeout(120_000);
    let target: FuzzTarget;
    before(async () => {
      target = await loadTarget(name);
    });

    it('finds nothing in what an honest sender writes', () => {
      for (const input of target.seeds()) target.run(input);
    });

    it('has a corpus, and finds nothing in it', () => {
      const kept = readInputs(keptPath(name));
      expect(kept).not.to.have.length(0);
      for (const input of kept) target.run(input);
    });

    it('takes time that grows no faster than the input', () => {
      const small = target.large(smaller);
      const slow = target.large(larger).flatMap((input, i) => {
        const ms = quickest(target, input);
        const before = ms < quickMs ? 0 : quickest(target, small[i] ?? input);
        return ms < quickMs + (larger / smaller) * leniency * before ? [] : [`${name} ${i}: ${input.length} octets ${ms} ms, ${small[i]?.length ?? 0} octets ${before} ms`];
      });
      expect(slow).to.deep.equal([]);
    });
  });
}

function quickest(target: FuzzTarget, input: Uint8Array): number {
  const times = [1, 2].map(() => {
    const start = performance.now();
    target.run(input);
    return performance.now() - start;
  });
  return Math.min(...times);
}

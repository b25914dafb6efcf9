/** Plans that failed once: what they found is mended, and stays so. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { parsePlan } from '../../sim/plan.js';
import { play } from '../../sim/simulation.js';

const folder = new URL('../../sim/kept/', import.meta.url);

describe('a plan that failed once', function () {
  this.timeout(120_000);

  for (const file of readdirSync(folder).sort()) {
    it(file.replace(/\.json$/, '').replaceAll('-', ' '), () => {
      const outcome = play(parsePlan(readFileSync(new URL(file, folder), 'utf8')));
      expect(outcome.failures, outcome.story().slice(-3_000)).to.deep.equal([]);
    });
  }
});

/** The folders of the scenarios and the list of them belong together. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { scenarioFolder } from '../../interop/lab/stage.js';
import { aliases } from '../../interop/aliases.js';
import { scenarios } from '../../interop/scenarios.js';

describe('the scenarios', () => {
  const folders = readdirSync(scenarioFolder).filter((name) => name !== 'usual');

  it('are all in the list that the runner plays', () => {
    expect([...scenarios.keys()].sort()).to.deep.equal([...folders].sort());
  });

  it('each tell in a short README what is tested and what must be seen', () => {
    for (const name of folders) {
      const text = readFileSync(join(scenarioFolder, name, 'README.md'), 'utf8');
      expect(text.startsWith(`# ${name}\n`), name).to.equal(true);
      expect(text, name).to.match(/Seen: /);
      expect(text.trim().split('\n').length, name).to.be.at.most(7);
    }
  });

  it('are what the names of strongSwan’s stand for', () => {
    for (const [theirs, ours] of aliases) {
      const [name = '', ...variant] = ours.split('.');
      const found = scenarios.get(name)?.variants.some((one) => variant.length === 0 || one.name === variant.join('.'));
      expect(found, `${theirs} = ${ours}`).to.equal(true);
      expect(scenarios.has(theirs), theirs).to.equal(false);
    }
  });

  it('have mhtun on one end at least of every run', () => {
    for (const [name, scenario] of scenarios) {
      for (const { pairs } of scenario.variants) {
        expect(pairs.length, name).to.be.greaterThan(0);
        for (const { moon, sun } of pairs) expect([moon, sun], name).to.include('mhtun');
      }
    }
  });
});

import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verbs } from '../../lib/cli/verbs.js';
import { configKeys } from '../../lib/config/keys.js';
import { loadConfig } from '../../lib/config/load.js';
import { allKeywords, lookUpKeyword } from '../../lib/crypto/keywords.js';
import { memoryFiles } from '../config/sources.js';
import { run } from './fixtures.js';

const pathOf = (page: string): string => fileURLToPath(new URL(`../../man/${page}`, import.meta.url));
const read = (page: string): string => readFileSync(pathOf(page), 'utf8');

describe('the manual pages', () => {
  it('describe every verb', () => {
    const page = read('mhtun.8');
    const described = [...page.matchAll(/^\.It Cm ([a-z]+)\b/gm)].map((match) => match[1]);
    for (const verb of Object.keys(verbs)) {
      expect(described, verb).to.include(verb);
      expect(page, verb).to.match(new RegExp(`^\\.Nm\\n\\.Cm ${verb}\\b`, 'm'));
    }
  });

  for (const verb of [null, ...Object.keys(verbs)]) {
    it(`describe every option of ${verb ?? 'the program'}`, async () => {
      const { out } = await run(verb === null ? ['--help'] : [verb, '--help']);
      const options = [...out.matchAll(/^ +--([a-z-]+)/gm)].map((match) => match[1] ?? '');
      expect(options).to.include('control');
      for (const option of options) expect(read('mhtun.8'), option).to.match(new RegExp(`^\\.(It|Op) .*Fl -${option}\\b`, 'm'));
    });
  }

  it('describe every key of the configuration, and no other', () => {
    const described = [...read('mhtun.toml.5').matchAll(/^\.It Ic ([a-z_]+)/gm)].map((match) => match[1]);
    const keys = Object.values(configKeys).flat();
    // These are tables, with a section of their own.
    const sections = ['endpoint', 'network', 'pool', 'peer'];
    for (const key of keys) if (!sections.includes(key)) expect(described, key).to.include(key);
    for (const key of described) expect(keys).to.include(key);
  });

  it('name every algorithm', () => {
    const page = read('mhtun.toml.5');
    for (const keyword of allKeywords()) expect(page).to.match(new RegExp(`\\b${lookUpKeyword(keyword)?.name ?? '?'}\\b`));
  });

  it('show an example that loads', () => {
    const example = /\.Bd -literal -offset indent\n([^]*?)\.Ed/.exec(read('mhtun.toml.5'))?.[1] ?? '';
    const files = memoryFiles({ '/etc/mhtun/mhtun.toml': example, '/etc/mhtun/sun.psk': 'correct horse battery staple' });
    expect(loadConfig(files, '/etc/mhtun/mhtun.toml').config.peers).to.have.length(1);
  });

  for (const page of ['mhtun.8', 'mhtun.toml.5']) {
    it(`format without a warning: ${page}`, function () {
      if (spawnSync('groff', ['--version']).error !== undefined) {
        // Said in the report of the run: the formatter is a package of its own.
        console.log('      skipped: groff is not installed (apt-get install groff)');
        this.skip();
      }
      const formatted = spawnSync('groff', ['-ww', '-mdoc', '-Tutf8', pathOf(page)], { encoding: 'utf8' });
      expect(formatted.status).to.equal(0);
      expect(formatted.stderr).to.equal('');
      expect(formatted.stdout.split('\n').length).to.be.greaterThan(100);
    });
  }
});

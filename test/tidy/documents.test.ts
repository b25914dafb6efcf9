/** The documents tell the truth as far as a machine can tell: commands exist, links lead somewhere, limits are listed. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { npmScripts, root } from '../../scripts/project.js';
import { fill } from '../../interop/lab/template.js';
import type { ConfigFiles } from '../../lib/config/files.js';
import { loadConfig } from '../../lib/config/load.js';
import { firstImpureLevel, layers } from './layers.js';
import { projectFiles, readProjectFile, typescriptFiles } from './project-files.js';
import { exportedConstants } from './sources.js';

const documents = projectFiles().filter((path) => path.endsWith('.md'));
const limitName = /^(max[A-Z]\w*|\w+Limit)$/;

describe('the documents', () => {
  it('name only npm scripts that package.json has', () => {
    const scripts = new Set(Object.keys(npmScripts()));
    const wrong = documents.flatMap((path) => [...readProjectFile(path).matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)]
      .map((match) => match[1] ?? match[2] ?? '').filter((name) => !scripts.has(name)).map((name) => `${path}: npm run ${name}`));
    expect(wrong).to.deep.equal([]);
  });

  it('link to files and headings that exist', () => {
    expect(documents.flatMap(brokenLinks)).to.deep.equal([]);
  });

  it('name only files that exist', () => {
    const named = /`((?:lib|test|scripts|docs|interop|bench|sim|native|vectors|systemd|man)\/[\w./-]+\.(?:ts|mjs|md|json|cc|h|service))`/g;
    const wrong = documents.flatMap((path) => [...readProjectFile(path).matchAll(named)].map((match) => match[1] ?? '')
      .filter((file) => !existsSync(join(root, file))).map((file) => `${path}: ${file}`));
    expect(wrong).to.deep.equal([]);
  });

  it('are all within reach of the README', () => {
    const seen = new Set(['README.md']);
    for (const path of seen) for (const { target } of linksOf(path)) if (target.endsWith('.md')) seen.add(target);
    expect(documents.filter((path) => path.startsWith('docs/') && !seen.has(path))).to.deep.equal([]);
  });

  it('have every folder of lib/ in the table of the architecture, at its level', () => {
    const rows = readProjectFile('docs/architecture.md').split('\n').filter((line) => /^\| \d/.test(line));
    const documented = new Map(rows.flatMap((row) => {
      const [, level = '', folders = ''] = row.split('|');
      return [...folders.matchAll(/lib\/([\w-]+)/g)].map((match): [string, number] => [match[1] ?? '', Number(level)]);
    }));
    expect(Object.fromEntries(documented)).to.deep.equal(Object.fromEntries(Object.entries(layers).map(([folder, { level }]) => [folder, level])));
  });
});

describe('the table of inputs that broke others', () => {
  it('names tests that exist, by their titles', () => {
    const rows = readProjectFile('docs/threat-model.md').split('\n').filter((line) => line.startsWith('| ') && line.includes('.test.ts`'));
    const named = rows.flatMap((row) => [...row.matchAll(/`(test\/[\w./-]+\.test\.ts)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })));
    expect(rows.length).to.be.greaterThan(30);
    expect(named.length).to.be.at.least(rows.length);
    expect(named.filter(({ file, title }) => !existsSync(join(root, file)) || !readProjectFile(file).includes(title))).to.deep.equal([]);
  });
});

describe('the README', () => {
  const blocks = [...readProjectFile('README.md').matchAll(/^```toml\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');

  it('shows a configuration for each of two ends, of six lines at most', () => {
    expect(blocks).to.have.length(2);
    for (const block of blocks) expect(block.trimEnd().split('\n').length).to.be.at.most(6);
  });

  for (const [index, text] of blocks.entries()) {
    it(`shows a valid configuration (${index + 1})`, () => {
      const secret = 'a secret of more than twenty characters';
      const files: ConfigFiles = {
        read: (path) => ({ ok: true, text: path.endsWith('.psk') ? secret : text, mode: 0o600 }),
        glob: () => [],
      };
      const { warnings } = loadConfig(files, '/etc/mhtun/mhtun.toml');
      expect(warnings).to.deep.equal([]);
    });
  }
});

describe('the scenario `readme`', () => {
  const readme = readProjectFile('README.md');

  it('plays the swanctl.conf of the README', () => {
    const shown = { peer_addresses: '10.1.0.1, 10.2.0.1', local_ts: '192.168.2.0/24', remote_ts: '192.168.1.0/24', psk: 'the same secret' };
    expect(readme).to.include(fill(readProjectFile('interop/scenarios/readme/swanctl.conf'), 'swanctl', shown));
  });

  it('plays the configuration of moon, but for addresses, secret and names of the lab', () => {
    const values = { control: '-', peer_addresses: ['10.1.0.2', '10.2.0.2'], psk: '-', local_ts: ['192.168.1.0/24'], remote_ts: ['192.168.2.0/24'] };
    const played = fill(readProjectFile('interop/scenarios/readme/mhtun.toml'), 'toml', values);
    const plain = played.replace(', control = "-", interface = "mh0"', '').replace('psk = "-"', 'psk_file = "/etc/mhtun/sun.psk"');
    expect(readme).to.include(plain);
  });
});

describe('docs/limits.md', () => {
  const text = readProjectFile('docs/limits.md');
  const constants = typescriptFiles('lib').filter((path) => (layers[path.split('/')[1] ?? '']?.level ?? 0) < firstImpureLevel)
    .flatMap((path) => exportedConstants(path).filter((name) => limitName.test(name)).map((name) => ({ name, path })));

  it('lists every limit of the sans-IO layers', () => {
    expect(constants.filter(({ name }) => !text.includes(`\`${name}\``)).map(({ name, path }) => `${path}: ${name}`)).to.deep.equal([]);
  });

  it('lists no limit that is gone', () => {
    const listed = [...text.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? '');
    const native = projectFiles('native').filter((path) => /\.(cc|h)$/.test(path));
    const nativeConstants = native.flatMap((path) => [...readProjectFile(path).matchAll(/\bconstexpr \w+ (kMax\w+) =/g)].map((match) => match[1] ?? ''));
    const all = new Set([...typescriptFiles('lib').flatMap(exportedConstants), ...nativeConstants]);
    expect(listed.filter((name) => !all.has(name))).to.deep.equal([]);
  });
});

function brokenLinks(path: string): string[] {
  return linksOf(path).filter(({ target, anchor }) => !leadsSomewhere(target, anchor)).map(({ text }) => `${path}: ${text}`);
}

interface Link {
  readonly text: string;
  /** Relative to the project. */
  readonly target: string;
  readonly anchor: string | null;
}

/** Links into the project; what is code is none. */
function linksOf(path: string): Link[] {
  const prose = readProjectFile(path).replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((text) => !/^[a-z]+:/.test(text)).map((text) => {
    const [file = '', anchor] = text.split('#');
    return { text, target: file === '' ? path : normalize(join(dirname(path), decodeURIComponent(file))), anchor: anchor ?? null };
  });
}

function leadsSomewhere(target: string, anchor: string | null): boolean {
  if (!existsSync(join(root, target))) return false;
  if (anchor === null || !target.endsWith('.md')) return true;
  const headings = [...readProjectFile(target).matchAll(/^#+ (.+)$/gm)].map((match) => slug(match[1] ?? ''));
  return headings.includes(anchor);
}

/** As code forges make anchors from headings. */
function slug(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');
}

/** From another program's configuration to the text of ours, which loads, and everything that did not come along. */
import { resolvePath, type ConfigFiles, type ReadResult } from '../config/files.js';
import { loadConfig } from '../config/load.js';
import { assert } from '../util/assert.js';
import { ConfigError, type ConfigProblem } from '../util/errors.js';
import { unnamedEnd } from './assemble.js';
import { readIpsec } from './ipsec.js';
import { Remarks, type Draft, type Remark } from './model.js';
import { malformed, Sources } from './sources.js';
import { readSwanctl } from './swanctl.js';
import { configText } from './toml-text.js';
import { readWireguard } from './wireguard.js';

export const foreignFormats = ['swanctl', 'ipsec', 'wireguard'] as const;
export type ForeignFormat = (typeof foreignFormats)[number];

export interface ImportRequest {
  readonly files: ConfigFiles;
  readonly path: string;
  /** Null: as the file looks. */
  readonly format: ForeignFormat | null;
  /** The secrets of an ipsec.conf; null: ipsec.secrets beside it. */
  readonly secrets: string | null;
  /** Where our configuration will lie; null: anywhere. */
  readonly output: string | null;
}

export interface Imported {
  readonly text: string;
  readonly peers: readonly string[];
  readonly remarks: readonly Remark[];
  /** What our configuration warns of in what was made. */
  readonly warnings: readonly ConfigProblem[];
}

/** @throws ConfigError where the file can't be read, or does not follow its format */
export function importConfig({ files, path, format, secrets, output }: ImportRequest): Imported {
  const remarks = new Remarks();
  const sources = new Sources(files, remarks);
  const main = resolvePath('', path);
  const text = sources.read(main);
  const draft = readForeign(format ?? formatOf(main, text), { sources, remarks, path: main, text, secrets });
  return checked(draft, remarks, output ?? 'mhtun.toml');
}

interface Reading {
  readonly sources: Sources;
  readonly remarks: Remarks;
  readonly path: string;
  readonly text: string;
  readonly secrets: string | null;
}

function readForeign(format: ForeignFormat, { sources, remarks, path, text, secrets }: Reading): Draft {
  switch (format) {
    case 'swanctl':
      return readSwanctl(sources, remarks, path, text);
    case 'ipsec':
      return readIpsec(sources, remarks, { path, text, secrets });
    case 'wireguard':
      return readWireguard(remarks, path, text);
  }
}

/** By what only one of them has, then by the name. */
function formatOf(path: string, text: string): ForeignFormat {
  if (/^[\t ]*\[(interface|peer)\]/im.test(text)) return 'wireguard';
  if (/^(conn[\t ]+\S|config[\t ]+setup|ca[\t ]+\S)/m.test(text)) return 'ipsec';
  if (/^[\t ]*(connections|secrets|authorities|pools)\b/m.test(text)) return 'swanctl';
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.startsWith('swanctl')) return 'swanctl';
  if (name.startsWith('ipsec')) return 'ipsec';
  throw malformed({ file: path, line: null }, 'expected a swanctl.conf, an ipsec.conf or a WireGuard configuration; got none of what they begin with (--format says which it is)');
}

/** Without what our own configuration refuses, for whatever reason: that gets a remark in its words. */
function checked(draft: Draft, remarks: Remarks, output: string): Imported {
  let left = draft;
  while (left.peers.length > 0) {
    const text = configText(left);
    try {
      const { config, warnings } = loadConfig(withPlaceholders(output, text), output);
      return { text, peers: config.peers.map((peer) => peer.name), remarks: remarks.list, warnings };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      left = withoutRefused(left, error.problems, remarks);
    }
  }
  return { text: '', peers: [], remarks: remarks.list, warnings: [] };
}

function withoutRefused({ endpoint, peers }: Draft, problems: readonly ConfigProblem[], remarks: Remarks): Draft {
  const refused = new Map(problems.map((problem) => [/^peer\[\d+\](\.child\[\d+\])?|^endpoint\.\w+/.exec(problem.key)?.[0] ?? problem.key, problem]));
  const [first] = peers;
  const kept = [...endpoint].filter(([key]) => {
    const problem = refused.get(`endpoint.${key}`);
    if (problem !== undefined && first !== undefined) remarks.add(first.place, first.says, `${key} in [endpoint] is left out: ${problem.message}`);
    return problem === undefined;
  });
  const left = peers.flatMap((peer, p) => {
    const whole = refused.get(`peer[${p}]`);
    const children = peer.children.filter((child, c) => {
      const problem = refused.get(`peer[${p}].child[${c}]`);
      if (problem !== undefined) remarks.add(child.place, child.says, `left out: ${problem.message}`);
      return problem === undefined;
    });
    if (whole === undefined && children.length > 0) return [{ ...peer, children }];
    remarks.add(peer.place, peer.says, `left out: ${whole?.message ?? 'none of its children can be taken over'}`);
    return [];
  });
  const sameSize = kept.length === endpoint.size && left.length === peers.length && left.every((peer, p) => peer.children.length === peers[p]?.children.length);
  assert(!sameSize, 'whatever is refused is in a table that can be left out');
  return { endpoint: new Map([['id', unnamedEnd], ...kept]), peers: left };
}

/** The text as if it lay there, and secrets that are still to be made beside it. */
function withPlaceholders(path: string, text: string): ConfigFiles {
  return {
    read: (asked): ReadResult => ({ ok: true, text: asked === resolvePath('', path) ? text : placeholder, mode: 0o600 }),
    glob: () => [],
  };
}

const placeholder = 'a secret that is still to be made';

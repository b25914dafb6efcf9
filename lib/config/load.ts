/**
 * A configuration from its main file and what that includes: complete, or every problem of every file at once.
 * Reads through the functions it is given; knows no file system.
 */
import { ConfigError, type ConfigProblem } from '../util/errors.js';
import { formatIdentity, sameIdentity } from '../wire/identity.js';
import { readEndpoint } from './endpoint-section.js';
import { readUsers } from './eap-section.js';
import { isPath, isPattern, resolvePath, tooOpen, type ConfigFiles } from './files.js';
import { readKeyMaterial } from './key-material.js';
import { readNetworks } from './network-section.js';
import { readPeer } from './peer-section.js';
import { readPools } from './pool-section.js';
import type { SharedProofs } from './proof-section.js';
import { TableReader, type Findings } from './table-reader.js';
import { parseToml } from './toml.js';
import type { Config, EndpointConfig, PeerConfig, PoolConfig } from './types.js';
import { listKind, textKind } from './value.js';

export interface LoadedConfig {
  readonly config: Config;
  /** What works and should not stay so. */
  readonly warnings: readonly ConfigProblem[];
  /** Every file of the configuration, the main one first. */
  readonly paths: readonly string[];
}

/** Files in one configuration, whatever the patterns match. */
export const maxConfigFiles: number = 10_000;
/** A file that is included by one that is included, and so on: more than a person keeps in his head. */
export const maxIncludeDepth: number = 8;

/** @throws ConfigError with every problem there is */
export function loadConfig(files: ConfigFiles, path: string): LoadedConfig {
  const loader = new Loader(files);
  const main = resolvePath('', path);
  loader.readFile(main, null, 0);
  const config = loader.build(main);
  const problems = loader.sorted('problems');
  if (config === null || problems.length > 0) throw new ConfigError(problems);
  return { config, warnings: loader.sorted('warnings'), paths: loader.paths };
}

/** One file: what stands outside any table, and its peers. */
interface FileTables {
  readonly root: TableReader;
  readonly peers: readonly TableReader[];
}

class Loader {
  readonly #files: ConfigFiles;
  readonly #findings: Findings[] = [];
  /** The file tables of all files that could be parsed, in the order of reading. */
  readonly #roots: FileTables[] = [];
  readonly #seen = new Set<string>();
  /** What [endpoint] says of keys, certificates and users. */
  #shared: SharedProofs = { material: null, users: null };

  constructor(files: ConfigFiles) {
    this.#files = files;
  }

  get paths(): readonly string[] {
    return [...this.#seen];
  }

  sorted(which: 'problems' | 'warnings'): ConfigProblem[] {
    return this.#findings.flatMap((findings) => [...findings[which]].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  }

  /** @param by the table whose `include` names the file; null for the main file */
  readFile(path: string, by: TableReader | null, depth: number): void {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const findings: Findings = { file: path, problems: [], warnings: [] };
    const read = this.#files.read(path);
    if (!read.ok) {
      if (by !== null) by.problem('include', `can't read ${path}: ${read.error}`);
      else this.#whole(findings, null, `can't be read: ${read.error}`);
      return;
    }
    this.#findings.push(findings);
    const parsed = parseToml(read.text);
    if (!parsed.ok) {
      findings.problems.push({ file: path, line: parsed.line, key: '', message: parsed.message });
      return;
    }
    const root = new TableReader(findings, 'file', parsed.root, '');
    const peers = root.tables('peer', 'peer');
    this.#roots.push({ root, peers });
    const open = tooOpen(path, read.mode);
    if (open !== null) for (const name of ['psk', 'ppk', 'key_passphrase', 'password']) peers.find((peer) => peer.has(name))?.problem(name, open);
    this.#include(root, path, depth);
  }

  /** Null where there is no usable [endpoint]. */
  build(path: string): Config | null {
    const endpoint = this.#endpoint(path);
    const pools: PoolConfig[] = [];
    for (const { root } of this.#roots) pools.push(...readPools(root, pools));
    const named: NamedPeer[] = [];
    for (const { peers } of this.#roots) {
      for (const table of peers) {
        const config = readPeer(table, { files: this.#files, main: path, endpoint, shared: this.#shared, pools });
        if (config !== null) named.push({ table, config });
      }
    }
    checkPeers(named);
    const networks = this.#roots.flatMap(({ root }) => readNetworks(root));
    return endpoint === null ? null : { endpoint, networks, pools, peers: named.map((peer) => peer.config) };
  }

  #include(root: TableReader, path: string, depth: number): void {
    const patterns = root.optional('include', listKind(includeKind, { min: 0 }), []);
    if (depth >= maxIncludeDepth && patterns.length > 0) {
      root.problem('include', `files include each other at most ${maxIncludeDepth} deep`);
      return;
    }
    for (const pattern of patterns) {
      const resolved = resolvePath(path, pattern);
      const found = isPattern(resolved) ? this.#files.glob(resolved) : [resolved];
      for (const file of found) {
        if (this.#seen.size >= maxConfigFiles) {
          root.problem('include', `a configuration has at most ${maxConfigFiles} files`);
          return;
        }
        this.readFile(file, root, depth + 1);
      }
    }
  }

  #endpoint(path: string): EndpointConfig | null {
    let first: TableReader | null = null;
    let endpoint: EndpointConfig | null = null;
    for (const { root } of this.#roots) {
      if (!root.has('endpoint')) continue;
      const table = root.table('endpoint', 'endpoint');
      if (first !== null) root.problem('endpoint', `there is one [endpoint] already, in ${first.findings.file} on line ${first.lineOf('endpoint')}`);
      else if (table !== null) {
        endpoint = readEndpoint(table);
        this.#shared = { material: readKeyMaterial(table, this.#files), users: table.has('users_file') ? readUsers(table, this.#files) : null };
      }
      first ??= root;
    }
    const findings = this.#findings.find((candidate) => candidate.file === path);
    // Where the file can't be parsed, nobody knows whether it is there.
    const unparsed = this.#findings.length > this.#roots.length;
    if (first === null && findings !== undefined && !unparsed) {
      this.#whole(findings, 'endpoint', '[endpoint] is missing, with id = "moon.example.net" at least');
    }
    return endpoint;
  }

  #whole(findings: Findings, key: string | null, message: string): void {
    if (!this.#findings.includes(findings)) this.#findings.push(findings);
    findings.problems.push({ file: findings.file, line: null, key: key ?? '', message });
  }
}

const includeKind = textKind('the path of a file, or a pattern as "peers/*.toml"', (text) => (isPath(text) ? text : null));

interface NamedPeer {
  readonly table: TableReader;
  readonly config: PeerConfig;
}

/** Peers are told apart by their names, and callers by the pair of identities. */
function checkPeers(peers: readonly NamedPeer[]): void {
  const names = new Map<string, NamedPeer>();
  const pairs = new Map<string, NamedPeer>();
  for (const peer of peers) {
    const { table, config } = peer;
    const sameName = names.get(config.name);
    if (sameName !== undefined) table.problem('name', `another peer, ${placeOf(sameName, 'name')}, is called "${config.name}"`);
    else names.set(config.name, peer);
    const pair = JSON.stringify([matchText(config), callerText(config), config.localId.type, formatIdentity(config.localId)]).toLowerCase();
    const samePair = pairs.get(pair);
    if (samePair !== undefined) {
      table.problem('id', `peer "${samePair.config.name}", ${placeOf(samePair, 'id')}, has the same id and local_id: a caller could be either`);
    } else pairs.set(pair, peer);
    if (config.id.kind === 'exact' && sameIdentity(config.id.identity, config.localId)) {
      table.warning('id', 'the peer has the same identity as this endpoint');
    }
  }
}

function matchText(config: PeerConfig): string {
  const { id } = config;
  if (id.kind === 'exact') return `${id.identity.type} ${formatIdentity(id.identity)}`;
  return id.kind === 'any' ? 'any' : `pattern ${id.pattern}`;
}

/** Who proves himself by EAP is somebody else than who does not. */
function callerText({ remoteAuth }: PeerConfig): string {
  return remoteAuth.kind === 'eap' ? `user ${remoteAuth.pattern ?? '*'}` : '';
}

function placeOf(peer: NamedPeer, key: string): string {
  return `in ${peer.table.findings.file} on line ${peer.table.lineOf(key)}`;
}

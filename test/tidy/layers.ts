/** The layers of lib/ as data: the table of docs/architecture.md. Whoever changes one changes the other. */

export interface Layer {
  readonly level: number;
  /** Folders of lib/ it may import, besides its own. */
  readonly imports: readonly string[];
  /** Folders of which it may import types alone. */
  readonly types: readonly string[];
  /** Node's modules: a list, or `any`. */
  readonly builtIns: readonly string[] | 'any';
  readonly packages: readonly string[];
}

const core = ['wire', 'util'];
const belowIke = ['esp', 'path', 'pki', 'eap', 'crypto', ...core];
const belowEndpoint = ['ike', ...belowIke];

export const layers: Readonly<Record<string, Layer>> = {
  util: { level: 0, imports: [], types: [], builtIns: [], packages: ['ip-address'] },
  wire: { level: 1, imports: ['util'], types: [], builtIns: [], packages: [] },
  crypto: { level: 2, imports: core, types: [], builtIns: ['node:crypto'], packages: ['@noble/ciphers', '@noble/curves', '@noble/hashes'] },
  esp: { level: 3, imports: ['crypto', ...core], types: [], builtIns: [], packages: [] },
  path: { level: 3, imports: core, types: [], builtIns: [], packages: [] },
  pki: { level: 3, imports: ['crypto', ...core], types: [], builtIns: [], packages: ['@peculiar/asn1-schema', '@peculiar/asn1-x509'] },
  eap: { level: 3, imports: ['crypto', ...core], types: [], builtIns: [], packages: [] },
  ike: { level: 4, imports: ['crypto', ...core], types: ['esp', 'path', 'pki', 'eap'], builtIns: [], packages: [] },
  gateway: { level: 5, imports: ['config', ...belowEndpoint], types: [], builtIns: [], packages: [] },
  config: { level: 5, imports: belowEndpoint, types: [], builtIns: [], packages: ['toml-eslint-parser'] },
  endpoint: { level: 5, imports: ['gateway', 'config', ...belowEndpoint], types: [], builtIns: [], packages: [] },
  convert: { level: 5, imports: ['esp', 'crypto', 'config', ...core], types: [], builtIns: [], packages: [] },
  platform: { level: 6, imports: ['esp', 'path', 'config', ...core], types: ['crypto', 'endpoint'], builtIns: 'any', packages: ['node-gyp-build'] },
  control: { level: 6, imports: ['esp', 'path', 'config', ...core], types: ['crypto'], builtIns: 'any', packages: [] },
  daemon: {
    level: 7,
    imports: ['platform', 'control', 'endpoint', 'gateway', 'config', ...belowEndpoint],
    types: [],
    builtIns: 'any',
    packages: ['pino', 'pino-pretty'],
  },
  cli: { level: 8, imports: ['convert', 'control', 'config', 'pki', 'crypto', 'util'], types: [], builtIns: 'any', packages: [] },
};

/** Below this level nothing waits, looks at the clock, draws randomness or touches the process. */
export const firstImpureLevel = 6;

/** What a file may import though its layer may not. Each must be needed, or the test says so. */
export const importExemptions: readonly { readonly file: string; readonly target: string; readonly reason: string }[] = [
  { file: 'lib/cli/up.ts', target: 'lib/daemon', reason: '`up` is the one verb that becomes the daemon.' },
];

/** What a file below level 6 may name though its layer may not. Each must be needed, or the test says so. */
export const purityExemptions: readonly { readonly file: string; readonly word: string; readonly reason: string }[] = [
  { file: 'lib/crypto/providers/default.ts', word: 'await', reason: 'A module may wait while it is loaded: noble is loaded only where it is needed.' },
];

/** Named constructs and globals that make code impure. */
export const impureWordList: readonly string[] = [
  'async', 'await', 'Promise', 'Date', 'Math.random', 'process', 'console', 'Buffer', 'EventEmitter', 'performance', 'fetch',
  'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask',
];

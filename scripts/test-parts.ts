/** What `npm test` consists of: each part, what it needs installed, and where it can run. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { npmScripts, root } from './project.js';
import type { PartResult } from './test-report.js';
import { runCommandWithTotals, runEslint, runMocha, runMochaSideBySide, runSingle, runTypeCheck } from './test-runners.js';
import { runUnderOtherNodes } from './test-node-versions.js';

/** A need of `scripts/setup.mjs`. */
export type Need = 'packages' | 'addon' | 'dist' | 'lab' | 'interop' | 'compiler' | 'fuzz';

export interface TestPart {
  readonly name: string;
  readonly what: string;
  readonly needs: readonly Need[];
  /** Why it cannot run here, or null. */
  readonly obstacle: () => string | null;
  readonly run: () => Promise<PartResult>;
}

/** Suites that open sockets, namespaces or processes; everything else under test/ is `unit`. */
const systemSuites = ['test/native/**/*.test.ts'];
const unitSuites = ['test/**/*.test.ts'];
/** What judges the sources, plays for long in virtual time, or counts for minutes what our own tables hold, says nothing of a release of Node. */
const sameUnderEachNode = [
  'test/tidy/**/*.test.ts', 'test/sim/**/*.test.ts', 'test/fuzz/**/*.test.ts', 'test/ike/hostile-growth.test.ts', 'test/endpoint/hostile-floods.test.ts',
];

/** In the order they run: what fails fastest comes first, what says least comes last. */
export const testParts: readonly TestPart[] = [
  {
    name: 'lint',
    what: 'the style rules over every file',
    needs: ['packages'],
    obstacle: always,
    run: runEslint,
  },
  {
    name: 'types',
    what: 'the type checker over every file',
    needs: ['packages'],
    obstacle: always,
    run: runTypeCheck,
  },
  {
    name: 'unit',
    what: 'all tests without sockets and namespaces: codecs, vectors, state machines, layers, documents',
    needs: ['packages'],
    obstacle: always,
    run: () => runMochaSideBySide({ name: 'unit', files: unitFiles(), ignore: [] }, 2),
  },
  {
    name: 'native',
    what: 'the addon and the platform against the kernel, in namespaces of their own',
    needs: ['addon', 'lab', 'compiler'],
    obstacle: needsRoot,
    run: () => runMocha({ name: 'native', files: systemSuites, ignore: [] }),
  },
  {
    name: 'native-sanitized',
    what: 'the native data plane under the address and undefined-behaviour sanitizers',
    needs: ['addon'],
    obstacle: always,
    run: () => runCommandWithTotals('native-sanitized', process.execPath, ['--import=tsx', 'scripts/sanitized.ts'], 600_000),
  },
  {
    name: 'fuzz',
    what: 'the packet code of the addon under a fuzzer with sanitizers, half a minute a target',
    needs: ['packages', 'fuzz'],
    obstacle: always,
    run: () => runCommandWithTotals('fuzz', process.execPath, ['--import=tsx', 'scripts/fuzz.ts', 'addon'], 600_000),
  },
  {
    name: 'fuzz-decoders',
    what: 'every decoder and parser of lib/ under a fuzzer guided by coverage, half a minute a target',
    needs: ['packages'],
    obstacle: always,
    run: () => runCommandWithTotals('fuzz-decoders', process.execPath, ['--import=tsx', 'scripts/fuzz.ts', 'decoders'], 600_000),
  },
  {
    name: 'sim',
    what: 'the simulator: 500 seeds that no other commit has played',
    needs: ['packages'],
    obstacle: always,
    run: () => runCommandWithTotals('sim', process.execPath, ['--import=tsx', 'sim/run.ts', '--of-commit'], 900_000),
  },
  {
    name: 'package',
    what: 'the packed program, installed elsewhere, starts',
    needs: ['addon', 'dist'],
    obstacle: always,
    run: () => runSingle('package', process.execPath, ['--import=tsx', 'scripts/check-package.ts'], 180_000),
  },
  {
    name: 'docs',
    what: 'the API documentation builds without a broken reference',
    needs: ['packages'],
    obstacle: always,
    run: () => runSingle('docs', process.execPath, ['node_modules/typedoc/bin/typedoc', '--emit', 'none'], 180_000),
  },
  {
    name: 'demo',
    what: '`npm run demo`',
    needs: ['addon', 'dist', 'lab'],
    obstacle: () => needsRoot() ?? needsScript('demo'),
    run: () => runSingle('demo', 'npm', ['run', '--silent', 'demo'], 300_000),
  },
  {
    name: 'interop',
    what: 'the scenarios against strongSwan in containers',
    needs: ['addon', 'dist', 'interop'],
    obstacle: () => needsRoot() ?? needsScript('interop'),
    run: () => runCommandWithTotals('interop', 'npm', ['run', '--silent', 'interop'], 1_800_000),
  },
  {
    name: 'stress',
    what: 'rekeys in a row under traffic, from both ends',
    needs: ['addon', 'dist', 'lab'],
    obstacle: () => needsRoot() ?? needsFile('interop/stress/rekeys.ts'),
    run: () => runCommandWithTotals('stress', process.execPath, ['--import=tsx', 'interop/stress/rekeys.ts'], 600_000),
  },
  {
    name: 'secrets',
    what: 'keys of SAs that are gone, searched for in the memory of the daemon and in all that it says',
    needs: ['addon', 'dist', 'lab'],
    obstacle: needsRoot,
    run: () => runCommandWithTotals('secrets', process.execPath, ['--import=tsx', 'interop/secrets/keys-in-memory.ts', '--quick'], 300_000),
  },
  {
    name: 'crash',
    what: 'killed at ten points of its life, a new start clears up; `interop/crash/crash.ts` does fifty',
    needs: ['addon', 'dist', 'lab'],
    obstacle: needsRoot,
    run: () => runCommandWithTotals('crash', process.execPath, ['--import=tsx', 'interop/crash/crash.ts', '--points', '10'], 300_000),
  },
  {
    name: 'soak',
    what: 'a minute of 50,000 packets a second with moves and a rekey: `npm run bench -- soak` does half an hour',
    needs: ['addon', 'dist', 'lab', 'compiler'],
    obstacle: needsRoot,
    run: () => runCommandWithTotals('soak', process.execPath, ['--import=tsx', 'bench/run.ts', 'soak', '--minutes', '1'], 300_000),
  },
  {
    name: 'node-versions',
    what: 'unit and native under the other supported Node releases',
    needs: ['addon'],
    obstacle: always,
    run: () => runUnderOtherNodes({ unit: unitSuites, notUnit: [...systemSuites, ...sameUnderEachNode], system: systemSuites, isRoot: isRoot() }),
  },
];

/** The files of `unitSuites` that are none of `systemSuites`. */
function unitFiles(): string[] {
  const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).map((path) => join('test', path));
  return all.filter((path) => path.endsWith('.test.ts') && !path.startsWith(join('test', 'native'))).sort((a, b) => a.localeCompare(b));
}

function always(): null {
  return null;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function needsRoot(): string | null {
  return isRoot() ? null : 'needs root (network namespaces)';
}

function needsScript(name: string): string | null {
  return name in npmScripts() ? null : `package.json has no script "${name}"`;
}

function needsFile(path: string): string | null {
  return existsSync(join(root, path)) ? null : `${path} does not exist`;
}

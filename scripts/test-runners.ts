/** Runs one tool and turns what it says into counts. Each run has a time limit: a hang is a failure with a name. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './execute.js';
import { field, root } from './project.js';
import { single, sum, type PartResult } from './test-report.js';

/** Longest tail of a failed command's output that is worth printing. */
const maxDetailCharacters = 20_000;
/** Of a value that a test found instead of another. */
const maxValueCharacters = 2_000;

export interface MochaRun {
  /** Names the file for the results. */
  readonly name: string;
  readonly files: readonly string[];
  readonly ignore: readonly string[];
  /** The Node to run under; our own when absent. */
  readonly node?: string;
}

export async function runMocha(run: MochaRun): Promise<PartResult> {
  const folder = join(root, 'node_modules', '.cache', 'test');
  const output = join(folder, `${run.name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(output, { force: true });
  const ignore = run.ignore.flatMap((glob) => ['--ignore', glob]);
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`];
  const args = ['node_modules/mocha/bin/mocha.js', ...reporter, ...ignore, ...run.files];
  const done = await execute(run.node ?? process.execPath, args, { timeoutMs: 900_000 });
  if (!existsSync(output)) return single(false, `mocha ended without results (${done.how})\n${done.output}`);
  const results: unknown = JSON.parse(readFileSync(output, 'utf8'));
  const failures = list(field(results, 'failures'));
  const passed = list(field(results, 'passes')).length;
  // A rejection outside any test, or a process that dies after the last one, is a failure too.
  const broken = failures.length === 0 && done.status !== 0 ? 1 : 0;
  return {
    passed,
    failed: failures.length + broken,
    skipped: list(field(results, 'pending')).map(describeSkipped),
    details: [...failures.map(describeFailure), broken > 0 ? `mocha: ${done.how}\n${done.output}` : ''].filter((part) => part !== '').join('\n'),
  };
}

/** The same in so many processes at a time, a share of the files each. */
export async function runMochaSideBySide(run: MochaRun, processes: number): Promise<PartResult> {
  const shares = Array.from({ length: processes }, (_, share) => run.files.filter((_file, index) => index % processes === share));
  return sum(await Promise.all(shares.map((files, share) => runMocha({ ...run, name: `${run.name}-${share + 1}`, files }))));
}

/** Counts files: each is a test that its rules hold. */
export async function runEslint(): Promise<PartResult> {
  const args = ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings=0', '--format=json'];
  const done = await execute(process.execPath, args, { timeoutMs: 300_000 });
  const files = done.stdout.startsWith('[') ? list(JSON.parse(done.stdout)) : [];
  if (files.length === 0) return single(false, `eslint: ${done.how}\n${done.output}`);
  const lines = files.flatMap((file) =>
    list(field(file, 'messages')).map((message) => {
      const where = `${text(field(file, 'filePath')).slice(root.length + 1)}:${text(field(message, 'line'))}`;
      return `${where}  ${text(field(message, 'message'))}  (${text(field(message, 'ruleId'))})`;
    }));
  const bad = files.filter((file) => list(field(file, 'messages')).length > 0).length;
  return { passed: files.length - bad, failed: bad, skipped: [], details: lines.join('\n') };
}

export async function runTypeCheck(): Promise<PartResult> {
  const done = await execute(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false'], { timeoutMs: 300_000 });
  const errors = done.output.split('\n').filter((line) => line.includes(': error TS')).length;
  return { passed: done.status === 0 ? 1 : 0, failed: done.status === 0 ? 0 : Math.max(errors, 1), skipped: [], details: done.output };
}

/** One test: the command exits 0. */
export async function runSingle(name: string, command: string, args: readonly string[], timeoutMs: number): Promise<PartResult> {
  const done = await execute(command, args, { timeoutMs });
  return single(done.status === 0, `${name}: ${done.how}\n${done.output}`);
}

/** For a runner of its own whose last line is `N passed, M failed` or `N passed, M failed, K skipped`. */
export async function runCommandWithTotals(name: string, command: string, args: readonly string[], timeoutMs: number): Promise<PartResult> {
  // These take minutes and report as they go: who waits may watch.
  const done = await execute(command, args, { timeoutMs, echo: true });
  const lines = done.output.trimEnd().split('\n');
  const totals = lines.map((line) => /^(?:.*\s)?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/.exec(line)).findLast((match) => match !== null);
  if (!totals) return single(false, `${name}: no total line (${done.how}); what it printed is above`);
  const failed = Number(totals[2]);
  const broken = failed === 0 && done.status !== 0 ? 1 : 0;
  const reasons = lines.filter((line) => /\bskipped?:/i.test(line)).map((line) => line.trim());
  const unnamed = Math.max(0, Number(totals[3] ?? 0) - reasons.length);
  return {
    passed: Number(totals[1]),
    failed: failed + broken,
    skipped: [...reasons, ...Array.from({ length: unnamed }, () => `${name}: skipped without a reason`)],
    details: failed + broken > 0 ? `${name}: ${done.how}; what it printed is above` : '',
  };
}

/** A suite that says why it does not run (in parentheses) stands for its tests. */
function describeSkipped(test: unknown): string {
  const whole = text(field(test, 'fullTitle'));
  const suite = whole.slice(0, Math.max(0, whole.length - text(field(test, 'title')).length)).trim();
  return suite.endsWith(')') ? suite : whole;
}

function describeFailure(test: unknown): string {
  const error = field(test, 'err');
  const stack = text(field(error, 'stack'));
  const actual = text(field(error, 'actual'));
  const found = actual === '' ? '' : `\nfound: ${cut(actual, maxValueCharacters)}`;
  return `  ✗ ${text(field(test, 'fullTitle'))}\n${`${cut(stack === '' ? text(field(error, 'message')) : stack, maxDetailCharacters)}${found}`.replace(/^/gm, '      ')}`;
}

/** The end of a trace says more than its beginning. */
function cut(whole: string, characters: number): string {
  return whole.length <= characters ? whole : `${whole.slice(0, 400)}\n…\n${whole.slice(400 - characters)}`;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.map((item: unknown) => item) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

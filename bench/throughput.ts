/**
 * How fast is one tunnel between two hosts of this machine? mhtun with either data plane beside strongSwan's userland ESP,
 * wireguard-go and a probe that shows what could be. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { measureChanges, type ChangesResult } from './changes.js';
import { datagramFigures } from './figures/datagrams.js';
import type { Figure } from './figures/figure.js';
import { latencyFigures } from './figures/latency.js';
import { idleMemory, overloadFigures, restFigures } from './figures/resources.js';
import { prepareTcp, tcpFigures } from './figures/tcp.js';
import { report, reportJson } from './report.js';
import { allSubjects, chosen } from './tunnels/subjects.js';
import type { Subject, Tunnel } from './tunnels/tunnel.js';

/** In the order in which they are measured: what needs rest first, what shows the worst of all last. */
const allFigures: readonly Figure[] = [...restFigures, ...latencyFigures, ...tcpFigures, ...datagramFigures, ...overloadFigures];

interface Options {
  readonly repeats: number;
  readonly seconds: number;
  readonly closeEnough: number;
  readonly suite: string;
  readonly subjects: readonly Subject[];
  readonly figures: readonly Figure[];
  /** Rekeys, and as many path switches, of the native data plane in the end. */
  readonly changes: number;
}

export async function throughput(args: readonly string[]): Promise<void> {
  const options = optionsFrom(args);
  const skipped: Record<string, string> = {};
  const open = new Map<Subject, Tunnel>();
  const results = new Map<string, Map<string, number[]>>();
  try {
    for (const subject of options.subjects) {
      const obstacle = await subject.prepare();
      if (obstacle !== null) skipped[subject.name] = obstacle;
      else open.set(subject, await subject.open({ suite: options.suite }));
    }
    for (const tunnel of open.values()) idleMemory(tunnel);
    for (const tunnel of open.values()) await prepareTcp(tunnel);
    // In turns, figure by figure: what else the machine does meets all of them.
    for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
      for (const figure of options.figures) {
        for (const [subject, tunnel] of open) {
          if (subject.only?.includes(figure.name) === false) continue;
          const value = await attempt(subject, figure, tunnel, options);
          const byFigure = results.get(subject.name) ?? new Map<string, number[]>();
          results.set(subject.name, byFigure.set(figure.name, [...(byFigure.get(figure.name) ?? []), value]));
          if (Number.isFinite(value)) process.stdout.write(`${repeat}/${options.repeats} ${figure.name} ${subject.name} ${value.toFixed(figure.decimals)}\n`);
        }
      }
    }
  } finally {
    for (const tunnel of open.values()) await tunnel.close();
  }
  const { suite, repeats, seconds } = options;
  const run = { bench: 'throughput', suite, repeats, seconds, skipped };
  report(run, options.figures, results);
  const changes = options.changes > 0 ? await changed(suite, options.changes) : null;
  reportJson(run, options.figures, results, changes);
}

function changed(suite: string, count: number): Promise<ChangesResult> {
  process.stdout.write(`\nwhat ${count} Child rekeys and ${count} path switches cost mhtun-native\n`);
  return measureChanges({ plane: 'native', suite, count, rate: 10_000 });
}

/** A tunnel that fails at one figure is measured on for the others, and the failure is told. */
async function attempt(subject: Subject, figure: Figure, tunnel: Tunnel, options: Options): Promise<number> {
  try {
    return await figure.measure(tunnel, options);
  } catch (error) {
    process.stdout.write(`${figure.name} of ${subject.name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return NaN;
  }
}

function optionsFrom(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      repeats: { type: 'string' },
      seconds: { type: 'string' },
      subjects: { type: 'string' },
      figures: { type: 'string' },
      suite: { type: 'string', default: 'aes128gcm16' },
      changes: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  return {
    repeats: Number(values.repeats ?? (values.quick ? 1 : 3)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 2)),
    closeEnough: values.quick ? 1.2 : 1.07,
    suite: values.suite,
    subjects: chosen(allSubjects, values.subjects, '--subjects'),
    figures: chosen(allFigures, values.figures, '--figures'),
    // Whoever chooses among the rest asks for them by name.
    changes: Number(values.changes ?? (values.subjects !== undefined || values.figures !== undefined ? 0 : values.quick ? 100 : 1000)),
  };
}

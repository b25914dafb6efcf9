/**
 * What do a thousand rekeys and a thousand path switches cost the traffic that flows meanwhile? A TCP flow at full rate shows
 * how long it ever stands still, datagrams at a steady rate show what is lost. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { ensure, sleep } from '../interop/lab/exec.js';
import { Mhtun } from '../interop/lab/mhtun.js';
import { otherSite } from '../interop/lab/addressing.js';
import { sendStretch } from './figures/datagrams.js';
import { streamWhile, type StreamResult } from './figures/stream.js';
import { openMhtun, type DataPlaneName, type StagedTunnel } from './tunnels/of-stage.js';

type ChangeName = 'none' | 'rekey' | 'move';

interface Row {
  readonly change: ChangeName;
  readonly count: number;
  readonly failed: number;
  readonly stream: StreamResult;
  readonly datagrams: { readonly sent: number; readonly lost: number; readonly late: number };
}

export async function changes(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '1000' },
      plane: { type: 'string', default: 'native' },
      suite: { type: 'string', default: 'aes128gcm16' },
      rate: { type: 'string', default: '10000' },
    },
  });
  const run = { plane: planeNamed(values.plane), suite: values.suite, count: Number(values.count), rate: Number(values.rate) };
  const { rows, targets } = await measureChanges(run);
  process.stdout.write(`${JSON.stringify({ bench: 'changes', ...run, rows, targets })}\n`);
}

export interface ChangesRun {
  readonly plane: DataPlaneName;
  readonly suite: string;
  /** Of each change, beside a TCP flow and again beside datagrams. */
  readonly count: number;
  /** Datagrams a second. */
  readonly rate: number;
}

export interface ChangesResult {
  readonly rows: readonly Row[];
  readonly targets: readonly Judgement[];
}

/** Prints a line for each change and one for each target. */
export async function measureChanges({ plane, suite, count, rate }: ChangesRun): Promise<ChangesResult> {
  const tunnel = await openMhtun(`changes-${plane}`, plane, { suite, uplinks: 2 });
  const rows: Row[] = [];
  try {
    for (const change of ['none', 'rekey', 'move'] as const) {
      const row = await measure(tunnel, change, count, rate);
      rows.push(row);
      process.stdout.write(`${describe(row)}\n`);
    }
  } finally {
    await tunnel.close();
  }
  return { rows, targets: judge(rows) };
}

async function measure(tunnel: StagedTunnel, change: ChangeName, count: number, rate: number): Promise<Row> {
  const changer = new Changer(tunnel, change);
  const stream = await streamWhile(tunnel, () => changer.run(count));
  const datagrams = { sent: 0, lost: 0, late: 0 };
  for (const goal = changer.done + count; changer.done < goal;) {
    const stretch = sendStretch(tunnel, datagramOctets, rate, stretchMs);
    const end = performance.now() + stretchMs;
    while (changer.done < goal && performance.now() < end) await changer.once();
    const { sent, received, late } = await stretch;
    datagrams.sent += sent;
    datagrams.lost += sent - received;
    datagrams.late += late;
  }
  return { change, count, failed: changer.failed, stream, datagrams };
}

/** Does one thing again and again. */
class Changer {
  done = 0;
  failed = 0;
  readonly #tunnel: StagedTunnel;
  readonly #change: ChangeName;

  constructor(tunnel: StagedTunnel, change: ChangeName) {
    this.#tunnel = tunnel;
    this.#change = change;
  }

  async run(count: number): Promise<void> {
    for (const goal = this.done + count; this.done < goal;) await this.once();
  }

  async once(): Promise<void> {
    const { moon } = this.#tunnel.stage;
    ensure(moon instanceof Mhtun, 'mhtun plays moon');
    this.done += 1;
    // As long as a rekey takes, about: the measure for the others.
    if (this.#change === 'none') return sleep(restMs);
    const outcome = this.#change === 'rekey' ? await moon.rekeyChild() : await this.#move();
    if (!outcome.ok) {
      this.failed += 1;
      process.stdout.write(`${this.#change} ${this.done} failed: ${outcome.text}\n`);
    }
  }

  #move(): Promise<{ readonly ok: boolean; readonly text: string }> {
    const { moon, topology } = this.#tunnel.stage;
    const [local, remote] = [topology.moon, topology.sun].map((site) => site.uplinks[this.done % 2]?.address4 ?? '');
    if (!(moon instanceof Mhtun) || local === undefined || remote === undefined) throw new Error('mhtun plays moon and has two uplinks');
    return moon.ask({ verb: 'move', peer: otherSite('moon'), local, remote });
  }
}

interface Judgement {
  readonly what: string;
  readonly wanted: number;
  readonly found: number;
  readonly met: boolean;
}

function judge(rows: readonly Row[]): Judgement[] {
  const judged: Judgement[] = [];
  const atMost = (what: string, found: number, wanted: number): void => {
    judged.push({ what, wanted, found, met: found <= wanted });
  };
  for (const { change, stream, datagrams, failed } of rows.filter((row) => row.change !== 'none')) {
    atMost(`longest pause at ${change}, ms`, stream.pausesMs[0] ?? Infinity, 50);
    atMost(`failed: ${change}`, failed, 0);
    if (change === 'rekey') atMost(`datagrams lost at ${change}`, datagrams.lost, 0);
  }
  for (const { what, wanted, found, met } of judged) process.stdout.write(`${met ? 'met    ' : 'MISSED '} ${what}: ${found}, wanted at most ${wanted}\n`);
  return judged;
}

function describe({ change, count, failed, stream, datagrams }: Row): string {
  const pauses = stream.pausesMs.slice(0, 3).map((pause) => pause.toFixed(1)).join(', ');
  const flow = `TCP ${stream.megabitsPerSecond.toFixed(0)} Mbit/s, longest pauses ${pauses} ms, ${stream.retransmitted} segments sent again`;
  return `${change} × ${count}${failed > 0 ? ` (${failed} failed)` : ''}: ${flow}; ${datagrams.lost} of ${datagrams.sent} datagrams lost, ${datagrams.late} late`;
}

function planeNamed(text: string): DataPlaneName {
  if (text !== 'native' && text !== 'typescript') throw new Error(`--plane is native or typescript, not ${text}`);
  return text;
}

const datagramOctets = 1000;
const stretchMs = 2000;
const restMs = 5;

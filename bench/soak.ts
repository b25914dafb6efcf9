/**
 * Does a tunnel under load stay as it is? Datagrams both ways at a steady rate, a rekey a minute and a move every ten
 * seconds, for as long as is wanted: what is lost, memory, handles. bench/README.md has the method.
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { otherSite } from '../interop/lab/addressing.js';
import { LabError, sleep } from '../interop/lab/exec.js';
import { field, Mhtun } from '../interop/lab/mhtun.js';
import type { Outcome, Party } from '../interop/lab/party.js';
import { giveWay } from './failover/priority.js';
import { TrafficProgram } from './figures/program.js';
import { slopeOf } from './statistics.js';
import { openMhtun, type StagedTunnel } from './tunnels/of-stage.js';
import { residentMb, type TunnelEnd } from './tunnels/tunnel.js';

interface SoakRun {
  readonly minutes: number;
  /** Datagrams a second, of both directions together. */
  readonly rate: number;
  readonly rekeyEveryS: number;
  readonly moveEveryS: number;
}

interface Sample {
  readonly atS: number;
  readonly residentMb: number;
  readonly handles: number;
}

/** What one direction's sink says a few times a second. */
interface Reading {
  readonly atMs: number;
  readonly received: number;
  readonly expected: number;
  readonly gapMs: number;
}

/** Something that was done to the tunnel, from the order to the answer. */
interface Change {
  readonly kind: 'move' | 'rekey-child' | 'rekey-ike';
  readonly fromMs: number;
  readonly untilMs: number;
}

export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '50000' }, 'rekey-every': { type: 'string', default: '60' }, 'move-every': { type: 'string', default: '10' } },
  });
  const run = { minutes: Number(values.minutes), rate: Number(values.rate), rekeyEveryS: Number(values['rekey-every']), moveEveryS: Number(values['move-every']) };
  const tunnel = await openMhtun('soak', 'native', { suite: 'aes128gcm16', uplinks: 2 });
  try {
    const soaked = await new Soak(tunnel, run).play();
    const judged = judge(run, soaked);
    for (const { what, met, found, wanted } of judged) process.stdout.write(`${met ? 'met    ' : 'MISSED '} ${what}: ${found}, wanted ${wanted}\n`);
    const missed = judged.filter(({ met }) => !met).length;
    process.stdout.write(`${judged.length - missed} passed, ${missed} failed\n`);
    process.stdout.write(`${JSON.stringify({ bench: 'soak', ...run, node: process.version, targets: judged, memory: Object.fromEntries(soaked.samples) })}\n`);
    if (missed > 0) process.exitCode = 1;
  } finally {
    await tunnel.close();
  }
}

interface Soaked {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly readings: ReadonlyMap<string, readonly Reading[]>;
  readonly changes: readonly Change[];
  readonly failed: readonly string[];
}

class Soak {
  readonly #tunnel: StagedTunnel;
  readonly #run: SoakRun;
  readonly #samples = new Map<string, Sample[]>([['moon', []], ['sun', []]]);
  readonly #readings = new Map<string, Reading[]>([['out', []], ['back', []]]);
  readonly #changes: Change[] = [];
  readonly #failed: string[] = [];
  #moves = 0;
  #rekeys = 0;

  constructor(tunnel: StagedTunnel, run: SoakRun) {
    this.#tunnel = tunnel;
    this.#run = run;
  }

  async play(): Promise<Soaked> {
    const { moon, sun } = this.#tunnel;
    const ways = [['out', moon, sun], ['back', sun, moon]] as const;
    const sinks = await Promise.all(ways.map(async ([name, , to]) => [name, await sinkAt(to)] as const));
    const sources = ways.map(([, from, to]) => this.#source(from, to));
    // Sources and sinks are in the ends' namespaces, so they go before the rest of the machine, too.
    await giveWay(this.#tunnel.stage);
    const beganMs = performance.now();
    for (let second = 1; second <= this.#run.minutes * 60; second += 1) {
      await sleep(Math.max(0, beganMs + second * 1000 - performance.now()));
      for (const [name, sink] of sinks) this.#readings.get(name)?.push(...sink.lines().map(toReading));
      this.#sample(second);
      if (second % this.#run.rekeyEveryS === rekeyAtS) await this.#change(this.#rekeys++ % ikeRekeyEvery === ikeRekeyEvery - 1 ? 'rekey-ike' : 'rekey-child');
      if (second % this.#run.moveEveryS === 0) await this.#change('move');
      if (second % tellEveryS === 0) this.#tell(second);
    }
    await Promise.all(sources.map((source) => source.result()));
    await Promise.all(sinks.map(async ([name, sink]) => this.#readings.get(name)?.push(toReading(await sink.result()))));
    return { samples: this.#samples, readings: this.#readings, changes: this.#changes, failed: this.#failed };
  }

  #source(from: TunnelEnd, to: TunnelEnd): TrafficProgram {
    return new TrafficProgram(from.host, 'datagram-source', [to.inner4, port, String(octets), String(this.#run.rate / 2), String(this.#run.minutes * 60_000)]);
  }

  #sample(second: number): void {
    for (const [name, end] of [['moon', this.#tunnel.moon], ['sun', this.#tunnel.sun]] as const) {
      const [pid = 0] = end.pids;
      this.#samples.get(name)?.push({ atS: second, residentMb: residentMb(pid).now, handles: readdirSync(`/proc/${pid}/fd`).length });
    }
  }

  async #change(kind: Change['kind']): Promise<void> {
    const { moon, sun } = this.#tunnel.stage;
    const fromMs = Date.now();
    // Rekeys by turns from either end.
    const { ok, text } = kind === 'move' ? await this.#move() : await rekey(this.#rekeys % 2 === 0 ? moon : sun, kind);
    this.#changes.push({ kind, fromMs, untilMs: Date.now() });
    if (!ok) this.#failed.push(`${kind}: ${text}`);
  }

  #move(): Promise<Outcome> {
    const { moon, topology } = this.#tunnel.stage;
    this.#moves += 1;
    const [local, remote] = [topology.moon, topology.sun].map((site) => site.uplinks[this.#moves % 2]?.address4 ?? '');
    if (!(moon instanceof Mhtun) || local === undefined || remote === undefined) throw new LabError('mhtun plays moon and has two uplinks');
    return moon.ask({ verb: 'move', peer: otherSite('moon'), local, remote });
  }

  #tell(second: number): void {
    const memory = [...this.#samples].map(([name, samples]) => `${name} ${samples.at(-1)?.residentMb.toFixed(1) ?? ''} MB, ${samples.at(-1)?.handles ?? 0} handles`);
    const lost = [...this.#readings.values()].reduce((sum, readings) => sum + lostUpTo(readings.at(-1)), 0);
    process.stdout.write(`${second} s: ${memory.join('; ')}; ${lost} lost; ${this.#changes.length} changes\n`);
  }
}

function rekey(party: Party, kind: 'rekey-child' | 'rekey-ike'): Promise<Outcome> {
  return kind === 'rekey-child' ? party.rekeyChild() : party.rekeyIke();
}

async function sinkAt(end: TunnelEnd): Promise<TrafficProgram> {
  const sink = new TrafficProgram(end.host, 'datagram-sink', [end.inner4, port, String(readingEveryMs)]);
  await sink.ready();
  return sink;
}

function toReading(line: unknown): Reading {
  const number = (name: string): number => Number(field(line, name));
  return { atMs: number('at_ms'), received: number('received'), expected: number('expected'), gapMs: number('longest_gap_ms') };
}

function lostUpTo(reading: Reading | undefined): number {
  return reading === undefined ? 0 : reading.expected - reading.received;
}

interface Judgement {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly met: boolean;
}

function judge(run: SoakRun, { samples, readings, changes, failed }: Soaked): Judgement[] {
  const judged: Judgement[] = [];
  const add = (what: string, found: string, wanted: string, met: boolean): void => {
    judged.push({ what, wanted, found, met });
  };
  add('orders refused', failed.length === 0 ? '0' : failed.slice(0, 3).join(' / '), 'none', failed.length === 0);
  const losses = [...readings].map(([way, list]) => lossesOf(way, list, changes));
  const total = (pick: (loss: Loss) => number): number => losses.reduce((sum, loss) => sum + pick(loss), 0);
  const received = [...readings.values()].reduce((sum, list) => sum + (list.at(-1)?.received ?? 0), 0);
  const wantedRate = run.rate * run.minutes * 60;
  add('datagrams that arrived', `${received} of ${wantedRate}`, 'at least 99 %', received >= 0.99 * wantedRate);
  add('lost beside moves', `${total((loss) => loss.elsewhere)} (${losses.flatMap((loss) => loss.places).slice(0, 5).join('; ')})`, '0', total((loss) => loss.elsewhere) === 0);
  const moves = changes.filter(({ kind }) => kind === 'move').length;
  const perMove = total((loss) => loss.atMoves) / Math.max(1, moves);
  const gapMs = Math.max(...losses.map((loss) => loss.longestGapMs));
  add('longest silence', `${gapMs.toFixed(1)} ms; ${perMove.toFixed(1)} datagrams lost a move (${moves} moves)`, `at most ${longestSilenceMs} ms`, gapMs <= longestSilenceMs);
  for (const [name, list] of samples) {
    const settled = list.filter(({ atS }) => atS > run.minutes * 60 * warmUpShare);
    const { slope, error } = slopeOf(settled.map(({ atS, residentMb: mb }) => [atS / 3600, mb]));
    const [low, high] = [Math.min, Math.max].map((pick) => pick(...settled.map(({ residentMb: mb }) => mb)).toFixed(1));
    const found = `${slope.toFixed(2)} ± ${error.toFixed(2)} MB an hour (${low ?? ''} to ${high ?? ''} MB)`;
    if (run.minutes >= fitMinutes) {
      add(`memory of ${name}, by a line through it`, found, `under ${mostMbAnHour}`, slope < mostMbAnHour);
    } else {
      // A line through a minute says nothing of an hour.
      const half = Math.floor(list.length / 2);
      const [before, after] = [list.slice(0, half), list.slice(half)].map((part) => Math.max(...part.map(({ residentMb: mb }) => mb)));
      const grown = (after ?? NaN) - (before ?? NaN);
      add(`memory of ${name}, most in the second half against the first`, `${grown.toFixed(1)} MB more`, `under ${shortGrowthMb} MB`, grown < shortGrowthMb);
    }
    const handles = new Set(settled.map((sample) => sample.handles));
    add(`handles of ${name}`, [...handles].sort((a, b) => a - b).join(', '), 'always the same number', handles.size === 1);
  }
  return judged;
}

interface Loss {
  readonly atMoves: number;
  readonly elsewhere: number;
  readonly longestGapMs: number;
  readonly places: readonly string[];
}

/** A loss belongs to a move when it is seen between its order and the moment at which nothing of before is in flight any more. */
function lossesOf(way: string, readings: readonly Reading[], changes: readonly Change[]): Loss {
  let atMoves = 0;
  let elsewhere = 0;
  const places: string[] = [];
  for (const [index, reading] of readings.entries()) {
    const lost = lostUpTo(reading) - lostUpTo(readings[index - 1]);
    if (lost === 0) continue;
    const near = changes.find(({ fromMs, untilMs }) => reading.atMs >= fromMs && reading.atMs - readingEveryMs <= untilMs + settleMs);
    if (near?.kind === 'move') {
      atMoves += lost;
    } else {
      elsewhere += lost;
      places.push(`${way}: ${lost} ${near === undefined ? `at ${new Date(reading.atMs).toISOString()}` : `at a ${near.kind}`}`);
    }
  }
  return { atMoves, elsewhere, places, longestGapMs: Math.max(0, ...readings.map(({ gapMs }) => gapMs)) };
}

const port = '9000';
const octets = 200;
const readingEveryMs = 200;
const tellEveryS = 30;
const settleMs = 500;
/** Not at the same moment as a move. */
const rekeyAtS = 5;
/** Every so many rekeys is one of the IKE SA. */
const ikeRekeyEvery = 3;
/** Until then the engine compiles, and its heap finds its size. */
const warmUpShare = 1 / 3;
const fitMinutes = 10;
const mostMbAnHour = 1;
/** The collector's moods. */
const shortGrowthMb = 6;
/** Longer than that and it was not the move that was silent (bench/changes.ts measures the moves themselves). */
const longestSilenceMs = 200;

/**
 * Throughput of one tunnel between two hosts of this machine, mhtun beside strongSwan's kernel-libipsec, both with ESP in
 * userland: one TCP flow in each direction and UDP datagrams of 64 octets. bench/README.md has the method.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, eventually, sleep } from '../interop/lab/exec.js';
import { ensureImage, requireEngine, type StrongSwanVersion } from '../interop/lab/images.js';
import type { Engine } from '../interop/lab/engine.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { field } from '../interop/lab/mhtun.js';
import { parsePair } from '../interop/lab/party.js';
import { Stage } from '../interop/lab/stage.js';
import { summarize, type Summary } from './statistics.js';

/** Who is measured: both ends of its tunnel are of one kind. */
interface Subject {
  readonly name: string;
  readonly pair: string;
  readonly dataPlane: string;
}

const allSubjects: readonly Subject[] = [
  { name: 'mhtun-typescript', pair: 'mhtun,mhtun', dataPlane: 'typescript' },
  { name: 'mhtun-native', pair: 'mhtun,mhtun', dataPlane: 'native' },
  { name: 'strongswan-libipsec', pair: 'strongswan-6.0,strongswan-6.0', dataPlane: '' },
];

/** The figures of one tunnel in one repetition. */
interface Figures {
  readonly tcp_out_mbit: number;
  readonly tcp_back_mbit: number;
  readonly udp64_pps: number;
}

const figureNames = ['tcp_out_mbit', 'tcp_back_mbit', 'udp64_pps'] as const;
const titles = { tcp_out_mbit: 'TCP moon → sun, Mbit/s', tcp_back_mbit: 'TCP sun → moon, Mbit/s', udp64_pps: 'UDP 64 octets, packets/s' } as const;

export async function throughput(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      repeats: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      subjects: { type: 'string', default: 'mhtun-typescript,strongswan-libipsec' },
      suite: { type: 'string', default: 'aes128gcm16' },
    },
  });
  const wanted = values.subjects.split(',');
  const subjects = allSubjects.filter((subject) => wanted.includes(subject.name));
  ensure(subjects.length === wanted.length, `--subjects takes ${allSubjects.map((subject) => subject.name).join(', ')}`);
  const seconds = Number(values.seconds);
  const repeats = Number(values.repeats);
  const { engine, images } = await prepare(subjects);
  const results = new Map<string, Figures[]>(subjects.map((subject) => [subject.name, []]));
  // In turns, so that what else the machine does meets all of them.
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const subject of subjects) {
      const figures = await measure(subject, values.suite, seconds, engine, images);
      results.get(subject.name)?.push(figures);
      const line = figureNames.map((name) => `${name} ${figures[name].toFixed(0)}`).join(', ');
      process.stdout.write(`${repeat}/${repeats} ${subject.name}: ${line}\n`);
    }
  }
  conclude(values.suite, repeats, seconds, results);
}

async function prepare(subjects: readonly Subject[]): Promise<{ engine: Engine | null; images: Map<StrongSwanVersion, string> }> {
  const images = new Map<StrongSwanVersion, string>();
  if (!subjects.some((subject) => subject.pair.includes('strongswan'))) return { engine: null, images };
  const engine = await requireEngine();
  images.set('strongswan-6.0', await ensureImage(engine, 'strongswan-6.0', (text) => process.stdout.write(`${text}\n`)));
  return { engine, images };
}

async function measure(
  subject: Subject,
  suite: string,
  seconds: number,
  engine: Engine | null,
  images: ReadonlyMap<StrongSwanVersion, string>,
): Promise<Figures> {
  const lab = new Lab(`bench-${subject.name}`);
  try {
    const stage = await Stage.open(lab, {
      scenario: { topology: { uplinks: 1 }, values: () => ({ esp: [suite], data_plane: subject.dataPlane }) },
      templates: join(projectRoot, 'bench', 'throughput'),
      variant: { name: '', pairs: [] },
      pair: parsePair(subject.pair),
      engine,
      images,
      keys: false,
      quiet: true,
    });
    await stage.connect();
    const server = stage.topology.sun.host.start(['iperf3', '-s'], join(lab.folder, 'iperf3.log'));
    await eventually('iperf3 listens', async () => ((await stage.topology.sun.host.run(['ss', '-Hltn', 'sport = :5201'])).stdout !== '' ? true : null));
    // The first flow warms caches and compilers up and is not counted.
    await tcp(stage, 2, false);
    const figures = { tcp_out_mbit: await tcp(stage, seconds, false), tcp_back_mbit: await tcp(stage, seconds, true), udp64_pps: await udp(stage) };
    await server.stop();
    return figures;
  } finally {
    await lab.close();
  }
}

async function tcp(stage: Stage, seconds: number, reverse: boolean): Promise<number> {
  const report = await iperf(stage, ['-t', String(seconds), ...(reverse ? ['-R'] : [])], seconds);
  return Number(field(field(field(report, 'end'), 'sum_received'), 'bits_per_second')) / 1e6;
}

/**
 * The highest rate of those tried at which no more than one datagram of two hundred is lost. The first rate tried is
 * what arrives when the sender is not held back at all.
 */
async function udp(stage: Stage): Promise<number> {
  let rate = (await udpAt(stage, null)).receivedPps;
  for (let step = 0; step < udpSteps; step += 1) {
    const { lostShare, receivedPps } = await udpAt(stage, rate);
    if (lostShare <= tolerableLoss) return receivedPps;
    rate *= udpStepDown;
  }
  return 0;
}

async function udpAt(stage: Stage, packetsPerSecond: number | null): Promise<{ readonly receivedPps: number; readonly lostShare: number }> {
  const bits = packetsPerSecond === null ? '0' : String(Math.round(packetsPerSecond * udpOctets * 8));
  const report = await iperf(stage, ['-u', '-l', String(udpOctets), '-b', bits, '-t', String(udpSeconds)], udpSeconds);
  // What overload left in queues has to be gone before the next rate.
  await sleep(500);
  const sum = field(field(report, 'end'), 'sum');
  const packets = Number(field(sum, 'packets'));
  const lost = Number(field(sum, 'lost_packets'));
  return { receivedPps: (packets - lost) / Number(field(sum, 'seconds')), lostShare: lost / packets };
}

async function iperf(stage: Stage, args: readonly string[], seconds: number): Promise<unknown> {
  const { moon, sun } = stage.topology;
  const argv = ['iperf3', '-J', '-c', sun.gateway4, '-B', moon.gateway4, ...args];
  const text = await moon.host.must(argv, { timeoutMs: seconds * 1000 + 20_000 });
  const report: unknown = JSON.parse(text);
  return report;
}

function conclude(suite: string, repeats: number, seconds: number, results: ReadonlyMap<string, readonly Figures[]>): void {
  const summaries = new Map<string, Record<string, Summary>>();
  for (const [name, list] of results) {
    summaries.set(name, Object.fromEntries(figureNames.map((figure) => [figure, summarize(list.map((one) => one[figure]))])));
  }
  process.stdout.write(`\n${''.padEnd(26)}${[...results.keys()].map((name) => name.padStart(24)).join('')}\n`);
  const ratios: Record<string, Record<string, number>> = {};
  for (const figure of figureNames) {
    const cells = [...summaries.values()].map((summary) => describe(summary[figure]).padStart(24));
    process.stdout.write(`${titles[figure].padEnd(26)}${cells.join('')}\n`);
    const peer = summaries.get('strongswan-libipsec')?.[figure]?.median;
    for (const [name, summary] of summaries) {
      const own = summary[figure]?.median;
      if (name === 'strongswan-libipsec' || peer === undefined || own === undefined) continue;
      ratios[name] = { ...ratios[name], [figure]: Number((own / peer).toFixed(3)) };
    }
  }
  for (const [name, ratio] of Object.entries(ratios)) {
    process.stdout.write(`${name} / strongswan-libipsec: ${Object.entries(ratio).map(([figure, value]) => `${figure} ${value.toFixed(2)}`).join(', ')}\n`);
  }
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? '', kernel: release(), node: process.version };
  const json = { bench: 'throughput', suite, repeats, seconds, machine, results: Object.fromEntries(summaries), ratio_to_libipsec: ratios };
  process.stdout.write(`${JSON.stringify(json)}\n`);
}

function describe(summary: Summary | undefined): string {
  if (summary === undefined) return '';
  return `${summary.median.toFixed(0)} (${summary.low.toFixed(0)}–${summary.high.toFixed(0)})`;
}

const udpOctets = 64;
const udpSeconds = 2;
const udpSteps = 12;
const udpStepDown = 0.85;
const tolerableLoss = 0.005;

/**
 * Rekeys in a row under traffic, begun at random by either end, some by both at once:
 *   node --import=tsx interop/stress/rekeys.ts [--child 100] [--ike 20] [--pair mhtun,mhtun] [--seed S]
 * Nothing may be lost, no SA may be left over, and the memory of the daemons must stay flat.
 * By hand: --child 1000 --ike 200. The last line is `N passed, M failed`.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, LabError } from '../lab/exec.js';
import { Lab } from '../lab/lab.js';
import { field, Mhtun } from '../lab/mhtun.js';
import { parsePair, type Party } from '../lab/party.js';
import { preparePeers } from '../lab/peers.js';
import { scenarioFolder, Stage } from '../lab/stage.js';

const { values } = parseArgs({
  options: {
    child: { type: 'string', default: '100' },
    ike: { type: 'string', default: '20' },
    pair: { type: 'string', default: 'mhtun,mhtun' },
    seed: { type: 'string' },
  },
});

const lab = new Lab('stress');
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const sampleEvery = 20;
/** With fewer the engine is still warming up at the end. */
const enoughSamples = 40;
let state = seed;
try {
  await stress(lab, Number(values.child), Number(values.ike));
  process.stdout.write('1 passed, 0 failed\n');
} catch (error) {
  process.stdout.write(`seed ${seed}: ${error instanceof LabError ? error.message : String(error instanceof Error ? error.stack : error)}\n0 passed, 1 failed\n`);
  process.exitCode = 1;
} finally {
  await lab.close();
}

async function stress(inLab: Lab, childCount: number, ikeCount: number): Promise<void> {
  const pair = parsePair(values.pair);
  const { engine, images } = await preparePeers([pair]);
  const stage = await Stage.open(inLab, {
    scenario: { topology: { uplinks: 1 } },
    templates: join(scenarioFolder, 'usual'),
    variant: { name: '', pairs: [] },
    pair,
    engine,
    images,
    keys: false,
    quiet: true,
  });
  await stage.connect();
  const ping = stage.ping();
  await ping.firstReply(3000);
  const began = Date.now();
  const memory = await rekeyAll(stage, shuffled(childCount, ikeCount));
  await stage.settled(1, 1, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { sent, lost, longestGapMs } = await ping.stop();
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  process.stdout.write(`${childCount} Child SA rekeys and ${ikeCount} IKE SA rekeys in ${seconds} s (seed ${seed}): ${lost} of ${sent} pings lost, longest gap ${longestGapMs} ms\n`);
  ensure(lost === 0, `${lost} of ${sent} pings lost`);
  judgeMemory(memory);
}

/** Does them one after the other; how much memory each mhtun took along the way. */
async function rekeyAll(stage: Stage, kinds: readonly ('child' | 'ike')[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const memory = new Map<string, number[]>();
  let failures = 0;
  for (const [index, kind] of kinds.entries()) {
    const { moon, sun } = stage;
    const first = random() < 0.5 ? moon : sun;
    const orders = [order(first, kind)];
    // Every fifth is begun by both ends at the same moment; one of them may be refused or overtaken.
    const collides = random() < 0.2;
    if (collides) orders.push(order(first === moon ? sun : moon, random() < 0.8 ? kind : 'child'));
    const outcomes = await Promise.all(orders);
    if (!outcomes.some((outcome) => outcome.ok)) {
      failures += 1;
      process.stdout.write(`rekey ${index} (${kind} by ${first.site.name}${collides ? ' and the other' : ''}): ${outcomes.map((outcome) => outcome.text).join(' / ')}\n`);
      ensure(failures <= 3, 'more than three rekeys failed');
    }
    if (index % sampleEvery === sampleEvery - 1) {
      await stage.settled(1, 1, 20_000);
      for (const party of stage.parties) await sample(party, memory);
    }
  }
  return memory;
}

function order(party: Party, kind: 'child' | 'ike'): ReturnType<Party['rekeyChild']> {
  return kind === 'child' ? party.rekeyChild() : party.rekeyIke();
}

async function sample(party: Party, memory: Map<string, number[]>): Promise<void> {
  if (!(party instanceof Mhtun)) return;
  const bytes = Number(field(field(await party.status(), 'endpoint'), 'rss_bytes'));
  memory.set(party.site.name, [...(memory.get(party.site.name) ?? []), bytes]);
}

/**
 * Flat: from the first half to the end no more than the collector's moods. The first half is the engine's: its young
 * generation grows to its size, code is compiled, the list of the last thousand events fills. That no object stays is
 * shown exactly, in virtual time, by test/scenarios/memory.test.ts; what is outside the engine's heap is seen only here.
 */
function judgeMemory(memory: ReadonlyMap<string, readonly number[]>): void {
  for (const [name, samples] of memory) {
    const half = Math.floor(samples.length / 2);
    const warm = Math.max(...samples.slice(0, half));
    const end = Math.max(...samples.slice(half));
    const perRekey = ((samples.at(-1) ?? 0) - (samples[half] ?? 0)) / ((samples.length - half) * sampleEvery);
    const megabytes = (bytes: number | undefined): string => ((bytes ?? 0) / 1e6).toFixed(0);
    const line = `memory of ${name}: ${megabytes(samples[0])} MB after ${sampleEvery} rekeys, ${megabytes(samples[half])} after ${half * sampleEvery}, `
      + `${megabytes(samples.at(-1))} at the end (${(perRekey / 1000).toFixed(1)} kB a rekey in the second half)`;
    process.stdout.write(`${line}\n`);
    if (samples.length >= enoughSamples) ensure(end < warm * 1.1 + 2e6, `${line}: it grows`);
  }
}

/** The kinds in an order that the seed decides. */
function shuffled(childCount: number, ikeCount: number): ('child' | 'ike')[] {
  const kinds: { kind: 'child' | 'ike'; key: number }[] = [];
  for (let index = 0; index < childCount; index += 1) kinds.push({ kind: 'child', key: random() });
  for (let index = 0; index < ikeCount; index += 1) kinds.push({ kind: 'ike', key: random() });
  return kinds.sort((a, b) => a.key - b.key).map((entry) => entry.kind);
}

/** A small generator of our own, so that a seed replays (mulberry32's step). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/**
 * How long until the tunnel is up when each end has four addresses and only some of the sixteen pairs work? mhtun starts afresh
 * each time and races the pairs; the rest is silent in the routers. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { maxRacingAtOnce, racePaceMs } from '../lib/endpoint/limits.js';
import { sleep } from '../interop/lab/exec.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { Mhtun } from '../interop/lab/mhtun.js';
import { parsePair, type Pair } from '../interop/lab/party.js';
import { Stage } from '../interop/lab/stage.js';
import type { Topology } from '../interop/lab/topology.js';
import { bareAddress } from '../interop/lab/uplink-events.js';
import { giveWay } from './failover/priority.js';
import { preparePeers } from '../interop/lab/peers.js';
import { percentile } from './statistics.js';

const rttMs = 20;
/** IKE_SA_INIT, IKE_AUTH, and one to spare. */
const roundTrips = 3;
const addressesPerEnd = 4;
/** A daemon has done by then what it does when nobody asks it for anything. */
const settleMs = 500;

export async function startRace(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { trials: { type: 'string', default: '30' }, alive: { type: 'string', default: '1' }, pairs: { type: 'string', default: 'mhtun,mhtun mhtun,strongswan-6.0' } },
  });
  const alive = Number(values.alive);
  // The last of sixteen leaves so much later than the first.
  const boundMs = roundTrips * rttMs + (addressesPerEnd ** 2 - alive) * racePaceMs;
  const results = [];
  for (const pair of values.pairs.split(' ').map(parsePair)) {
    const took = await measure(pair, alive, Number(values.trials));
    const result = { pair: `${pair.moon},${pair.sun}`, alive, up_ms: { p50: percentile(took, 0.5), p99: percentile(took, 0.99), max: Math.max(...took) }, bound_ms: boundMs, took_ms: took };
    results.push(result);
    const { p50, p99, max } = result.up_ms;
    const verdict = max <= boundMs ? 'yes' : 'NO';
    process.stdout.write(`${result.pair.padEnd(22)} ${alive} of 16 pairs alive, ${took.length} × up after ${p50} / ${p99} ms (max ${max}); to reach ${boundMs} ms: ${verdict}\n`);
  }
  process.stdout.write(`${JSON.stringify({ bench: 'start-race', rtt_ms: rttMs, pace_ms: racePaceMs, at_once: maxRacingAtOnce, node: process.version, results })}\n`);
}

async function measure(pair: Pair, alive: number, trials: number): Promise<number[]> {
  const { engine, images } = await preparePeers([pair]);
  const lab = new Lab(`bench-start-race-${pair.sun}`);
  try {
    const stage = await Stage.open(lab, {
      scenario: { topology: { uplinks: 2, addressesPerUplink: addressesPerEnd / 2, delay: { rttMs } }, values: (site) => ({ ...peerAddresses(site === 'moon' ? 2 : 1), local_addresses: ['%any'] }) },
      templates: join(projectRoot, 'bench', 'failover'),
      variant: { name: '', pairs: [] },
      pair,
      engine,
      images,
      keys: false,
      quiet: true,
    });
    if (!(stage.moon instanceof Mhtun)) throw new Error('mhtun has to be on moon: it is its race');
    const took: number[] = [];
    while (took.length < trials) took.push(await runOnce(stage, stage.moon, alive));
    return took;
  } finally {
    await lab.close();
  }
}

function peerAddresses(index: 1 | 2): { peer_addresses: string[] } {
  return { peer_addresses: [`10.1.${index}.2`, `10.2.${index}.2`, `10.1.${index}.3`, `10.2.${index}.3`] };
}

async function runOnce(stage: Stage, moon: Mhtun, alive: number): Promise<number> {
  await moon.stop();
  const pairs = await letThrough(stage.topology, alive);
  await moon.start();
  await giveWay(stage);
  await sleep(settleMs);
  const { ok, text, tookMs } = await moon.ask({ verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 20_000 }, 25_000);
  if (!ok) throw new Error(`with ${pairs.join(' and ')} alive: ${text}`);
  const { local, remote } = await stage.ike(moon);
  const used = `${bareAddress(local)}-${bareAddress(remote)}`;
  if (!pairs.includes(used)) throw new Error(`the tunnel is on ${used}, which is silent`);
  return Math.round(tookMs * 10) / 10;
}

/** Silences every pair but some, drawn at random. */
async function letThrough(topology: Topology, alive: number): Promise<readonly string[]> {
  const [own, others] = [topology.moon, topology.sun].map((site) => site.uplinks.flatMap((uplink) => uplink.all4));
  const all = (own ?? []).flatMap((from) => (others ?? []).map((to) => ({ from, to })));
  const drawn = all.map((pair) => ({ pair, lot: Math.random() })).sort((a, b) => a.lot - b.lot).slice(0, alive).map(({ pair }) => pair);
  const accept = drawn.flatMap(({ from, to }) => [`ip saddr ${from} ip daddr ${to} accept`, `ip saddr ${to} ip daddr ${from} accept`]);
  for (const number of [1, 2] as const) await topology.filter(number, [...accept, 'meta l4proto udp drop']);
  return drawn.map(({ from, to }) => `${from}-${to}`);
}

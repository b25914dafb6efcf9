/**
 * How long does it take from the order to the new SA in use: a first handshake, a rekey of a Child SA and of an IKE SA? And what does a
 * handshake cost the end that answers many callers? strongSwan does the same in the same run. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { sleep } from '../interop/lab/exec.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { Mhtun } from '../interop/lab/mhtun.js';
import { parsePair, parsePartyKind, type Outcome, type Pair, type Party } from '../interop/lab/party.js';
import { Stage } from '../interop/lab/stage.js';
import { preparePeers } from '../interop/lab/peers.js';
import { measureLoad, type LoadResult } from './load/load.js';
import { parseProof } from './load/proofs.js';
import { percentile } from './statistics.js';

type Order = 'initiate' | 'rekey-child' | 'rekey-ike';

const boundMs = 30;
const settleMs = 500;

export async function handshakes(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: 'string', default: '20' },
      calls: { type: 'string', default: '500' },
      rounds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '5000' },
      proofs: { type: 'string', default: 'psk,ecdsa' },
      responders: { type: 'string', default: 'mhtun,strongswan-6.0' },
      pairs: { type: 'string', default: 'mhtun,mhtun mhtun,strongswan-6.0 strongswan-6.0,strongswan-6.0' },
    },
  });
  const results = [];
  const trials = Number(values.trials);
  for (const pair of trials === 0 ? [] : values.pairs.split(' ').map(parsePair)) {
    const took = await measure(pair, trials);
    for (const [order, times] of took) {
      const result = { pair: `${pair.moon},${pair.sun}`, order, first_ms: times[0], ms: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: Math.max(...times) }, took_ms: times };
      results.push(result);
      const verdict = pair.moon === 'mhtun' ? `; to stay under ${boundMs} ms: ${result.ms.max < boundMs ? 'yes' : 'NO'}` : '';
      process.stdout.write(`${result.pair.padEnd(30)} ${order.padEnd(11)} ${times.length} × ${result.ms.p50} / ${result.ms.max} ms (p50 / max), the first ${result.first_ms}${verdict}\n`);
    }
  }
  const calls = Number(values.calls);
  const load = calls === 0 ? [] : await measureLoad({
    responders: values.responders.split(',').map(parsePartyKind), proofs: values.proofs.split(',').map(parseProof),
    calls, rounds: Number(values.rounds), warmUp: Number(values['warm-up']), tell: tellLoad,
  });
  const judgements = load.filter(({ responder }) => responder === 'mhtun').map((own) => judgeLoad(own, load.find(({ proof, responder }) => proof === own.proof && responder !== 'mhtun')));
  for (const { text } of judgements) process.stdout.write(`${text}\n`);
  process.stdout.write(`${JSON.stringify({ bench: 'handshakes', bound_ms: boundMs, node: process.version, results, load, targets: judgements })}\n`);
}

function tellLoad({ responder, proof, cpuMs, perSecond }: LoadResult): void {
  const cpu = `${percentile(cpuMs, 0.5).toFixed(2)} ms of processor a handshake (${Math.min(...cpuMs).toFixed(2)} to ${Math.max(...cpuMs).toFixed(2)})`;
  process.stdout.write(`${responder.padEnd(15)} ${proof.padEnd(6)} ${cpu}, ${percentile(perSecond, 0.5).toFixed(0)} a second\n`);
}

/** With a shared secret what strongSwan takes; with certificates a figure. */
function judgeLoad(own: LoadResult, peer: LoadResult | undefined): { readonly text: string; readonly ratio: number | null; readonly met: boolean } {
  const found = percentile(own.cpuMs, 0.5);
  const ratio = peer === undefined ? null : found / percentile(peer.cpuMs, 0.5);
  const met = own.proof === 'psk' ? ratio !== null && ratio <= 1 : found <= ecdsaBoundMs;
  const wanted = own.proof === 'psk' ? 'at most what strongSwan takes' : `at most ${ecdsaBoundMs} ms`;
  return { text: `${met ? 'met    ' : 'MISSED '} ${own.proof}: ${found.toFixed(2)} ms, ${ratio === null ? 'no peer' : `${ratio.toFixed(2)} times the peer's`}; wanted ${wanted}`, ratio, met };
}

const ecdsaBoundMs = 1.2;

async function measure(pair: Pair, trials: number): Promise<ReadonlyMap<Order, number[]>> {
  const { engine, images } = await preparePeers([pair]);
  const lab = new Lab(`bench-handshakes-${pair.moon}-${pair.sun}`);
  const took = new Map<Order, number[]>([['initiate', []], ['rekey-child', []], ['rekey-ike', []]]);
  try {
    const stage = await Stage.open(lab, {
      scenario: { topology: { uplinks: 1 }, values: (site) => ({ peer_addresses: [`10.1.${site === 'moon' ? 2 : 1}.2`] }) },
      templates: join(projectRoot, 'bench', 'failover'),
      variant: { name: '', pairs: [] },
      pair,
      engine,
      images,
      keys: false,
      quiet: true,
    });
    for (let trial = 0; trial < trials; trial++) {
      for (const [order, times] of took) {
        await sleep(settleMs);
        const { ok, text, tookMs } = await give(stage.moon, order);
        if (!ok) throw new Error(`${order}: ${text}`);
        times.push(Math.round(tookMs * 10) / 10);
      }
      await sleep(settleMs);
      await stage.moon.terminate();
      await stage.settled(0, 0);
    }
    return took;
  } finally {
    await lab.close();
  }
}

/** Over mhtun's control socket and strongSwan's vici: no process has to start for it. */
function give(party: Party, order: Order): Promise<Outcome> {
  switch (order) {
    case 'initiate':
      return party instanceof Mhtun ? party.ask({ verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 10_000 }) : party.initiate();
    case 'rekey-child':
      return party.rekeyChild();
    case 'rekey-ike':
      return party.rekeyIke();
  }
}

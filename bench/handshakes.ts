/**
 * How long does it take from the order to the new SA in use: a first handshake, a rekey of a Child SA and of an IKE SA? The
 * same orders go to strongSwan in the same run. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { sleep } from '../interop/lab/exec.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { Mhtun } from '../interop/lab/mhtun.js';
import { parsePair, type Outcome, type Pair, type Party } from '../interop/lab/party.js';
import { Stage } from '../interop/lab/stage.js';
import { preparePeers } from '../interop/lab/peers.js';
import { percentile } from './statistics.js';

type Order = 'initiate' | 'rekey-child' | 'rekey-ike';

const boundMs = 30;
const settleMs = 500;

export async function handshakes(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { trials: { type: 'string', default: '20' }, pairs: { type: 'string', default: 'mhtun,mhtun mhtun,strongswan-6.0 strongswan-6.0,strongswan-6.0' } },
  });
  const results = [];
  for (const pair of values.pairs.split(' ').map(parsePair)) {
    const took = await measure(pair, Number(values.trials));
    for (const [order, times] of took) {
      const result = { pair: `${pair.moon},${pair.sun}`, order, first_ms: times[0], ms: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: Math.max(...times) }, took_ms: times };
      results.push(result);
      const verdict = pair.moon === 'mhtun' ? `; to stay under ${boundMs} ms: ${result.ms.max < boundMs ? 'yes' : 'NO'}` : '';
      process.stdout.write(`${result.pair.padEnd(30)} ${order.padEnd(11)} ${times.length} × ${result.ms.p50} / ${result.ms.max} ms (p50 / max), the first ${result.first_ms}${verdict}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: 'handshakes', bound_ms: boundMs, node: process.version, results })}\n`);
}

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

/**
 * How long is the tunnel silent when its path is cut, its link goes down, it is moved, its family goes away or its NAT forgets?
 * 1,000 packets a second each way over paths of 20 ms, mhtun with mhtun and with strongSwan, and strongSwan with strongSwan
 * beside it. bench/README.md has the method.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, LabError, sleep } from '../interop/lab/exec.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { field, items, Mhtun, textField } from '../interop/lab/mhtun.js';
import { parsePair, type Pair } from '../interop/lab/party.js';
import { Stage } from '../interop/lab/stage.js';
import { Stream } from '../interop/lab/stream.js';
import { otherSite, siteIndex, type SiteName } from '../interop/lab/addressing.js';
import { eventNamed, failoverEvents, type FailoverEvent } from './failover/events.js';
import { giveWay } from './failover/priority.js';
import { row, toResult, type Result } from './failover/results.js';
import { playedBy, preparePeers, type PeerImages } from '../interop/lab/peers.js';
import { recovers, runTrial, type Trial, type TrialLimits } from './failover/trial.js';

const usualPairs = ['mhtun,mhtun', 'mhtun,strongswan-6.0', 'strongswan-6.0,mhtun', 'strongswan-6.0,strongswan-6.0'];

interface Means extends PeerImages {
  readonly rttMs: number;
  readonly packetsPerSecond: number;
  /** mhtun's. */
  readonly logLevel: string;
}

export async function failover(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'trials': { type: 'string', default: '100' },
      'peer-trials': { type: 'string', default: '5' },
      'events': { type: 'string', default: failoverEvents.map((event) => event.name).join(',') },
      'pairs': { type: 'string', default: usualPairs.join(' ') },
      'rtt': { type: 'string', default: '20' },
      'rate': { type: 'string', default: '1000' },
      'jobs': { type: 'string', default: '1' },
      'log': { type: 'string', default: 'warn' },
      'verbose': { type: 'boolean', default: false },
    },
  });
  const events = values.events.split(',').map(eventNamed);
  const pairs = values.pairs.split(' ').map(parsePair);
  const means = { ...(await preparePeers(pairs)), rttMs: Number(values.rtt), packetsPerSecond: Number(values.rate), logLevel: values.log };
  const results: Result[] = [];
  const waiting = pairs.flatMap((pair) => events.filter((event) => takesPart(pair, event)).map((event) => ({ pair, event })));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { pair, event } = next;
      const trials = await measure(pair, event, Number(playedBy(pair).includes('mhtun') ? values.trials : values['peer-trials']), means, values.verbose);
      const result = toResult(pair, event, trials);
      results.push(result);
      process.stdout.write(`${row(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? '', kernel: release(), node: process.version };
  process.stdout.write(`${JSON.stringify({ bench: 'failover', rtt_ms: means.rttMs, packets_per_second: means.packetsPerSecond, machine, results })}\n`);
}

/** strongSwan has no order to move; its own way of moving is looked at where it has to. */
function takesPart(pair: Pair, event: FailoverEvent): boolean {
  const own = playedBy(pair).filter((kind) => kind === 'mhtun').length;
  if (event.at === 'peer') return own === 1;
  return own > 0 || event.name !== 'move';
}

async function measure(pair: Pair, event: FailoverEvent, count: number, means: Means, verbose: boolean): Promise<readonly Trial[]> {
  const lab = new Lab(`bench-failover-${pair.moon}-${pair.sun}-${event.name}`);
  const trials: Trial[] = [];
  try {
    const stage = await Stage.open(lab, {
      scenario: { topology: { uplinks: event.nat ? 1 : 2, nat: event.nat ? ['moon'] : [], delay: { rttMs: means.rttMs } }, values: (site) => valuesOf(site, event), charon },
      templates: join(projectRoot, 'bench', 'failover'),
      variant: { name: '', pairs: [] },
      pair,
      engine: means.engine,
      images: means.images,
      keys: false,
      quiet: true,
      logLevel: means.logLevel,
    });
    await stage.connect();
    await giveWay(stage);
    const stream = await Stream.start(lab, stage.topology.moon, stage.topology.sun, { packetsPerSecond: means.packetsPerSecond });
    await sleep(warmUpMs);
    while (trials.length < count) {
      const trial = await runTrial(stage, stream, event, trials.length, limits);
      trials.push(trial);
      if (!trial.recovered && !(await recovers(stream, limits.lateMs))) await startAfresh(stage);
      if (verbose) process.stdout.write(`  ${trials.length}: ${describe(trial)}\n`);
    }
    await stream.stop();
    if (verbose) await tellCauses(stage);
    return trials;
  } catch (error) {
    ensure(error instanceof LabError, String(error instanceof Error ? error.stack : error));
    process.stdout.write(`${pair.moon},${pair.sun} ${event.name}: after ${trials.length} trials: ${String(error)}\n`);
    return trials;
  } finally {
    await lab.close();
  }
}

/** What did not come back when its path did gets a new start, so that the next trial has a tunnel. */
async function startAfresh(stage: Stage): Promise<void> {
  await Promise.all(stage.parties.map((party) => party.kill()));
  await Promise.all(stage.parties.map((party) => party.start()));
  await stage.connect();
  await giveWay(stage);
}

/** Every address of the other end, IPv4 first; behind a NAT there is no IPv6. */
function valuesOf(site: SiteName, event: FailoverEvent): Readonly<Record<string, string | readonly string[]>> {
  if (event.nat) return { dpd: strongSwanDpd };
  const of = (name: SiteName): string[] => [4, 6].flatMap((family) => [1, 2].map((number) => (family === 4 ? `10.${number}.${siteIndex(name)}.2` : `fd0${number}:${siteIndex(name)}::2`)));
  return { dpd: strongSwanDpd, local_addresses: of(site), peer_addresses: of(otherSite(site)) };
}

function describe(trial: Trial): string {
  const { out, back } = trial.report;
  const ways = [out, back].map((way) => `${way.gapMs.toFixed(1)} ms, ${way.lost} lost${way.reordered > 0 ? `, ${way.reordered} reordered` : ''}`);
  const marks = [trial.recovered ? '' : 'NOT RECOVERED', trial.ready ? '' : 'not ready', trial.handshake ? 'new handshake' : ''].filter((mark) => mark !== '');
  return `out ${ways[0] ?? ''}; back ${ways[1] ?? ''}; ${trial.from} to ${trial.to} ${marks.join(', ')}`;
}

/** What mhtun itself gives as the causes of its moves. */
async function tellCauses(stage: Stage): Promise<void> {
  for (const party of stage.parties) {
    if (!(party instanceof Mhtun)) continue;
    const { result } = await party.ask({ verb: 'events', follow: false });
    const causes = new Map<string, number>();
    for (const event of items(field(result, 'events'))) {
      if (textField(event, 'event') !== 'moved') continue;
      const cause = textField(event, 'cause');
      causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
    process.stdout.write(`  moves of ${party.site.name}: ${[...causes].map(([cause, times]) => `${times} × ${cause}`).join(', ') || 'none'}\n`);
  }
}

/** Traffic that has not come back after this long is not waited for. */
const limits: TrialLimits = { capMs: 20_000, readyMs: 15_000, lateMs: 10_000 };
/** Compilers and caches are as warm as they are in a tunnel that has run for a while. */
const warmUpMs = 5_000;
/** strongSwan looks after its peer every two seconds (by default it never does) and repeats as often as it does by default. */
const strongSwanDpd = '2s';
const charon = { retransmit_timeout: '4.0', retransmit_tries: '5', retransmit_base: '1.8' };

/**
 * What does a flood of forged IKE_SA_INITs and guessed ESP packets do to a tunnel that stands, and to somebody who wants in? bench/README.md has the method.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { parseProposal } from '../lib/config/proposal.js';
import { ikeSpi, messageId } from '../lib/util/brands.js';
import { toHex } from '../lib/util/bytes.js';
import { exchangeType, notifyType } from '../lib/wire/iana.js';
import { encodeMessage } from '../lib/wire/message.js';
import { notify } from '../lib/wire/payloads/notify.js';
import { LabError, must, run, sleep } from '../interop/lab/exec.js';
import { Lab, projectRoot } from '../interop/lab/lab.js';
import { Ping } from '../interop/lab/ping.js';
import { Stage } from '../interop/lab/stage.js';
import { field, Mhtun } from '../interop/lab/mhtun.js';
import { Rover } from './flood/rover.js';
import { TrafficProgram } from './figures/program.js';
import { processorMs, residentMb } from './tunnels/tunnel.js';

interface FloodRun {
  readonly inits: number;
  readonly esp: number;
  readonly seconds: number;
  readonly entries: number;
}

interface Measured {
  readonly lostShare: number;
  readonly p99Ms: number;
  readonly medianMs: number;
  /** Of each who wanted in, in milliseconds. */
  readonly entriesMs: readonly number[];
  readonly cpuShare: number;
}

export async function flood(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { inits: { type: 'string', default: '100000' }, esp: { type: 'string', default: '50000' }, seconds: { type: 'string', default: '20' }, entries: { type: 'string', default: '5' } },
  });
  const wanted = { inits: Number(values.inits), esp: Number(values.esp), seconds: Number(values.seconds), entries: Number(values.entries) };
  const lab = new Lab('bench-flood');
  let rover: Rover | null = null;
  try {
    const stage = await openStage(lab);
    const router = `${lab.prefix}-wan1`;
    // Where answers to forged sources end, without a word.
    await must(['ip', '-n', router, 'route', 'add', 'blackhole', '172.16.0.0/12']);
    rover = await Rover.start(stage, router);
    await pin(stage);
    await rover.getsIn(5000);
    const idle = await measure(stage, rover, wanted, null);
    tell('idle', idle);
    const pid = pidOf(stage);
    const before = residentMb(pid).now;
    // What proc(5) says makes VmHWM begin again.
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const source = new TrafficProgram({ name: router }, 'flood', [stage.topology.sun.uplinks[0]?.address4 ?? '', values.inits, values.esp, String(wanted.seconds * 1000), initHex()], { core: otherCore });
    if (source.pid !== 0) goFirst(source.pid);
    await sleep(1000);
    const flooded = await measure(stage, rover, wanted, source);
    tell('flooded', flooded);
    const sent = await source.result();
    const growthMb = residentMb(pid).peak - before;
    const rate = (name: string): number => Number(field(sent, name)) / Number(field(sent, 'seconds'));
    process.stdout.write(`sent: ${rate('inits').toFixed(0)} IKE_SA_INITs and ${rate('esp').toFixed(0)} ESP packets a second\n`);
    await sleep(1000);
    const targets = judge(idle, flooded, growthMb);
    for (const { what, found, bound, met } of targets) process.stdout.write(`${met ? 'met    ' : 'MISSED '} ${what}: ${found.toFixed(2)}, wanted ${bound}\n`);
    const rates = { inits: rate('inits'), esp: rate('esp') };
    process.stdout.write(`${JSON.stringify({ bench: 'flood', ...wanted, sent: rates, idle, flooded, growthMb, targets, node: process.version })}\n`);
    if (targets.some(({ met }) => !met)) process.exitCode = 1;
  } finally {
    await rover?.close();
    await lab.close();
  }
}

function openStage(lab: Lab): Promise<Stage> {
  return Stage.openQuiet(lab, {
    scenario: { topology: { uplinks: 1 }, values: () => ({ esp: ['aes128gcm16'], data_plane: 'native' }) },
    templates: join(projectRoot, 'bench', 'flood'),
  }).then(async (stage) => {
    await stage.connect();
    return stage;
  });
}

/** The flooded end has one core for all its threads; everything else has the others. Both ends go before what else the machine does. */
async function pin(stage: Stage): Promise<void> {
  for (const { site } of stage.parties) {
    const pids = (await must(['ip', 'netns', 'pids', site.host.name])).split('\n').filter((line) => line !== '');
    for (const pid of pids) {
      await must(['taskset', '-a', '-c', '-p', String(site.name === 'sun' ? floodedCore : otherCore), pid]);
      // Not real-time for the flooded end: whichever of its threads is busy would make the others wait for a whole slice of time.
      if (site.name === 'sun') goFirst(Number(pid));
      else await run(['chrt', '--all-tasks', '--rr', '--pid', '1', pid]);
    }
  }
}

/** Of ordinary programs. The kernel shares a core among sessions before it shares it among the threads of one, where it does so. */
function goFirst(pid: number): void {
  const file = `/proc/${pid}/autogroup`;
  if (existsSync(file)) writeFileSync(file, '-20');
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), -20);
}

async function measure(stage: Stage, rover: Rover, { seconds, entries }: FloodRun, source: TrafficProgram | null): Promise<Measured> {
  const { moon, sun } = stage.topology;
  const pid = pidOf(stage);
  const cpuBefore = processorMs(pid);
  const began = performance.now();
  const ping = new Ping(moon.lan, sun.machine4, { intervalMs: 15, realTimeOn: otherCore });
  const entriesMs: number[] = [];
  // A little less than the flood lasts.
  const end = began + (seconds - (source === null ? seconds / 2 : 3)) * 1000;
  for (let entry = 0; entry < entries && performance.now() < end; entry += 1) entriesMs.push(await rover.getsIn(mostPatienceMs));
  while (performance.now() < end) await sleep(100);
  const statistics = await ping.stop();
  const cpuShare = (processorMs(pid) - cpuBefore) / (performance.now() - began);
  if (statistics.sent === 0) throw new LabError('no ping was sent');
  return { lostShare: statistics.lost / statistics.sent, p99Ms: statistics.p99RttMs, medianMs: statistics.medianRttMs, entriesMs, cpuShare };
}

function pidOf({ sun }: Stage): number {
  if (!(sun instanceof Mhtun)) throw new LabError('mhtun plays sun');
  return sun.pid;
}

function tell(what: string, { lostShare, p99Ms, medianMs, entriesMs, cpuShare }: Measured): void {
  const entries = entriesMs.map((ms) => (Number.isFinite(ms) ? ms.toFixed(0) : 'never')).join(', ');
  process.stdout.write(`${what}: ${(lostShare * 100).toFixed(2)} % of pings lost, RTT ${medianMs.toFixed(2)} ms (p99 ${p99Ms.toFixed(2)}); in after ${entries} ms; ${(cpuShare * 100).toFixed(0)} % of a core\n`);
}

interface Judgement {
  readonly what: string;
  readonly found: number;
  readonly bound: string;
  readonly met: boolean;
}

function judge(idle: Measured, flooded: Measured, growthMb: number): Judgement[] {
  const lost = flooded.lostShare * 100;
  const later = flooded.p99Ms - idle.p99Ms;
  const entry = Math.max(...flooded.entriesMs) / 1000;
  return [
    { what: 'lost of the tunnel, %', found: lost, bound: 'under 1', met: lost < 1 },
    { what: 'p99 RTT more than idle, ms', found: later, bound: 'at most 5', met: later <= 5 },
    { what: 'memory more than before, MB', found: growthMb, bound: 'under 32', met: growthMb < 32 },
    { what: 'longest until somebody else is in, s', found: entry, bound: 'at most 5', met: entry <= 5 },
  ];
}

/** What everybody may send, with values that have the right form. */
function initHex(): string {
  const proposal = parseProposal('aes256gcm16-prfsha384-x25519', 'ike', 1);
  if (!proposal.ok) throw new LabError('a proposal of our own');
  return toHex(encodeMessage({
    spiI: ikeSpi('1111111111111111'), spiR: ikeSpi('0000000000000000'), majorVersion: 2, minorVersion: 0, exchangeType: exchangeType.IKE_SA_INIT,
    initiator: true, version: false, response: false, reservedFlags: 0, messageId: messageId(0),
  }, [
    { kind: 'sa', critical: false, proposals: [proposal.proposal] },
    { kind: 'ke', critical: false, group: 31, data: new Uint8Array(32).fill(9) },
    { kind: 'nonce', critical: false, data: new Uint8Array(32).fill(7) },
    notify(notifyType.NAT_DETECTION_SOURCE_IP, new Uint8Array(20)),
    notify(notifyType.NAT_DETECTION_DESTINATION_IP, new Uint8Array(20)),
    notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED),
  ]));
}

const floodedCore = 0;
const otherCore = 1;
const mostPatienceMs = 15_000;

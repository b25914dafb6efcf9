/**
 * How long does a full tunnel in front of a slow link make everything else wait? The end's own interface sends at most 100 Mbit/s;
 * a TCP flow fills the tunnel, and pings go beside it. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { sleep } from '../interop/lab/exec.js';
import { Ping } from '../interop/lab/ping.js';
import { streamWhile } from './figures/stream.js';
import { allSubjects, chosen } from './tunnels/subjects.js';
import type { Tunnel } from './tunnels/tunnel.js';

interface Row {
  readonly subject: string;
  readonly megabitsPerSecond: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly lost: number;
  readonly sent: number;
}

export async function slowLink(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '8' },
      rate: { type: 'string', default: '100mbit' },
      subjects: { type: 'string', default: 'mhtun-native,mhtun-typescript,wireguard-go,strongswan-libipsec' },
    },
  });
  const rows: Row[] = [];
  for (const subject of chosen(allSubjects, values.subjects, '--subjects')) {
    const obstacle = await subject.prepare();
    if (obstacle !== null) {
      process.stdout.write(`not measured: ${subject.name}: ${obstacle}\n`);
      continue;
    }
    const tunnel = await subject.open({ suite: 'aes128gcm16' });
    try {
      const row = await measure(subject.name, tunnel, values.rate, Number(values.seconds));
      rows.push(row);
      const pings = `ping median ${row.medianMs.toFixed(1)} ms, 95 % within ${row.p95Ms.toFixed(1)} ms, ${row.lost} of ${row.sent} lost`;
      process.stdout.write(`${subject.name}: TCP ${row.megabitsPerSecond.toFixed(0)} Mbit/s, ${pings}\n`);
    } finally {
      await tunnel.close();
    }
  }
  const own = rows.find((row) => row.subject === 'mhtun-native');
  const target = own === undefined ? null : { what: 'median of mhtun-native, ms', wanted: wantedMs, found: own.medianMs, met: own.medianMs <= wantedMs };
  process.stdout.write(`${JSON.stringify({ bench: 'slow-link', rate: values.rate, seconds: Number(values.seconds), rows, target })}\n`);
}

async function measure(subject: string, tunnel: Tunnel, rate: string, seconds: number): Promise<Row> {
  const { moon, sun } = tunnel;
  // A queue so deep that the link itself never drops: what waits there is what the tunnel let it wait.
  await moon.host.must(['tc', 'qdisc', 'add', 'dev', uplink, 'root', 'tbf', 'rate', rate, 'burst', '32k', 'limit', '10m']);
  let pings = new Ping(moon.host, sun.inner4, { intervalMs });
  const stream = await streamWhile(tunnel, async () => {
    // The flow has to find its rate first.
    await sleep(settleMs);
    await pings.stop();
    pings = new Ping(moon.host, sun.inner4, { intervalMs });
    await sleep(seconds * 1000);
  });
  const { medianRttMs, p95RttMs, lost, sent } = await pings.stop();
  return { subject, megabitsPerSecond: stream.megabitsPerSecond, medianMs: medianRttMs, p95Ms: p95RttMs, lost, sent };
}

const uplink = 'eth0';
const intervalMs = 20;
const settleMs = 2000;
const wantedMs = 20;

/** TCP through a tunnel, with iperf3: what the receiver got counts, in Mbit/s. */
import { join } from 'node:path';
import { eventually } from '../../interop/lab/exec.js';
import { field } from '../../interop/lab/mhtun.js';
import type { Tunnel } from '../tunnels/tunnel.js';
import type { Figure } from './figure.js';

export const tcpFigures: readonly Figure[] = [
  figure('tcp_out_mbit', 'TCP, one flow, moon → sun, Mbit/s', [], 4),
  figure('tcp_back_mbit', 'TCP, one flow, sun → moon', ['-R'], 4),
  figure('tcp_ten_mbit', 'TCP, ten flows', ['-P', '10'], 4),
  figure('tcp_both_mbit', 'TCP, both directions at once, sum', ['--bidir'], 4),
  figure('tcp6_out_mbit', 'TCP over IPv6, one flow', [], 6),
];

/** Listens at both addresses until the tunnel is closed, and warms up what is compiled while it runs. */
export async function prepareTcp(tunnel: Tunnel): Promise<void> {
  const { sun } = tunnel;
  sun.host.start(['iperf3', '-s'], join(sun.host.folder, 'iperf3.log'));
  await eventually('iperf3 listens', async () => ((await sun.host.run(['ss', '-Hltn', 'sport = :5201'])).stdout !== '' ? true : null));
  await iperf(tunnel, 4, ['-t', '2']);
}

function figure(name: string, title: string, args: readonly string[], family: 4 | 6): Figure {
  return {
    name,
    title,
    better: 'more',
    decimals: 0,
    measure: (tunnel, { seconds }) => iperf(tunnel, family, ['-t', String(seconds), ...args]),
  };
}

/** All that was received, in Mbit/s. */
async function iperf({ moon, sun }: Tunnel, family: 4 | 6, args: readonly string[]): Promise<number> {
  const [from, to] = family === 4 ? [moon.inner4, sun.inner4] : [moon.inner6, sun.inner6];
  if (from === null || to === null) return NaN;
  const report: unknown = JSON.parse(await moon.host.must(['iperf3', '-J', '-c', to, '-B', from, ...args], { timeoutMs: 60_000 }));
  const end = field(report, 'end');
  const sums = ['sum_received', 'sum_received_bidir_reverse'].map((sum) => Number(field(field(end, sum), 'bits_per_second') ?? 0));
  return sums.reduce((total, bits) => total + bits, 0) / 1e6;
}

/** What the tunnel adds to a round trip: the median of pings through it less that of pings on the wire at the same time. */
import { sleep } from '../../interop/lab/exec.js';
import { Ping } from '../../interop/lab/ping.js';
import type { Tunnel } from '../tunnels/tunnel.js';
import type { Figure, MeasureOptions } from './figure.js';

export const latencyFigures: readonly Figure[] = [
  { name: 'ping_added_us', title: 'ping, added by the idle tunnel, µs', better: 'less', decimals: 0, measure: addedByTunnel },
];

async function addedByTunnel({ moon, sun }: Tunnel, { seconds }: MeasureOptions): Promise<number> {
  if (sun.inner4 === sun.outer4) return NaN;
  const pings = [sun.inner4, sun.outer4].map((address) => new Ping(moon.host, address, { intervalMs }));
  await sleep(seconds * 1000);
  const [through, beside] = await Promise.all(pings.map((ping) => ping.stop()));
  return ((through?.medianRttMs ?? NaN) - (beside?.medianRttMs ?? NaN)) * 1000;
}

/** A hundred a second are many for a median and nothing for a processor. */
const intervalMs = 10;

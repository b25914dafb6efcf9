/** One TCP flow at full rate while something else happens, and its longest pauses. */
import { field, items } from '../../interop/lab/mhtun.js';
import type { Tunnel } from '../tunnels/tunnel.js';
import { TrafficProgram } from './program.js';

export interface StreamResult {
  readonly megabitsPerSecond: number;
  /** The longest times between two arrivals of data, the longest first. */
  readonly pausesMs: readonly number[];
  readonly retransmitted: number;
}

/** From moon to sun while `act` runs. */
export async function streamWhile({ moon, sun }: Tunnel, act: () => Promise<void>): Promise<StreamResult> {
  const receiver = new TrafficProgram(sun.host, 'stream', ['receive', sun.inner4, port]);
  await receiver.ready();
  const sender = new TrafficProgram(moon.host, 'stream', ['send', sun.inner4, port]);
  try {
    await act();
  } finally {
    sender.end();
  }
  const [sent, received] = await Promise.all([sender.result(), receiver.result()]);
  return {
    megabitsPerSecond: (Number(field(received, 'octets')) * 8) / Number(field(received, 'seconds')) / 1e6,
    pausesMs: items(field(received, 'pauses_ms')).map(Number),
    retransmitted: Number(field(sent, 'retransmitted')),
  };
}

const port = '9001';

/** The highest rate of UDP datagrams at which next to nothing is lost, with a source and a sink of our own. */
import { sleep } from '../../interop/lab/exec.js';
import { field } from '../../interop/lab/mhtun.js';
import type { Tunnel } from '../tunnels/tunnel.js';
import type { Figure } from './figure.js';
import { TrafficProgram } from './program.js';

export const datagramFigures: readonly Figure[] = [
  figure('udp64_pps', 'UDP, 64 octets, packets/s with at most 0.1 % lost', 64),
  figure('udp1300_pps', 'UDP, 1,300 octets, packets/s likewise', 1300),
];

/** One stretch of datagrams at a rate. */
export interface Stretch {
  readonly sent: number;
  readonly received: number;
  /** Came after one that was sent later. */
  readonly late: number;
  /** Of the sink, in packets a second. */
  readonly rate: number;
  readonly longestGapMs: number;
}

/** @param perSecond 0: as fast as it goes */
export async function sendStretch({ moon, sun }: Tunnel, octets: number, perSecond: number, milliseconds: number): Promise<Stretch> {
  const address = [sun.inner4, port];
  const sink = new TrafficProgram(sun.host, 'datagram-sink', address);
  await sink.ready();
  const source = new TrafficProgram(moon.host, 'datagram-source', [...address, String(octets), String(Math.round(perSecond)), String(milliseconds)]);
  const [sent, received] = await Promise.all([source.result(), sink.result()]);
  const number = (value: unknown, name: string): number => Number(field(value, name));
  const count = number(received, 'received');
  return {
    sent: number(sent, 'sent'),
    received: count,
    late: number(received, 'late'),
    rate: count / Math.max(number(received, 'seconds'), number(sent, 'seconds')),
    longestGapMs: number(received, 'longest_gap_ms'),
  };
}

/** Offers as many small datagrams as the host can make, whatever becomes of them. */
export async function overload(tunnel: Tunnel, milliseconds: number): Promise<void> {
  await sendStretch(tunnel, 64, 0, milliseconds);
}

function figure(name: string, title: string, octets: number): Figure {
  return { name, title, better: 'more', decimals: 0, measure: (tunnel, { closeEnough }) => highestRate(tunnel, octets, closeEnough) };
}

/**
 * Steps up or down from what arrives when nobody holds the source back, until the answer lies between two rates of which one
 * passes; then the rate in the middle, until the two are close enough.
 */
async function highestRate(tunnel: Tunnel, octets: number, closeEnough: number): Promise<number> {
  let passed = 0;
  let failed = Infinity;
  let rate = Math.max(lowestRate, (await sendStretch(tunnel, octets, 0, stretchMs)).rate);
  let best = 0;
  while (rate >= lowestRate && passed * closeEnough < failed) {
    await sleep(restMs);
    const found = await passingRate(tunnel, octets, rate);
    if (found === null) failed = rate;
    else passed = rate;
    best = Math.max(best, found ?? 0);
    // The source itself may not reach the rate: then more says nothing new.
    if (found !== null && found < rate * sourceLimit) break;
    rate = failed === Infinity ? rate * step : passed === 0 ? rate / step : Math.sqrt(passed * failed);
  }
  return best;
}

/** The rate that arrived if next to nothing was lost. What else the machine does may spoil one attempt: a rate has two. */
async function passingRate(tunnel: Tunnel, octets: number, rate: number): Promise<number | null> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const { sent, received, rate: arrived } = await sendStretch(tunnel, octets, rate, stretchMs);
    if (received >= sent * (1 - tolerableLoss)) return arrived;
  }
  return null;
}

const port = '9000';
const tolerableLoss = 0.001;
/** Long enough for queues of a thousand packets to fill at a rate that is too high. */
const stretchMs = 500;
/** What overload left in queues has to be gone before the next rate. */
const restMs = 100;
const lowestRate = 1000;
const step = 1.4;
const sourceLimit = 0.9;

/** A stream of datagrams both ways through the tunnel, at an even rate, with an exact account of what arrived and when (programs/stream.cc). */
import { eventually, LabError } from './exec.js';
import type { Lab, Namespace } from './lab.js';
import { field } from './mhtun.js';
import { OrderTaker } from './orders.js';
import { streamProgram } from './programs.js';
import type { Site } from './topology.js';

export interface StreamOptions {
  readonly packetsPerSecond?: number;
  /** Of the UDP payload. */
  readonly octets?: number;
}

export interface StreamEnd {
  readonly space: Namespace;
  readonly address: string;
}

/** What became of the datagrams of one direction that were sent within a time. */
export interface WayReport {
  readonly sent: number;
  readonly lost: number;
  /** The machine behind the host could not even send them. */
  readonly refused: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Milliseconds from one arrival to the next, where that was longest. */
  readonly gapMs: number;
  /** When that began, in milliseconds after the beginning of the time asked for. */
  readonly gapFromMs: number;
  /** The longest time between two sendings: the machine's own hold-up. */
  readonly sendGapMs: number;
  /** One way. */
  readonly tookMinMs: number;
  readonly tookMedianMs: number;
  readonly tookMaxMs: number;
}

/** `out`: from the first end to the second; alice, behind moon, is the first and bob, behind sun, the second. */
export interface StreamReport {
  readonly out: WayReport;
  readonly back: WayReport;
}

/** A moment on the stream's clock. */
export type Moment = bigint;

export class Stream {
  readonly #orders: OrderTaker;

  private constructor(orders: OrderTaker) {
    this.#orders = orders;
  }

  /** Between alice and bob. */
  static start(lab: Lab, moon: Site, sun: Site, options: StreamOptions = {}): Promise<Stream> {
    return Stream.between(lab, { space: moon.lan, address: moon.machine4 }, { space: sun.lan, address: sun.machine4 }, options);
  }

  static async between(lab: Lab, a: StreamEnd, b: StreamEnd, { packetsPerSecond = 1000, octets = 64 }: StreamOptions = {}): Promise<Stream> {
    const ends = [a, b].flatMap(({ space, address }) => [space.name, address]);
    const orders = new OrderTaker(lab, [streamProgram(), ...ends, String(packetsPerSecond), String(octets)]);
    const said = await orders.line();
    if (said !== 'ready') throw new LabError(`the stream did not start: ${said}`);
    return new Stream(orders);
  }

  async now(): Promise<Moment> {
    return BigInt(textOf(field(await this.#ask('now'), 'now_ns')));
  }

  /** What became of all that was sent in that time; at most two minutes back. */
  async report(from: Moment, until: Moment): Promise<StreamReport> {
    const answer = await this.#ask(`report ${from} ${until}`);
    return { out: toReport(field(answer, 'out')), back: toReport(field(answer, 'back')) };
  }

  /**
   * Waits until nothing was lost either way for a while that begins at `notBefore` at the earliest; the moment up to which that is known.
   * @throws LabError when that does not happen within the time
   */
  flows(withinMs: number, notBefore: Moment = 0n): Promise<Moment> {
    return eventually('traffic flows both ways', async () => {
      const until = (await this.now()) - milliseconds(inFlightMs);
      const from = until - milliseconds(calmMs);
      if (from < notBefore) return null;
      const { out, back } = await this.report(from, until);
      return [out, back].every((way) => way.sent > 0 && way.lost === 0) ? until : null;
    }, withinMs);
  }

  stop(): Promise<void> {
    return this.#orders.stop();
  }

  async #ask(order: string): Promise<unknown> {
    const answer: unknown = JSON.parse(await this.#orders.ask([order]));
    return answer;
  }
}

/** Nanoseconds, as moments are counted. */
export function milliseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

/** The longer of the two silences. */
export function longestGapMs({ out, back }: StreamReport): number {
  return Math.max(out.gapMs, back.gapMs);
}

export function lostBothWays({ out, back }: StreamReport): number {
  return out.lost + back.lost;
}

function toReport(value: unknown): WayReport {
  const number = (name: string): number => Number(field(value, name));
  return {
    sent: number('sent'),
    lost: number('lost'),
    refused: number('refused'),
    duplicates: number('duplicates'),
    reordered: number('reordered'),
    gapMs: number('gap_ms'),
    gapFromMs: number('gap_from_ms'),
    sendGapMs: number('send_gap_ms'),
    tookMinMs: number('took_min_ms'),
    tookMedianMs: number('took_median_ms'),
    tookMaxMs: number('took_max_ms'),
  };
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new LabError(`the stream answered ${JSON.stringify(value)}`);
  return value;
}

/** Without a loss for so long: traffic flows. */
const calmMs = 300;
/** What was sent less than this ago may still be under way. */
const inFlightMs = 100;

/** Pings in a namespace, with what a reader wants to know of them: how many got lost and how long the longest silence was. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, sleep, type Finished, type Running } from './exec.js';
import type { Namespace } from './lab.js';

export interface PingStatistics {
  readonly sent: number;
  readonly lost: number;
  /** Longest time between two replies, in milliseconds. */
  readonly longestGapMs: number;
  /** Milliseconds of the middle round trip. */
  readonly medianRttMs: number;
  /** 95 of a hundred took no longer. */
  readonly p95RttMs: number;
  /** And 99. */
  readonly p99RttMs: number;
  readonly duplicates: number;
}

export interface PingOptions {
  readonly intervalMs?: number;
  readonly size?: number;
  readonly source?: string;
  /** The core on which it goes before whatever else the machine does: for measurements of the tunnel, not of ping. */
  readonly realTimeOn?: number;
}

/** A ping that runs until it is stopped. */
export class Ping {
  readonly #running: Running;
  readonly #file: string;
  readonly #intervalMs: number;
  readonly #startedAt = Date.now();

  constructor(from: Namespace, to: string, options: PingOptions = {}) {
    counter += 1;
    this.#intervalMs = options.intervalMs ?? 10;
    this.#file = join(from.folder, `ping-${counter}.log`);
    const source = options.source === undefined ? [] : ['-I', options.source];
    const argv = [...(options.realTimeOn === undefined ? [] : ['taskset', '-c', String(options.realTimeOn), 'chrt', '--rr', '1']), 'ping', '-n', '-D', '-i', String(this.#intervalMs / 1000), '-s', String(options.size ?? 56), ...source, to];
    this.#running = from.start(argv, this.#file);
  }

  /** Replies so far. */
  get received(): number {
    return parseReplies(readFileSync(this.#file, 'utf8')).length;
  }

  /** Milliseconds from the start of ping to its first reply. @throws LabError when there is none in time */
  async firstReply(timeoutMs: number): Promise<number> {
    return Math.max(0, (await this.firstReplyAt(timeoutMs)) - this.#startedAt);
  }

  /** The time of the first reply, as Date.now() has it. @throws LabError when there is none within the time from now */
  async firstReplyAt(timeoutMs: number): Promise<number> {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      const first = parseReplies(readFileSync(this.#file, 'utf8'))[0];
      if (first !== undefined) return first.at * 1000;
      await sleep(5);
    }
    throw new LabError(`no reply to ping within ${timeoutMs / 1000} s`);
  }

  async stop(): Promise<PingStatistics> {
    await this.#running.stop('SIGINT');
    return measure(readFileSync(this.#file, 'utf8'), this.#intervalMs);
  }
}

/** Sends a few echo requests and says how many were answered; for what must not be answered. */
export async function pingOnce(from: Namespace, to: string, count = 3): Promise<number> {
  return receivedOf(await from.run(['ping', '-n', '-c', String(count), '-i', '0.05', '-W', '1', to]));
}

/** Sends until `count` echo requests were answered, or the time is over: a loaded machine takes its time. How many were. */
export async function pingUntil(from: Namespace, to: string, count: number, timeoutS: number, size = 56, source: string | null = null): Promise<number> {
  const argv = ['ping', '-n', '-c', String(count), '-i', '0.05', '-w', String(timeoutS), '-s', String(size), ...(source === null ? [] : ['-I', source]), to];
  return Math.min(count, receivedOf(await from.run(argv)));
}

function receivedOf({ stdout }: Finished): number {
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? '0');
}

interface Reply {
  readonly at: number;
  readonly sequence: number;
  readonly rttMs: number;
}

/** The requests still under way when ping was stopped are not counted as lost. */
export function measure(text: string, intervalMs: number): PingStatistics {
  const all = parseReplies(text);
  const replies = all.filter((reply) => !reply.duplicate);
  const transmitted = Number(/(\d+) packets transmitted/.exec(text)?.[1] ?? '0');
  const underWay = Math.ceil(graceMs / intervalMs);
  const counted = Math.max(0, transmitted - underWay);
  const seen = new Set(replies.map((reply) => reply.sequence));
  let lost = 0;
  for (let sequence = 1; sequence <= counted; sequence += 1) if (!seen.has(sequence)) lost += 1;
  const times = replies.map((reply) => reply.at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  // A tunnel that died and stayed dead is silent until ping was stopped.
  const last = Math.max(0, ...replies.map((reply) => reply.sequence));
  gaps.push((Math.max(0, counted - last) * intervalMs) / 1000);
  const rtts = replies.map((reply) => reply.rttMs).sort((a, b) => a - b);
  return {
    sent: counted,
    lost,
    longestGapMs: Math.round(Math.max(0, ...gaps) * 1000),
    medianRttMs: rtts[Math.floor(rtts.length / 2)] ?? NaN,
    p95RttMs: rtts[Math.floor(rtts.length * 0.95)] ?? NaN,
    p99RttMs: rtts[Math.floor(rtts.length * 0.99)] ?? NaN,
    duplicates: all.length - replies.length,
  };
}

/** ping writes its sequence number in 16 bits: it is unrolled here. */
function parseReplies(text: string): (Reply & { readonly duplicate: boolean })[] {
  const replies: (Reply & { readonly duplicate: boolean })[] = [];
  let high = 0;
  let last = 0;
  for (const match of text.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) .*time=([\d.]+) ms(.*)$/gm)) {
    const low = Number(match[2]);
    if (low + 32_768 < last) high += 65_536;
    const late = low > last + 32_768 && high > 0;
    last = late ? last : low;
    replies.push({
      at: Number(match[1]),
      sequence: (late ? high - 65_536 : high) + low,
      rttMs: Number(match[3]),
      duplicate: (match[4] ?? '').includes('DUP'),
    });
  }
  return replies;
}

/** Requests sent in the last moments before ping was stopped may still be on their way. */
const graceMs = 200;
let counter = 0;

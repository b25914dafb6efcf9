/** What is measured: a tunnel between the two hosts of a lab, whoever plays its ends. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Namespace } from '../../interop/lab/lab.js';

export interface Tunnel {
  /** Traffic begins here where one direction is measured. */
  readonly moon: TunnelEnd;
  readonly sun: TunnelEnd;
  close(): Promise<void>;
}

export interface TunnelEnd {
  readonly host: Namespace;
  /** Addresses that are reached through the tunnel; null where it carries no IPv6. */
  readonly inner4: string;
  readonly inner6: string | null;
  /** The address of its uplink. */
  readonly outer4: string;
  /** Processes that carry the packets. */
  readonly pids: readonly number[];
}

export interface TunnelOptions {
  /** A keyword of both mhtun and strongSwan. */
  readonly suite: string;
}

/** One kind of tunnel. */
export interface Subject {
  readonly name: string;
  /** Installs what it needs. Why it cannot be measured here, or null. */
  prepare(): Promise<string | null>;
  open(options: TunnelOptions): Promise<Tunnel>;
  /** The figures that it is measured for; all when absent. */
  readonly only?: readonly string[];
}

/** Processes of a namespace whose command has this name; containers are known by their namespace alone. */
export async function pidsIn(host: Namespace, command: string): Promise<number[]> {
  const pids = (await host.must(['ip', 'netns', 'pids', host.name])).split('\n').filter((line) => line !== '').map(Number);
  return pids.filter((pid) => commandOf(pid) === command);
}

/** Milliseconds of processor that a process has used, all its threads together: the kernel keeps them in nanoseconds. */
export function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e6, 0);
}

/** In megabytes: what is resident now, and the most that ever was. */
export function residentMb(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 'NaN');
  return { now: (kilobytes('VmRSS') * 1024) / 1e6, peak: (kilobytes('VmHWM') * 1024) / 1e6 };
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** What the processes of a tunnel take: the processor while nothing happens, memory then and at the worst moment. The worse of both ends counts. */
import { writeFileSync } from 'node:fs';
import { sleep } from '../../interop/lab/exec.js';
import { processorMs, residentMb, type Tunnel } from '../tunnels/tunnel.js';
import { overload } from './datagrams.js';
import type { Figure, MeasureOptions } from './figure.js';

export const restFigures: readonly Figure[] = [
  { name: 'rss_idle_mb', title: 'memory resident before any traffic, MB', better: 'less', decimals: 1, measure: (tunnel) => Promise.resolve(idleMemory(tunnel)) },
  { name: 'idle_cpu_percent', title: 'processor of an idle daemon, % of a core', better: 'less', decimals: 2, measure: idleProcessor },
];

/** Measured last: it is the worst moment of all that was measured before, too. */
export const overloadFigures: readonly Figure[] = [
  { name: 'rss_growth_mb', title: 'memory more than that at the worst moment, MB', better: 'less', decimals: 1, measure: growthUnderOverload },
];

async function idleProcessor(tunnel: Tunnel, { seconds }: MeasureOptions): Promise<number> {
  const began = performance.now();
  const before = processes(tunnel).map(processorMs);
  await sleep(seconds * 1000);
  const passedMs = performance.now() - began;
  return worst(processes(tunnel).map((pid, index) => ((processorMs(pid) - (before[index] ?? NaN)) / passedMs) * 100));
}

async function growthUnderOverload(tunnel: Tunnel, { seconds }: MeasureOptions): Promise<number> {
  if (processes(tunnel).length === 0) return NaN;
  await overload(tunnel, seconds * 1000);
  return worst(processes(tunnel).map((pid) => residentMb(pid).peak)) - idleMemory(tunnel);
}

const idle = new WeakMap<Tunnel, number>();

/** As it was when first asked, which is when the tunnel was new; from then on the kernel notes the peak. */
export function idleMemory(tunnel: Tunnel): number {
  const known = idle.get(tunnel);
  if (known !== undefined) return known;
  const megabytes = worst(processes(tunnel).map((pid) => residentMb(pid).now));
  for (const pid of processes(tunnel)) writeFileSync(`/proc/${pid}/clear_refs`, resetPeak);
  idle.set(tunnel, megabytes);
  return megabytes;
}

function processes({ moon, sun }: Tunnel): readonly number[] {
  return [...moon.pids, ...sun.pids];
}

function worst(values: readonly number[]): number {
  return values.length === 0 ? NaN : Math.max(...values);
}

/** What proc(5) says makes VmHWM begin again. */
const resetPeak = '5';

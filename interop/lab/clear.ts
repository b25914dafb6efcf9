/** Counts inner packets that leave a host's uplink unprotected: there must be none. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { eventually } from './exec.js';
import type { Namespace } from './lab.js';

export interface ClearWatch {
  /** Packets seen in all. */
  stop(): Promise<number>;
}

/** Watches a device for packets from or to the prefixes. Returns when it does watch. */
export async function watchClear(space: Namespace, device: string, prefixes: readonly string[]): Promise<ClearWatch> {
  const log = join(space.folder, `clear-${device}.log`);
  const filter = prefixes.map((prefix) => `net ${prefix}`).join(' or ');
  const running = space.start(['tcpdump', '-i', device, '-n', '-l', '-Z', 'root', filter], log);
  await eventually('tcpdump listens', () => Promise.resolve(readFileSync(log, 'utf8').includes('listening on') ? true : null), 5000);
  return {
    async stop(): Promise<number> {
      await running.stop('SIGINT');
      return Number(/(\d+) packets? captured/.exec(readFileSync(log, 'utf8'))?.[1] ?? 'NaN');
    },
  };
}

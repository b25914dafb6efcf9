/** Packet captures of a host's uplinks, for the reader of a scenario that failed. */
import { join } from 'node:path';
import { run, type Running } from './exec.js';
import type { Namespace } from './lab.js';

/** Starts tcpdump on every device of the namespace; written packet by packet, so that nothing is lost when it ends. */
export function startCapture(space: Namespace, name: string): Running {
  const file = join(space.folder, `${name}.pcap`);
  const argv = ['tcpdump', '-i', 'any', '-n', '-U', '--immediate-mode', '-s', '0', '-Z', 'root', '-w', file, 'udp port 500 or udp port 4500 or esp or icmp or icmp6'];
  return space.start(argv, join(space.folder, `${name}.tcpdump.log`));
}

/** Whether a Notify of this type went over a host's uplinks unprotected, as in IKE_SA_INIT. */
export async function sawNotify(space: Namespace, name: string, type: number): Promise<boolean> {
  const { stdout } = await run(['tcpdump', '-r', join(space.folder, `${name}.pcap`), '-n', '-v', 'udp port 500']);
  return new RegExp(`\\(n: [^)]*type=${type}\\(`).test(stdout);
}

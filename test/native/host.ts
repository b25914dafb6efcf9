/** What exercises do to the host that they run on, which is a network namespace of their own. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAddress, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

export function ip(text: string): IpAddress {
  return present(parseAddress(text), 'an address');
}

export function sh(commands: string): string {
  return execFileSync('sh', ['-c', commands], { encoding: 'utf8' });
}

export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it never came to be: ${holds.toString()}; ${readFileSync('/proc/net/dev', 'utf8')}`);
    await pause(2);
  }
}

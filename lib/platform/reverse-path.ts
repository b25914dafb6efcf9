/**
 * The kernel's reverse path check (rp_filter = 1, RFC 3704 strict) asks where an answer would leave. For our outer packets
 * under a full tunnel it would say "through the tunnel" and drop them, unless it minds the firewall mark that the inbound
 * filter puts on them: `src_valid_mark` says that it does. IPv6 has no such check.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { PlatformLog } from './interfaces.js';

const folder = '/proc/sys/net/ipv4/conf';
const strict = '1';

/** @returns what undoes it */
export function letMarksCount(devices: readonly string[], log: PlatformLog): () => void {
  const file = `${folder}/all/src_valid_mark`;
  const checks = ['all', ...devices].map((device) => read(`${folder}/${device}/rp_filter`));
  if (!checks.includes(strict) || read(file) === '1') return () => undefined;
  if (write(file, '1')) return () => void write(file, '0');
  log('warn', 'the reverse path filter is strict and will drop packets of the tunnel: set net.ipv4.conf.all.src_valid_mark = 1 (sysctl), or rp_filter = 2', {});
  return () => undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // The interface is gone, or there is no IPv4 at all.
    return '';
  }
}

function write(file: string, value: string): boolean {
  try {
    writeFileSync(file, value);
    return true;
  } catch {
    return false;
  }
}

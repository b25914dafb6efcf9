/**
 * The kernel's reverse path check (rp_filter = 1, RFC 3704 strict) asks where an answer would leave, and drops what comes in elsewhere.
 * IPv6 has no such check. Two things of ours it would break:
 *
 * Under a full tunnel it says "through the tunnel" of our outer packets, unless it minds the firewall mark that the inbound filter puts
 * on them: `src_valid_mark` says that it does.
 *
 * On a host with several uplinks it drops whatever a peer sends to an uplink that is not the one of the best route. RFC 3704 §2.4 has the
 * loose check (rp_filter = 2) for hosts like that.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { PlatformLog } from './interfaces.js';

const folder = '/proc/sys/net/ipv4/conf';
const off = '0';
const strict = '1';
const loose = '2';

export class ReversePath {
  readonly #log: PlatformLog;
  /** Files with what stood in them before. */
  readonly #before = new Map<string, string>();
  readonly #refused = new Set<string>();

  constructor(log: PlatformLog) {
    this.#log = log;
  }

  letMarksCount(devices: readonly string[]): void {
    const file = `${folder}/all/src_valid_mark`;
    const checks = ['all', ...devices].map((device) => read(filterOf(device)));
    if (!checks.includes(strict) || read(file) === '1') return;
    if (!this.#set(file, off, '1')) {
      this.#log('warn', 'the reverse path filter is strict and will drop packets of the tunnel: set net.ipv4.conf.all.src_valid_mark = 1 (sysctl), or rp_filter = 2', {});
    }
  }

  /** @param devices the links of all own IPv4 addresses for the outside */
  letSeveralUplinksAnswer(devices: readonly string[]): void {
    const uplinks = new Set(devices);
    if (uplinks.size < 2) return;
    const everywhere = read(filterOf('all'));
    for (const device of uplinks) {
      const file = filterOf(device);
      const own = read(file);
      // The kernel takes the larger of the two numbers.
      const effective = own > everywhere ? own : everywhere;
      if (effective !== strict || this.#refused.has(device)) continue;
      if (this.#set(file, own, loose)) {
        this.#log('info', `the reverse path filter of ${device} is loose now, as on a host with several uplinks it must be (RFC 3704); it was strict`, {});
      } else {
        this.#refused.add(device);
        this.#log('warn', `the reverse path filter of ${device} is strict and drops what peers send to it unless the best route is there: set net.ipv4.conf.${device}.rp_filter = 2 (sysctl)`, {});
      }
    }
  }

  close(): void {
    for (const [file, value] of this.#before) write(file, value);
    this.#before.clear();
  }

  #set(file: string, before: string, value: string): boolean {
    if (!write(file, value)) return false;
    if (!this.#before.has(file)) this.#before.set(file, before);
    return true;
  }
}

function filterOf(device: string): string {
  return `${folder}/${device}/rp_filter`;
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

/** All that a tunnel may change in a host's network, as text; to be compared with an earlier one. */
import type { Namespace } from './lab.js';

/** Interfaces, addresses, routes, rules, packet filter. */
export async function picture(host: Namespace): Promise<string> {
  const script = ['ip -o link', 'ip -o addr', 'ip -4 route show table all', 'ip -6 route show table all', 'ip -4 rule', 'ip -6 rule', 'nft list ruleset'].join(';');
  const text = await host.must(['sh', '-c', script]);
  return text.split('\n').map((line) => line.replace(/(expires|valid_lft|preferred_lft) \S+/g, '').trimEnd()).sort().join('\n');
}

/** The lines of one that the other lacks, both ways. */
export function difference(before: string, now: string): string {
  const old = new Set(before.split('\n'));
  const fresh = new Set(now.split('\n'));
  return [...[...old].filter((line) => !fresh.has(line)).map((line) => `- ${line}`), ...[...fresh].filter((line) => !old.has(line)).map((line) => `+ ${line}`)].join('\n');
}

/** What the native data plane is to reach, as ratios to what was measured beside it in the same run. */
import { ratioOf, summarize, type Summary } from './statistics.js';

/** Values of each repetition, by subject and figure. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

export interface Target {
  readonly what: string;
  readonly wanted: number;
  /** The wanted value is a floor or a ceiling. */
  readonly bound: 'at least' | 'at most';
  found(results: Results): Summary | null;
}

const own = 'mhtun-native';
const peers = ['wireguard-go', 'strongswan-libipsec'];
const tcp = ['tcp_out_mbit', 'tcp_back_mbit', 'tcp_ten_mbit', 'tcp_both_mbit'];

export const targets: readonly Target[] = [
  ...tcp.map((figure) => ratio(figure, 'probe', 'at least', 0.9)),
  ...tcp.map((figure) => ratio(figure, 'wireguard-go', 'at least', 2)),
  {
    what: 'tcp6_out_mbit to tcp_out_mbit', wanted: 0.95, bound: 'at least',
    found: (results) => ratioOf(values(results, own, 'tcp6_out_mbit'), values(results, own, 'tcp_out_mbit')),
  },
  ratio('udp64_pps', 'probe', 'at least', 1.5),
  {
    what: 'udp64_pps to the better peer', wanted: 2, bound: 'at least',
    found: (results) => ratioOf(values(results, own, 'udp64_pps'), bestOf(peers.map((peer) => values(results, peer, 'udp64_pps')))),
  },
  ratio('udp1300_pps', 'wireguard-go', 'at least', 2),
  {
    what: 'tcp_out_mbit with ChaCha20-Poly1305 to AES-GCM', wanted: 0.6, bound: 'at least',
    found: (results) => ratioOf(values(results, `${own}-chacha`, 'tcp_out_mbit'), values(results, own, 'tcp_out_mbit')),
  },
  ratio('ping_added_us', 'probe', 'at most', 1.25),
  ...peers.map((peer) => ratio('ping_added_us', peer, 'at most', 1)),
  plain('idle_cpu_percent', 1),
  plain('rss_idle_mb', 90),
  plain('rss_growth_mb', 30),
];

export function isMet(target: Target, found: Summary): boolean {
  return target.bound === 'at least' ? found.median >= target.wanted : found.median <= target.wanted;
}

function ratio(figure: string, other: string, bound: Target['bound'], wanted: number): Target {
  return { what: `${figure} to ${other}`, wanted, bound, found: (results) => ratioOf(values(results, own, figure), values(results, other, figure)) };
}

function plain(figure: string, wanted: number): Target {
  return { what: figure, wanted, bound: 'at most', found: (results) => summarize(values(results, own, figure)) };
}

function values(results: Results, subject: string, figure: string): readonly number[] {
  return results.get(subject)?.get(figure) ?? [];
}

/** The highest of each repetition. */
function bestOf(lists: readonly (readonly number[])[]): readonly number[] {
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => Math.max(...lists.map((list) => list[index] ?? NaN).filter((value) => Number.isFinite(value))));
}

/** Everybody who can be measured, by name. */
import { ensure } from '../../interop/lab/exec.js';
import { mhtun, strongSwan } from './of-stage.js';
import { probe } from './probe.js';
import type { Subject } from './tunnel.js';
import { wire } from './wire.js';
import { wireguardGo } from './wireguard-go.js';

export const allSubjects: readonly Subject[] = [
  mhtun('mhtun-native', 'native'),
  mhtun('mhtun-native-chacha', 'native', { suite: 'chacha20poly1305', only: ['tcp_out_mbit'] }),
  probe('probe'),
  wireguardGo('wireguard-go'),
  strongSwan('strongswan-libipsec'),
  mhtun('mhtun-typescript', 'typescript'),
  wire('wire', ['tcp_out_mbit', 'udp64_pps', 'udp1300_pps']),
];

/** Those that a list with commas names, or all. @throws LabError */
export function chosen<T extends { readonly name: string }>(all: readonly T[], list: string | undefined, option: string): readonly T[] {
  if (list === undefined) return all;
  const wanted = list.split(',');
  const found = all.filter(({ name }) => wanted.includes(name));
  ensure(found.length === wanted.length, `${option} takes some of ${all.map(({ name }) => name).join(', ')}`);
  return found;
}

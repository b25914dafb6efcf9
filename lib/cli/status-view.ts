/** The status for eyes: a line on the endpoint, then each peer with its SAs, what matters first. */
import type { ChildSaStatus, IkeSaStatus, PeerStatus, StatusDocument } from '../control/messages.js';
import { unreachable } from '../util/unreachable.js';
import { pathLines } from './paths-view.js';
import { bytes, clean, duration, table, type Cell, type Style } from './style.js';

/** The daemon is of this very program: a look at the frame is enough. */
export function isStatus(value: unknown): value is StatusDocument {
  if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== 1) return false;
  return 'endpoint' in value && typeof value.endpoint === 'object' && 'peers' in value && Array.isArray(value.peers);
}

export function statusView(status: StatusDocument, style: Style): string {
  const { endpoint } = status;
  const about = [endpoint.interface, `${endpoint.data_plane} data plane`, `up ${duration(endpoint.uptime_s)}`, `pid ${endpoint.pid}`, bytes(endpoint.rss_bytes)];
  const head = `${style.strong(clean(endpoint.id))}  ${style.faint(clean(about.join(' · ')))}`;
  const peers = status.peers.length === 0 ? ['no peers are configured'] : status.peers.map((peer) => peerView(peer, style));
  return [head, ...peers].join('\n\n');
}

function peerView(peer: PeerStatus, style: Style): string {
  const name = style.strong(clean(peer.name));
  if (peer.ike_sas.length === 0) return `${name}  ${style.bad('DOWN')}`;
  return peer.ike_sas.map((sa) => [`${name}  ${stateOf(sa.state, style)}  ${headline(sa)}`, ...details(sa, style)].join('\n')).join('\n');
}

function headline(sa: IkeSaStatus): string {
  return clean(`${sa.local_id} (${sa.local}) ${sa.initiator ? '→' : '←'} ${sa.remote_id} (${sa.remote})`);
}

function details(sa: IkeSaStatus, style: Style): string[] {
  const times = sa.state === 'CONNECTING' ? [] : [`up ${duration(sa.established_s)}`, `rekey in ${duration(sa.rekey_in_s)}`];
  const facts = [sa.suite, ...times, sa.initiator ? 'initiator' : 'responder', sa.mobike ? 'MOBIKE' : 'no MOBIKE', ...natWords(sa)];
  const lines = [style.faint(`  ${clean(facts.filter((fact) => fact !== '').join(' · '))}`)];
  if (sa.child_sas.length > 0) lines.push('', ...childLines(sa.child_sas, style));
  if (sa.paths.length > 0) lines.push('', ...pathLines(sa.paths, style, '  '));
  return lines;
}

function natWords(sa: IkeSaStatus): string[] {
  if (sa.nat_local && sa.nat_remote) return ['NAT on both sides'];
  if (sa.nat_local) return ['behind a NAT'];
  return sa.nat_remote ? ['peer behind a NAT'] : [];
}

function childLines(children: readonly ChildSaStatus[], style: Style): string[] {
  const heading = ['CHILD', 'STATE', 'LOCAL', 'REMOTE', 'IN', 'OUT', 'REKEY IN', 'SUITE'];
  const right = new Set(['IN', 'OUT', 'REKEY IN']);
  const rows: Cell[][] = [heading.map((text) => ({ text, look: style.faint, right: right.has(text) }))];
  for (const child of children) {
    rows.push([
      { text: child.name },
      { text: child.state, look: lookOf(child.state, style) },
      { text: child.local_ts.join(', ') },
      { text: child.remote_ts.join(', ') },
      { text: `${bytes(child.bytes_in)} / ${child.packets_in}`, right: true },
      { text: `${bytes(child.bytes_out)} / ${child.packets_out}`, right: true },
      { text: duration(child.rekey_in_s), right: true },
      { text: child.suite, look: style.faint },
    ]);
  }
  const dropped = children.filter((child) => child.replay_dropped > 0 || child.auth_failed > 0);
  const warnings = dropped.map((child) => style.careful(`  ${clean(child.name)}: ${child.replay_dropped} replayed and ${child.auth_failed} forged packets dropped`));
  return [...table(rows, '  '), ...warnings];
}

function stateOf(state: IkeSaStatus['state'], style: Style): string {
  return lookOf(state, style)(state);
}

function lookOf(state: IkeSaStatus['state'] | ChildSaStatus['state'], style: Style): (text: string) => string {
  switch (state) {
    case 'ESTABLISHED':
    case 'INSTALLED':
      return style.good;
    case 'CONNECTING':
    case 'REKEYING':
      return style.careful;
    case 'DELETING':
      return style.bad;
    default:
      return unreachable(state);
  }
}

/** One IKE SA for eyes, in parts: what it is and where it is, its Child SAs, the switches between its paths. */
import type { ChildSaStatus, IkeSaStatus, SwitchStatus } from '../control/messages.js';
import { unreachable } from '../util/unreachable.js';
import { networkName, pairText } from './paths-view.js';
import type { Look, Page, Style } from './style.js';
import { table, type Cell, type Column } from './table.js';
import { clean, width, wrap } from './text.js';
import { bitRate, bytes, clockTime, duration, milliseconds } from './units.js';

/** What a Child SA carries now, each a second. */
export interface ChildRate {
  readonly bitsIn: number;
  readonly bitsOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
}

/** The peer, its state and the network in use; then who speaks with whom, on the same line where that fits. */
export function headLines(name: string, sa: IkeSaStatus, { style, columns }: Page): string[] {
  const active = sa.paths.find((path) => path.state === 'active');
  const network = active === undefined ? '' : clean(networkName(active));
  const head = `${style.strong(clean(name))}  ${stateLook(sa.state, style)(sa.state)}${network === '' ? '' : ` on ${style.strong(network)}`}`;
  const ends = clean(`${sa.local_id} (${sa.local}) ${sa.initiator ? '→' : '←'} ${sa.remote_id} (${sa.remote})`);
  const whole = `${head}  ${ends}`;
  return columns === null || width(whole) <= columns ? [whole] : [head, ...wrapped(ends, columns)];
}

/** Suite, age, roles, NAT. */
export function factLines(sa: IkeSaStatus, { style, columns }: Page): string[] {
  const times = sa.state === 'CONNECTING' ? [] : [`up ${duration(sa.established_s)}`, `rekey in ${duration(sa.rekey_in_s)}`, ...reauthWords(sa)];
  const facts = [sa.suite, ...times, sa.initiator ? 'initiator' : 'responder', sa.mobike ? 'MOBIKE' : 'no MOBIKE', ...(sa.ppk ? ['PPK'] : []), ...natWords(sa)];
  return [...wrapped(clean(facts.filter((fact) => fact !== '').join(' · ')), columns).map(style.faint), ...lentLines(sa, columns)];
}

/** Addresses inside that one end has lent the other. */
function lentLines({ virtual, assigned, dns }: IkeSaStatus, columns: number | null): string[] {
  const ours = virtual.length === 0 ? [] : [`here as ${virtual.join(', ')}${dns.length === 0 ? '' : ` · resolvers ${dns.join(', ')}`}`];
  const theirs = assigned.length === 0 ? [] : [`has ${assigned.join(', ')}`];
  return [...ours, ...theirs].flatMap((line) => wrapped(clean(line), columns));
}

function reauthWords({ reauth_in_s: left, initiator }: IkeSaStatus): string[] {
  return left === null ? [] : [`${initiator ? 'reauthentication' : 'must be reauthenticated'} in ${duration(left)}`];
}

/** @param rateOf what one carries now; null: only what it carried in all */
export function childLines(children: readonly ChildSaStatus[], page: Page, rateOf: ((child: ChildSaStatus) => ChildRate | null) | null): string[] {
  const { style } = page;
  const columns: Column<ChildSaStatus>[] = [
    { heading: 'CHILD', cell: ({ name }) => ({ text: name }) },
    { heading: 'STATE', cell: ({ state }) => ({ text: state, look: stateLook(state, style) }), least: 9, yields: { turn: 5, to: 'nowhere' } },
    { heading: 'NETWORKS', cell: (child) => ({ text: `${child.local_ts.join(', ')} ↔ ${child.remote_ts.join(', ')}` }), yields: { turn: 4, to: 'beneath' } },
    ...(rateOf === null ? totalColumns : rateColumns(rateOf)),
    { heading: 'REKEY IN', right: true, least: 7, cell: (child) => ({ text: duration(child.rekey_in_s) }), yields: { turn: 2, to: 'nowhere' } },
    { heading: 'SUITE', cell: ({ suite }) => ({ text: suite, look: style.faint }), yields: { turn: 1, to: 'nowhere' } },
  ];
  const dropped = children.filter((child) => child.replay_dropped > 0 || child.auth_failed > 0);
  const warnings = dropped.map((child) => style.careful(`  ${clean(child.name)}: ${child.replay_dropped} replayed and ${child.auth_failed} forged packets dropped`));
  return [...table(children, columns, page, { indent: '  ' }), ...warnings];
}

/** The newest first; `limit` of them, and how many more there are. */
export function switchLines(sa: IkeSaStatus, page: Page, now: Date, limit: number): string[] {
  const { style } = page;
  const newest = [...sa.switches].reverse();
  const columns: Column<SwitchStatus>[] = [
    { heading: 'SWITCHED', cell: ({ time }) => ({ text: clockTime(time, now) }) },
    { heading: 'FROM', cell: ({ from }) => ({ text: placeText(from, sa) }), yields: { turn: 3, to: 'nowhere' } },
    { heading: 'TO', cell: ({ to }) => ({ text: placeText(to, sa) }), yields: { turn: 2, to: 'beneath' } },
    { heading: 'OUTAGE', right: true, cell: ({ outage_ms: ms }) => ({ text: milliseconds(ms) }) },
    { heading: 'CAUSE', cell: ({ cause }) => ({ text: cause }), yields: { turn: 1, to: 'beneath' } },
  ];
  const more = newest.length > limit ? [style.faint(`  and ${newest.length - limit} before: mhtun events`)] : [];
  return [...table(newest.slice(0, limit), columns, page, { indent: '  ' }), ...more];
}

/** The last switch in a sentence, for a page on which the table of them is far down. */
export function lastSwitchLines(sa: IkeSaStatus, { columns }: Page, now: Date): string[] {
  const last = sa.switches.at(-1);
  if (last === undefined) return [];
  const outage = last.outage_ms === null || last.outage_ms === 0 ? '' : ` after ${milliseconds(last.outage_ms)} without traffic`;
  return wrapped(clean(`switched at ${clockTime(last.time, now)}${outage}: ${last.cause}`), columns);
}

/** A switch's end by the name of its network, as long as that is one of the paths now. */
function placeText(place: string, sa: IkeSaStatus): string {
  const path = sa.paths.find((candidate) => place === candidate.id || withoutPorts(place) === pairText(candidate));
  if (path === undefined) return withoutPorts(place);
  return `${path.network?.name ?? path.interface} ${pairText(path)}`.trim();
}

/** `10.1.0.1:4500 ↔ [fd00::1]:4500` without what is the same everywhere. */
function withoutPorts(place: string): string {
  return place.replaceAll(/\[([\da-f:]+)\]:\d+/gi, '$1').replaceAll(/((?:\d+\.){3}\d+):\d+/g, '$1');
}

const totalColumns: readonly Column<ChildSaStatus>[] = [
  { heading: 'IN', right: true, cell: (child) => ({ text: `${bytes(child.bytes_in)} / ${child.packets_in}` }) },
  { heading: 'OUT', right: true, cell: (child) => ({ text: `${bytes(child.bytes_out)} / ${child.packets_out}` }) },
];

function rateColumns(rateOf: (child: ChildSaStatus) => ChildRate | null): Column<ChildSaStatus>[] {
  const text = (child: ChildSaStatus, show: (rate: ChildRate) => string): Cell => {
    const rate = rateOf(child);
    return { text: rate === null ? '…' : show(rate) };
  };
  const packets = ({ packetsIn, packetsOut }: ChildRate): string => `${Math.round(packetsIn)} / ${Math.round(packetsOut)}`;
  return [
    { heading: '↓ NOW', right: true, least: 10, cell: (child) => text(child, (rate) => bitRate(rate.bitsIn)) },
    { heading: '↑ NOW', right: true, least: 10, cell: (child) => text(child, (rate) => bitRate(rate.bitsOut)) },
    { heading: 'PACKETS/S', right: true, least: 15, cell: (child) => text(child, packets), yields: { turn: 3, to: 'nowhere' } },
    { heading: 'IN ALL', right: true, least: 17, cell: (child) => ({ text: `${bytes(child.bytes_in)} / ${bytes(child.bytes_out)}` }), yields: { turn: 2, to: 'nowhere' } },
  ];
}

function natWords(sa: IkeSaStatus): string[] {
  if (sa.nat_local && sa.nat_remote) return ['NAT on both sides'];
  if (sa.nat_local) return ['behind a NAT'];
  return sa.nat_remote ? ['peer behind a NAT'] : [];
}

function wrapped(text: string, columns: number | null): string[] {
  return wrap(text, (columns ?? Infinity) - 2).map((line) => `  ${line}`);
}

export function stateLook(state: IkeSaStatus['state'] | ChildSaStatus['state'], style: Style): Look {
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

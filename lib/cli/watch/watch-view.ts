/** The page of a live view: peers, their SAs with what they carry now, their paths with graphs, the switches. Pure. */
import type { ChildSaStatus, IkeSaStatus, PeerStatus, StatusDocument } from '../../control/messages.js';
import type { Instant } from '../../util/brands.js';
import { networkName, pathLines } from '../paths-view.js';
import { childLines, factLines, headLines, lastSwitchLines, stateLook, switchLines, type ChildRate } from '../sa-view.js';
import { shownTests, sparkline } from '../sparkline.js';
import { downLines } from '../status-view.js';
import type { Page } from '../style.js';
import { table, type Column } from '../table.js';
import { bitRate, percent, spread } from '../units.js';

/** What the daemon said, and when. */
export interface Snapshot {
  readonly at: Instant;
  readonly status: StatusDocument;
}

export interface WatchPage extends Page {
  /** Of the graphs, from low to high. */
  readonly levels: string;
  /** Paths and switches alone. */
  readonly pathsOnly: boolean;
  /** Only this peer; null: all of them. */
  readonly peer: string | null;
  readonly now: Date;
}

/** @param before the snapshot that rates are reckoned from; null: there are none yet */
export function watchLines(latest: Snapshot, before: Snapshot | null, page: WatchPage): string[] {
  const peers = latest.status.peers.filter((peer) => page.peer === null || peer.name === page.peer);
  if (peers.length === 0) return [page.peer === null ? 'no peers are configured' : `there is no peer "${page.peer}" any more`];
  const rateOf = childRates(latest, before);
  const rows = peers.flatMap(({ name, ike_sas: sas }): Row[] => (sas.length === 0 ? [{ name, sa: null }] : sas.map((sa) => ({ name, sa }))));
  const blocks = [...(rows.length > 1 ? [overview(rows, page, rateOf)] : []), ...peers.map((peer) => peerLines(peer, page, rateOf))];
  return blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

type RateOf = (child: ChildSaStatus) => ChildRate | null;

/** Switches of one IKE SA that are shown; the events know them all. */
const shownSwitches = 6;

function peerLines({ name, ike_sas: sas, down_reason: reason }: PeerStatus, page: WatchPage, rateOf: RateOf): string[] {
  if (sas.length === 0) return downLines(name, reason, page);
  return sas.flatMap((sa) => [
    ...headLines(name, sa, page),
    ...(page.pathsOnly ? [] : factLines(sa, page)),
    ...lastSwitchLines(sa, page, page.now),
    ...(page.pathsOnly || sa.child_sas.length === 0 ? [] : childLines(sa.child_sas, page, rateOf)),
    ...(sa.paths.length === 0 ? [] : pathLines(sa.paths, page, page.levels)),
    ...(sa.switches.length === 0 ? [] : switchLines(sa, page, page.now, shownSwitches)),
  ]);
}

/** Each IKE SA on a line: what a person with many of them looks for first. */
function overview(rows: readonly Row[], page: WatchPage, rateOf: RateOf): string[] {
  const { style } = page;
  const columns: Column<Row>[] = [
    { heading: 'PEER', cell: ({ name }) => ({ text: name, look: style.strong }) },
    // Of a peer that many may be, who this one is.
    { heading: 'ID', cell: ({ name, sa }) => ({ text: sa === null || sa.remote_id === name ? '' : sa.remote_id }), yields: { turn: 4, to: 'nowhere' } },
    { heading: 'STATE', cell: ({ sa }) => (sa === null ? { text: 'DOWN', look: style.bad } : { text: sa.state, look: stateLook(sa.state, style) }) },
    { heading: 'ON', cell: (row) => ({ text: withActive(row, networkName) }), yields: { turn: 3, to: 'nowhere' } },
    { heading: 'RTT', right: true, least: 14, cell: (row) => ({ text: withActive(row, (path) => spread(path.rtt_ms, path.rtt_var_ms)) }) },
    { heading: 'RECENT', right: true, least: shownTests, cell: ({ sa }) => sparkline(activeOf(sa)?.recent_rtt_ms ?? [], page.levels, style), yields: { turn: 1, to: 'nowhere' } },
    { heading: 'LOSS', right: true, least: 5, cell: (row) => ({ text: withActive(row, (path) => percent(path.loss)) }) },
    { heading: '↓ NOW', right: true, least: 10, cell: ({ sa }) => ({ text: sumText(sa, rateOf, (rate) => rate.bitsIn) }), yields: { turn: 2, to: 'nowhere' } },
    { heading: '↑ NOW', right: true, least: 10, cell: ({ sa }) => ({ text: sumText(sa, rateOf, (rate) => rate.bitsOut) }), yields: { turn: 2, to: 'nowhere' } },
  ];
  return table(rows, columns, page, { indent: '  ' });
}

interface Row {
  readonly name: string;
  readonly sa: IkeSaStatus | null;
}

function activeOf(sa: IkeSaStatus | null): IkeSaStatus['paths'][number] | undefined {
  return sa?.paths.find((path) => path.state === 'active');
}

function withActive({ sa }: Row, text: (path: IkeSaStatus['paths'][number]) => string): string {
  const active = activeOf(sa);
  return active === undefined ? '' : text(active);
}

function sumText(sa: IkeSaStatus | null, rateOf: RateOf, part: (rate: ChildRate) => number): string {
  const rates = sa?.child_sas.map(rateOf).filter((rate) => rate !== null) ?? [];
  return rates.length === 0 ? '' : bitRate(rates.reduce((sum, rate) => sum + part(rate), 0));
}

/** From the counters of both snapshots. A Child SA that is new since (a rekey) began at zero. Another daemon: nothing to compare. */
function childRates(latest: Snapshot, before: Snapshot | null): RateOf {
  if (before === null || latest.at <= before.at || latest.status.endpoint.pid !== before.status.endpoint.pid) return () => null;
  const seconds = (latest.at - before.at) / 1000;
  const known = new Map(before.status.peers.flatMap((peer) => peer.ike_sas.flatMap((sa) => sa.child_sas)).map((child) => [child.spi_in, child]));
  return (child) => {
    const was = known.get(child.spi_in);
    const each = (now: number, then: number | undefined): number => Math.max(0, now - (then ?? 0)) / seconds;
    return {
      bitsIn: 8 * each(child.bytes_in, was?.bytes_in),
      bitsOut: 8 * each(child.bytes_out, was?.bytes_out),
      packetsIn: each(child.packets_in, was?.packets_in),
      packetsOut: each(child.packets_out, was?.packets_out),
    };
  };
}

/** Paths for eyes: one line each, the active one first, with why it is or is not in use and what would change that. */
import type { NetworkStatus, PathsDocument, PathStatus } from '../control/messages.js';
import { unreachable } from '../util/unreachable.js';
import { shownTests, sparkline } from './sparkline.js';
import type { Look, Page, Style } from './style.js';
import { table, type Column } from './table.js';
import { clean } from './text.js';
import { age, milliseconds, percent, spread, unknown } from './units.js';

export function pathsView(document: PathsDocument, page: Page): string {
  if (document.peers.length === 0) return 'no peers are configured';
  const blocks = document.peers.map((peer) => {
    const lines = peer.paths.length === 0 ? ['  no path: no SA, and none is being made'] : pathLines(peer.paths, page);
    return [page.style.strong(clean(peer.name)), ...lines].join('\n');
  });
  return blocks.join('\n\n');
}

/** The heading and the paths. @param levels of the graph of recent round-trip times; none: no graph */
export function pathLines(paths: readonly PathStatus[], page: Page, levels: string = ''): string[] {
  const sorted = [...paths].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const columns = pathColumns(page.style, levels);
  return table(sorted, columns, page, { indent: '  ', marker: (path) => (path.state === 'active' ? page.style.good('> ') : '  ') });
}

/** The network of a path's own end, as its user knows it. */
export function networkName({ network, interface: device }: PathStatus): string {
  const signal = network?.signal_dbm ?? null;
  const link = [device, ...(signal === null ? [] : [`${signal} dBm`])].filter((word) => word !== '').join(' ');
  const name = network?.name ?? '';
  if (name === '' || name === link) return link;
  return link === '' ? name : `${name} (${link})`;
}

export function pairText({ local, remote }: PathStatus): string {
  return `${local} ↔ ${remote}`;
}

function pathColumns(style: Style, levels: string): Column<PathStatus>[] {
  return [
    { heading: 'PATH', least: 8, cell: (path) => ({ text: path.state, look: lookOf(path.state, style) }) },
    { heading: 'NETWORK', cell: (path) => ({ text: networkName(path) }), yields: { turn: 9, to: 'beneath' } },
    { heading: 'CLASS', cell: ({ network }) => ({ text: network === null ? '' : classText(network) }), yields: { turn: 5, to: 'nowhere' } },
    { heading: 'ADDRESSES', cell: (path) => ({ text: pairText(path) }), yields: { turn: 6, to: 'beneath' } },
    { heading: 'RTT', right: true, least: 14, cell: (path) => ({ text: spread(path.rtt_ms, path.rtt_var_ms) }) },
    { heading: 'RECENT', right: true, least: levels === '' ? 0 : shownTests, cell: (path) => sparkline(path.recent_rtt_ms, levels, style), yields: { turn: 7, to: 'nowhere' } },
    { heading: 'JITTER', right: true, least: 8, cell: (path) => ({ text: milliseconds(path.jitter_ms) }), yields: { turn: 3, to: 'nowhere' } },
    { heading: 'LOSS', right: true, least: 5, cell: (path) => ({ text: percent(path.loss), look: lossLook(path.loss, style) }), yields: { turn: 8, to: 'nowhere' } },
    { heading: 'MTU', right: true, least: 5, cell: (path) => ({ text: path.mtu === null ? unknown : String(path.mtu) }), yields: { turn: 2, to: 'nowhere' } },
    { heading: 'HEARD', right: true, least: 11, cell: (path) => ({ text: age(path.last_heard_ms) }), yields: { turn: 4, to: 'nowhere' } },
    { heading: 'WHY', cell: (path) => ({ text: whyText(path), look: style.faint }), yields: { turn: 1, to: 'beneath' } },
  ];
}

const order: readonly PathStatus['state'][] = ['active', 'standby', 'suspect', 'probing', 'untested', 'down'];

function classText({ class: kind, metered, nat }: NetworkStatus): string {
  return [kind, ...(metered ? ['metered'] : []), ...(nat === true ? ['NAT'] : [])].join(', ');
}

function whyText({ reason, would_change: wouldChange }: PathStatus): string {
  return wouldChange === '' ? reason : `${reason}; changed by: ${wouldChange}`;
}

function lossLook(loss: number | null, style: Style): Look {
  if (loss === null || loss < noticeableLoss) return (text) => text;
  return loss < badLoss ? style.careful : style.bad;
}

/** A share that TCP and calls begin to feel, and one that they suffer from. */
const noticeableLoss = 0.01;
const badLoss = 0.05;

function lookOf(state: PathStatus['state'], style: Style): Look {
  switch (state) {
    case 'active':
      return style.good;
    case 'standby':
      return (text) => text;
    case 'suspect':
    case 'probing':
      return style.careful;
    case 'untested':
      return style.faint;
    case 'down':
      return style.bad;
    default:
      return unreachable(state);
  }
}

/** The status for eyes: a line on the endpoint, then each peer with its SAs. */
import type { IkeSaStatus, StatusDocument } from '../control/messages.js';
import { pathLines } from './paths-view.js';
import { childLines, factLines, headLines, switchLines } from './sa-view.js';
import type { Page } from './style.js';
import { clean, width, wrap } from './text.js';
import { bytes, duration } from './units.js';

export function statusView(status: StatusDocument, page: Page, now: Date): string {
  const peers = status.peers.map(({ name, ike_sas: sas, down_reason: reason }) => {
    if (sas.length === 0) return downLines(name, reason, page).join('\n');
    return sas.map((sa) => [...headLines(name, sa, page), ...factLines(sa, page), ...parts(sa, page, now)].join('\n')).join('\n');
  });
  return [[...endpointLines(status, page), ...poolLines(status, page)].join('\n'), ...(peers.length === 0 ? ['no peers are configured'] : peers)].join('\n\n');
}

/** How much of each pool is lent. */
export function poolLines({ pools }: StatusDocument, { style }: Page): string[] {
  return pools.map(({ name, range, total, used, kept }) => {
    const facts = clean(`pool ${name} ${range}: ${used} of ${total} in use${kept === 0 ? '' : `, ${kept} kept for callers who are away`}`);
    return `  ${used >= total ? style.bad(facts) : style.faint(facts)}`;
  });
}

/** Who this end is, and how it does. */
export function endpointLines({ endpoint }: StatusDocument, { style, columns }: Page): string[] {
  const about = [endpoint.interface, `${endpoint.data_plane} data plane`, `up ${duration(endpoint.uptime_s)}`, `pid ${endpoint.pid}`, bytes(endpoint.rss_bytes)];
  const facts = clean(about.join(' · '));
  const scarce = endpoint.tables.filter(({ size, limit }) => limit >= leastLimit && size >= scarceShare * limit)
    .map(({ table, size, limit }) => `  ${style.bad(`almost full: ${size} of ${limit} ${clean(table)}`)}`);
  const id = clean(endpoint.id);
  if (columns === null || width(`${id}  ${facts}`) <= columns) return [`${style.strong(id)}  ${style.faint(facts)}`, ...scarce];
  return [style.strong(id), ...wrap(facts, columns - 2).map((line) => `  ${style.faint(line)}`), ...scarce];
}

/** Small tables fill and empty all the time: a path has few tests under way. */
const leastLimit = 1_000;
/** From this share of its limit on a table is worth a line. */
const scarceShare = 0.9;

/** That a peer is down, and beneath it why. */
export function downLines(name: string, reason: string | null, { style, columns }: Page): string[] {
  const line = `${style.strong(clean(name))}  ${style.bad('DOWN')}`;
  if (reason === null) return [line];
  const said = clean(reason);
  return [line, ...(columns === null ? [said] : wrap(said, columns - 2)).map((part) => `  ${style.faint(part)}`)];
}

/** Switches that a look at the state shows; the events know them all. */
const shownSwitches = 3;

function parts(sa: IkeSaStatus, page: Page, now: Date): string[] {
  return [
    ...(sa.child_sas.length > 0 ? ['', ...childLines(sa.child_sas, page, null)] : []),
    ...(sa.paths.length > 0 ? ['', ...pathLines(sa.paths, page)] : []),
    ...(sa.switches.length > 0 ? ['', ...switchLines(sa, page, now, shownSwitches)] : []),
  ];
}

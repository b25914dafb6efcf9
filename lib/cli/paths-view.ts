/** Paths for eyes: one line each, the active one first. */
import type { PathsDocument, PathStatus } from '../control/messages.js';
import { unreachable } from '../util/unreachable.js';
import { clean, table, type Cell, type Style } from './style.js';

export function isPaths(value: unknown): value is PathsDocument {
  return typeof value === 'object' && value !== null && 'schema' in value && value.schema === 1 && 'peers' in value && Array.isArray(value.peers);
}

export function pathsView(document: PathsDocument, style: Style): string {
  if (document.peers.length === 0) return 'no peers are configured';
  const blocks = document.peers.map((peer) => {
    const lines = peer.paths.length === 0 ? ['  no path: no SA, and none is being made'] : pathLines(peer.paths, style, '  ');
    return [style.strong(clean(peer.name)), ...lines].join('\n');
  });
  return blocks.join('\n\n');
}

/** The heading and a line for each path. */
export function pathLines(paths: readonly PathStatus[], style: Style, indent: string): string[] {
  const sorted = [...paths].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const heading = ['PATH', 'LOCAL', 'REMOTE', 'INTERFACE', 'RTT', 'JITTER', 'LOSS', 'WHY'];
  const right = new Set(['RTT', 'JITTER', 'LOSS']);
  const rows: Cell[][] = [heading.map((text) => ({ text, look: style.faint, right: right.has(text) }))];
  for (const path of sorted) {
    rows.push([
      { text: path.state, look: lookOf(path.state, style) },
      { text: path.local },
      { text: path.remote },
      { text: path.interface },
      { text: milliseconds(path.rtt_ms), right: true },
      { text: milliseconds(path.jitter_ms), right: true },
      { text: path.loss === null ? '–' : `${percent(path.loss)} %`, right: true },
      { text: path.reason, look: style.faint },
    ]);
  }
  return table(rows, indent);
}

const order: readonly PathStatus['state'][] = ['active', 'standby', 'suspect', 'probing', 'untested', 'down'];

function lookOf(state: PathStatus['state'], style: Style): (text: string) => string {
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

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function percent(loss: number): string {
  const value = loss * 100;
  return value === 0 || value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

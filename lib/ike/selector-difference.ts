/** Why traffic selectors do not meet, and what would make them (RFC 7296 §2.9). */
import { formatSelector, intersectSelectors, type TrafficSelector } from '../wire/traffic-selector.js';
import { misfitLines, type Misfit } from './attempt.js';
import { blockOf, type ChildTemplate, type IkePeer } from './peer.js';
import { isWithin, templateSelectors, type AgreedSelectors, type DynamicSides } from './traffic-selection.js';

/** No child of the block meets what the peer wants, said from our point of view. */
export function selectorMisfit(peer: IkePeer, offered: AgreedSelectors, dynamic: DynamicSides): Misfit {
  const children = peer.children.map((template) => ({ template, own: templateSelectors(template, dynamic) }));
  const wanted = children.map(({ template, own }) => `${template.name}: local ${list(own.local)}, remote ${list(own.remote)} (${blockOf(peer)})`);
  const lists = { offered: selectorLines(offered), wanted: misfitLines(wanted) };
  const problem = `no child has selectors that meet what the peer wants: local ${list(offered.local)}, remote ${list(offered.remote)}`;
  const swapped = children.find(({ own }) => meet(own.local, offered.remote) && meet(own.remote, offered.local));
  const half = children.find(({ own }) => meet(own.local, offered.local)) ?? children.find(({ own }) => meet(own.remote, offered.remote));
  const best = swapped ?? half ?? children[0];
  if (best === undefined) {
    return { part: 'traffic selectors', problem, ...lists, peer: peer.name, nearest: null, remedy: `add a [[peer.child]] to ${blockOf(peer)}` };
  }
  const child = `child "${best.template.name}" of ${blockOf(peer)}`;
  const mirror = `at the other end, set local = ${toml(best.own.remote)} and remote = ${toml(best.own.local)}`;
  const words = swapped === undefined ? differing(best.own, offered) : 'local and remote are the wrong way round at one of the two ends';
  const here = `here, set local = ${toml(offered.local)} and remote = ${toml(offered.remote)} in ${child}`;
  const remedy = swapped === undefined ? `${mirror}; or ${here}` : `swap local and remote in ${child} here, or at the other end: ${mirror.slice('at the other end, '.length)}`;
  return { part: 'traffic selectors', problem, ...lists, peer: peer.name, nearest: `${child}, where ${words}`, remedy };
}

/** The Child SA carries less than the child says; null: all of it. */
export function narrowedMisfit(peer: IkePeer, template: ChildTemplate, agreed: AgreedSelectors, dynamic: DynamicSides): Misfit | null {
  const own = templateSelectors(template, dynamic);
  if (isWithin(own, agreed)) return null;
  const child = `child "${template.name}" of ${blockOf(peer)}`;
  return {
    part: 'traffic selectors', problem: `${child} carries less than is configured: local ${list(agreed.local)}, remote ${list(agreed.remote)} is what both ends have`,
    offered: selectorLines(agreed), wanted: selectorLines(own), peer: peer.name, nearest: null,
    remedy: `if more is meant, widen the child at the other end to local = ${toml(own.remote)}, remote = ${toml(own.local)}; else set local = ${toml(agreed.local)}, remote = ${toml(agreed.remote)} here`,
  };
}

function differing(own: AgreedSelectors, offered: AgreedSelectors): string {
  const sides = (['local', 'remote'] as const).filter((side) => !meet(own[side], offered[side]));
  return sides.map((side) => `${side} is ${list(own[side])} here, and the peer wants ${list(offered[side])}`).join('; ') || 'no address family is on both sides';
}

function meet(a: readonly TrafficSelector[], b: readonly TrafficSelector[]): boolean {
  return a.some((x) => b.some((y) => intersectSelectors(x, y) !== null));
}

/** Both sides, a line each. */
export function selectorLines({ local, remote }: AgreedSelectors): string[] {
  return misfitLines([`local ${list(local)}`, `remote ${list(remote)}`]);
}

function list(selectors: readonly TrafficSelector[]): string {
  return named(selectors).join(', ') || 'none';
}

function toml(selectors: readonly TrafficSelector[]): string {
  return JSON.stringify(named(selectors)).replaceAll('","', '", "');
}

/** A peer may name dozens. */
function named(selectors: readonly TrafficSelector[]): string[] {
  const shown = selectors.slice(0, maxSelectorsNamed).map(formatSelector);
  return selectors.length > maxSelectorsNamed ? [...shown, '…'] : shown;
}

const maxSelectorsNamed = 6;

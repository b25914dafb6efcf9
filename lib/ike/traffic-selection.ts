/** Traffic selectors: from what is configured to what is agreed (RFC 7296 §2.9). */
import { addressFamily } from '../util/address.js';
import type { AddressRange } from '../util/address-range.js';
import { intersectSelectors, isSubsetSelector, sameSelector, type TrafficSelector } from '../wire/traffic-selector.js';
import type { ChildTemplate, SelectorTemplate } from './peer.js';

/** More selectors a side than any sane policy; a peer's longer lists are cut to it. */
export const maxSelectorsPerSide = 64;

/** What a Child SA protects, from our point of view. */
export interface AgreedSelectors {
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
}

/** What `dynamic` stands for on each side; nothing where there is no address yet. */
export interface DynamicSides {
  readonly local: readonly AddressRange[];
  readonly remote: readonly AddressRange[];
}

/** The configured selectors with `dynamic` filled in. */
export function templateSelectors(template: ChildTemplate, dynamic: DynamicSides): AgreedSelectors {
  return { local: template.local.flatMap((t) => fill(t, dynamic.local)), remote: template.remote.flatMap((t) => fill(t, dynamic.remote)) };
}

/** What both sides want, or null where one of them is left with nothing. */
export function narrow(wanted: AgreedSelectors, offered: AgreedSelectors): AgreedSelectors | null {
  const local = intersectAll(wanted.local, offered.local);
  const remote = intersectAll(wanted.remote, offered.remote);
  const families = new Set(local.map(familyOf));
  // A side of one family alone has no partner on the other: such an SA could carry nothing.
  const meets = remote.some((ts) => families.has(familyOf(ts)));
  return meets ? { local, remote } : null;
}

/** The answer lies within what we offered (RFC 7296 §2.9: the responder may narrow, never widen). */
export function isWithin(answer: AgreedSelectors, offered: AgreedSelectors): boolean {
  const inside = (some: readonly TrafficSelector[], all: readonly TrafficSelector[]): boolean =>
    some.length > 0 && some.every((ts) => all.some((wide) => isSubsetSelector(ts, wide)));
  return inside(answer.local, offered.local) && inside(answer.remote, offered.remote);
}

/**
 * The template that serves the peer's wish best: one that grants all of it, else the first that grants a part with the first selector
 * of each side in it, else the first that grants any.
 * A narrower template before a wider one is no bait: what it can't grant whole, a later one may.
 */
export function chooseTemplate(
  templates: readonly ChildTemplate[],
  offered: AgreedSelectors,
  dynamic: DynamicSides,
): { readonly template: ChildTemplate; readonly agreed: AgreedSelectors } | null {
  let partial: { readonly template: ChildTemplate; readonly agreed: AgreedSelectors } | null = null;
  // RFC 7296 §2.9: the peer's first selectors are those of its packet, which must be in what is granted.
  const packet = { local: offered.local.slice(0, 1), remote: offered.remote.slice(0, 1) };
  let hasPacket = false;
  for (const template of templates) {
    const agreed = narrow(templateSelectors(template, dynamic), offered);
    if (agreed === null) continue;
    if (isWithin(offered, agreed)) return { template, agreed };
    if (partial !== null && (hasPacket || !isWithin(packet, agreed))) continue;
    partial = { template, agreed };
    hasPacket = isWithin(packet, agreed);
  }
  return partial;
}

function fill(template: SelectorTemplate, ranges: readonly AddressRange[]): TrafficSelector[] {
  if (template.kind === 'range') return [template.selector];
  const { protocol, startPort, endPort } = template;
  return ranges.map((range) => ({ range, protocol, startPort, endPort }));
}

function familyOf(ts: TrafficSelector): number {
  return addressFamily(ts.range.start);
}

/** Every intersection once, none inside another, in the order of the offer. */
function intersectAll(wanted: readonly TrafficSelector[], offered: readonly TrafficSelector[]): TrafficSelector[] {
  const out: TrafficSelector[] = [];
  for (const offer of offered.slice(0, maxSelectorsPerSide)) {
    for (const want of wanted) {
      const both = intersectSelectors(offer, want);
      if (both === null || out.some((ts) => isSubsetSelector(both, ts))) continue;
      const kept = out.filter((ts) => !isSubsetSelector(ts, both) || sameSelector(ts, both));
      out.splice(0, out.length, ...kept, both);
      if (out.length >= maxSelectorsPerSide) return out;
    }
  }
  return out;
}

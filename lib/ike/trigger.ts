/** The packet that a Child SA is made for: its own selectors come first (RFC 7296 §2.9), so that whatever the peer leaves out, the packet is in. */
import { sameSelector, type TrafficSelector } from '../wire/traffic-selector.js';
import type { Association } from './association.js';
import type { ChildTemplate } from './peer.js';
import { isWithin, templateSelectors, type AgreedSelectors, type DynamicSides } from './traffic-selection.js';

/** One packet, and the Child SA that it wants. */
export interface Trigger {
  readonly child: string;
  readonly packet: AgreedSelectors;
}

/** What to ask the peer for; the packet, if one waits for this Child SA, counts once. */
export function wantedSelectors(association: Association, template: ChildTemplate, dynamic: DynamicSides): AgreedSelectors {
  const wanted = templateSelectors(template, dynamic);
  const { trigger } = association;
  if (trigger?.child !== template.name) return wanted;
  association.trigger = null;
  const { packet } = trigger;
  // An address of ours that the peer has yet to lend is not in it.
  if (!isWithin(packet, wanted)) return wanted;
  return { local: inFront(packet.local, wanted.local), remote: inFront(packet.remote, wanted.remote) };
}

function inFront(packet: readonly TrafficSelector[], wanted: readonly TrafficSelector[]): TrafficSelector[] {
  return [...packet, ...wanted.filter((one) => !packet.some((own) => sameSelector(own, one)))];
}

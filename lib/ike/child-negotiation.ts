/** What a Child SA shall be: the payloads that ask for one, and judging the peer's (RFC 7296 §1.3.1, §2.9, §3.3). */
import type { EspSuite } from '../crypto/suite.js';
import { espSpi, type EspSpi } from '../util/brands.js';
import { notifyType, protocolId } from '../wire/iana.js';
import { findPayload, type Payload } from '../wire/payload.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { knownSelectors, tsPayload } from '../wire/payloads/ts.js';
import type { Association } from './association.js';
import { misfitInWords } from './attempt.js';
import { espSpiBytes } from './child-sa.js';
import { lacksConfiguration } from './configuration-responder.js';
import type { ChildTemplate, IkePeer } from './peer.js';
import { proposalMisfit } from './proposal-difference.js';
import { acceptAnswer, chooseProposal, espSuiteOf, withoutKeyExchange, withSpi } from './proposal-selection.js';
import { narrowedMisfit, selectorMisfit } from './selector-difference.js';
import { chooseTemplate, isWithin, narrow, type AgreedSelectors, type DynamicSides } from './traffic-selection.js';
import { dynamicSides } from './virtual-addresses.js';

/** SPIs below are reserved (RFC 4303 §2.1). */
const leastEspSpi = 256;

/** A Child SA that the peer asked for, as it can be. */
export interface AgreedChild {
  readonly template: ChildTemplate;
  readonly selectors: AgreedSelectors;
  /** The peer's proposal reduced to the choice, its SPI in it. */
  readonly chosen: Proposal;
  readonly suite: EspSuite;
  readonly spiOut: EspSpi;
}

/** Why a Child SA can't be: the notification for the peer, and the words for our own people. */
export interface ChildRefusal {
  readonly notify: number;
  readonly reason: string;
}

/** The proposals for a Child SA under our SPI. In IKE_AUTH without key exchange (RFC 7296 §1.2). */
export function childProposals(peer: IkePeer, spi: EspSpi, withKeyExchange: boolean): Proposal[] {
  return withSpi(withKeyExchange ? peer.esp : withoutKeyExchange(peer.esp), espSpiBytes(spi));
}

/** TSi and TSr of a request of ours. */
export function selectorPayloads(selectors: AgreedSelectors, weAreInitiator: boolean): Payload[] {
  const [i, r] = weAreInitiator ? [selectors.local, selectors.remote] : [selectors.remote, selectors.local];
  return [tsPayload('ts-i', i), tsPayload('ts-r', r)];
}

/** What the payloads say of traffic, from our side; null where TSi or TSr is missing. */
export function offeredSelectors(payloads: readonly Payload[], weAreInitiator: boolean): AgreedSelectors | null {
  const i = findPayload(payloads, 'ts-i');
  const r = findPayload(payloads, 'ts-r');
  if (i === null || r === null) return null;
  const [local, remote] = weAreInitiator ? [i, r] : [r, i];
  return { local: knownSelectors(local), remote: knownSelectors(remote) };
}

/** Judges a request for a Child SA. `replaced` is the one that it rekeys, whose selectors it must cover (RFC 7296 §2.9.2). */
export function judgeChildRequest(
  association: Association,
  payloads: readonly Payload[],
  options: { readonly withKeyExchange: boolean; readonly replaced: { readonly template: ChildTemplate; readonly selectors: AgreedSelectors } | null },
): AgreedChild | ChildRefusal {
  const peer = association.knownPeer;
  const sa = findPayload(payloads, 'sa');
  const offered = offeredSelectors(payloads, false);
  if (sa === null || offered === null) return { notify: notifyType.INVALID_SYNTAX, reason: 'SA, TSi or TSr is missing' };
  const ours = options.withKeyExchange ? peer.esp : withoutKeyExchange(peer.esp);
  const theirs = options.withKeyExchange ? sa.proposals : withoutKeyExchange(sa.proposals);
  const chosen = chooseProposal(ours, theirs);
  const suite = chosen === null ? null : espSuiteOf(association.env.registry, chosen);
  const spiOut = chosen === null ? null : spiOf(chosen);
  if (chosen === null || suite === null || spiOut === null) {
    const misfit = proposalMisfit('esp', [peer], theirs, () => ours);
    return { notify: notifyType.NO_PROPOSAL_CHOSEN, reason: association.note(options.replaced === null ? misfit : { ...misfit, problem: `${misfit.problem} for a rekey` }) };
  }
  const traffic = agreeOnTraffic(peer, options.replaced, offered, dynamicSides(association));
  if (traffic === null) {
    const misfit = selectorMisfit(peer, offered, dynamicSides(association));
    // Where an address to lend was not asked for, it is that which did not fit.
    return { notify: notifyType.TS_UNACCEPTABLE, reason: lacksConfiguration(association) ? misfitInWords(misfit) : association.note(misfit) };
  }
  return { ...traffic, chosen, suite, spiOut };
}

/** Judges the answer to a request of ours. */
export function judgeChildAnswer(
  association: Association,
  payloads: readonly Payload[],
  asked: { readonly proposals: readonly Proposal[]; readonly selectors: AgreedSelectors; readonly replaced: AgreedSelectors | null },
): Omit<AgreedChild, 'template'> | ChildRefusal {
  const sa = findPayload(payloads, 'sa');
  const offered = offeredSelectors(payloads, true);
  if (sa === null || offered === null) return { notify: notifyType.INVALID_SYNTAX, reason: 'the answer lacks SA, TSi or TSr' };
  const chosen = acceptAnswer(asked.proposals, sa.proposals);
  const suite = chosen === null ? null : espSuiteOf(association.env.registry, chosen);
  const spiOut = chosen === null ? null : spiOf(chosen);
  if (chosen === null || suite === null || spiOut === null) return { notify: notifyType.NO_PROPOSAL_CHOSEN, reason: 'the peer chose ESP algorithms that were not offered' };
  if (!isWithin(offered, asked.selectors)) return { notify: notifyType.TS_UNACCEPTABLE, reason: 'the peer answered with wider selectors than were offered' };
  if (asked.replaced !== null && !isWithin(asked.replaced, offered)) return { notify: notifyType.TS_UNACCEPTABLE, reason: 'the peer narrowed the selectors in a rekey' };
  return { selectors: offered, chosen, suite, spiOut };
}

/** A child that carries less than it says is no failure, and yet may not be what was meant (RFC 7296 §2.9). */
export function noteNarrowing(association: Association, template: ChildTemplate, agreed: AgreedSelectors): void {
  const misfit = narrowedMisfit(association.knownPeer, template, agreed, dynamicSides(association));
  if (misfit !== null) association.log('info', association.note(misfit));
}

export function isRefusal(result: object): result is ChildRefusal {
  return 'notify' in result;
}

function agreeOnTraffic(
  peer: IkePeer,
  replaced: { readonly template: ChildTemplate; readonly selectors: AgreedSelectors } | null,
  offered: AgreedSelectors,
  dynamic: DynamicSides,
): { readonly template: ChildTemplate; readonly selectors: AgreedSelectors } | null {
  if (replaced !== null) {
    // RFC 7296 §2.9.2: a rekey keeps all that is in use, whatever wider offer it comes with (Windows offers all of it again).
    const selectors = narrow(replaced.selectors, offered);
    return selectors === null || !isWithin(replaced.selectors, selectors) ? null : { template: replaced.template, selectors };
  }
  const found = chooseTemplate(peer.children, offered, dynamic);
  return found === null ? null : { template: found.template, selectors: found.agreed };
}

/** Null for a size or a value that no SPI has. */
function spiOf(proposal: Proposal): EspSpi | null {
  const { spi, protocol } = proposal;
  if (protocol !== protocolId.ESP || spi.length !== 4) return null;
  const value = new DataView(spi.buffer, spi.byteOffset, 4).getUint32(0);
  return value < leastEspSpi ? null : espSpi(value);
}

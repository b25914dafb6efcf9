/** Proposals and their selection, traffic selectors and narrowing (RFC 7296 §2.7, §2.9): the input is a chain of payloads behind the type of the first. */
import { defaultRegistry } from '../../../lib/crypto/registry.js';
import { acceptAnswer, chooseProposal, espSuiteOf, ikeSuiteOf, keyExchangeGroups, withoutKeyExchange, withSpi } from '../../../lib/ike/proposal-selection.js';
import { chooseTemplate, isWithin, maxSelectorsPerSide, narrow, templateSelectors, type AgreedSelectors } from '../../../lib/ike/traffic-selection.js';
import { parseAddress } from '../../../lib/util/address.js';
import { concat } from '../../../lib/util/bytes.js';
import { payloadType } from '../../../lib/wire/iana.js';
import { decodeInnerPayloads, payloadsOf } from '../../../lib/wire/payload.js';
import type { Proposal, SaPayload } from '../../../lib/wire/payloads/sa.js';
import { knownSelectors, tsPayload } from '../../../lib/wire/payloads/ts.js';
import { formatSelector, parseSelector, type TrafficSelector } from '../../../lib/wire/traffic-selector.js';
import { hostRange } from '../../../lib/util/address-range.js';
import { address, proposals, template } from '../../support/ike-end.js';
import { trafficSelector } from '../../support/wire-arbitraries.js';
import { chainInput, chains, largeChains } from '../ike-inputs.js';
import { decoded, drawn, mustBeSame, mustHold, type FuzzTarget } from '../target.js';

const ours = {
  ike: proposals('ike', 'aes256gcm16-prfsha384-x25519-ecp384', 'aes128-sha256-prfsha256-modp2048'),
  esp: proposals('esp', 'aes256gcm16-x25519', 'chacha20poly1305', 'aes128-sha256-esn'),
};
const templates = [
  template('narrow', '192.168.1.0/24[tcp/80-443]', '192.168.2.0/24'),
  template('wide', '0.0.0.0/0', '0.0.0.0/0'),
  template('six', 'fd01::/64[udp]', '::/0'),
];
const dynamicSides = { local: [hostRange(address('203.0.113.1'))], remote: [hostRange(address('203.0.113.2'))] };

export const target: FuzzTarget = {
  run(input) {
    const payloads = decoded(() => decodeInnerPayloads(input[0] ?? 0, input.subarray(1)));
    if (payloads === null) return;
    const offers = payloadsOf(payloads, 'sa').map((payload) => payload.proposals);
    for (const offer of offers) {
      choose(ours.ike, offer);
      choose(ours.esp, offer);
      choose(offer, ours.ike);
    }
    const [first, second] = offers;
    if (first !== undefined && second !== undefined) choose(first, second);
    const local = payloadsOf(payloads, 'ts-i').flatMap(knownSelectors);
    const remote = payloadsOf(payloads, 'ts-r').flatMap(knownSelectors);
    for (const selector of [...local, ...remote].slice(0, maxSelectorsPerSide)) checkText(selector);
    checkNarrowing({ local, remote });
  },
  seeds: () => {
    const some = drawn(trafficSelector, 40);
    const selectors = some.slice(3).map((_, i) => chainInput([tsPayload('ts-i', some.slice(i, i + 3)), tsPayload('ts-r', some.slice(i + 2, i + 4))]));
    const wanted = templates.map((each) => templateSelectors(each, dynamicSides));
    const sa = [ours.ike, ours.esp].map((list): SaPayload => ({ kind: 'sa', critical: false, proposals: withSpi(list, new Uint8Array(4)) }));
    const usual = wanted.map((side) => chainInput([tsPayload('ts-i', side.local), tsPayload('ts-r', side.remote)]));
    return [...selectors, ...usual, chainInput(sa), ...sa.map((payload) => chainInput([payload])), ...chains().map(chainInput)];
  },
  large: (octets) => [
    ...largeChains(octets).filter(([type]) => type === payloadType.SA || type === payloadType.TSi),
    manySelectors(octets),
  ],
  words: [],
};

/** Selectors apart from each other on both sides, so that none is inside another. */
function manySelectors(octets: number): Uint8Array {
  const side = (next: number): Uint8Array => {
    const count = Math.min(255, Math.floor(octets / 2 / 16));
    const selectors = Array.from({ length: count }, (_, i) => Uint8Array.of(7, 6, 0, 16, 0, 0, 255, 255, 10, 0, i, 1, 10, 0, i, 9));
    const length = 8 + 16 * count;
    return concat(Uint8Array.of(next, 0, length >> 8, length & 0xff, count, 0, 0, 0), ...selectors);
  };
  return concat(Uint8Array.of(payloadType.TSi), side(payloadType.TSr), side(payloadType.NONE));
}

function choose(own: readonly Proposal[], offer: readonly Proposal[]): void {
  keyExchangeGroups(offer);
  withoutKeyExchange(offer);
  const chosen = chooseProposal(own, offer);
  if (chosen === null) return;
  const source = offer.filter((proposal) => proposal.number === chosen.number && proposal.protocol === chosen.protocol);
  mustHold(source.some((proposal) => chosen.transforms.every((one) => proposal.transforms.includes(one))), 'what was chosen was offered');
  const types = chosen.transforms.map((one) => one.type);
  mustHold(new Set(types).size === types.length, 'one transform of each type was chosen');
  ikeSuiteOf(defaultRegistry, chosen);
  espSuiteOf(defaultRegistry, chosen);
  const numbers = offer.map((proposal) => proposal.number);
  // Who offered recognises it, unless his own numbers are not unique.
  if (new Set(numbers).size === numbers.length) mustHold(acceptAnswer(offer, [chosen]) !== null, 'what was chosen is accepted');
}

function checkText(selector: TrafficSelector): void {
  // A peer may name an IPv4-mapped address, and no configuration does.
  if ([selector.range.start, selector.range.end].some((end) => parseAddress(end) === null)) return;
  mustBeSame('the selector that its text spells', parseSelector(formatSelector(selector)), { ok: true, selector });
}

function checkNarrowing(offered: AgreedSelectors): void {
  for (const each of templates) {
    const wanted = templateSelectors(each, dynamicSides);
    const agreed = narrow(wanted, offered);
    if (agreed === null) continue;
    mustHold(isWithin(agreed, offered) && isWithin(agreed, wanted), 'what was agreed on lies within what both want');
    mustHold(Math.max(agreed.local.length, agreed.remote.length) <= maxSelectorsPerSide, 'what was agreed on has an end');
    mustBeSame('what is agreed on when it is offered again', narrow(wanted, agreed), agreed);
  }
  const chosen = chooseTemplate(templates, offered, dynamicSides);
  if (chosen !== null) mustHold(isWithin(chosen.agreed, offered), 'the template chosen serves the offer');
}

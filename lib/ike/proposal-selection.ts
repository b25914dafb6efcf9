/** Choosing from proposals, and checking what was chosen of ours (RFC 7296 §2.7, §3.3). */
import type { Registry } from '../crypto/registry.js';
import type { EspSuite, IkeSuite } from '../crypto/suite.js';
import { esnId, protocolId, transformType } from '../wire/iana.js';
import { hasUnknownAttribute, keyLengthOf, transform, type Proposal, type Transform } from '../wire/payloads/sa.js';

/** `NONE` of the transform types that may be left out (RFC 7296 §3.3.2: INTEG and KE), and ESN's absence. */
const absent = 0;
/** Of transforms, in the order in which they are looked at. */
export const knownTypes: readonly number[] = [transformType.ENCR, transformType.PRF, transformType.INTEG, transformType.KE, transformType.ESN];

/** A key exchange of a proposal that is not to be negotiated: in IKE_AUTH, where the IKE SA's serves (RFC 7296 §1.2). */
export function withoutKeyExchange(proposals: readonly Proposal[]): Proposal[] {
  return proposals.map((p) => ({ ...p, transforms: p.transforms.filter((t) => t.type !== transformType.KE) }));
}

/** The same proposals under our SPI. */
export function withSpi(proposals: readonly Proposal[], spi: Uint8Array): Proposal[] {
  return proposals.map((p, i) => ({ ...p, number: i + 1, spi }));
}

/** The key exchange methods that the proposals name, in order, without repetition. */
export function keyExchangeGroups(proposals: readonly Proposal[]): number[] {
  const groups = proposals.flatMap((p) => p.transforms.filter((t) => t.type === transformType.KE && t.id !== absent).map((t) => t.id));
  return [...new Set(groups)];
}

/**
 * The first of our proposals that one of the peer's meets, as the proposal to answer with; null: none in common.
 * One transform of each type that the peer's proposal has; a type with nothing in common refuses the proposal.
 */
export function chooseProposal(ours: readonly Proposal[], theirs: readonly Proposal[]): Proposal | null {
  for (const own of ours) {
    for (const offer of theirs) {
      const transforms = offer.protocol === own.protocol ? common(own, offer) : null;
      if (transforms !== null) return { number: offer.number, protocol: offer.protocol, spi: offer.spi, transforms };
    }
  }
  return null;
}

/** The answer is one of ours with one transform of each type; null: the peer changed it (RFC 7296 §2.7). */
export function acceptAnswer(ours: readonly Proposal[], answer: readonly Proposal[]): Proposal | null {
  const [chosen] = answer;
  if (chosen === undefined || answer.length !== 1) return null;
  const own = ours.find((p) => p.number === chosen.number && p.protocol === chosen.protocol);
  if (own === undefined) return null;
  const types = chosen.transforms.map((t) => t.type);
  if (new Set(types).size !== types.length) return null;
  const transforms = common(own, chosen);
  return transforms === null ? null : { ...chosen, transforms };
}

/** The algorithms of a chosen proposal for IKE, or null where one is missing or unknown to the registry. */
export function ikeSuiteOf(registry: Registry, proposal: Proposal): IkeSuite | null {
  const encr = encryption(registry, proposal);
  const prf = registry.prf(idOf(proposal, transformType.PRF));
  const ke = registry.ke(idOf(proposal, transformType.KE));
  const integ = registry.integ(idOf(proposal, transformType.INTEG));
  if (encr === null || prf === null || ke === null || encr.aead === (integ !== null)) return null;
  return { encr, integ, prf, ke };
}

/** The algorithms of a chosen proposal for ESP, or null where one is missing or unknown to the registry. */
export function espSuiteOf(registry: Registry, proposal: Proposal): EspSuite | null {
  const encr = encryption(registry, proposal);
  const integ = registry.integ(idOf(proposal, transformType.INTEG));
  const group = idOf(proposal, transformType.KE);
  const ke = group === absent ? null : registry.ke(group);
  if (encr === null || encr.aead === (integ !== null) || (group !== absent && ke === null)) return null;
  return { encr, integ, ke, esn: idOf(proposal, transformType.ESN) === esnId.ESN };
}

function encryption(registry: Registry, proposal: Proposal): ReturnType<Registry['encr']> {
  const chosen = proposal.transforms.find((t) => t.type === transformType.ENCR);
  return chosen === undefined ? null : registry.encr(chosen.id, keyLengthOf(chosen));
}

function idOf(proposal: Proposal, type: number): number {
  return proposal.transforms.find((t) => t.type === type)?.id ?? absent;
}

/** One transform of each type the offer has, ours first; null when a type has none in common. */
function common(own: Proposal, offer: Proposal): Transform[] | null {
  // RFC 7296 §3.3.6: an unknown transform type refuses the proposal, an unknown transform only itself.
  if (offer.transforms.some((t) => !knownTypes.includes(t.type))) return null;
  const chosen: Transform[] = [];
  for (const type of knownTypes) {
    const found = commonTransform(type, own, offer);
    if (found === null) return null;
    // The answer names the types that the offer named.
    if (offer.transforms.some((t) => t.type === type)) chosen.push(found);
  }
  return chosen;
}

/** The first of ours of that type that the offer has, too; null: none. What may be left out is there as NONE. */
export function commonTransform(type: number, own: Proposal, offer: Proposal): Transform | null {
  return match(type, own.transforms.filter((t) => t.type === type), offer.transforms.filter((t) => t.type === type), offer.protocol);
}

function match(type: number, wanted: readonly Transform[], offered: readonly Transform[], protocol: number): Transform | null {
  const none = transform(type, absent);
  const { INTEG, KE, ESN, PRF } = transformType;
  const mayBeAbsent = type === INTEG || type === KE || type === ESN || (type === PRF && protocol === protocolId.ESP);
  const left = wanted.length === 0 && mayBeAbsent ? [none] : wanted;
  const right = offered.length === 0 && mayBeAbsent ? [none] : offered;
  for (const want of left) {
    const found = right.find((o) => o.id === want.id && keyLengthOf(o) === keyLengthOf(want) && !hasUnknownAttribute(o));
    if (found !== undefined) return found;
  }
  return null;
}

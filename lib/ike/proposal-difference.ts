/** Why proposals do not meet: transform by transform, with what comes nearest and what would make it meet (RFC 7296 §2.7, §3.3). */
import { keywordOf, lookUpKeyword } from '../crypto/keywords.js';
import { esnId, keId, transformType } from '../wire/iana.js';
import { keyLengthOf, type Proposal, type Transform } from '../wire/payloads/sa.js';
import { cut, misfitLines, type Misfit } from './attempt.js';
import { blockOf, type IkePeer } from './peer.js';
import { chooseProposal, commonTransform, knownTypes } from './proposal-selection.js';

/** Blocks and proposals of the peer that are compared: whoever is refused may have sent hundreds. */
export const maxBlocksCompared = 16;
export const maxOffersCompared = 8;

/** The proposals of several blocks, or of one, none of which meets an offer. `esp` is what is compared where `key` is that. */
export function proposalMisfit(key: 'ike' | 'esp', blocks: readonly IkePeer[], theirs: readonly Proposal[], own: (peer: IkePeer) => readonly Proposal[] = (peer) => peer[key]): Misfit {
  const part = key === 'ike' ? 'IKE proposals' : 'ESP proposals';
  const compared = blocks.slice(0, maxBlocksCompared);
  const offered = misfitLines(theirs.map(formatProposal));
  const wanted = misfitLines(compared.flatMap((peer) => own(peer).map((proposal) => `${formatProposal(proposal)} (${blockOf(peer)})`)));
  const problem = `no ${key === 'ike' ? 'IKE' : 'ESP'} proposal in common`;
  const gap = nearestGap(compared, theirs, own);
  if (gap === null) {
    const remedy = blocks.length === 0 ? 'no peer is configured here: add a [[peer]] for the caller' : `name in ${key} here what the other end has`;
    return { part, problem, offered, wanted, peer: null, nearest: null, remedy };
  }
  const windows = key === 'ike' && theirs.every(isOldWindows) ? `; if it is Windows, in PowerShell there: ${windowsLine}` : '';
  return { part, problem, offered, wanted, peer: gap.peer.name, nearest: describeGap(gap), remedy: `${remedyOf(key, gap)}${windows}` };
}

/** A caller of IKE_SA_INIT, who has not said yet who he is: only where he is, or that there is but one peer, can tell. */
export function initMisfit(blocks: readonly IkePeer[], expected: readonly IkePeer[], theirs: readonly Proposal[]): Misfit {
  const misfit = proposalMisfit('ike', blocks, theirs);
  const isTold = blocks.length === 1 || expected.some(({ name }) => name === misfit.peer);
  return isTold ? misfit : { ...misfit, peer: null };
}

/** What IKE_SA_INIT agreed on, when nobody knew who calls, is none of the block that is his (RFC 7296 §2.7). */
export function otherBlockMisfit(peer: IkePeer, blocks: readonly IkePeer[], agreed: Proposal): Misfit {
  const misfit = proposalMisfit('ike', [peer], [agreed]);
  const from = blocks.slice(0, maxBlocksCompared).find(({ ike }) => chooseProposal(ike, [agreed]) !== null);
  const origin = from === undefined ? '' : `, but come from ${blockOf(from)}, which was looked at first`;
  const earlier = from === undefined ? '' : `; or write ${blockOf(peer)} before "${from.name}", or name the address of the caller in its addresses`;
  return {
    ...misfit, problem: `the IKE algorithms agreed on are not those configured for ${peer.name}${origin}`,
    remedy: `give ike of ${blockOf(peer)} here "${formatProposal(agreed)}" as well${earlier}`,
  };
}

/** As a configuration spells it; what we have no word for by its numbers. */
export function formatProposal({ transforms }: Proposal): string {
  const words = order.flatMap((type) => transforms.filter((t) => t.type === type && !goesWithoutSaying(t)).map(formatTransform));
  const others = transforms.filter(({ type }) => !order.includes(type)).map(formatTransform);
  return cut([...words, ...others].join('-') || 'nothing');
}

interface Gap {
  readonly peer: IkePeer;
  readonly own: Proposal;
  readonly offer: Proposal;
  /** Transform types without a transform in common. */
  readonly lacking: readonly number[];
}

function nearestGap(blocks: readonly IkePeer[], theirs: readonly Proposal[], own: (peer: IkePeer) => readonly Proposal[]): Gap | null {
  let best: Gap | null = null;
  for (const peer of blocks) {
    for (const mine of own(peer)) {
      for (const offer of theirs.slice(0, maxOffersCompared)) {
        const lacking = lackingTypes(mine, offer);
        if (best === null || lacking.length < best.lacking.length) best = { peer, own: mine, offer, lacking };
      }
    }
  }
  return best;
}

function lackingTypes(own: Proposal, offer: Proposal): number[] {
  const unknown = offer.transforms.map(({ type }) => type).filter((type) => !knownTypes.includes(type));
  return [...new Set([...knownTypes.filter((type) => commonTransform(type, own, offer) === null), ...unknown])];
}

function describeGap({ peer, own, offer, lacking }: Gap): string {
  const differences = lacking.map((type) => `${typeNames[type] ?? `transform type ${type}`} (here ${listOf(own, type)}; there ${listOf(offer, type)})`);
  const rest = knownTypes.length - lacking.length > 2 ? ', all else fits' : '';
  return `${blockOf(peer)}, where ${formatProposal(own)} and the offered ${formatProposal(offer)} differ in ${differences.join(' and ')}${rest}`;
}

function remedyOf(key: 'ike' | 'esp', { peer, own, offer, lacking }: Gap): string {
  const bridge = (from: Proposal): string => formatProposal({
    ...from,
    transforms: knownTypes.flatMap((type) => {
      const both = lacking.includes(type) ? null : commonTransform(type, own, offer);
      return [both ?? from.transforms.find((t) => t.type === type)].filter((t) => t !== undefined && t.id !== absent);
    }).filter((t) => t !== undefined),
  });
  const there = `add "${bridge(own)}" to ${key} at the other end`;
  const spellable = offer.transforms.every((t) => !lacking.includes(t.type) || t.id === absent || wordFor(t) !== null);
  return spellable ? `add "${bridge(offer)}" to ${key} of ${blockOf(peer)} here, or ${there}` : there;
}

/** Windows offers no other group than MODP-1024 until it is told to. */
function isOldWindows({ transforms }: Proposal): boolean {
  return transforms.filter(({ type }) => type === transformType.KE).every(({ id }) => id === keId.MODP_1024);
}

/** NAME is that of the VPN there. */
const windowsLine = 'Set-VpnConnectionIPsecConfiguration -ConnectionName NAME -EncryptionMethod AES256 -IntegrityCheckMethod SHA256 -DHGroup Group14 '
  + '-CipherTransformConstants AES256 -AuthenticationTransformConstants SHA256128 -PfsGroup None -Force';

const absent = 0;
/** In which a configuration names them. */
const order: readonly number[] = [transformType.ENCR, transformType.INTEG, transformType.PRF, transformType.KE, transformType.ESN];

const typeNames: Readonly<Record<number, string>> = {
  [transformType.ENCR]: 'the cipher', [transformType.INTEG]: 'the integrity algorithm', [transformType.PRF]: 'the PRF',
  [transformType.KE]: 'the key exchange', [transformType.ESN]: 'extended sequence numbers',
};

function listOf({ transforms }: Proposal, type: number): string {
  return transforms.filter((t) => t.type === type).map(formatTransform).join(', ') || 'none';
}

function goesWithoutSaying({ type, id }: Transform): boolean {
  return type === transformType.ESN ? id === esnId.NO_ESN : id === absent && (type === transformType.INTEG || type === transformType.KE);
}

function formatTransform(t: Transform): string {
  if (t.type !== transformType.ESN && t.id === absent) return 'none';
  return wordFor(t) ?? `type${t.type}:${t.id}${keyLengthOf(t) === null ? '' : `/${keyLengthOf(t)}`}`;
}

function wordFor(t: Transform): string | null {
  const word = isKeywordType(t.type) ? keywordOf(t.type, t.id, keyLengthOf(t)) : null;
  return word !== null && lookUpKeyword(word) !== null ? word : null;
}

function isKeywordType(type: number): type is 1 | 2 | 3 | 4 | 5 {
  return type >= 1 && type <= 5;
}

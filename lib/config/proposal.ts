/**
 * Proposals as strongSwan writes them, `aes256gcm16-prfsha384-x25519`, made into what goes on the wire
 * (RFC 7296 §3.3). Several algorithms of one type in one proposal are alternatives, first preferred.
 */
import { allKeywords, lookUpKeyword, lookUpRefusedKeyword, type ProposalKeyword } from '../crypto/keywords.js';
import { nearestWord } from '../util/nearest.js';
import { encrId, esnId, protocolId, transformType } from '../wire/iana.js';
import { transform, type Proposal } from '../wire/payloads/sa.js';

/** What a proposal is for. */
export type ProposalUse = 'ike' | 'esp';

export type ProposalResult = { readonly ok: true; readonly proposal: Proposal } | { readonly ok: false; readonly problem: string };

/** @param number of the proposal in its list, from 1 */
export function parseProposal(text: string, use: ProposalUse, number: number): ProposalResult {
  const found = readKeywords(text);
  if (!found.ok) return found;
  const problem = use === 'ike' ? ikeProblem(found.keywords) : espProblem(found.keywords);
  if (problem !== null) return { ok: false, problem };
  const chosen = use === 'ike' ? completeIke(found.keywords) : completeEsp(found.keywords);
  const transforms = [...chosen].sort((a, b) => a.transformType - b.transformType);
  return {
    ok: true,
    proposal: {
      number,
      protocol: use === 'ike' ? protocolId.IKE : protocolId.ESP,
      spi: new Uint8Array(0),
      transforms: transforms.map((k) => transform(k.transformType, k.id, k.keyLength)),
    },
  };
}

/** Offered where the configuration names none: strong first, then wide enough for every strongSwan since 5.7. */
export const defaultProposals: Readonly<Record<ProposalUse, readonly string[]>> = {
  ike: [
    'aes256gcm16-prfsha384-x25519',
    'aes128gcm16-prfsha256-ecp256',
    'aes256-sha256-modp3072',
    'aes256gcm16-aes192gcm16-aes128gcm16-chacha20poly1305-prfsha512-prfsha384-prfsha256-x25519-x448-ecp521-ecp384-ecp256-modp4096-modp3072-modp2048',
    'aes256-aes192-aes128-sha512-sha384-sha256-prfsha512-prfsha384-prfsha256-x25519-x448-ecp521-ecp384-ecp256-modp4096-modp3072-modp2048',
  ],
  // The second of each pair is for peers without a key exchange of their own at rekey, as strongSwan's default is.
  esp: [
    'aes256gcm16-x25519',
    'aes256gcm16',
    'aes128gcm16-aes192gcm16-chacha20poly1305-x25519-ecp384-ecp256-x448-ecp521-modp3072-modp4096-modp2048',
    'aes128gcm16-aes192gcm16-chacha20poly1305',
    'aes256-aes192-aes128-sha256-sha384-sha512-x25519-ecp384-ecp256-x448-ecp521-modp3072-modp4096-modp2048',
    'aes256-aes192-aes128-sha256-sha384-sha512',
  ],
};

type Keywords = { readonly ok: true; readonly keywords: readonly ProposalKeyword[] } | { readonly ok: false; readonly problem: string };

/** The keywords of a proposal, or what is wrong with those that are none: all of them in one sentence. */
function readKeywords(text: string): Keywords {
  if (text.includes(',')) return { ok: false, problem: 'one proposal a string: write ["…", "…"] instead of a comma' };
  const keywords: ProposalKeyword[] = [];
  const problems: string[] = [];
  for (const word of text.split('-')) {
    const keyword = lookUpKeyword(word);
    if (keyword === null) problems.push(explainUnknown(word));
    else if (keywords.includes(keyword)) problems.push(`${word} is named twice`);
    else keywords.push(keyword);
  }
  return problems.length === 0 ? { ok: true, keywords } : { ok: false, problem: problems.join('; ') };
}

function explainUnknown(word: string): string {
  if (word === '') return 'a keyword is missing beside a "-"';
  const refused = lookUpRefusedKeyword(word);
  if (refused !== null) return `${word} is ${refused.kind === 'broken' ? 'refused' : 'not supported'}: ${refused.reason}`;
  const near = nearestWord(word, allKeywords());
  return near === null ? `no algorithm is called "${word}"` : `no algorithm is called "${word}"; did you mean "${near}"?`;
}

/** What keeps the keywords from being an IKE proposal. */
function ikeProblem(keywords: readonly ProposalKeyword[]): string | null {
  const mixed = encryptionProblem(keywords);
  if (mixed !== null) return mixed;
  const integ = ofType(keywords, transformType.INTEG);
  if (ofType(keywords, transformType.ESN).length > 0) return 'esn and noesn belong to esp proposals';
  if (ofType(keywords, transformType.KE).length === 0) return 'the key exchange is missing: add one, as -x25519';
  if (isAead(keywords)) {
    if (ofType(keywords, transformType.PRF).length > 0 && integ.length > 0) return withoutIntegrity(integ);
    if (ofType(keywords, transformType.PRF).length === 0 && integ.length === 0) return 'the PRF is missing: add one, as -prfsha256';
    return null;
  }
  return integ.length === 0 ? 'the integrity algorithm is missing: add one, as -sha256' : null;
}

function espProblem(keywords: readonly ProposalKeyword[]): string | null {
  const mixed = encryptionProblem(keywords);
  if (mixed !== null) return mixed;
  const integ = ofType(keywords, transformType.INTEG);
  const [prf] = ofType(keywords, transformType.PRF);
  if (prf !== undefined) return `${prf.name} belongs to ike proposals: ESP has no PRF`;
  if (isAead(keywords)) return integ.length > 0 ? withoutIntegrity(integ) : null;
  return integ.length === 0 ? 'the integrity algorithm is missing: add one, as -sha256' : null;
}

/** RFC 7296 §3.3: ciphers with and without integrity of their own can't stand in one proposal. */
function encryptionProblem(keywords: readonly ProposalKeyword[]): string | null {
  const encr = ofType(keywords, transformType.ENCR);
  if (encr.length === 0) return 'the encryption algorithm is missing: begin with one, as aes256gcm16';
  const aead = encr.filter(isAeadKeyword).map((k) => k.name);
  const other = encr.filter((k) => !isAeadKeyword(k)).map((k) => k.name);
  if (aead.length === 0 || other.length === 0) return null;
  return `${aead.join(', ')} and ${other.join(', ')} need a proposal each: the first kind has integrity of its own, the second needs some (RFC 7296 §3.3)`;
}

function withoutIntegrity(integ: readonly ProposalKeyword[]): string {
  return `leave ${integ.map((k) => k.name).join(', ')} out: the cipher has integrity of its own (RFC 7296 §3.3)`;
}

/** Where no PRF is named, each integrity algorithm's hash makes one; with AEAD that is all it is there for (as strongSwan reads it). */
function completeIke(keywords: readonly ProposalKeyword[]): readonly ProposalKeyword[] {
  const integ = ofType(keywords, transformType.INTEG);
  const prf = ofType(keywords, transformType.PRF);
  const made = prf.length > 0 ? [] : integ.map((k) => lookUpKeyword(`prf${k.name}`)).filter((k) => k !== null);
  const kept = isAead(keywords) ? keywords.filter((k) => k.transformType !== transformType.INTEG) : keywords;
  return [...kept, ...made];
}

/** RFC 7296 §3.3.3 asks for the ESN transform in every ESP proposal; unless named it is "no". */
function completeEsp(keywords: readonly ProposalKeyword[]): readonly ProposalKeyword[] {
  if (ofType(keywords, transformType.ESN).length > 0) return keywords;
  return [...keywords, { name: 'noesn', transformType: transformType.ESN, id: esnId.NO_ESN, keyLength: null }];
}

function ofType(keywords: readonly ProposalKeyword[], type: number): readonly ProposalKeyword[] {
  return keywords.filter((k) => k.transformType === type);
}

function isAead(keywords: readonly ProposalKeyword[]): boolean {
  return keywords.some((k) => k.transformType === transformType.ENCR && isAeadKeyword(k));
}

/** AES-GCM with a 16-octet ICV (RFC 5282) and ChaCha20-Poly1305 (RFC 7634). */
function isAeadKeyword(keyword: ProposalKeyword): boolean {
  return aeadIds.has(keyword.id);
}

const aeadIds: ReadonlySet<number> = new Set([encrId.AES_GCM_16, encrId.CHACHA20_POLY1305]);

/**
 * The words that name algorithms in a proposal: the same as strongSwan's, aliases included, for every
 * algorithm we have; and for those we refuse, the reason. Numbers: IANA "IKEv2 Parameters".
 */
import { encrId, esnId, integId, keId, prfId, transformType } from '../wire/iana.js';

/** Transform types that a proposal keyword can stand for (RFC 7296 §3.3.2). */
export type KeywordTransformType = 1 | 2 | 3 | 4 | 5;

/** What one keyword stands for. */
export interface ProposalKeyword {
  /** The keyword that we print for it. */
  readonly name: string;
  /** 1 encryption, 2 PRF, 3 integrity, 4 key exchange, 5 extended sequence numbers. */
  readonly transformType: KeywordTransformType;
  readonly id: number;
  /** Key Length attribute in bits; null where none is sent. */
  readonly keyLength: number | null;
}

/** Why a keyword that strongSwan knows is refused here. */
export interface RefusedKeyword {
  /** `broken`: nobody should use it, now or later. `unsupported`: sound enough, but not implemented. */
  readonly kind: 'broken' | 'unsupported';
  /** A clause that fits after a colon, as `MD5 is broken (RFC 8247 §2.3)`. */
  readonly reason: string;
}

/** The algorithm that a keyword or alias names, or null. Keywords are lower case. */
export function lookUpKeyword(keyword: string): ProposalKeyword | null {
  return supported.get(keyword) ?? null;
}

/** Why a known keyword is refused; null where it is not refused (supported, or not a keyword at all). */
export function lookUpRefusedKeyword(keyword: string): RefusedKeyword | null {
  if (supported.has(keyword)) return null;
  return refused.find((rule) => rule.pattern.test(keyword))?.refusal ?? null;
}

/** The keyword that we print for a transform, or null when we do not know it. */
export function keywordOf(type: KeywordTransformType, id: number, keyLength: number | null): string | null {
  for (const keyword of supported.values()) {
    if (keyword.transformType === type && keyword.id === id && keyword.keyLength === keyLength) return keyword.name;
  }
  return null;
}

/** Every supported keyword, aliases included: for completion and for the nearest right word in a message. */
export function allKeywords(): string[] {
  return [...supported.keys()];
}

const supported: ReadonlyMap<string, ProposalKeyword> = new Map([
  ...entry('aes128gcm16', transformType.ENCR, encrId.AES_GCM_16, 128, 'aes128gcm128', 'aes128gcm'),
  ...entry('aes192gcm16', transformType.ENCR, encrId.AES_GCM_16, 192, 'aes192gcm128', 'aes192gcm'),
  ...entry('aes256gcm16', transformType.ENCR, encrId.AES_GCM_16, 256, 'aes256gcm128', 'aes256gcm'),
  ...entry('chacha20poly1305', transformType.ENCR, encrId.CHACHA20_POLY1305, null),
  ...entry('aes128', transformType.ENCR, encrId.AES_CBC, 128, 'aes'),
  ...entry('aes192', transformType.ENCR, encrId.AES_CBC, 192),
  ...entry('aes256', transformType.ENCR, encrId.AES_CBC, 256),
  ...entry('prfsha256', transformType.PRF, prfId.HMAC_SHA2_256, null, 'prfsha2_256'),
  ...entry('prfsha384', transformType.PRF, prfId.HMAC_SHA2_384, null, 'prfsha2_384'),
  ...entry('prfsha512', transformType.PRF, prfId.HMAC_SHA2_512, null, 'prfsha2_512'),
  ...entry('sha256', transformType.INTEG, integId.HMAC_SHA2_256_128, null, 'sha2_256'),
  ...entry('sha384', transformType.INTEG, integId.HMAC_SHA2_384_192, null, 'sha2_384'),
  ...entry('sha512', transformType.INTEG, integId.HMAC_SHA2_512_256, null, 'sha2_512'),
  ...entry('x25519', transformType.KE, keId.CURVE25519, null, 'curve25519'),
  ...entry('x448', transformType.KE, keId.CURVE448, null, 'curve448'),
  ...entry('ecp256', transformType.KE, keId.ECP_256, null),
  ...entry('ecp384', transformType.KE, keId.ECP_384, null),
  ...entry('ecp521', transformType.KE, keId.ECP_521, null),
  ...entry('modp2048', transformType.KE, keId.MODP_2048, null),
  ...entry('modp3072', transformType.KE, keId.MODP_3072, null),
  ...entry('modp4096', transformType.KE, keId.MODP_4096, null),
  ...entry('noesn', transformType.ESN, esnId.NO_ESN, null),
  ...entry('esn', transformType.ESN, esnId.ESN, null),
]);

function entry(
  name: string,
  type: KeywordTransformType,
  id: number,
  keyLength: number | null,
  ...aliases: readonly string[]
): [string, ProposalKeyword][] {
  const value: ProposalKeyword = { name, transformType: type, id, keyLength };
  return [name, ...aliases].map((keyword) => [keyword, value]);
}

interface RefusalRule {
  readonly pattern: RegExp;
  readonly refusal: RefusedKeyword;
}

/** The first rule that fits speaks. */
const refused: readonly RefusalRule[] = [
  broken(/^null$/, 'without encryption nothing is secret'),
  broken(/^aes(128|192|256)gmac$/, 'AES-GMAC does not encrypt (RFC 4543)'),
  broken(/^des$/, 'DES is broken (RFC 8247 §2.1)'),
  broken(/^3des$/, '3DES has 64-bit blocks and is deprecated (RFC 8221 §5)'),
  broken(/^(blowfish(128|192|256)?|cast128)$/, 'ciphers with 64-bit blocks are deprecated (RFC 8221 §5)'),
  broken(/^(sha|sha1|sha1_160|prfsha1)$/, 'SHA-1 is being phased out (RFC 8247 §2.2, §2.3)'),
  broken(/^(md5|md5_128|prfmd5)$/, 'MD5 is broken (RFC 8247 §2.2, §2.3)'),
  broken(/^(sha256_96|sha2_256_96)$/, 'this truncation to 96 bits comes from a withdrawn draft; use sha256'),
  broken(/^modp(768|1024|1024s160)$/, 'the group is too small (RFC 8247 §2.4)'),
  broken(/^modp1536$/, 'the group is too small (RFC 8247 §2.4)'),
  broken(/^modp2048s(224|256)$/, 'the group has small subgroups and its prime is unexplained (RFC 8247 §2.4)'),
  broken(/^modpnull$/, 'without a key exchange there is no key'),
  broken(/^ecp(192|224)$/, 'the curve is too small'),
  broken(/^(modpnone|none)$/, 'leave the key exchange out of the proposal instead'),
  unsupported(/^aes(128|192|256)gcm(8|64|12|96)$/, 'tags under 16 octets are weaker and hardly shorter (RFC 8247 §2.1); use aes128gcm16 or aes256gcm16'),
  broken(/^chacha20poly1305compat$/, 'RFC 7634 has no key length for it; use chacha20poly1305'),
  unsupported(/^aes(128|192|256)ctr$/, 'AES-CTR is not implemented; use aes128gcm16 or aes256gcm16'),
  unsupported(/^aes(128|192|256)ccm(8|64|12|96|16|128)?$/, 'AES-CCM is not implemented; use aes128gcm16 or aes256gcm16'),
  unsupported(/^camellia(128|192|256)?(ctr|ccm(8|64|12|96|16|128))?$/, 'Camellia is not implemented; use aes128gcm16 or aes256gcm16'),
  unsupported(/^(serpent|twofish)(128|192|256)?$/, 'the cipher is not implemented; use aes128gcm16 or aes256gcm16'),
  unsupported(/^(prf)?(aesxcbc|aescmac|camelliaxcbc)$/, 'only HMAC with SHA-2 is implemented; use sha256 or prfsha256'),
  unsupported(/^modp(6144|8192)$/, 'the group is not implemented; use modp4096, ecp384 or x25519'),
  unsupported(/^ecp(224|256|384|512)bp$/, 'Brainpool curves are not implemented; use ecp256, ecp384 or x25519'),
  unsupported(/^(ke[1-7]_.*|mlkem\d+|ntru.*|newhope.*|kyber\d|saber\d|bike\d|frodo.*|hqc\d|sike\d)$/, 'post-quantum key exchange is not implemented'),
];

function broken(pattern: RegExp, reason: string): RefusalRule {
  return { pattern, refusal: { kind: 'broken', reason } };
}

function unsupported(pattern: RegExp, reason: string): RefusalRule {
  return { pattern, refusal: { kind: 'unsupported', reason } };
}

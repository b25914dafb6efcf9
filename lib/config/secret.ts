/** Shared secrets as a person writes them. Nothing here ever quotes one. */
import { SecretKey } from '../crypto/key.js';
import { fromBase64 } from '../util/base64.js';
import { fromHex, utf8 } from '../util/bytes.js';

/** `short`: guessable, in words; null where it is long enough. */
export type SecretResult =
  | { readonly ok: true; readonly key: SecretKey; readonly short: string | null }
  | { readonly ok: false; readonly problem: string };

/** Text as it stands; octets after `0x` (hex) or `0s` (base64), as strongSwan reads them. */
export function parseSecret(text: string): SecretResult {
  if (text === '') return { ok: false, problem: 'the secret is empty; `mhtun psk` prints a good one' };
  if (text.startsWith('0x')) return ofOctets(/^([0-9a-fA-F]{2})+$/.test(text.slice(2)) ? fromHex(text.slice(2)) : null, '0x', 'pairs of hex digits');
  if (text.startsWith('0s')) return ofOctets(fromBase64(text.slice(2)), '0s', 'base64');
  const length = Array.from(text).length;
  const short = length < minSecretLetters ? `a secret of ${length} letters can be guessed: use ${minSecretLetters} or more, or \`mhtun psk\`` : null;
  return { ok: true, key: new SecretKey(utf8(text)), short };
}

/** Fewer letters than this a determined listener tries out off-line (RFC 7296 §5). */
const minSecretLetters = 20;
/** The same for random octets: 128 bit. */
const minSecretOctets = 16;

function ofOctets(octets: Uint8Array | null, prefix: string, form: string): SecretResult {
  if (octets === null || octets.length === 0) return { ok: false, problem: `a secret that begins with ${prefix} goes on with ${form}` };
  const short = octets.length < minSecretOctets ? `a secret of ${octets.length} octets can be guessed: use ${minSecretOctets} or more, or \`mhtun psk\`` : null;
  return { ok: true, key: new SecretKey(octets), short };
}

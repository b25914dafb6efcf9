/** ipsec.secrets: lines `SELECTORS : KIND SECRET`, continued where they are indented. Nothing of it is ever quoted but the kind. */
import type { Place, Remarks } from './model.js';
import { reason } from './reasons.js';
import { literalSecret, ownersOf, type SharedSecret } from './secrets.js';
import { malformed, type Sources } from './sources.js';

/** @throws ConfigError */
export function readIpsecSecrets(sources: Sources, remarks: Remarks, path: string, text: string): readonly SharedSecret[] {
  const found: SharedSecret[] = [];
  readFile(path, text, 0);
  return found;

  function readFile(file: string, content: string, depth: number): void {
    for (const { place, words } of entriesOf(file, content)) {
      const [first, second] = words;
      if (first?.text === 'include' && second !== undefined) {
        for (const included of sources.included(second.text, place, depth)) readFile(included.path, included.text, depth + 1);
        continue;
      }
      const secret = secretOf(place, words, remarks);
      if (secret !== null) found.push(secret);
    }
  }
}

interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

interface Entry {
  readonly place: Place;
  readonly words: readonly Word[];
}

function secretOf(place: Place, words: readonly Word[], remarks: Remarks): SharedSecret | null {
  const colon = words.findIndex((word) => word.text === ':' && !word.quoted);
  if (colon < 0) throw malformed(place, 'expected identities, ":" with blanks around it, and a kind of secret as PSK; got a line without ":"');
  const kind = words[colon + 1]?.text.toUpperCase() ?? '';
  if (kind === '') throw malformed(place, 'expected a kind of secret as PSK after ":"; got the end of the line');
  if (kind !== 'PSK') {
    remarks.add(place, otherKinds.has(kind) ? kind : 'secret', otherKinds.get(kind) ?? 'no such kind of secret is known here');
    return null;
  }
  const [secret, extra] = words.slice(colon + 2);
  if (secret === undefined || extra !== undefined) throw malformed(place, `expected one secret after PSK; got ${secret === undefined ? 'none' : 'several words: put it in quotes'}`);
  const owners = ownersOf(words.slice(0, colon).map((word) => word.text), place, 'PSK', remarks);
  if (owners === null) return null;
  // In quotes every letter is meant; without them 0x and 0s say how it is written.
  return { place, says: 'PSK', psk: secret.quoted ? literalSecret(secret.text) : secret.text, owners };
}

const otherKinds: ReadonlyMap<string, string> = new Map([
  ...['RSA', 'ECDSA', 'BLISS', 'PKCS8', 'P12', 'PIN'].map((kind) => [kind, 'private keys are not taken over: name the file with key'] as const),
  ...['EAP', 'NTLM', 'XAUTH'].map((kind) => [kind, reason.eap.why] as const),
]);

function entriesOf(file: string, text: string): readonly Entry[] {
  const entries: { place: Place; words: Word[] }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const place = { file, line: index + 1 };
    const words = wordsOf(line, place);
    if (words.length === 0) continue;
    const current = entries.at(-1);
    if (/^[\t ]/.test(line) && current !== undefined) current.words.push(...words);
    else entries.push({ place, words: [...words] });
  }
  return entries;
}

/** Split at blanks but not in quotes, up to a comment. */
function wordsOf(line: string, place: Place): readonly Word[] {
  const words: Word[] = [];
  const next = /[\t\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\r ]+))/y;
  for (let match = next.exec(line); match !== null; match = next.exec(line)) {
    const [, double, single, plain] = match;
    const quotes = double ?? single;
    if (quotes !== undefined) words.push({ text: quotes, quoted: true });
    else if (plain?.startsWith('#') === true) break;
    else if (plain !== undefined && /^["']/.test(plain)) throw malformed(place, 'expected a quote that closes the string; got the end of the line');
    else words.push({ text: plain ?? '', quoted: false });
  }
  return words;
}

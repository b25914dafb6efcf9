/** What charon's log says of keys with `ike` and `chd` at level 4, in charon's own order. All octets are lower-case hex. */
import { LabError } from './exec.js';

export interface CharonKeys {
  /** As `6.0.1`. */
  readonly version: string;
  readonly ikeSas: readonly CharonIkeKeys[];
  readonly auths: readonly CharonAuth[];
  readonly childSas: readonly CharonChildKeys[];
}

/** One derivation of RFC 7296 §2.14 or §2.18; `sk_ai` and `sk_ar` are empty with an AEAD. */
export interface CharonIkeKeys {
  readonly secret: string;
  readonly skeyseed: string;
  readonly sk_d: string;
  readonly sk_ai: string;
  readonly sk_ar: string;
  readonly sk_ei: string;
  readonly sk_er: string;
  readonly sk_pi: string;
  readonly sk_pr: string;
}

/** One computation of RFC 7296 §2.15, its own or the peer's. */
export interface CharonAuth {
  readonly id: string;
  readonly octets: string;
  readonly auth: string;
}

/** One derivation of RFC 7296 §2.17. Initiator and responder are those of the exchange that made the Child SA. */
export interface CharonChildKeys {
  /** charon's own SPI, and its peer's. */
  readonly spiIn: string;
  readonly spiOut: string;
  /** Null without a key exchange of its own. */
  readonly secret: string | null;
  readonly seed: string;
  readonly encrInitiator: string;
  readonly encrResponder: string;
  readonly integInitiator: string;
  readonly integResponder: string;
}

/** @throws LabError where something is not there that has to be */
export function readCharonKeys(log: string): CharonKeys {
  const version = /\(strongSwan ([\d.]+)/.exec(log)?.[1];
  if (version === undefined) throw new LabError('charon does not say its version');
  const entries = readEntries(log);
  return {
    version,
    ikeSas: sections(entries, 'IKE', ['key exchange secret', 'shared Diffie Hellman secret'], 'Sk_pr secret').map(toIkeKeys),
    auths: sections(entries, 'IKE', ["IDx'"], 'AUTH = prf(prf(secret, keypad), octets)').map(toAuth),
    childSas: sections(entries, 'CHD', ['using'], 'SPI of the peer').map(toChildKeys),
  };
}

/** A line of the log, or several with a dump of octets. */
interface Entry {
  readonly thread: string;
  readonly group: string;
  readonly label: string;
  hex: string;
}
type Section = ReadonlyMap<string, string>;

/** A dump is `LABEL => 48 bytes @ 0x…` and lines `  16: 7D 49 …`; threads take turns in the log, but not within a dump's lines of one thread. */
function readEntries(log: string): Entry[] {
  const entries: Entry[] = [];
  const open = new Map<string, Entry>();
  const spis = new Map<string, number>();
  for (const line of log.split('\n')) {
    const [, thread, group, text] = /^\S+ (\d+)\[(\w+)\] (.*)$/.exec(line) ?? [];
    if (thread === undefined || group === undefined || text === undefined) continue;
    const row = /^ +\d+: ((?:[0-9A-F]{2} ){1,16})/.exec(text)?.[1];
    const current = open.get(thread);
    if (row !== undefined && current !== undefined) {
      current.hex += row.replaceAll(' ', '').toLowerCase();
      continue;
    }
    const entry = (label: string, hex: string): Entry => {
      const made = { thread, group, label, hex };
      entries.push(made);
      return made;
    };
    const dumped = /^(.*) => \d+ bytes @/.exec(text)?.[1];
    const spi = /^ {2}SPI 0x([0-9a-f]{8}), src/.exec(text)?.[1];
    if (dumped !== undefined) open.set(thread, entry(dumped, ''));
    else if (/^ {2}using \S+ for encryption/.test(text)) {
      entry('using', '');
      spis.set(thread, 0);
    } else if (spi !== undefined) {
      const count = (spis.get(thread) ?? 0) + 1;
      spis.set(thread, count);
      // A third line is the outbound half of a rekeyed SA, announced before and put in place only now.
      if (count <= 2) entry(count === 1 ? 'own SPI' : 'SPI of the peer', spi);
    }
  }
  return entries;
}

/** What one thread says from one of the first labels to the last one. */
function sections(entries: readonly Entry[], group: string, first: readonly string[], last: string): Section[] {
  const found: Section[] = [];
  const open = new Map<string, Map<string, string>>();
  for (const { thread, label, hex } of entries.filter((entry) => entry.group === group)) {
    if (first.includes(label)) open.set(thread, new Map());
    open.get(thread)?.set(label, hex);
    const section = open.get(thread);
    if (label !== last || section === undefined) continue;
    found.push(section);
    open.delete(thread);
  }
  return found;
}

function toIkeKeys(section: Section): CharonIkeKeys {
  return {
    secret: either(section, ['key exchange secret', 'shared Diffie Hellman secret']) ?? missing('the secret of a key exchange'),
    skeyseed: needed(section, 'SKEYSEED'),
    sk_d: needed(section, 'Sk_d secret'),
    sk_ai: section.get('Sk_ai secret') ?? '',
    sk_ar: section.get('Sk_ar secret') ?? '',
    sk_ei: needed(section, 'Sk_ei secret'),
    sk_er: needed(section, 'Sk_er secret'),
    sk_pi: needed(section, 'Sk_pi secret'),
    sk_pr: needed(section, 'Sk_pr secret'),
  };
}

function toAuth(section: Section): CharonAuth {
  const octets = [...section].find(([label]) => label.startsWith('octets = message + nonce'))?.[1];
  return {
    id: needed(section, "IDx'"),
    octets: octets ?? missing('the signed octets'),
    auth: needed(section, 'AUTH = prf(prf(secret, keypad), octets)'),
  };
}

function toChildKeys(section: Section): CharonChildKeys {
  return {
    spiIn: needed(section, 'own SPI'),
    spiOut: needed(section, 'SPI of the peer'),
    secret: either(section, ['key exchange secret', 'DH secret']),
    seed: needed(section, 'seed'),
    encrInitiator: needed(section, 'encryption initiator key'),
    encrResponder: needed(section, 'encryption responder key'),
    integInitiator: section.get('integrity initiator key') ?? '',
    integResponder: section.get('integrity responder key') ?? '',
  };
}

function either(section: Section, labels: readonly string[]): string | null {
  return labels.map((label) => section.get(label)).find((hex) => hex !== undefined) ?? null;
}

function needed(section: Section, label: string): string {
  return section.get(label) ?? missing(label);
}

/** The log is of another strongSwan than those that we know, or at another level. */
function missing(what: string): never {
  throw new LabError(`charon's log lacks: ${what}`);
}

/** Looks for secrets in what programs and tests say: as they are, in hex, in base64, and as Node prints octets. */

/** A secret by a name that may be said. */
export interface Secret {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** Something that was said, by a name. */
export interface Said {
  readonly where: string;
  readonly text: string;
}

/** Which secrets are in which text, and in what form; never the secret itself. @throws Error when the search does not find what was planted for it */
export function secretsIn(said: readonly Said[], secrets: readonly Secret[]): string[] {
  for (const form of formsOf(planted)) {
    const found = search([{ where: 'planted', text: `before ${form.text} after` }], [planted]);
    if (!found.some((line) => line.includes(form.how))) throw new Error(`the search for secrets does not find one ${form.how}`);
  }
  return search(said, secrets);
}

/** The secrets that the tests' own configurations have: `psk = "…"` and `ppk` in TOML, `secret = …` in swanctl.conf. */
export function secretsOfConfig(text: string): Secret[] {
  return [...text.matchAll(/^\s*(?:psk|ppk|secret)\s*=\s*"([^"]+)"/gm)].map(([, secret = ''], at) => ({ name: `PSK ${at + 1}`, octets: Buffer.from(secret) }));
}

function search(said: readonly Said[], secrets: readonly Secret[]): string[] {
  // Node prints lists of numbers in columns.
  const compact = said.map(({ where, text }) => ({ where, text, compact: text.replace(/\s+/g, '') }));
  return secrets.flatMap((secret) => {
    const forms = formsOf(secret);
    return compact.flatMap((one) => forms.filter((form) => (form.columns === true ? one.compact : one.text).includes(form.text)).map(({ how }) => `${secret.name} ${how} in ${one.where}`));
  });
}

interface Form {
  readonly how: string;
  readonly text: string;
  /** White space between does not count. */
  readonly columns?: boolean;
}

/** Sixteen octets are enough to be no accident, and find a secret that was cut off as well. */
function formsOf({ octets }: Secret): Form[] {
  const start = Buffer.from(octets).subarray(0, 16);
  const hex = start.toString('hex');
  const pairs = hex.match(/../g) ?? [];
  return [
    { how: 'as text', text: start.toString('utf8') },
    { how: 'as octets', text: start.toString('latin1') },
    { how: 'in hex', text: hex },
    { how: 'in capital hex', text: hex.toUpperCase() },
    { how: 'in hex with spaces', text: pairs.join(' ') },
    { how: 'in hex with colons', text: pairs.join(':') },
    // A multiple of three octets, so that the end has no padding.
    { how: 'in base64', text: start.subarray(0, 15).toString('base64') },
    { how: 'in base64url', text: start.subarray(0, 15).toString('base64url') },
    { how: 'as a list of numbers', text: [...start].join(','), columns: true },
    { how: 'as an object in JSON', text: [...start].map((octet, index) => `"${index}":${octet}`).join(',') },
  ];
}

const planted: Secret = { name: 'planted', octets: Uint8Array.from({ length: 32 }, (_, index) => (index * 89 + 251) & 0xff) };

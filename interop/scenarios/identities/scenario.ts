/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { alternating, type Scenario } from '../../scenario.js';

/** Moon's and sun's identity as both programs write them. */
const kinds: Readonly<Record<string, readonly [string, string]>> = {
  fqdn: ['fqdn:moon.example.net', 'fqdn:sun.example.net'],
  email: ['email:moon@example.net', 'email:sun@example.net'],
  ipv4: ['10.1.1.2', '10.1.2.2'],
  ipv6: ['fd01:1::2', 'fd01:2::2'],
  keyid: ['keyid:moon-key', 'keyid:sun-key'],
  dn: ['C=CH, O=Lab, CN=moon', 'C=CH, O=Lab, CN=sun'],
};

export const scenario: Scenario = {
  variants: Object.keys(kinds).map((name, index) => ({ name, pairs: alternating(index) })),
  values(site, variant) {
    const [moon, sun] = kinds[variant.name] ?? ['', ''];
    return site === 'moon' ? { id: moon, peer_id: sun } : { id: sun, peer_id: moon };
  },
  async play(stage) {
    await stage.connect();
    const [moon, sun] = kinds[stage.variant.name] ?? ['', ''];
    const seen = await stage.ike(stage.moon);
    ensure(sameName(seen.remoteId, sun), `moon sees its peer as ${seen.remoteId}, not ${sun}`);
    const seenBySun = await stage.ike(stage.sun);
    ensure(sameName(seenBySun.remoteId, moon), `sun sees its peer as ${seenBySun.remoteId}, not ${moon}`);
  },
};

/** The programs show an identity with or without its prefix, and DNs with or without spaces. */
function sameName(shown: string, configured: string): boolean {
  const plain = (text: string): string => text.replace(/^(fqdn|email|keyid|dn):/, '').replaceAll(' ', '');
  return plain(shown) === plain(configured);
}

/**
 * What people get wrong when they connect two ends, as data: what differs from a pair that comes up (test/support/pair.ts), what it is about,
 * and the words that must name it, with the end that must change something.
 */
import type { MisfitPart } from '../../lib/ike/attempt.js';
import { writePem } from '../../lib/util/pem.js';
import type { Pair, SideOptions } from '../support/pair.js';
import { authority, crlPemOf, issue, keyPemOf, pemOf, testKey, type Issued, type IssueOptions } from '../support/test-pki.js';
import { testCalendarMs } from '../support/ike-end.js';

/** `check`: `mhtun check` of that end's configuration; `moon`, `sun`: log, events and `mhtun explain` of that end. */
export type Witness = 'moon' | 'sun' | 'check moon' | 'check sun';

export interface Misconfiguration {
  readonly what: string;
  readonly moon?: SideOptions;
  readonly sun?: SideOptions;
  readonly files?: Readonly<Record<string, string>>;
  /** Before anything is sent. */
  readonly stage?: (pair: Pair) => void;
  /** After a while. */
  readonly act?: (pair: Pair) => void;
  /** What it is about: no end may say that anything else does not fit. Null: not in what two ends agree on. */
  readonly part: MisfitPart | null;
  /** Each must say so. */
  readonly named: Partial<Readonly<Record<Witness, RegExp>>>;
}

const day = 86_400_000;
const ike = (text: string): SideOptions => ({ peer: `ike = ["${text}"]` });
const esp = (text: string): SideOptions => ({ peer: `esp = ["${text}"]` });
const child = (local: string, remote: string): SideOptions => ({ children: `[[peer.child]]\nname = "net"\nlocal = ["${local}"]\nremote = ["${remote}"]\n` });
/** Waits to be called. */
const waiting = (side: SideOptions = {}): SideOptions => ({ ...side, remote: null });

const lab = authority('O=Lab, CN=Lab CA');
const branch = authority('O=Lab, CN=Branch', lab);
const other = authority('O=Other, CN=Other CA');
const host = (name: string, by: Issued | null = lab, options: IssueOptions = {}): Issued => issue(`O=Lab, CN=${name}`, by, { names: [`dns:${name}`], ...options });
const sunHost = host('sun');

const byCertificate = (name: string, lines = ''): SideOptions => ({ secretless: true, peer: `auth = "pubkey"\ncert = "${name}.pem"\nkey = "${name}.key"\nca = ["ca.pem"]\n${lines}` });

/** Both ends prove themselves by certificates of the lab; `moon` is what is not as it should be. */
function certificates(moon: Issued, more: Readonly<Record<string, string>> = {}, sunLines = ''): Pick<Misconfiguration, 'moon' | 'sun' | 'files'> {
  const folder = '/etc/mhtun';
  const files: Record<string, string> = {
    [`${folder}/moon.pem`]: pemOf(moon), [`${folder}/moon.key`]: keyPemOf(moon), [`${folder}/sun.pem`]: pemOf(sunHost), [`${folder}/sun.key`]: keyPemOf(sunHost),
    [`${folder}/ca.pem`]: pemOf(lab),
  };
  for (const [name, text] of Object.entries(more)) files[`${folder}/${name}`] = text;
  return { moon: byCertificate('moon'), sun: waiting(byCertificate('sun', sunLines)), files };
}

const here = (name: string): string => `peer block "${name}" \\(mhtun\\.toml:\\d+\\)`;
const says = (text: string): RegExp => new RegExp(text.replaceAll('MOON', here('moon')).replaceAll('SUN', here('sun')), 's');

const secrets: readonly Misconfiguration[] = [
  {
    what: 'the secrets differ', part: 'shared secret', moon: { peer: 'psk = "a secret of another twenty letters"' }, sun: waiting(),
    named: { sun: says('the secrets differ; give psk \\(or psk_file\\) the same value in MOON here'), moon: says('AUTHENTICATION_FAILED.*another secret.*compare `id` and `psk`') },
  },
  {
    what: 'a secret one way, a certificate wanted', part: 'authentication method', ...certificates(host('moon')), moon: {},
    named: { sun: says('does not authenticate with a signature.*at the other end, set local_auth \\(or auth\\) = "pubkey"; or here, set remote_auth \\(or auth\\) = "psk" in MOON') },
  },
  {
    what: 'a certificate one way, a secret wanted', part: 'authentication method', ...certificates(host('moon')), sun: waiting(),
    named: { sun: says('does not authenticate with a shared secret.*at the other end, set local_auth \\(or auth\\) = "psk"; or here, set remote_auth \\(or auth\\) = "pubkey" in MOON') },
  },
  {
    what: 'the called end proves itself by a secret, the caller wants a certificate', part: 'authentication method', ...certificates(host('moon')),
    moon: { peer: 'local_auth = "psk"\nremote_auth = "pubkey"\nca = ["ca.pem"]' }, sun: waiting(),
    named: { moon: says('does not authenticate with a signature.*at the other end, set local_auth \\(or auth\\) = "pubkey"; or here, set remote_auth \\(or auth\\) = "psk" in SUN') },
  },
];

const identities: readonly Misconfiguration[] = [
  {
    what: 'the caller is called otherwise than expected', part: 'identity', moon: { peer: 'local_id = "moon.example.org"' }, sun: waiting({ peer: 'id = "moon.example.net"' }),
    named: { sun: says('MOON expects id "moon.example.net"; the caller said "moon.example.org"; at the other end, set id in \\[endpoint\\].*to "moon.example.net"; or here, set id of MOON to "moon.example.org"') },
  },
  {
    what: 'the called end is called otherwise than expected', part: 'identity', moon: { peer: 'id = "sun.example.org"' }, sun: waiting({ peer: 'local_id = "sun.example.net"' }),
    named: { sun: says('"moon" wants to talk to "sun.example.org".*for which this end is "sun.example.net"; at the other end, set id of its peer block to "sun.example.net"; or here, .*local_id of MOON\\) to "sun.example.org"') },
  },
  {
    what: 'the same name as an identity of another type', part: 'identity', moon: { peer: 'local_id = "keyid:moon"' }, sun: waiting(),
    named: { sun: says('MOON expects id "moon"; the caller said "keyid:moon"; at the other end, set id in \\[endpoint\\].* to "moon"') },
  },
  {
    what: 'both ends have the same id', part: 'identity', moon: { peer: 'local_id = "sun"' }, sun: waiting(),
    named: { sun: says('that is what this end calls itself; two ends need two names: give one of them another id in \\[endpoint\\]'), 'check moon': /the peer has the same identity as this endpoint/ },
  },
  {
    what: 'no block for the caller', part: 'identity', sun: waiting({ peer: 'id = "mars.example.net"\nlocal_id = "sun"' }),
    named: { sun: says('no peer is configured with the identity "moon".*set id of MOON to "moon"') },
  },
  {
    what: 'the block for anybody comes first, with other algorithms', part: 'IKE proposals', moon: { peer: 'ike = ["aes256gcm16-prfsha384-x25519", "aes128gcm16-prfsha256-ecp256"]' },
    sun: {
      remote: null, peer: 'name = "anybody"\nid = "%any"\nike = ["aes256gcm16-prfsha384-x25519"]',
      children: '[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["192.168.1.0/24"]\n[[peer]]\nname = "moon"\nid = "moon"\npsk = "a secret of more than twenty characters"\n'
        + 'ike = ["aes128gcm16-prfsha256-ecp256"]\n[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["192.168.1.0/24"]\n',
    },
    named: { sun: says(`come from ${here('anybody')}, which was looked at first.*give ike of MOON here "aes256gcm16-prfsha384-x25519" as well; or write MOON before "anybody"`) },
  },
];

const algorithms: readonly Misconfiguration[] = [
  {
    what: 'no cipher of IKE in common', part: 'IKE proposals', moon: ike('aes128gcm16-prfsha256-x25519'), sun: waiting(ike('aes256gcm16-prfsha256-x25519')),
    named: { sun: says('differ in the cipher \\(here aes256gcm16; there aes128gcm16\\), all else fits; add "aes128gcm16-prfsha256-x25519" to ike of MOON here, or add "aes256gcm16-prfsha256-x25519" to ike at the other end'),
      moon: /NO_PROPOSAL_CHOSEN.*compare `ike`/ },
  },
  {
    what: 'no PRF of IKE in common', part: 'IKE proposals', moon: ike('aes256gcm16-prfsha256-x25519'), sun: waiting(ike('aes256gcm16-prfsha512-x25519')),
    named: { sun: says('differ in the PRF \\(here prfsha512; there prfsha256\\), all else fits; add "aes256gcm16-prfsha256-x25519" to ike of MOON here') },
  },
  {
    what: 'no key exchange of IKE in common', part: 'IKE proposals', moon: ike('aes256gcm16-prfsha256-modp2048'), sun: waiting(ike('aes256gcm16-prfsha256-x25519')),
    named: { sun: says('differ in the key exchange \\(here x25519; there modp2048\\), all else fits; add "aes256gcm16-prfsha256-modp2048" to ike of MOON here') },
  },
  {
    what: 'integrity by itself at one end alone', part: 'IKE proposals', moon: ike('aes256-sha256-x25519'), sun: waiting(ike('aes256gcm16-prfsha256-x25519')),
    named: { sun: says('differ in the cipher .*the integrity algorithm \\(here none; there sha256\\), all else fits; add "aes256-sha256-prfsha256-x25519" to ike of MOON here') },
  },
  {
    what: 'no cipher of ESP in common', part: 'ESP proposals', moon: esp('aes128gcm16'), sun: waiting(esp('chacha20poly1305')),
    named: { sun: says('no ESP proposal in common.*the cipher \\(here chacha20poly1305; there aes128gcm16\\), all else fits; add "aes128gcm16" to esp of MOON here'), moon: /NO_PROPOSAL_CHOSEN.*compare `esp`/ },
  },
  {
    what: 'long sequence numbers at one end alone', part: 'ESP proposals', moon: esp('aes128gcm16-esn'), sun: waiting(esp('aes128gcm16')),
    named: { sun: says('extended sequence numbers \\(here noesn; there esn\\), all else fits; add "aes128gcm16-esn" to esp of MOON here, or add "aes128gcm16" to esp at the other end') },
  },
  {
    what: 'another group for the key exchange of a rekey', part: 'ESP proposals', moon: esp('aes256gcm16-x25519'), sun: waiting(esp('aes256gcm16-ecp256')),
    act: ({ moon }) => {
      moon.ask({ kind: 'rekey-child', peer: 'sun', child: null, timeoutMs: 5_000 });
    },
    named: { sun: says('no ESP proposal in common for a rekey.*the key exchange \\(here ecp256; there x25519\\), all else fits; add "aes256gcm16-x25519" to esp of MOON here'),
      moon: /NO_PROPOSAL_CHOSEN.*compare `esp` here with that of the peer, and the key exchange at its end/ },
  },
];

const selectors: readonly Misconfiguration[] = [
  {
    what: 'another network behind the called end', part: 'traffic selectors', moon: child('192.168.1.0/24', '192.168.22.0/24'), sun: waiting(),
    named: { sun: says('child "net" of MOON, where local is 192.168.2.0/24 here, and the peer wants 192.168.22.0/24; at the other end, set local = \\["192.168.1.0/24"\\] and remote = \\["192.168.2.0/24"\\]; or here, set local'),
      moon: /TS_UNACCEPTABLE.*`local` here must match `remote` at the peer/ },
  },
  {
    what: 'the two networks swapped at one end', part: 'traffic selectors', moon: child('192.168.2.0/24', '192.168.1.0/24'), sun: waiting(),
    named: { sun: says('the wrong way round at one of the two ends; swap local and remote in child "net" of MOON here, or at the other end: set local = \\["192.168.1.0/24"\\] and remote = \\["192.168.2.0/24"\\]') },
  },
  {
    what: 'more at the caller than the called end lets in', part: 'traffic selectors', moon: child('192.168.1.0/24', '192.168.0.0/16'), sun: waiting(),
    named: { moon: says('child "net" of SUN carries less than is configured: local 192.168.1.0/24, remote 192.168.2.0/24.*widen the child at the other end to local = \\["192.168.0.0/16"\\].*set local = \\["192.168.1.0/24"\\], remote = \\["192.168.2.0/24"\\] here') },
  },
  {
    what: 'one end of IPv4, the other of IPv6 inside', part: 'traffic selectors', moon: child('fd01::/64', 'fd02::/64'), sun: waiting(),
    named: { sun: says('local is 192.168.2.0/24 here, and the peer wants fd02::/64; remote is 192.168.1.0/24 here.*set local = \\["192.168.1.0/24"\\]') },
  },
];

const lent = (lines: string, remote: string): SideOptions => ({ peer: lines, children: `[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["${remote}"]\n` });
const asking: SideOptions = { peer: 'virtual = true', children: '[[peer.child]]\nname = "net"\nlocal = ["dynamic"]\nremote = ["192.168.2.0/24"]\n' };

const virtual: readonly Misconfiguration[] = [
  {
    what: 'an address that is asked for where none is lent', part: 'virtual address', moon: asking, sun: waiting(lent('', '10.77.0.0/24')),
    named: { moon: says('gave no address \\(no CFG_REPLY\\).*lend sun’s callers addresses at the other end \\(pools.*or take virtual out of SUN') },
  },
  {
    what: 'addresses that are lent, and nobody asks', part: 'virtual address', moon: { children: '[[peer.child]]\nname = "net"\nlocal = ["10.77.0.9/32"]\nremote = ["192.168.2.0/24"]\n' },
    sun: waiting({ ...lent('pools = ["p"]', 'dynamic'), endpoint: '[[pool]]\nname = "p"\nrange = "10.77.0.0/24"' }),
    named: { sun: says('moon asked for no address.*at the other end ask for one \\(virtual = true'), moon: says('FAILED_CP_REQUIRED: .*virtual = true and local = \\["dynamic"\\] here') },
  },
  {
    what: 'a pool without an address left', part: 'virtual address', moon: asking,
    sun: waiting({ ...lent('pools = ["p"]', 'dynamic'), endpoint: '[[pool]]\nname = "p"\nrange = "10.77.0.4/32"\ndns = ["10.77.0.4"]' }),
    named: { sun: says('no address for moon: every address of p is in use; widen the range of the \\[\\[pool\\]\\]'), moon: says('INTERNAL_ADDRESS_FAILURE: .*no address left to give') },
  },
];

const places: readonly Misconfiguration[] = [
  {
    what: 'the address of nobody', part: null, moon: { remote: ['10.1.0.99'] }, sun: waiting(),
    named: { moon: says('no answer from 10.1.0.99 \\(port 500\\): does it run, is it there \\(addresses of SUN\\)'), sun: says('it has not called: name its addresses in MOON to call it, or see that addresses') },
  },
  {
    what: 'another port than the called end listens on', part: null, moon: { remote: ['10.1.0.2:1500'] }, sun: waiting(),
    named: { moon: says('no answer from 10.1.0.2 \\(port 1500\\): does it run, is it there \\(addresses of SUN\\) on those ports') },
  },
  {
    what: 'a name that is none', part: null, moon: { remote: ['sum.example'] }, sun: waiting(),
    named: { moon: says('none of the names of sun could be resolved: look at addresses of SUN') },
  },
  {
    what: 'an address of the other family', part: null, moon: { remote: ['2001:db8::2'] }, sun: waiting(),
    named: { moon: says('this host has no address of the family of any of sun\'s: name another in addresses of SUN') },
  },
  {
    what: 'both ends wait to be told', part: null, moon: { peer: 'start = "never"' }, sun: { peer: 'start = "never"' },
    named: { moon: says('start = "never" in SUN; "mhtun initiate sun" calls it once, start = "now" keeps it up'), sun: says('start = "never" in MOON; "mhtun initiate moon"') },
  },
  {
    what: 'both ends wait to be called', part: null, moon: waiting(), sun: waiting(),
    named: { moon: says('it has not called: name its addresses in SUN'), sun: says('it has not called: name its addresses in MOON') },
  },
];

const proofs: readonly Misconfiguration[] = [
  {
    what: 'a certificate that expired', part: 'certificate', ...certificates(host('moon', lab, { notAfter: testCalendarMs - 3 * day })),
    named: { sun: says('MOON, is not believed: its certificate expired .*3 days ago\\): issue a new one'), 'check moon': /CN=moon.* expired/ },
  },
  {
    what: 'a certificate that is not valid yet', part: 'certificate', ...certificates(host('moon', lab, { notBefore: testCalendarMs + 3 * day })),
    named: { sun: says('MOON, is not believed: its certificate is not valid before .*in 2 days: is the clock of this host right'), 'check moon': /CN=moon.* not valid before/ },
  },
  {
    what: 'a clock that is a day behind', part: 'certificate', ...certificates(host('moon', lab, { notBefore: testCalendarMs - day / 2 })), stage: ({ sun }) => {
      sun.calendarErrorMs = -day;
    },
    named: { sun: says('its certificate is not valid before .*: is the clock of this host right') },
  },
  {
    what: 'a clock that is a day ahead', part: 'certificate', ...certificates(host('moon', lab, { notAfter: testCalendarMs + day / 2 })), stage: ({ sun }) => {
      sun.calendarErrorMs = day;
    },
    named: { sun: says('its certificate expired .*or set the clock of this host') },
  },
  {
    what: 'a certificate of another authority', part: 'certificate', ...certificates(host('moon', other)),
    named: { sun: says('issued by "O=Other, CN=Other CA", which is none of the authorities in ca \\(O=Lab, CN=Lab CA\\): add that authority to ca') },
  },
  {
    what: 'the certificate of the authority between is not sent', part: 'certificate', ...certificates(host('moon', branch)),
    named: { sun: says('issued by "O=Lab, CN=Branch", which is none of the authorities in ca .*or let the peer send the certificates between') },
  },
  {
    what: 'a certificate that was revoked', part: 'certificate', ...(() => {
      const moon = host('moon');
      return certificates(moon, { 'ca.crl': crlPemOf(lab, [moon.certificate]) }, 'crl = ["ca.crl"]');
    })(),
    named: { sun: says('the certificate "O=Lab, CN=moon" was revoked .*issue a new one.*crl') },
  },
  {
    what: 'an identity that is not in the certificate', part: 'certificate', ...certificates(issue('O=Lab, CN=moon', lab, { names: ['dns:mars'] })),
    named: { sun: says('not for the identity moon, but for O=Lab, CN=moon, mars: issue it with that name \\(subjectAltName\\), or change the id'), 'check moon': /the certificate is not for the identity moon/ },
  },
  {
    what: 'a key that is not that of the certificate', part: null, ...certificates(host('moon'), { 'moon.key': keyPemOf(host('mars')) }),
    named: { 'check moon': /peer\[0\]\.cert: no private key of key belongs to "O=Lab, CN=moon"/ },
  },
  {
    what: 'another certificate than the one that is pinned', part: 'certificate', ...certificates(host('moon'), { 'pinned.pem': pemOf(host('moon')) }, 'peer_cert = "pinned.pem"'),
    named: { sun: says('its certificate is not the one in peer_cert.*peer_cert and peer_key for MOON here') },
  },
  {
    what: 'another key than the one that is pinned', part: 'certificate', ...certificates(host('moon'), { 'pinned.pub': writePem('PUBLIC KEY', testKey('p256', 'stranger').publicKey.spki) }),
    sun: waiting({ secretless: true, peer: 'auth = "pubkey"\ncert = "sun.pem"\nkey = "sun.key"\npeer_key = "pinned.pub"' }),
    named: { sun: says('it shows another key than the one in peer_key.*peer_key for MOON here') },
  },
];

const ppk = (id: string, secret: string, lines = ''): SideOptions => ({ peer: `ppk_id = "${id}"\nppk = "${secret}"\n${lines}` });
const strong = '0x' + '5a'.repeat(32);

const byPassword = (moon: string): Pick<Misconfiguration, 'moon' | 'sun' | 'files'> => ({
  ...certificates(host('moon'), { 'users.toml': 'carol = "Ar3etTnp"\n' }),
  moon: { secretless: true, peer: `auth = "eap-mschapv2"\nca = ["ca.pem"]\n${moon}` },
  sun: waiting({ secretless: true, peer: 'auth = "eap-mschapv2"\nusers_file = "users.toml"\ncert = "sun.pem"\nkey = "sun.key"' }),
});

const others: readonly Misconfiguration[] = [
  {
    what: 'a wrong password', part: 'EAP', ...byPassword('user = "carol"\npassword = "Ar3etTnq"'),
    named: { sun: says('user carol: wrong password.*look at users_file and eap_id here, and at user and password at the other end') },
  },
  {
    what: 'a user that is none', part: 'EAP', ...byPassword('user = "carl"\npassword = "Ar3etTnp"'),
    named: { sun: says('user carl: there is no such user.*look at users_file and eap_id here') },
  },
  {
    what: 'a PPK that one end requires and the other has not', part: 'PPK', moon: ppk('lab', strong, 'ppk_required = true'), sun: waiting(),
    named: { moon: says('the peer knows no PPK .*ppk_required is set; give both ends the same ppk under the same ppk_id, here in SUN; or set ppk_required = false here') },
  },
  {
    what: 'a PPK of another name at the called end, which requires it', part: 'PPK', moon: ppk('lab', strong), sun: waiting(ppk('field', strong, 'ppk_required = true')),
    named: { sun: says('it named a PPK that moon does not have \\(compare ppk_id\\), and ppk_required is set; give both ends the same ppk under the same ppk_id, here in MOON') },
  },
  {
    what: 'two PPKs of one name', part: 'shared secret', moon: ppk('lab', strong, 'ppk_required = true'), sun: waiting(ppk('lab', strong.replace('5a', '5b'), 'ppk_required = true')),
    named: { sun: says('or `ppk` differs under the same `ppk_id`'), moon: says('AUTHENTICATION_FAILED.*or `ppk` differs under the same `ppk_id`') },
  },
];

const rest: readonly Misconfiguration[] = [
  {
    what: 'MOBIKE at one end alone', part: 'MOBIKE', moon: { peer: 'mobike = false' }, sun: waiting(),
    named: { sun: says('moon does no MOBIKE: the tunnel can’t move.*at the other end, set mobike = true') },
  },
  {
    what: 'a second caller with the id of the first', part: 'uniqueness', sun: waiting({ peer: 'unique = "keep"' }), stage: (pair) => {
      pair.comeUp();
    },
    act: (pair) => {
      pair.bootTwin('moon', '10.1.0.3');
    },
    named: { sun: says('two hosts call themselves moon, and throw each other out; give the one at 10.1.0.[13] another id in \\[endpoint\\] .*a peer block of its own here; or set unique = "never" in MOON') },
  },
  {
    // The link model is the platform's: what it would make of the rule is said here.
    what: 'no network that may be used', part: null, sun: waiting(),
    moon: {
      endpoint: '[[network]]\nname = "all"\nmatch = { interface = "*" }\nclass = "never"', addresses: [{ address: '10.1.0.1', device: 'eth0', network: { name: 'all', class: 'never' } }],
    },
    named: { moon: /every network of this host is of class "never": give a \[\[network\]\].*another class/ },
  },
  {
    what: 'an MTU that is none', part: null, moon: { endpoint: 'mtu = 100' }, named: { 'check moon': /endpoint\.mtu: expected a whole number from 576 to 65535; got 100/ },
  },
  {
    what: 'an MTU beyond all links', part: null, moon: { endpoint: 'mtu = 60000' }, named: { 'check moon': /endpoint\.mtu: no link carries packets of 60000 octets whole.*"auto"/ },
  },
  {
    what: 'a network at the other end that is this one’s own', part: null, moon: child('192.168.1.0/24', '10.1.0.0/16'), sun: waiting(child('10.1.0.0/16', '192.168.1.0/24')),
    named: { moon: says('remote "10.1.0.0/16" of child "net" of SUN overlaps 10.1.0.0/24, which this host is in itself \\(eth0\\).*narrow remote here') },
  },
  {
    what: 'ESP that shall go without UDP', part: null, moon: { peer: 'encap = false' }, named: { 'check moon': /encap: expected true/ },
  },
  {
    what: 'a key that is mistyped', part: null, moon: { peer: 'adresses = ["10.1.0.2"]' }, named: { 'check moon': /adresses: unknown key; did you mean "addresses"/ },
  },
];

export const misconfigurations: readonly Misconfiguration[] = [
  ...secrets, ...identities, ...algorithms, ...selectors, ...virtual, ...places, ...proofs, ...others, ...rest,
];

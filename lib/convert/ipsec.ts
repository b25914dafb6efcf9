/** strongSwan's older ipsec.conf, with ipsec.secrets, as our tables. `left` is this end, as strongSwan takes it where neither is its own address. */
import { resolvePath } from '../config/files.js';
import { assemble } from './assemble.js';
import type { FoundChild, FoundPeer, Setting, Start } from './found.js';
import { readIpsecFile } from './ipsec-file.js';
import { readIpsecSecrets } from './ipsec-secrets.js';
import type { Draft, DraftTable, Place, Remarks } from './model.js';
import { alwaysUdp, reason, remarkOthers, type Reasons } from './reasons.js';
import { View } from './section.js';
import { plainAddresses, SecretStore, type SharedSecret } from './secrets.js';
import type { Sources } from './sources.js';
import {
  readCount, readDuration, readFlag, readHosts, readId, readOwnAddresses, readReplayWindow, readSelectors, remarkAction, setFlag, settingOf,
} from './strongswan-peer.js';
import { durationText, readIdentity, readProposals, splitList } from './strongswan-values.js';

export interface IpsecInput {
  readonly path: string;
  readonly text: string;
  /** Null: ipsec.secrets beside it. */
  readonly secrets: string | null;
}

/** @throws ConfigError where it does not follow the format */
export function readIpsec(sources: Sources, remarks: Remarks, { path, text, secrets }: IpsecInput): Draft {
  const file = readIpsecFile(sources, remarks, path, text);
  const store = new SecretStore(readSecretsBeside(sources, remarks, path, secrets));
  const unique = uniqueOf(new View(file.setup), remarks);
  const found: FoundPeer[] = [];
  for (const [name, section] of file.connections) {
    const view = new View(section);
    // What never starts is there for others to take up.
    const auto = view.value('auto')?.text ?? 'ignore';
    if (auto === 'ignore') {
      if (!file.shared.has(name)) remarks.add(section, `conn ${name}`, 'left out: strongSwan ignores it too, without auto = add, route or start');
      continue;
    }
    const peer = new ConnReader(name, view, remarks).read(store, unique);
    if (peer !== null) found.push(peer);
  }
  store.remarkUnused(remarks);
  return assemble(found, new Map(), remarks);
}

function readSecretsBeside(sources: Sources, remarks: Remarks, path: string, named: string | null): readonly SharedSecret[] {
  if (named !== null) {
    const file = resolvePath('', named);
    return readIpsecSecrets(sources, remarks, file, sources.read(file));
  }
  const file = resolvePath(path, 'ipsec.secrets');
  const text = sources.readIfThere(file);
  if (text !== null) return readIpsecSecrets(sources, remarks, file, text);
  remarks.add({ file: path, line: 1 }, 'secrets', `${file} can't be read: --secrets says where the secrets are`);
  return [];
}

/** `uniqueids`; null: nothing that we could say. */
function uniqueOf(setup: View, remarks: Remarks): string | null {
  const value = setup.value('uniqueids');
  remarkOthers(setup.values(), ['uniqueids'], setupReasons, remarks);
  if (value === null) return null;
  const meant = ({ yes: 'replace', replace: 'replace', keep: 'keep', never: 'never' } as const satisfies Record<string, string>);
  const known = Object.entries(meant).find(([word]) => word === value.text)?.[1];
  if (known === undefined) remarks.value('uniqueids', value, 'mhtun knows "replace", "keep" and "never": the default stands');
  return known ?? null;
}

class ConnReader {
  readonly #name: string;
  readonly #view: View;
  readonly #remarks: Remarks;

  constructor(name: string, view: View, remarks: Remarks) {
    this.#name = name;
    this.#view = view;
    this.#remarks = remarks;
  }

  /** Null where it can't be taken over, which is said. */
  read(secrets: SecretStore, unique: string | null): FoundPeer | null {
    const refusal = this.#refusal();
    if (refusal !== null) return this.#leftOut(refusal.value, `${refusal.key} = ${refusal.value.text}`, refusal.why);
    const listen = readOwnAddresses(this.#setting('left'), this.#remarks);
    const addresses = readHosts(this.#setting('right'), null, this.#remarks);
    const ownId = readId(this.#setting('leftid'), this.#remarks);
    // Without an id each end is known by its address, or by the name in its place.
    const own = readIdentity(this.#view.value('left')?.text ?? '%any');
    const localId = [ownId, listen?.[0] ?? own].find((id) => id !== null && !id.startsWith('%')) ?? null;
    const remoteId = readId(this.#setting('rightid'), this.#remarks) ?? readIdentity(addresses[0] ?? '%any') ?? '%any';
    const auth = this.#auth();
    if (auth !== 'psk' && !this.#canBecomePsk(remoteId)) return null;
    const child = this.#child();
    if (child === null) return this.#leftOut(this.#view.place, this.#says, 'left out: no selector of it is left');
    const known = remoteId === '%any' ? [...plainAddresses(addresses), '%any'] : [remoteId, ...plainAddresses(addresses)];
    const psk = auth === 'psk' ? secrets.find(localId, known) : null;
    remarkOthers(this.#view.values(), taken, connReasons, this.#remarks);
    return {
      place: this.#view.place, says: this.#says, name: this.#name, localId, remoteId, addresses, listen,
      psk, settings: this.#settings(remoteId, unique), children: [child],
    };
  }

  get #says(): string {
    return `conn ${this.#name}`;
  }

  #setting(key: string): Setting | null {
    return settingOf(this.#view, key);
  }

  #leftOut(place: Place, says: string, why: string): null {
    this.#remarks.add(place, says, place === this.#view.place ? why : `conn ${this.#name} is left out: ${why}`);
    return null;
  }

  #refusal(): (Setting & { readonly why: string }) | null {
    const checks: readonly (readonly [key: string, good: readonly string[], why: string])[] = [
      ['keyexchange', ['ike', 'ikev2'], 'mhtun does not speak IKEv1: set keyexchange = ikev2 at the other end'],
      ['type', ['tunnel'], 'there are tunnels only'],
      ['ah', [], 'AH is not there, as it encrypts nothing: use esp'],
      ['leftauth2', [], 'more than one round of authentication (RFC 4739) is not there'],
      ['rightauth2', [], 'more than one round of authentication (RFC 4739) is not there'],
    ];
    for (const [key, good, why] of checks) {
      const setting = this.#setting(key);
      if (setting !== null && !good.includes(setting.value.text)) return { ...setting, why };
    }
    for (const key of ['authby', 'leftauth', 'rightauth']) {
      const setting = this.#setting(key);
      if (setting !== null && /^(eap|xauth|never)/.test(setting.value.text)) return { ...setting, why: setting.value.text.startsWith('eap') ? reason.eap.why : 'of the ways to authenticate only psk and pubkey are taken over' };
    }
    return null;
  }

  #auth(): 'psk' | 'pubkey' {
    const by = this.#view.value('authby')?.text ?? 'pubkey';
    const ways = ['leftauth', 'rightauth'].map((key) => this.#view.value(key)?.text ?? by);
    return ways.every((way) => way === 'psk' || way === 'secret') ? 'psk' : 'pubkey';
  }

  /** Where each end is one that is named, a secret can stand for its certificate. */
  #canBecomePsk(remoteId: string): boolean {
    if (remoteId === '%any' || remoteId.includes('*')) {
      this.#leftOut(this.#view.place, this.#says, 'left out: its callers show certificates, which are not taken over, and one secret for all of them would prove nobody\'s identity');
      return false;
    }
    const setting = this.#setting('leftauth') ?? this.#setting('rightauth') ?? this.#setting('authby');
    const why = `${reason.certificates.why}: peer ${this.#name} has a pre-shared key now; set authby = secret at the other end`;
    if (setting === null) this.#remarks.add(this.#view.place, 'authby = pubkey, the default', why);
    else this.#remarks.value(setting.key, setting.value, why);
    return true;
  }

  #child(): FoundChild | null {
    const local = this.#selectors('left');
    const remote = this.#selectors('right');
    if (local.length === 0 || remote.length === 0) return null;
    const start = this.#start();
    for (const key of ['dpdaction', 'closeaction']) remarkAction(this.#setting(key), start, this.#remarks);
    const esp = this.#proposals('esp');
    return {
      place: this.#view.place, says: this.#says, name: this.#name, local, remote, esp, start,
      replayWindow: readReplayWindow(this.#setting('replay_window'), this.#remarks),
      rekeyMs: this.#rekey(this.#setting('lifetime') ?? this.#setting('keylife')),
      rekeyBytes: this.#before('lifebytes', 'marginbytes'),
      rekeyPackets: this.#before('lifepackets', 'marginpackets'),
    };
  }

  #start(): Start {
    const auto = this.#view.value('auto');
    const start = starts.get(auto?.text ?? '');
    if (start === undefined && auto !== null) this.#remarks.value('auto', auto, 'expected ignore, add, route or start');
    return start ?? 'never';
  }

  /** `leftsubnet` with `leftprotoport`, which is for those that name none themselves. */
  #selectors(side: 'left' | 'right'): readonly string[] {
    const key = `${side}subnet`;
    const value = this.#view.value(key) ?? { ...this.#view.place, text: '%dynamic' };
    const layer = this.#protoPort(`${side}protoport`);
    const texts = splitList(value.text).map((text) => {
      const plain = text.replace(/^%dynamic\b/, 'dynamic').replace('/%any]', ']');
      return plain.endsWith(']') ? plain : `${plain}${layer}`;
    });
    return readSelectors(key, value, texts, this.#remarks);
  }

  /** As our selectors have it, brackets included; empty where there is none. */
  #protoPort(key: string): string {
    const value = this.#view.value(key);
    if (value === null) return '';
    const [protocol = '', port = '%any'] = value.text.split('/');
    if (protocol === '' || protocol === '%any') return '';
    return port === '%any' ? `[${protocol}]` : `[${protocol}/${port === '%opaque' ? 'opaque' : port}]`;
  }

  /** Without a "!" strongSwan adds its default to what is named. */
  #proposals(key: 'ike' | 'esp'): readonly string[] | null {
    const value = this.#view.value(key);
    if (value === null) return null;
    const strict = value.text.endsWith('!');
    const found = readProposals(key, { ...value, text: value.text.replace(/!$/, '') }, key, this.#remarks);
    return found.length === 0 ? null : [...found, ...(strict || found.includes('default') ? [] : ['default'])];
  }

  #settings(remoteId: string, unique: string | null): DraftTable {
    const table: DraftTable = new Map();
    const ike = this.#proposals('ike');
    if (ike !== null) table.set('ike', ike);
    setFlag(table, 'mobike', this.#setting('mobike'), this.#remarks);
    const encap = this.#setting('forceencaps');
    if (encap !== null && readFlag(encap, this.#remarks) === false) this.#remarks.value(encap.key, encap.value, alwaysUdp);
    const isSilent = this.#view.value('dpdaction')?.text === 'none';
    const delay = readDuration(this.#setting('dpddelay'), 0, this.#remarks);
    if (isSilent) table.set('dpd', '0s');
    else if (delay !== null) table.set('dpd', durationText(delay));
    const rekey = this.#rekey(this.#setting('ikelifetime'));
    if (rekey !== null) table.set('ike_rekey', durationText(rekey));
    const fragmentation = this.#setting('fragmentation');
    if (fragmentation?.value.text === 'accept') this.#remarks.value('fragmentation', fragmentation.value, 'mhtun sends fragments where it accepts them');
    else if (fragmentation?.value.text !== 'force') setFlag(table, 'fragmentation', fragmentation, this.#remarks);
    const isShared = remoteId === '%any' || remoteId.includes('*');
    if (unique !== null && !isShared) table.set('unique', unique);
    return table;
  }

  /** Lifetimes are when an SA ends; it is renewed a margin before. */
  #rekey(lifetime: Setting | null): number | null {
    const life = readDuration(lifetime, 1000, this.#remarks);
    if (life === null) return null;
    const margin = readDuration(this.#setting('margintime') ?? this.#setting('rekeymargin'), 0, this.#remarks) ?? usualMarginMs;
    return life > margin ? life - margin : life;
  }

  #before(key: string, margin: string): number | null {
    const life = readCount(this.#setting(key), this.#remarks);
    if (life === null) return null;
    const before = readCount(this.#setting(margin), this.#remarks) ?? 0;
    return life > before ? life - before : life;
  }
}

const usualMarginMs = 9 * 60_000;

const starts: ReadonlyMap<string, Start> = new Map([['add', 'never'], ['route', 'traffic'], ['start', 'now']]);

/** A key of either end. */
function ends(...keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => [`left${key}`, `right${key}`]);
}

const taken = [
  ...ends('', 'id', 'auth', 'auth2', 'subnet', 'protoport'), 'keyexchange', 'type', 'ah', 'authby', 'auto', 'dpdaction', 'closeaction', 'replay_window', 'lifetime', 'keylife',
  'ikelifetime', 'lifebytes', 'marginbytes', 'lifepackets', 'marginpackets', 'margintime', 'rekeymargin', 'ike', 'esp', 'mobike', 'forceencaps', 'dpddelay', 'fragmentation',
];

const reasonsOfEnds: readonly (readonly [keys: readonly string[], is: Reasons[string]])[] = [
  [['cert', 'cert2', 'ca', 'ca2', 'sendcert', 'certpolicy', 'sigkey', 'rsasigkey', 'groups', 'groups2'], reason.certificates],
  [['id2'], { why: 'more than one round of authentication (RFC 4739) is not there' }],
  [['sourceip'], { why: 'for an address that the peer lends, write virtual = true into the [[peer]], and local = ["dynamic"] into its child; to lend one, write a [[pool]]' }],
  [['dns'], { why: 'mhtun sends no names of DNS servers yet' }],
  [['firewall', 'hostaccess'], reason.firewall],
  [['updown'], reason.script],
  [['ikeport'], reason.port],
  [['allowany'], { why: 'with mobike the peer may come from anywhere', unless: ['no'] }],
  [['nexthop'], { why: 'the routing table decides' }],
];

const connReasons: Reasons = {
  ...Object.fromEntries(reasonsOfEnds.flatMap(([keys, is]) => ends(...keys).map((key) => [key, is]))),
  rekey: { why: 'mhtun always renews keys', unless: ['yes'] }, reauth: reason.reauth, rekeyfuzz: reason.random, keyingtries: reason.tries,
  compress: reason.compression, installpolicy: reason.policies, mark: reason.marks, mark_in: reason.marks, mark_out: reason.marks,
  reqid: reason.kernel, tfc: reason.padding,
  inactivity: reason.idle, ikedscp: reason.dscp, dpdtimeout: reason.ikev1Off, aggressive: reason.ikev1Off, modeconfig: { why: reason.ikev1.why, unless: ['pull'] },
  xauth: reason.ikev1, xauth_identity: reason.ikev1, eap_identity: reason.eap, aaa_identity: reason.eap,
  sha256_96: { why: 'this truncation comes from a withdrawn draft', unless: ['no'] },
  mediation: reason.mediation, mediated_by: reason.mediation, me_peerid: reason.mediation, pfs: { why: 'a key exchange in esp says the same, as -x25519' },
  pfsgroup: { why: 'a key exchange in esp says the same, as -x25519' },
};

const setupReasons: Reasons = {
  charondebug: { why: 'mhtun up --log-level says how much is logged' }, cachecrls: reason.certificates, strictcrlpolicy: reason.certificates,
  charonstart: { why: 'it has no effect here' }, plutostart: { why: 'it has no effect here' }, nat_traversal: { why: 'ESP always travels in UDP here', unless: ['yes'] },
  virtual_private: { why: 'the selectors say what may pass' }, protostack: { why: 'ESP is not in the kernel here' },
};

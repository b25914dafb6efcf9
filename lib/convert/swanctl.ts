/** swanctl.conf, with the secrets in it, as our tables. */
import type { Draft, DraftTable, Place, Remarks } from './model.js';
import { assemble } from './assemble.js';
import type { FoundPeer, Setting } from './found.js';
import { alwaysUdp, reason, remarkOthers, type Reasons } from './reasons.js';
import { View, type Section } from './section.js';
import { plainAddresses, SecretStore } from './secrets.js';
import { readSettings } from './settings.js';
import type { Sources } from './sources.js';
import { readFlag, readHosts, readId, readOwnAddresses, readDuration, setFlag, settingOf } from './strongswan-peer.js';
import { durationText, readProposals, splitList } from './strongswan-values.js';
import { readChildren } from './swanctl-child.js';
import { readSecrets } from './swanctl-secrets.js';

/** @throws ConfigError where it does not follow the format */
export function readSwanctl(sources: Sources, remarks: Remarks, path: string, text: string): Draft {
  const root = readSettings(sources, remarks, path, text);
  const whole = new View(root);
  const secrets = new SecretStore(readSecrets(whole.section('secrets'), remarks));
  const found: FoundPeer[] = [];
  const connections = whole.section('connections');
  for (const [name, view] of connections?.sectionsFrom('') ?? []) {
    const peer = new ConnectionReader(name, view, remarks).read(secrets);
    if (peer !== null) found.push(peer);
  }
  secrets.remarkUnused(remarks);
  remarkRest(root, remarks);
  return assemble(found, new Map(), remarks);
}

/** What stands beside the connections and their secrets. */
function remarkRest(root: Section, remarks: Remarks): void {
  const inherited = new Set(allSections(root).flatMap(({ references }) => references));
  for (const [name, section] of root.sections) {
    if (name === 'connections' || name === 'secrets' || inherited.has(section)) continue;
    const known = otherSections[name];
    if (known === undefined) remarks.add(section, name, 'nothing inherits from this section');
    else for (const [item, part] of section.sections) remarks.add(part, `${name}.${item}`, known);
  }
  for (const [key, value] of root.values) remarks.add(value, key, 'expected a section around it, as connections or secrets');
}

const otherSections: Readonly<Record<string, string>> = { authorities: reason.certificates.why, pools: reason.pools.why };

function allSections(root: Section): readonly Section[] {
  const all = [root];
  for (const section of all) all.push(...section.sections.values());
  return all;
}

class ConnectionReader {
  readonly #name: string;
  readonly #view: View;
  readonly #remarks: Remarks;

  constructor(name: string, view: View, remarks: Remarks) {
    this.#name = name;
    this.#view = view;
    this.#remarks = remarks;
  }

  /** Null where it can't be taken over, which is said. */
  read(secrets: SecretStore): FoundPeer | null {
    const place = this.#view.place;
    const version = this.#view.value('version');
    if (version !== null && version.text === '1') return this.#leftOut(version, `version = ${version.text}`, 'mhtun does not speak IKEv1: set version = 2 at the other end');
    const local = this.#round('local');
    const remote = this.#round('remote');
    if (local === 'impossible' || remote === 'impossible') return null;
    const port = this.#port();
    const addresses = readHosts(this.#setting('remote_addrs'), port, this.#remarks);
    const listen = readOwnAddresses(this.#setting('local_addrs'), this.#remarks);
    const ownId = readId(local?.id ?? null, this.#remarks);
    // Without an id strongSwan shows its address.
    const localId = ownId === '%any' ? null : (ownId ?? listen?.[0] ?? null);
    const remoteId = readId(remote?.id ?? null, this.#remarks) ?? '%any';
    const isPsk = local?.auth === 'psk' && remote?.auth === 'psk';
    if (!isPsk && !this.#canBecomePsk(remoteId, [local, remote])) return null;
    const children = readChildren(this.#name, this.#view.section('children'), this.#remarks);
    if (children === null) return this.#leftOut(place, this.#says, 'left out: none of its children can be taken over');
    const known = remoteId === '%any' ? [...plainAddresses(addresses), '%any'] : [remoteId];
    const psk = isPsk ? secrets.find(localId, known) : null;
    this.#remarkVirtual();
    remarkOthers(this.#view.values(), taken, connectionReasons, this.#remarks);
    return {
      place, says: this.#says, name: this.#name, localId, remoteId, addresses, listen,
      psk, settings: this.#settings(remoteId), children,
    };
  }

  get #says(): string {
    return `connections.${this.#name}`;
  }

  #setting(key: string): Setting | null {
    return settingOf(this.#view, key);
  }

  #leftOut(place: Place, says: string, why: string): null {
    this.#remarks.add(place, says, place === this.#view.place ? why : `connection ${this.#name} is left out: ${why}`);
    return null;
  }

  /** The one round of authentication of an end; null where it has no section. */
  #round(side: 'local' | 'remote'): { readonly id: Setting | null; readonly auth: string; readonly place: Place; readonly authValue: string } | null | 'impossible' {
    const [first, second] = this.#view.sectionsFrom(side);
    if (second !== undefined) {
      this.#leftOut(second[1].place, second[0], 'more than one round of authentication (RFC 4739) is not there');
      return 'impossible';
    }
    if (first === undefined) return null;
    const [, view] = first;
    const auth = view.value('auth');
    if (auth !== null && !/^(psk|pubkey|rsa|ecdsa|ed25519|ed448|bliss|ike:)/.test(auth.text)) {
      this.#leftOut(auth, `auth = ${auth.text}`, auth.text.startsWith('eap') ? reason.eap.why : 'of the ways to authenticate only psk and pubkey are taken over');
      return 'impossible';
    }
    remarkOthers(view.values(), ['id', 'auth', 'round'], roundReasons, this.#remarks);
    for (const name of view.names()) this.#remarks.add(view.section(name)?.place ?? view.place, name, reason.certificates.why);
    const authValue = auth?.text ?? 'pubkey';
    return { id: settingOf(view, 'id'), auth: authValue === 'psk' ? 'psk' : 'pubkey', place: auth ?? view.place, authValue };
  }

  /** Where each end is one that is named, a secret can stand for its certificate. */
  #canBecomePsk(remoteId: string, rounds: readonly ({ readonly auth: string; readonly place: Place; readonly authValue: string } | null)[]): boolean {
    if (remoteId === '%any' || remoteId.includes('*')) {
      this.#leftOut(this.#view.place, this.#says, 'left out: its callers show certificates, which are not taken over, and one secret for all of them would prove nobody\'s identity');
      return false;
    }
    const round = rounds.find((item) => item?.auth === 'pubkey') ?? { place: this.#view.place, authValue: 'pubkey' };
    this.#remarks.add(round.place, `auth = ${round.authValue}`, `${reason.certificates.why}: peer ${this.#name} has a pre-shared key now; set auth = psk for both ends at the other one`);
    return true;
  }

  /** Null: the usual one. */
  #port(): number | null {
    const port = this.#view.value('remote_port');
    if (port === null || port.text === '500') return null;
    if (/^\d{1,5}$/.test(port.text) && Number(port.text) >= 1 && Number(port.text) <= 65_535) return Number(port.text);
    this.#remarks.value('remote_port', port, 'expected a port from 1 to 65535');
    return null;
  }

  #settings(remoteId: string): DraftTable {
    const table: DraftTable = new Map();
    const proposals = this.#view.value('proposals');
    const ike = proposals === null ? [] : readProposals('proposals', proposals, 'ike', this.#remarks);
    if (ike.length > 0) table.set('ike', ike);
    setFlag(table, 'mobike', this.#setting('mobike'), this.#remarks);
    const encap = this.#setting('encap');
    if (encap !== null && readFlag(encap, this.#remarks) === false) this.#remarks.value('encap', encap.value, alwaysUdp);
    const dpd = readDuration(this.#setting('dpd_delay'), 0, this.#remarks);
    if (dpd !== null) table.set('dpd', durationText(dpd));
    const rekey = readDuration(this.#setting('rekey_time'), 1000, this.#remarks);
    if (rekey !== null) table.set('ike_rekey', durationText(rekey));
    this.#fragmentation(table);
    this.#unique(table, remoteId);
    const childless = this.#view.value('childless')?.text;
    if (childless === 'prefer' || childless === 'force') table.set('childless', true);
    return table;
  }

  #fragmentation(table: DraftTable): void {
    const value = this.#view.value('fragmentation');
    if (value === null) return;
    // "force" is yes for IKEv2; with "accept" strongSwan fragments nothing itself, which we can't say.
    if (value.text === 'force') table.set('fragmentation', true);
    else if (value.text === 'accept') this.#remarks.value('fragmentation', value, 'mhtun sends fragments where it accepts them');
    else setFlag(table, 'fragmentation', { key: 'fragmentation', value }, this.#remarks);
  }

  #unique(table: DraftTable, remoteId: string): void {
    const value = this.#view.value('unique');
    if (value === null) return;
    const isShared = remoteId === '%any' || remoteId.includes('*');
    if (value.text === 'no') this.#remarks.value('unique', value, `mhtun knows "replace", "keep" and "never"; the default stands, which is "${isShared ? 'never' : 'replace'}"`);
    else if (!['never', 'keep', 'replace'].includes(value.text)) this.#remarks.value('unique', value, 'expected never, no, keep or replace');
    else if (isShared && value.text !== 'never') this.#remarks.value('unique', value, 'with a secret that several share nobody can prove who he is: it is "never"');
    else table.set('unique', value.text);
  }

  /** With virtual addresses `dynamic` is one of them; that is for a person to write. */
  #remarkVirtual(): void {
    for (const key of ['vips', 'pools'] as const) {
      const value = this.#view.value(key);
      if (value !== null && splitList(value.text).length > 0) this.#remarks.value(key, value, (key === 'vips' ? reason.virtual : reason.pools).why);
    }
  }
}

const taken = [
  'version', 'remote_addrs', 'local_addrs', 'remote_port', 'proposals', 'mobike', 'encap', 'dpd_delay', 'rekey_time', 'fragmentation', 'unique', 'childless', 'vips', 'pools',
];

const connectionReasons: Reasons = {
  local_port: { ...reason.port, unless: ['500', '4500', '0'] }, aggressive: reason.ikev1Off, pull: { why: reason.ikev1.why, unless: ['yes'] }, dscp: reason.dscp, dpd_timeout: reason.ikev1Off,
  send_certreq: reason.certificates, send_cert: reason.certificates, ocsp: reason.certificates, keyingtries: reason.tries,
  reauth_time: reason.reauth, over_time: reason.hard, rand_time: reason.random,
  mediation: reason.mediation, mediated_by: reason.mediation, mediation_peer: reason.mediation,
  ppk_id: reason.ppk, ppk_required: reason.ppk, if_id_in: reason.marks, if_id_out: reason.marks,
};

const roundReasons: Reasons = {
  certs: reason.certificates, cacerts: reason.certificates, pubkeys: reason.certificates, groups: reason.certificates, cert_policy: reason.certificates,
  revocation: reason.certificates, ca_id: reason.certificates, eap_id: reason.eap, aaa_id: reason.eap, xauth_id: reason.ikev1,
};

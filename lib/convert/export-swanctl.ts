/**
 * The other end of one of our peers as a swanctl.conf, for strongSwan 5.9 and 6: what is ours is remote there, and the
 * other way round. What only the other end knows of itself is left to it.
 */
import { keywordOf } from '../crypto/keywords.js';
import type { SecretKey } from '../crypto/key.js';
import { formatPrefix, rangeAsPrefix } from '../util/address-range.js';
import { present } from '../util/assert.js';
import { bytesEqual, lossyText, toHex, utf8 } from '../util/bytes.js';
import { esnId, transformType } from '../wire/iana.js';
import { formatIdentity, idType, type Identity } from '../wire/identity.js';
import { ipProtocol } from '../wire/ip-packet.js';
import { keyLengthOf, type Proposal, type Transform } from '../wire/payloads/sa.js';
import { maxPort, type TrafficSelector } from '../wire/traffic-selector.js';
import type { ChildConfig, Config, IdentityMatch, PeerConfig, SelectorConfig } from '../config/types.js';

export interface ExportRequest {
  readonly config: Config;
  readonly peer: PeerConfig;
  /** Our addresses as the other end sees them; none: those of `listen`. */
  readonly addresses: readonly string[];
}

export interface Exported {
  readonly text: string;
  /** What the other end has to add or to know. */
  readonly notes: readonly string[];
}

export function exportSwanctl({ config, peer, addresses }: ExportRequest): Exported {
  const { listen } = config.endpoint;
  const known = addresses.length > 0 ? addresses : listen === 'auto' ? [] : listen;
  const notes: string[] = [];
  const mustCall = peer.start === 'never';
  if (known.length === 0 && mustCall) notes.push('remote_addrs is missing: the other end has to call, and this configuration does not say where (--addresses does)');
  const theirId = peer.id.kind === 'exact' ? identityText(peer.id.identity) : null;
  if (theirId === null) notes.push(`local.id is missing: the other end sends an identity of its own, which must fit ${matchText(peer.id)}`);
  const name = sectionName(formatIdentity(peer.localId));
  const names = new Set<string>();
  const children = peer.children.map((child) => {
    const wanted = sectionName(child.name);
    const own = names.has(wanted) ? `${wanted}-${names.size + 1}` : wanted;
    names.add(own);
    return section(own, childLines(child, peer, mustCall && known.length > 0));
  });
  const secret = secretOf(peer);
  if (peer.remoteAuth.kind === 'pubkey') notes.push('its certificate and key are missing: they belong into x509/ and private/ beside it (mhtun pki issue writes such a folder)');
  if (peer.localAuth.kind === 'pubkey') notes.push('the authority of our certificate belongs into x509ca/ beside it');
  if (peer.remoteAuth.kind === 'eap') notes.push('its user and password are missing: local.eap_id names the user, and the password belongs into secrets { eap { id = …, secret = … } }');
  const ids = [`id-1 = ${identityText(peer.localId)}`, ...(theirId === null ? [] : [`id-2 = ${theirId}`])];
  const lines = [
    ...section('connections', section(name, [
      'version = 2',
      ...(known.length === 0 ? [] : [`remote_addrs = ${known.join(', ')}`]),
      // mhtun's ESP is always in UDP, and sends from its own ports.
      'encap = yes',
      ...(config.endpoint.port === 500 ? [] : [`remote_port = ${config.endpoint.natPort}`]),
      `mobike = ${yesNo(peer.mobike)}`,
      `fragmentation = ${yesNo(peer.fragmentation)}`,
      `proposals = ${peer.ike.map(proposalText).join(', ')}`,
      `rekey_time = ${seconds(peer.ikeRekeyMs)}`,
      `dpd_delay = ${seconds(peer.dpdMs)}`,
      ...(mustCall ? ['keyingtries = 0'] : []),
      ...section('local', [`auth = ${authText(peer.remoteAuth)}`, ...(theirId === null ? [] : [`id = ${theirId}`])]),
      ...section('remote', [`auth = ${authText(peer.localAuth)}`, `id = ${identityText(peer.localId)}`, ...(peer.localAuth.kind === 'eap' ? ['eap_id = %any'] : [])]),
      ...section('children', children.flat()),
    ])),
    ...(secret === null ? [] : section('secrets', section(`ike-${name}`, [...ids, `secret = ${secretText(secret)}`]))),
    ...(peer.localAuth.kind === 'eap' ? section('secrets', userSection(peer.localAuth)) : []),
  ];
  return { text: `${lines.join('\n')}\n`, notes };
}

/** The first of the methods, which is the one that a gateway proposes. */
function authText(proof: PeerConfig['localAuth'] | PeerConfig['remoteAuth']): string {
  return proof.kind === 'eap' ? `eap-${proof.methods[0] ?? 'mschapv2'}` : proof.kind;
}

/** The user as whom this end comes, for the gateway to know. */
function userSection({ user, secret }: Extract<PeerConfig['localAuth'], { kind: 'eap' }>): readonly string[] {
  const id = /^[A-Za-z0-9._@-]+$/.test(user) ? user : `"fqdn:#${toHex(utf8(user))}"`;
  return section('eap-user', [`id = ${id}`, ...(secret.password === null ? [] : [`secret = ${secretText(secret.password)}`])]);
}

/** Null: neither end proves itself by one. */
function secretOf({ localAuth, remoteAuth }: PeerConfig): SecretKey | null {
  if (localAuth.kind === 'psk') return localAuth.secret;
  return remoteAuth.kind === 'psk' ? remoteAuth.secret : null;
}

function childLines(child: ChildConfig, peer: PeerConfig, starts: boolean): readonly string[] {
  return [
    `local_ts = ${child.remote.map(selectorText).join(', ')}`,
    `remote_ts = ${child.local.map(selectorText).join(', ')}`,
    `esp_proposals = ${peer.esp.map(proposalText).join(', ')}`,
    `rekey_time = ${seconds(peer.childRekeyMs)}`,
    ...(peer.childRekeyBytes === null ? [] : [`rekey_bytes = ${peer.childRekeyBytes}`]),
    ...(peer.childRekeyPackets === null ? [] : [`rekey_packets = ${peer.childRekeyPackets}`]),
    `replay_window = ${Math.min(child.replayWindow, maxKernelWindow)}`,
    `start_action = ${starts ? 'start' : 'none'}`,
  ];
}

/** Linux has no larger one. */
const maxKernelWindow = 4096;

function section(name: string, lines: readonly string[]): readonly string[] {
  return [`${name} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function yesNo(flag: boolean): string {
  return flag ? 'yes' : 'no';
}

/** strongSwan counts whole seconds. */
function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}

/** Names have no dots, braces and the like there. */
function sectionName(text: string): string {
  const cleaned = text.replace(/[^A-Za-z0-9_-]/g, '-').replace(/^-+/, '').slice(0, maxNameLetters);
  return cleaned === '' ? 'mhtun' : cleaned;
}

const maxNameLetters = 48;

function matchText(match: IdentityMatch): string {
  return match.kind === 'pattern' ? match.pattern : '%any';
}

/** So that strongSwan makes the same octets of it, whatever it looks like. */
function identityText(identity: Identity): string {
  const text = lossyText(identity.data);
  const isPlain = /^[A-Za-z0-9._-]+$/.test(text);
  switch (identity.type) {
    case idType.ipv4:
    case idType.ipv6:
      return formatIdentity(identity);
    case idType.fqdn:
      // What looks like an address would be taken for one.
      return isPlain && !/^[0-9.]+$/.test(text) ? text : `"fqdn:#${toHex(identity.data)}"`;
    case idType.email:
      return /^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/.test(text) ? text : `"email:#${toHex(identity.data)}"`;
    case idType.dn:
      return `"asn1dn:#${toHex(identity.data)}"`;
    case idType.keyId:
      return isPlain ? `keyid:${text}` : `"keyid:#${toHex(identity.data)}"`;
    default:
      return `"{${identity.type}}:#${toHex(identity.data)}"`;
  }
}

/** In quotes; as octets where letters could be read in more than one way. */
function secretText(psk: SecretKey): string {
  const octets = psk.expose();
  const text = lossyText(octets);
  const isText = /^[\u0020-\u007e]+$/.test(text) && !/^0[xs]/i.test(text) && bytesEqual(utf8(text), octets);
  return isText ? `"${text.replace(/["\\]/g, '\\$&')}"` : `0x${toHex(octets)}`;
}

function proposalText({ transforms }: Proposal): string {
  const esn = transforms.filter((transform) => transform.type === transformType.ESN);
  // Without a word it is "noesn".
  const silent = esn.length === 1 && esn[0]?.id === esnId.NO_ESN;
  const words = transforms.filter((transform) => !silent || transform.type !== transformType.ESN).map(keywordText);
  return words.join('-');
}

function keywordText(transform: Transform): string {
  return present(keywordOfTransform(transform), 'what the configuration names has a keyword');
}

function keywordOfTransform(transform: Transform): string | null {
  const type = keywordTypes.find((known) => known === transform.type);
  return type === undefined ? null : keywordOf(type, transform.id, keyLengthOf(transform));
}

const keywordTypes = [1, 2, 3, 4, 5] as const;

function selectorText(selector: SelectorConfig): string {
  if (selector.kind === 'dynamic') return `dynamic${layerText(selector)}`;
  const { range } = selector.selector;
  const prefix = rangeAsPrefix(range);
  return `${prefix === null ? `${range.start}-${range.end}` : formatPrefix(prefix)}${layerText(selector.selector)}`;
}

/** Protocols by number but for those that every host has a name for. */
function layerText(ts: Pick<TrafficSelector, 'protocol' | 'startPort' | 'endPort'>): string {
  const protocol = protocolWords.get(ts.protocol) ?? String(ts.protocol);
  if (ts.startPort === 0 && ts.endPort === maxPort) return ts.protocol === 0 ? '' : `[${protocol}]`;
  const ports = ts.startPort === maxPort && ts.endPort === 0 ? 'opaque' : ts.startPort === ts.endPort ? String(ts.startPort) : `${ts.startPort}-${ts.endPort}`;
  return `[${protocol}/${ports}]`;
}

const protocolWords: ReadonlyMap<number, string> = new Map([[0, 'any'], [ipProtocol.icmp, 'icmp'], [ipProtocol.tcp, 'tcp'], [ipProtocol.udp, 'udp']]);

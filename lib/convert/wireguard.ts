/**
 * A WireGuard configuration, as wg(8) and wg-quick(8) read it, as our tables. Who somebody is there is a public key, and
 * both ends know both: so the keys become the identities, and what two ends make of their files fits together.
 */
import { parseSecret } from '../config/secret.js';
import { interfaceAddressKind, peerAddressKind, selectorKind } from '../config/network-kinds.js';
import { defaultProvider } from '../crypto/providers/default.js';
import { parseAddress } from '../util/address.js';
import { nearestWord } from '../util/nearest.js';
import { assemble } from './assemble.js';
import type { FoundPeer } from './found.js';
import type { Draft, DraftTable, Place, Remarks, SettingValue } from './model.js';
import { malformed } from './sources.js';
import { problemWith, splitList } from './strongswan-values.js';

/** @throws ConfigError where it does not follow the format */
export function readWireguard(remarks: Remarks, path: string, text: string): Draft {
  const { own, peers } = sectionsOf(path, text);
  const endpoint = own === null ? new Map<string, never>() : readInterface(own, remarks);
  const addresses = addressesOf(own);
  const locals = addresses.map((address) => address.replace(/\/\d+$/, '')).map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
  if (own !== null) remarkLocal(own, locals, remarks);
  const localId = own === null ? null : publicId(own);
  const found = peers.flatMap((peer, index) => readPeer(peer, { number: index + 1, localId, local: locals.length === 0 ? ['dynamic'] : locals, remarks }) ?? []);
  return assemble(found, endpoint, remarks);
}

/** Keys in small letters: they may be written either way, and lists several times. */
interface Block {
  readonly place: Place;
  readonly values: Map<string, SettingValue[]>;
}

function sectionsOf(path: string, text: string): { readonly own: Block | null; readonly peers: readonly Block[] } {
  let own: Block | null = null;
  let current: Block | null = null;
  const peers: Block[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const place = { file: path, line: index + 1 };
    const hash = whole.indexOf('#');
    const line = (hash < 0 ? whole : whole.slice(0, hash)).trim();
    if (line === '') continue;
    const title = line.toLowerCase();
    if (title === '[interface]' || title === '[peer]') {
      current = title === '[interface]' && own !== null ? own : { place, values: new Map() };
      if (title === '[peer]') peers.push(current);
      else own = current;
    } else addLine(current, line, place);
  }
  return { own, peers };
}

function addLine(block: Block | null, line: string, place: Place): void {
  const equals = line.indexOf('=');
  if (line.startsWith('[')) throw malformed(place, 'expected [Interface] or [Peer]; got another section');
  if (equals < 1) throw malformed(place, 'expected KEY = VALUE; got a line without "="');
  if (block === null) throw malformed(place, 'expected [Interface] or [Peer] before the first key');
  const key = line.slice(0, equals).trim().toLowerCase();
  const values = block.values.get(key) ?? [];
  values.push({ ...place, text: line.slice(equals + 1).trim() });
  block.values.set(key, values);
}

function last(block: Block, key: string): SettingValue | null {
  return block.values.get(key)?.at(-1) ?? null;
}

function list(block: Block, key: string): readonly SettingValue[] {
  return (block.values.get(key) ?? []).flatMap((value) => splitList(value.text).map((text) => ({ ...value, text })));
}

/** @throws ConfigError where one is none */
function addressesOf(own: Block | null): readonly string[] {
  return own === null ? [] : list(own, 'address').map((value) => {
    const problem = problemWith(interfaceAddressKind, value.text);
    if (problem !== null) throw malformed(value, `Address: ${problem}`);
    return value.text;
  });
}

function readInterface(own: Block, remarks: Remarks): DraftTable {
  const endpoint: DraftTable = new Map();
  const addresses = addressesOf(own);
  if (addresses.length > 0) endpoint.set('address', addresses);
  if (last(own, 'table')?.text.toLowerCase() === 'off') endpoint.set('routes', false);
  remarkKeys(own, interfaceKeys, remarks);
  const id = publicId(own);
  if (id !== null) endpoint.set('id', id);
  return endpoint;
}

function remarkLocal(own: Block, locals: readonly string[], remarks: Remarks): void {
  const now = locals.length === 0 ? '"dynamic", which is the outer address' : 'the own addresses';
  remarks.add(own.place, '[Interface]', `which networks are at this end stands only in the other end's AllowedIPs: local has ${now}; add the networks to it`);
}

/** Null without a private key. @throws ConfigError */
function publicId(own: Block): string | null {
  const value = last(own, 'privatekey');
  if (value === null) return null;
  const octets = keyOctets(value, 'PrivateKey');
  const id = `keyid:${base64(defaultProvider.montgomeryPublic('x25519', octets))}`;
  octets.fill(0);
  return id;
}

/** @throws ConfigError, which does not quote it */
function keyOctets(value: SettingValue, name: string): Uint8Array {
  const parsed = parseSecret(`0s${value.text}`);
  if (!parsed.ok || parsed.key.length !== keyBytes || value.text.length !== keyLetters) throw malformed(value, `${name}: expected ${keyLetters} letters of base64; got something else`);
  return parsed.key.expose();
}

const keyBytes = 32;
const keyLetters = 44;

interface PeerContext {
  readonly number: number;
  readonly localId: string | null;
  readonly local: readonly string[];
  readonly remarks: Remarks;
}

/** Null where nothing may go to it. @throws ConfigError */
function readPeer(block: Block, { number, localId, local, remarks }: PeerContext): FoundPeer | null {
  const key = last(block, 'publickey');
  if (key === null) throw malformed(block.place, 'expected a PublicKey in this [Peer]; got none');
  const remoteId = `keyid:${base64(keyOctets(key, 'PublicKey'))}`;
  const remote = list(block, 'allowedips').map((value) => {
    const problem = problemWith(selectorKind, value.text);
    if (problem !== null || !/^[0-9a-f.:]+(\/\d+)?$/i.test(value.text)) throw malformed(value, `AllowedIPs: expected a prefix, as 10.0.0.0/8${problem === null ? '' : `; ${problem}`}`);
    return value.text;
  });
  remarkKeys(block, peerKeys, remarks);
  const host = readEndpoint(last(block, 'endpoint'), remarks);
  const name = host !== null && parseAddress(host) === null ? (host.split('.')[0] ?? host) : `peer${number}`;
  const says = `[Peer] ${number}`;
  if (remote.length === 0) {
    remarks.add(block.place, says, 'left out: it has no AllowedIPs, so nothing may go to it or come from it');
    return null;
  }
  const shared = last(block, 'presharedkey');
  if (shared !== null) keyOctets(shared, 'PresharedKey');
  const settings: DraftTable = new Map();
  const keepalive = readKeepalive(last(block, 'persistentkeepalive'));
  if (keepalive > 0) settings.set('dpd', `${keepalive}s`);
  const child = { place: block.place, says, name: 'net', local, remote, replayWindow: null, esp: null, rekeyMs: null, rekeyBytes: null, rekeyPackets: null, start: host === null ? 'never' : 'now' } as const;
  return {
    place: block.place, says, name, localId, remoteId, addresses: host === null ? [] : [host], listen: null,
    psk: shared === null ? null : `0s${shared.text}`, settings, children: [child],
  };
}

/** The host without its port, which is WireGuard's. @throws ConfigError */
function readEndpoint(value: SettingValue | null, remarks: Remarks): string | null {
  if (value === null) return null;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value.text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const problem = match === null ? 'got something else' : problemWith(peerAddressKind, host);
  if (problem !== null) throw malformed(value, `Endpoint: expected HOST:PORT; ${problem}`);
  remarks.value('Endpoint', value, 'the port is WireGuard\'s: IKE has the ports 500 and 4500 there, where a firewall must let them through');
  return host;
}

/** Seconds, 0 for none. @throws ConfigError */
function readKeepalive(value: SettingValue | null): number {
  if (value === null || value.text.toLowerCase() === 'off') return 0;
  if (!/^\d{1,5}$/.test(value.text) || Number(value.text) > 65_535) throw malformed(value, 'PersistentKeepalive: expected "off" or seconds from 0 to 65535');
  return Number(value.text);
}

/** Null: looked at elsewhere; `quiet`: its value may be a secret. */
interface KeyNote {
  readonly name: string;
  readonly why: string | null;
  readonly quiet?: boolean;
  readonly unless?: readonly string[];
}

const scripts = 'mhtun runs no scripts; `mhtun events --follow` says when SAs come and go';

const interfaceKeys: readonly KeyNote[] = [
  { name: 'PrivateKey', why: 'the key itself is not taken over, IKE makes its own; its public half is the id of this end now, which the other end knows', quiet: true },
  { name: 'ListenPort', why: 'the port is WireGuard\'s: IKE has the ports 500 and 4500, where a firewall must let them through' },
  { name: 'FwMark', why: 'the mark of outer packets is mark in endpoint.routes', unless: ['0', 'off'] },
  { name: 'Address', why: null },
  { name: 'DNS', why: 'mhtun sets no DNS servers' },
  { name: 'MTU', why: 'ESP takes another share of each packet: mtu = "auto" finds it' },
  { name: 'Table', why: 'the table is one for itself: table in endpoint.routes', unless: ['off', 'auto'] },
  ...['PreUp', 'PostUp', 'PreDown', 'PostDown'].map((name) => ({ name, why: scripts, quiet: true })),
  { name: 'SaveConfig', why: 'mhtun never writes its configuration', unless: ['false'] },
];

const peerKeys: readonly KeyNote[] = [
  { name: 'PublicKey', why: 'the key is the identity of the peer only: it proves itself by the pre-shared key' },
  { name: 'PresharedKey', why: null }, { name: 'AllowedIPs', why: null }, { name: 'Endpoint', why: null }, { name: 'PersistentKeepalive', why: null },
];

function remarkKeys(block: Block, notes: readonly KeyNote[], remarks: Remarks): void {
  for (const [key, values] of block.values) {
    const note = notes.find(({ name }) => name.toLowerCase() === key);
    for (const value of values) {
      if (note === undefined) {
        const near = nearestWord(key, notes.map(({ name }) => name));
        remarks.add(value, key, `no such key is known here${near === null ? '' : `; did you mean ${near}?`}`);
      } else if (note.why !== null && !(note.unless ?? []).includes(value.text.toLowerCase())) {
        if (note.quiet === true) remarks.add(value, note.name, note.why);
        else remarks.value(note.name, value, note.why);
      }
    }
  }
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(octets: Uint8Array): string {
  let out = '';
  for (let i = 0; i < octets.length; i += 3) {
    const [a = 0, b, c] = octets.subarray(i, i + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    out += digits.charAt(bits >> 18) + digits.charAt((bits >> 12) & 63) + (b === undefined ? '=' : digits.charAt((bits >> 6) & 63)) + (c === undefined ? '=' : digits.charAt(bits & 63));
  }
  return out;
}

/**
 * Commands to the native data plane and what comes back, as octets: little-endian, one after the other. The addon reads and
 * writes the same (native/src/plane/plane_commands.cc, native/src/plane/events.cc).
 */
import { addressBytes, addressFamily, addressFromBytes, type DatagramPath, type SocketAddress } from '../util/address.js';
import { childSaId, espSpi, instant, type ChildSaId, type Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';
import type {
  ChildCounters, DataPlaneCommand, DataPlaneCounters, DataPlaneEvent, DropReason, EspKeying, EspLifetime, EspPolicy, EspSelectors,
  InstallInbound, InstallOutbound,
} from '../esp/data-plane.js';
import { errnoName } from './errno.js';
import { OctetReader, OctetWriter } from './octets.js';
import { encodePeer } from './udp-socket.js';

/** In the addon's order (`Command`). */
const commandKinds: readonly DataPlaneCommand['kind'][] = [
  'install-inbound', 'install-outbound', 'remove-inbound', 'remove-outbound', 'switch-path', 'watch', 'send-dummy', 'set-policies',
  'open-socket', 'close-socket', 'send-keepalive', 'set-mtu',
];

/** In the addon's order (`Drop`). */
const dropReasons: readonly DropReason[] = [
  'malformed', 'unknown-spi', 'replayed', 'auth-failed', 'bad-padding', 'selector-mismatch',
  'no-sa', 'expired', 'too-big', 'queue-full', 'send-failed', 'congestion',
];

/** Numbers about each Child SA among the counters. */
const childNumbers = 9;

/** What the addon says: an event, or that the TUN interface is gone, or, of a rig for tests, what went out. */
export type NativeMessage =
  | { readonly kind: 'event'; readonly event: DataPlaneEvent }
  | { readonly kind: 'tun-failed'; readonly errno: string }
  | { readonly kind: 'sent'; readonly path: DatagramPath; readonly tos: number; readonly bytes: Uint8Array }
  | { readonly kind: 'written'; readonly packet: Uint8Array };

/** The addon overwrites the keys in it; whoever has it must not keep it. The commands' own keys are wiped here. */
export function encodeCommands(commands: readonly DataPlaneCommand[]): Uint8Array {
  const to = new OctetWriter();
  for (const command of commands) {
    to.u8(commandKinds.indexOf(command.kind));
    writeCommand(to, command);
  }
  return to.take();
}

export function encodePath(path: DatagramPath): Uint8Array {
  const to = new OctetWriter();
  writePath(to, path);
  return to.take();
}

function writeCommand(to: OctetWriter, command: DataPlaneCommand): void {
  switch (command.kind) {
    case 'install-inbound':
    case 'install-outbound':
      return writeInstall(to, command);
    case 'remove-inbound':
    case 'remove-outbound':
      return to.f64(command.child);
    case 'switch-path':
      writeChildren(to, command.children);
      writePath(to, command.path);
      return to.flag(command.reportNewSource);
    case 'watch':
      writeChildren(to, command.children);
      return to.f64(command.silentMs ?? Number.NaN);
    case 'send-dummy':
      return writeChildren(to, command.children);
    case 'set-policies':
      to.u32(command.policies.length);
      for (const policy of command.policies) writePolicy(to, policy);
      return;
    case 'open-socket':
    case 'close-socket':
      to.octets(encodePeer(command.local));
      return to.text(command.device ?? '');
    case 'send-keepalive':
      return writePath(to, command.path);
    case 'set-mtu':
      return to.u32(command.mtu);
    default:
      unreachable(command);
  }
}

function writeInstall(to: OctetWriter, command: InstallInbound | InstallOutbound): void {
  to.f64(command.child);
  to.u32(command.spi);
  writeKeying(to, command.keying);
  writeSelectors(to, command.selectors);
  writeLifetime(to, command.lifetime);
  if (command.kind === 'install-inbound') return to.u32(Math.floor(command.replayWindow));
  to.text(command.policy ?? '');
  to.f64(command.priority);
  writePath(to, command.path);
  to.flag(command.reportNewSource);
  to.flag(command.copyDscp);
}

function writeKeying(to: OctetWriter, { encr, integ, encrKey, integKey, esn }: EspKeying): void {
  to.u16(encr.transformId);
  to.u16(encr.keyLengthBits ?? 0);
  to.u16(integ?.transformId ?? 0);
  to.flag(esn);
  for (const key of [encrKey, integKey]) {
    to.u16(key.length);
    to.octets(key.expose());
    key.wipe();
  }
}

function writePolicy(to: OctetWriter, policy: EspPolicy): void {
  to.text(policy.name);
  writeSelectors(to, policy.selectors);
  to.f64(policy.priority);
  to.flag(policy.acquire);
}

function writeSelectors(to: OctetWriter, { local, remote }: EspSelectors): void {
  for (const side of [local, remote]) {
    to.u16(side.length);
    for (const selector of side) writeSelector(to, selector);
  }
}

function writeSelector(to: OctetWriter, { range, protocol, startPort, endPort }: TrafficSelector): void {
  to.u8(addressFamily(range.start));
  to.u8(protocol);
  to.u16(startPort);
  to.u16(endPort);
  for (const address of [range.start, range.end]) {
    const octets = new Uint8Array(16);
    octets.set(addressBytes(address));
    to.octets(octets);
  }
}

function writeLifetime(to: OctetWriter, { softBytes, hardBytes, softPackets, hardPackets, hardAt }: EspLifetime): void {
  for (const limit of [softBytes, hardBytes, softPackets, hardPackets, hardAt]) to.f64(limit ?? Number.NaN);
}

function writeChildren(to: OctetWriter, children: readonly ChildSaId[]): void {
  to.u32(children.length);
  for (const child of children) to.f64(child);
}

function writePath(to: OctetWriter, path: DatagramPath): void {
  to.octets(encodePeer(path.local));
  to.octets(encodePeer(path.remote));
  to.text(path.device ?? '');
}

/** All that the octets say, in order. Octets in it are their own. */
export function decodeMessages(bytes: Uint8Array): readonly NativeMessage[] {
  const from = new OctetReader(bytes);
  const messages: NativeMessage[] = [];
  while (from.left > 0) messages.push(readMessage(from));
  return messages;
}

function readMessage(from: OctetReader): NativeMessage {
  const kind = from.u8();
  if (kind === 11) return { kind: 'tun-failed', errno: errnoName(-from.u32()) };
  if (kind === 20) return { kind: 'sent', path: readPath(from), tos: from.u8(), bytes: from.octets(from.u32()) };
  if (kind === 21) return { kind: 'written', packet: from.octets(from.u32()) };
  return { kind: 'event', event: readEvent(from, kind) };
}

function readEvent(from: OctetReader, kind: number): DataPlaneEvent {
  switch (kind) {
    case 0:
      return { kind: 'ike', path: readPath(from), bytes: from.octets(from.u32()) };
    case 1:
      return { kind: 'soft-expired', child: readChild(from) };
    case 2:
      return { kind: 'hard-expired', child: readChild(from) };
    case 3:
      return readAcquire(from);
    case 4:
      return { kind: 'new-source', child: readChild(from), path: readPath(from) };
    case 5:
      return { kind: 'inbound-activity', child: readChild(from), path: readPath(from) };
    case 6:
      return { kind: 'inbound-path', child: readChild(from), path: readPath(from) };
    case 7:
      return { kind: 'outbound-activity', child: readChild(from) };
    case 8:
      return { kind: 'silent', child: readChild(from) };
    case 9:
      return { kind: 'unknown-spi', spi: espSpi(from.u32()), path: readPath(from) };
    default:
      return readSocketError(from);
  }
}

function readAcquire(from: OctetReader): DataPlaneEvent {
  const policy = from.text();
  const protocol = from.u8();
  const side = (): TrafficSelector => {
    const address = addressFromBytes(from.octets(from.u8() === 4 ? 4 : 16));
    return { range: { start: address, end: address }, protocol, startPort: from.u16(), endPort: from.u16() };
  };
  return { kind: 'acquire', policy, local: side(), remote: side() };
}

function readSocketError(from: OctetReader): DataPlaneEvent {
  const withRemote = from.u8() === 1;
  const errno = errnoName(-from.u32());
  const local = readPeer(from);
  const remoteOctets = from.octets(20);
  const remote = withRemote ? readPeer(new OctetReader(remoteOctets)) : null;
  return { kind: 'socket-error', local, remote, device: readDevice(from), errno };
}

function readChild(from: OctetReader): ChildSaId {
  return childSaId(from.f64());
}

function readPath(from: OctetReader): DatagramPath {
  return { local: readPeer(from), remote: readPeer(from), device: readDevice(from) };
}

function readPeer(from: OctetReader): SocketAddress {
  const octets = from.octets(20);
  const port = ((octets[2] ?? 0) << 8) | (octets[3] ?? 0);
  return { address: addressFromBytes(octets.slice(4, octets[0] === 4 ? 8 : 20)), port };
}

function readDevice(from: OctetReader): string | null {
  const text = from.text();
  return text === '' ? null : text;
}

export function decodeCounters(numbers: Float64Array): DataPlaneCounters {
  const dropped = Object.fromEntries(dropReasons.map((reason, i) => [reason, numbers[i] ?? 0]));
  const children: ChildCounters[] = [];
  for (let at = dropReasons.length; at < numbers.length; at += childNumbers) children.push(childCounters(numbers.subarray(at, at + childNumbers)));
  return { children, dropped: { ...noDrops, ...dropped } };
}

function childCounters(of: Float64Array): ChildCounters {
  const [id = 0, packetsIn = 0, bytesIn = 0, packetsOut = 0, bytesOut = 0, replayDropped = 0, authFailed = 0, lastIn = 0, lastOut = 0] = of;
  return {
    child: childSaId(id), packetsIn, bytesIn, packetsOut, bytesOut, replayDropped, authFailed,
    lastInbound: momentOf(lastIn), lastOutbound: momentOf(lastOut),
  };
}

function momentOf(ms: number): Instant | null {
  return Number.isNaN(ms) ? null : instant(ms);
}

const noDrops: Readonly<Record<DropReason, number>> = {
  malformed: 0, 'unknown-spi': 0, replayed: 0, 'auth-failed': 0, 'bad-padding': 0, 'selector-mismatch': 0,
  'no-sa': 0, expired: 0, 'too-big': 0, 'queue-full': 0, 'send-failed': 0, congestion: 0,
};

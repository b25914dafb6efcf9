/** What a message says of the addresses that it came over (RFC 4555 §3.5, §3.7–§3.9). */
import { addressBytes, type DatagramPath } from '../util/address.js';
import { bytesEqual, concat } from '../util/bytes.js';
import { notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { findNat, natDetectionNotifies } from './nat-detection.js';

/** RFC 4555 §4.2.5: between 8 and 64 octets. */
export const cookie2Bytes = 16;

/** Addresses arrived as they were sent, as far as the peer wants to know (RFC 4555 §3.9): what else it says of addresses counts only then. */
export function natsAsAllowed(payloads: readonly Payload[], path: DatagramPath): boolean {
  const noNats = findNotify(payloads, notifyType.NO_NATS_ALLOWED);
  return noNats === null || bytesEqual(noNats.data, noNatsContent(path));
}

/** NAT detection for a message of an IKE SA that is up. */
export function natDetectionOn({ spiI, spiR, traits, env }: Association, path: DatagramPath): Payload[] {
  return natDetectionNotifies(path, spiI, spiR, traits.mhtun ? null : env.random);
}

/** Takes over what NAT detection in the peer's message says (RFC 4555 §3.5, §3.8). */
export function noteNat(association: Association, payloads: readonly Payload[], path: DatagramPath): void {
  const nat = findNat(payloads, path, association.spiI, association.spiR);
  if (!nat.supported) return;
  const { traits } = association;
  traits.natLocal = nat.local;
  traits.natRemote = nat.remote;
  // Our own kind draws no hash at random once it knows us.
  if (traits.endpointId !== null) traits.saysBehindNat = nat.remote;
  association.seenAs = findNotify(payloads, notifyType.NAT_DETECTION_DESTINATION_IP)?.data ?? null;
}

/** The return routability check came back as it was sent (RFC 4555 §3.7). */
export function cookie2Fits(payloads: readonly Payload[], sent: Uint8Array): boolean {
  const returned = findNotify(payloads, notifyType.COOKIE2);
  return returned !== null && bytesEqual(returned.data, sent);
}

/** RFC 4555 §4.2.6: addresses and ports as the sender sees them, its own first. */
function noNatsContent(path: DatagramPath): Uint8Array {
  const port = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff);
  return concat(addressBytes(path.remote.address), addressBytes(path.local.address), port(path.remote.port), port(path.local.port));
}

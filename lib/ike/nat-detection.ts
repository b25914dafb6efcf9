/**
 * NAT detection (RFC 7296 §2.23). Our ESP travels in UDP always, so our own source hash is drawn at
 * random: the peer then encapsulates as well. Another mhtun does so in any case, and gets the honest
 * one as soon as it is known to be one. Our destination hash is honest, and so tells the peer whether
 * it is behind a NAT itself.
 */
import type { RandomBytes } from '../crypto/algorithm.js';
import { sha1 } from '../crypto/hash.js';
import { addressBytes, type DatagramPath, type SocketAddress } from '../util/address.js';
import { bytesEqual, concat, fromHex } from '../util/bytes.js';
import type { IkeSpi } from '../util/brands.js';
import { notifyType } from '../wire/iana.js';
import type { Payload } from '../wire/payload.js';
import { notifiesOf } from '../wire/payload.js';
import { notify, type NotifyPayload } from '../wire/payloads/notify.js';

/** What the two kinds of hash of a peer's message say. */
export interface NatFinding {
  /** The peer sent hashes at all. */
  readonly supported: boolean;
  /** The peer sees our packets come from elsewhere: we are behind a NAT. */
  readonly local: boolean;
  /** The peer's source hash does not fit: it is behind a NAT, or says so to get encapsulation. */
  readonly remote: boolean;
}

/** The two notifications for a message that leaves along `path`. `spiR` is zero in the first message. @param random null: with an honest source */
export function natDetectionNotifies(path: DatagramPath, spiI: IkeSpi, spiR: IkeSpi, random: RandomBytes | null): NotifyPayload[] {
  return [
    notify(notifyType.NAT_DETECTION_SOURCE_IP, random?.(20) ?? natHash(spiI, spiR, path.local)),
    notify(notifyType.NAT_DETECTION_DESTINATION_IP, natHash(spiI, spiR, path.remote)),
  ];
}

/** @param path as the message arrived; `spiR` as its header has it */
export function findNat(payloads: readonly Payload[], path: DatagramPath, spiI: IkeSpi, spiR: IkeSpi): NatFinding {
  const all = notifiesOf(payloads);
  const sources = all.filter((n) => n.notifyType === notifyType.NAT_DETECTION_SOURCE_IP);
  const destinations = all.filter((n) => n.notifyType === notifyType.NAT_DETECTION_DESTINATION_IP);
  const seen = natHash(spiI, spiR, path.remote);
  const own = natHash(spiI, spiR, path.local);
  return {
    supported: sources.length > 0 && destinations.length > 0,
    remote: sources.length > 0 && !sources.some((n) => bytesEqual(n.data, seen)),
    local: destinations.length > 0 && !destinations.some((n) => bytesEqual(n.data, own)),
  };
}

/** SHA-1 of SPIs, address and port: fixed by the protocol, and no secret hangs on it. */
export function natHash(spiI: IkeSpi, spiR: IkeSpi, at: SocketAddress): Uint8Array {
  return sha1(concat(fromHex(spiI), fromHex(spiR), addressBytes(at.address), Uint8Array.of(at.port >> 8, at.port & 0xff)));
}

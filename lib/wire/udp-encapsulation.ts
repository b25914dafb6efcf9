/** What a datagram on the NAT port is (RFC 3948 §2): ESP, IKE behind the non-ESP marker, or a keepalive. */
import { espSpi, type EspSpi } from '../util/brands.js';
import { concat } from '../util/bytes.js';
import { espHeaderBytes, espSpiOf } from './esp-packet.js';

export type NatPortDatagram =
  /** RFC 3948 §2.3: one octet 0xFF, to be ignored. */
  | { readonly kind: 'keepalive' }
  /** `bytes`: a view of the datagram past the marker. */
  | { readonly kind: 'ike'; readonly bytes: Uint8Array }
  | { readonly kind: 'esp'; readonly spi: EspSpi }
  | { readonly kind: 'malformed' };

/** Never throws. An ESP packet is the whole datagram. */
export function classifyNatPort(datagram: Uint8Array): NatPortDatagram {
  if (datagram.length === 1 && datagram[0] === keepaliveOctet) return { kind: 'keepalive' };
  if (datagram.length <= markerBytes) return { kind: 'malformed' };
  const spi = espSpiOf(datagram);
  // RFC 3948 §2.2: four zero octets, where an ESP packet has its SPI, which is never zero.
  if (spi === 0) return { kind: 'ike', bytes: datagram.subarray(markerBytes) };
  if (datagram.length < espHeaderBytes) return { kind: 'malformed' };
  return { kind: 'esp', spi: espSpi(spi) };
}

/** An IKE message as it travels on the NAT port. */
export function withNonEspMarker(bytes: Uint8Array): Uint8Array {
  return concat(new Uint8Array(markerBytes), bytes);
}

/** A NAT-keepalive (RFC 3948 §2.3). */
export function natKeepalive(): Uint8Array {
  return Uint8Array.of(keepaliveOctet);
}

/** Octets of the non-ESP marker. */
export const markerBytes = 4;
const keepaliveOctet = 0xff;

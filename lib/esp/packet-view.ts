/**
 * The header of an inner packet as this plane matches it: what `lib/wire/ip-packet.ts` finds, addresses
 * as numbers, and what a fragment's first one told of it. One view is filled again for every packet.
 */
import { ipProtocol, parseIpPacket, trafficClassOf, type IpPacket } from '../wire/ip-packet.js';

/** The protocol is told in a fragment not seen: a later one that begins within extension headers. */
export const unknownProtocol = -1;

/** What selectors ask of the next layer; see `IpPacket`. */
export interface NextLayer {
  readonly protocol: number;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  readonly onePort: boolean;
}

export class PacketView {
  bytes: Uint8Array = new Uint8Array(0);
  /** The packet as its own header has it. */
  ip: IpPacket = { version: 4, totalLength: 0, headerLength: 0, protocol: 0, payloadOffset: 0, fragment: 'none', dontFragment: false, sourcePort: null, destinationPort: null, onePort: false };
  family: 4 | 6 = 4;
  totalLength = 0;
  fragment: 'none' | 'first' | 'later' = 'none';
  /** Next layer protocol or `unknownProtocol`; of a later fragment as its first one showed it. */
  protocol = 0;
  /** Null where the packet doesn't show them; see `IpPacket`. */
  sourcePort: number | null = null;
  destinationPort: number | null = null;
  onePort = false;
  /** DSCP and ECN. */
  tos = 0;
  /** Addresses as 32-bit words; IPv4 uses the first alone and leaves the others 0. */
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;

  /** False where the octets are no whole IP packet. Octets past its length do not matter. */
  parse(bytes: Uint8Array): boolean {
    const ip = parseIpPacket(bytes);
    if (ip === null) return false;
    this.bytes = bytes;
    this.ip = ip;
    this.family = ip.version;
    this.totalLength = ip.totalLength;
    this.fragment = ip.fragment;
    this.protocol = ip.fragment === 'later' && ip.version === 6 && ip.protocol === ipProtocol.destinationOptions ? unknownProtocol : ip.protocol;
    this.sourcePort = ip.sourcePort;
    this.destinationPort = ip.destinationPort;
    this.onePort = ip.onePort;
    this.tos = trafficClassOf(bytes);
    if (ip.version === 4) {
      this.source0 = uint32(bytes, 12);
      this.destination0 = uint32(bytes, 16);
      this.source1 = this.source2 = this.source3 = 0;
      this.destination1 = this.destination2 = this.destination3 = 0;
    } else {
      this.source0 = uint32(bytes, 8);
      this.source1 = uint32(bytes, 12);
      this.source2 = uint32(bytes, 16);
      this.source3 = uint32(bytes, 20);
      this.destination0 = uint32(bytes, 24);
      this.destination1 = uint32(bytes, 28);
      this.destination2 = uint32(bytes, 32);
      this.destination3 = uint32(bytes, 36);
    }
    return true;
  }

  /** What the first fragment of this later one showed. */
  learn(shown: NextLayer): void {
    this.protocol = shown.protocol;
    this.sourcePort = shown.sourcePort;
    this.destinationPort = shown.destinationPort;
    this.onePort = shown.onePort;
  }

  /** Whether source or destination means something on one link only (RFC 3927, RFC 5771 §4, RFC 4291 §2.5.6, §2.7). */
  staysOnLink(): boolean {
    if (this.family === 4) return this.source0 >>> 16 === 0xa9fe || this.destination0 >>> 16 === 0xa9fe || this.destination0 >>> 8 === 0xe00000;
    const multicastScope = this.destination0 >>> 24 === 0xff ? (this.destination0 >>> 16) & 0x0f : null;
    return this.source0 >>> 22 === 0x3fa || this.destination0 >>> 22 === 0x3fa || (multicastScope !== null && multicastScope <= 2);
  }

  /** What the fragments of one packet have in common besides addresses and, in IPv4, the protocol. Only of a fragment. */
  identification(): number {
    if (this.family === 4) return uint32(this.bytes, 4) >>> 16;
    let next = this.bytes[6] ?? 0;
    let at = 40;
    // The packet was parsed: a Fragment header comes before the next layer.
    while (next !== ipProtocol.fragment && at < this.ip.payloadOffset) {
      next = this.bytes[at] ?? 0;
      at += 8 + 8 * (this.bytes[at + 1] ?? 0);
    }
    return uint32(this.bytes, at + 4);
  }
}

/** Unsigned, big-endian. */
export function uint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

/** Cuts an IPv4 packet that may be cut (RFC 791 §3.2). The kernel does it before the TUN device; this is for what it does not. */
import { writeIpv4Checksum, type IpPacket } from '../wire/ip-packet.js';

/** Pieces of at most `mtu` octets, in order; none where the MTU leaves no room for eight octets of data. */
export function fragmentIpv4(packet: Uint8Array, ip: IpPacket, mtu: number): readonly Uint8Array[] {
  const header = packet.subarray(0, ip.headerLength);
  const laterHeader = copiedHeader(header);
  const field = ((packet[6] ?? 0) << 8) | (packet[7] ?? 0);
  // The packet may be a fragment itself: its own offset and More Fragments carry over.
  const baseOffset = (field & 0x1fff) * 8;
  const moreAfter = (field & 0x2000) !== 0;
  if ((mtu - header.length) >> 3 < 1) return [];
  const pieces: Uint8Array[] = [];
  for (let at = ip.headerLength; at < ip.totalLength; ) {
    const head = pieces.length === 0 ? header : laterHeader;
    const room = mtu - head.length;
    const left = ip.totalLength - at;
    const length = left <= room ? left : room & ~7;
    const more = at + length < ip.totalLength || moreAfter;
    pieces.push(piece(head, packet.subarray(at, at + length), baseOffset + at - ip.headerLength, more));
    at += length;
  }
  return pieces;
}

function piece(header: Uint8Array, data: Uint8Array, offset: number, more: boolean): Uint8Array {
  const out = new Uint8Array(header.length + data.length);
  out.set(header);
  out.set(data, header.length);
  out[0] = 0x40 | (header.length / 4);
  out[2] = out.length >> 8;
  out[3] = out.length & 0xff;
  const field = (offset >> 3) | (more ? 0x2000 : 0);
  out[6] = field >> 8;
  out[7] = field & 0xff;
  writeIpv4Checksum(out);
  return out;
}

/** The header of the later pieces: only options that say so are copied (RFC 791 §3.1). */
function copiedHeader(header: Uint8Array): Uint8Array {
  const options: number[] = [];
  for (let at = 20; at < header.length; ) {
    const type = header[at] ?? 0;
    if (type === 0) break;
    // No-operation is one octet; an option whose length can't be ends the list.
    const length = type === 1 ? 1 : (header[at + 1] ?? 0);
    if ((type !== 1 && length < 2) || at + length > header.length) break;
    if ((type & 0x80) !== 0) options.push(...header.subarray(at, at + length));
    at += length;
  }
  while (options.length % 4 !== 0) options.push(0);
  const out = new Uint8Array(20 + options.length);
  out.set(header.subarray(0, 20));
  out.set(options, 20);
  return out;
}

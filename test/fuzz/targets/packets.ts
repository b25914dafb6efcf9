/** Inner packets as a gateway reads, marks, cuts and answers them; what a datagram on the NAT port is; the end of an ESP packet. */
import { fragmentIpv4 } from '../../../lib/esp/ipv4-fragmenter.js';
import { PacketView } from '../../../lib/esp/packet-view.js';
import { addressFamily, parseAddress } from '../../../lib/util/address.js';
import { present } from '../../../lib/util/assert.js';
import { concat } from '../../../lib/util/bytes.js';
import { decodeEspHeader, encodeEspHeader, espHeaderBytes, espPlaintext, espTrailerBytes, parseEspTrailer } from '../../../lib/wire/esp-packet.js';
import { icmpError, type IcmpError } from '../../../lib/wire/icmp-error.js';
import {
  checksumAdd, destinationAddress, ipv4ChecksumIsRight, parseIpPacket, setDscp, setEcn, sourceAddress, trafficClassOf, writeIpv4Checksum, type IpPacket,
} from '../../../lib/wire/ip-packet.js';
import { classifyNatPort } from '../../../lib/wire/udp-encapsulation.js';
import { innerPacket } from '../../support/wire-arbitraries.js';
import { icmp, ipPacket, tcp, udpPacket } from '../../support/inner-packets.js';
import { decoded, drawn, mustBeSame, mustHold, repeated, type FuzzTarget } from '../target.js';

const errors: readonly IcmpError[] = [{ kind: 'too-big', mtu: 1280 }, { kind: 'admin-prohibited' }, { kind: 'unreachable' }];
const ours = { 4: present(parseAddress('192.168.1.1'), 'an address'), 6: present(parseAddress('fd01::1'), 'an address') };

export const target: FuzzTarget = {
  run(input) {
    classifyNatPort(input);
    const header = decoded(() => decodeEspHeader(input));
    if (header !== null) mustBeSame('an encoded ESP header', encodeEspHeader(header), input.slice(0, espHeaderBytes));
    checkTrailer(input);
    const ip = parseIpPacket(input);
    mustBeSame('whether the view parses it', new PacketView().parse(input), ip !== null);
    if (ip === null) return;
    checkLayout(input, ip);
    for (const error of errors) checkAnswer(input, ip, error);
    if (ip.version !== 4) return;
    checkMarks(input);
    for (const mtu of [68, 576, 1280]) if (mtu < ip.totalLength) checkPieces(input, ip, mtu);
  },
  seeds: () => {
    const [a, b, c, d] = [ours[4], present(parseAddress('192.168.2.1'), 'an address'), ours[6], present(parseAddress('fd02::1'), 'an address')];
    const both = [[a, b], [c, d]] as const;
    return [
      ...drawn(innerPacket, 100),
      ...both.flatMap(([from, to]) => [
        udpPacket(from, to, 100),
        udpPacket(from, to, 1400),
        udpPacket(from, to, 100, { moreFragments: true }),
        udpPacket(from, to, 100, { fragmentOffset: 64 }),
        ipPacket({ from, to, protocol: 6, body: tcp(1, 2) }),
        ipPacket({ from, to, protocol: from === a ? 1 : 58, body: icmp(8, 0) }),
        ipPacket({ from, to, protocol: from === a ? 1 : 58, body: icmp(3, 1) }),
      ]),
      espPlaintext(new Uint8Array(10), 4, 16),
    ];
  },
  large: (octets) => {
    const long = new Uint8Array(octets - 1);
    long.set([0x4f, 0, (octets - 1) >> 8, (octets - 1) & 0xff, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    const six = new Uint8Array(octets - 1);
    six.set([0x60, 0, 0, 0, (octets - 41) >> 8, (octets - 41) & 0xff, 0, 64, 0xfd]);
    // Eight extension headers, each as long as they get.
    for (let at = 40, i = 0; i < 8 && at + 2048 < six.length; i++, at += 2048) six.set([60, 255], at);
    return [long, six, repeated(Uint8Array.of(255, 4), octets)];
  },
  words: [6, 17, 43, 44, 50, 58, 59, 60, 135].map((protocol) => Uint8Array.of(protocol, 0)),
};

function checkTrailer(plaintext: Uint8Array): void {
  const trailer = parseEspTrailer(plaintext);
  if (trailer === null) return;
  mustHold(trailer.payloadLength >= 0 && trailer.payloadLength + espTrailerBytes <= plaintext.length, 'the payload ends before the trailer');
  const payload = plaintext.subarray(0, trailer.payloadLength);
  mustBeSame('the trailer of what was padded again', parseEspTrailer(espPlaintext(payload, trailer.nextHeader, 16)), trailer);
}

function checkLayout(packet: Uint8Array, ip: IpPacket): void {
  mustHold(ip.totalLength <= packet.length && ip.payloadOffset <= ip.totalLength && ip.headerLength <= ip.payloadOffset, 'the parts of a packet lie within it');
  const addresses = [sourceAddress(packet, ip), destinationAddress(packet, ip)];
  mustHold(addresses.every((address) => addressFamily(address) === ip.version), 'addresses are of the packet\'s family');
  mustBeSame('the same packet with something behind it', parseIpPacket(concat(packet.subarray(0, ip.totalLength), new Uint8Array(3))), ip);
}

function checkAnswer(packet: Uint8Array, ip: IpPacket, error: IcmpError): void {
  const answer = icmpError(packet, ip, error, ours[ip.version]);
  if (answer === null) return;
  const parsed = present(parseIpPacket(answer), 'an answer is a packet');
  mustHold(parsed.version === ip.version && parsed.totalLength === answer.length, 'an answer is one whole packet');
  mustBeSame('whom an answer goes to', destinationAddress(answer, parsed), sourceAddress(packet, ip));
  mustHold(answer.length <= (ip.version === 4 ? 576 : 1280), 'an answer is no longer than it may be');
  const pseudo = ip.version === 4 ? 0 : checksumAdd(answer, 8, 40, answer.length - 40 + 58);
  mustBeSame('the sum of an answer', checksumAdd(answer, parsed.payloadOffset, answer.length, pseudo), 0xffff);
  // Of an answer to an answer there would be no end.
  mustBeSame('an answer to an answer', icmpError(answer, parsed, error, ours[ip.version]), null);
}

function checkMarks(input: Uint8Array): void {
  const packet = input.slice();
  writeIpv4Checksum(packet);
  if (!ipv4ChecksumIsRight(packet)) return;
  for (const [mark, value] of [[setEcn, 3], [setDscp, 46], [setEcn, 0], [setDscp, 0]] as const) mark(packet, value);
  mustBeSame('a traffic class set to nothing', trafficClassOf(packet), 0);
  mustHold(ipv4ChecksumIsRight(packet), 'the checksum follows the mark');
}

function checkPieces(packet: Uint8Array, ip: IpPacket, mtu: number): void {
  const pieces = fragmentIpv4(packet, ip, mtu);
  const data = pieces.map((piece) => {
    const parsed = present(parseIpPacket(piece), 'a piece is a packet');
    mustHold(piece.length <= mtu && parsed.totalLength === piece.length && ipv4ChecksumIsRight(piece), 'a piece is whole, right and fits');
    return piece.subarray(parsed.payloadOffset);
  });
  if (pieces.length > 0) mustBeSame('the data of all pieces', concat(...data), packet.slice(ip.headerLength, ip.totalLength));
}

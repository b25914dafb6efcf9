/** EAP from either end, packet by packet: what comes after the first octet is packets, each with its length before it. The first octet says who is fed. */
import { EapAuthenticator } from '../../../lib/eap/authenticator.js';
import { decodeMschapv2, encodeMschapv2 } from '../../../lib/eap/mschapv2-packet.js';
import { ntPasswordHash } from '../../../lib/eap/mschapv2-values.js';
import { decodeEapPacket, eapType, encodeEapPacket } from '../../../lib/eap/packet.js';
import { EapPeer } from '../../../lib/eap/peer.js';
import { SecretKey } from '../../../lib/crypto/key.js';
import { concat, utf8 } from '../../../lib/util/bytes.js';
import { decoded, mustBeSame, mustHold, repeated, type FuzzTarget } from '../target.js';

const password = utf8('Ar3etTnp');
const secret = { password: new SecretKey(password), ntHash: ntPasswordHash(password) };
const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const maxPackets = 64;

/** Nobody here knows the password but those that are fed. */
const ends: readonly (() => (packet: Uint8Array) => void)[] = [
  () => {
    const peer = new EapPeer({ random, user: 'carol', secret, methods: ['mschapv2'] });
    return (packet) => {
      const step = peer.handle(packet);
      mustHold(step.kind !== 'success', 'a gateway that does not know the password is believed');
      if (step.kind === 'send') mustHold(step.packet.length < 400 && decodeEapPacket(step.packet).kind === 'response', 'a peer sends short responses');
    };
  },
  () => {
    const authenticator = new EapAuthenticator({ random, name: 'sun', admit: () => ({ methods: ['mschapv2', 'md5'], secret }) });
    authenticator.begin();
    return (packet) => {
      const step = authenticator.handle(packet);
      mustHold(step.kind !== 'success', 'a caller who does not know the password is let in');
      mustHold(step.packet.length < 400 && decodeEapPacket(step.packet).kind !== 'response', 'an authenticator sends short requests');
    };
  },
  () => (packet) => {
    const eap = decoded(() => decodeEapPacket(packet));
    if (eap === null || eap.kind === 'other') return;
    mustBeSame('the packet written again', encodeEapPacket(eap), packet);
    if (eap.kind !== 'request' && eap.kind !== 'response') return;
    const inner = decoded(() => decodeMschapv2(eap.data));
    if (inner !== null && inner.kind !== 'other') mustBeSame('what was written again', decoded(() => decodeMschapv2(encodeMschapv2(inner))), inner);
  },
];

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && packets.length < maxPackets;) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    packets.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return packets;
}

function story(end: number, ...packets: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(end), ...packets.flatMap((packet) => [Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet]));
}

const request = (identifier: number, type: number, data: Uint8Array): Uint8Array => encodeEapPacket({ kind: 'request', identifier, type, data });
const response = (identifier: number, type: number, data: Uint8Array): Uint8Array => encodeEapPacket({ kind: 'response', identifier, type, data });
const challenge = encodeMschapv2({ kind: 'challenge', id: 8, challenge: new Uint8Array(16).fill(1), name: utf8('sun') });
const answer = encodeMschapv2({ kind: 'response', id: 8, peerChallenge: new Uint8Array(16), ntResponse: new Uint8Array(24), name: utf8('carol') });
const end = (kind: 'success' | 'failure', message: string): Uint8Array => encodeMschapv2({ kind, id: 8, message });

export const target: FuzzTarget = {
  run(input) {
    const take = ends[(input[0] ?? 0) % ends.length]?.();
    for (const packet of packetsOf(input.subarray(1))) take?.(packet);
  },
  seeds: () => [
    story(0, request(7, eapType.identity, new Uint8Array(0)), request(8, eapType.mschapv2, challenge), request(9, eapType.mschapv2, end('success', `S=${'0'.repeat(40)} M=welcome`))),
    story(0, request(7, eapType.md5, Uint8Array.of(2, 1, 2)), request(8, eapType.mschapv2, challenge), request(9, eapType.mschapv2, end('failure', 'E=691 R=1 C=00 V=3 M=no'))),
    story(0, request(1, eapType.notification, utf8('hello')), encodeEapPacket({ kind: 'success', identifier: 1 })), story(0, encodeEapPacket({ kind: 'failure', identifier: 1 })),
    story(1, response(7, eapType.identity, utf8('carol')), response(8, eapType.mschapv2, answer), response(9, eapType.mschapv2, Uint8Array.of(3))),
    story(1, response(7, eapType.identity, utf8('carol')), response(8, eapType.nak, Uint8Array.of(eapType.md5)), response(9, eapType.md5, concat(Uint8Array.of(16), new Uint8Array(16)))),
    story(2, request(1, eapType.mschapv2, challenge), response(1, eapType.mschapv2, answer), request(1, eapType.mschapv2, end('failure', 'E=691'))),
  ],
  large: (octets) => [
    ...[0, 1, 2].map((to) => story(to, ...Array.from({ length: maxPackets }, () => repeated(Uint8Array.of(1, 7, 0, 5, 1), Math.floor(octets / maxPackets))))),
    ...[0, 2].map((to) => story(to, request(7, eapType.notification, repeated(utf8('\u001b'), Math.min(octets, 60_000))))),
    story(0, request(8, eapType.mschapv2, challenge), request(9, eapType.mschapv2, repeated(utf8(' E='), Math.min(octets, 60_000)))),
    story(1, response(7, eapType.identity, utf8('carol')), response(8, eapType.nak, repeated(Uint8Array.of(1, 2, 3, 5), Math.min(octets, 60_000)))),
  ],
  words: [
    challenge, answer, utf8('E=691 R=0'), utf8('S='), Uint8Array.of(eapType.mschapv2), Uint8Array.of(3, 8, 0, 4), Uint8Array.of(4, 8, 0, 4), Uint8Array.of(2, 7, 0, 10, 1), Uint8Array.of(1, 8, 0, 6, 26, 3),
  ],
};

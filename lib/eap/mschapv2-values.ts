/** What MS-CHAPv2 computes (RFC 2759 §8), and the keys from it (RFC 3079 §3). */
import { sha1 } from '../crypto/hash.js';
import { SecretKey } from '../crypto/key.js';
import { desEncryptBlock } from '../crypto/legacy.js';
import { concat, lossyText, secretOctets, utf8 } from '../util/bytes.js';
import { md4 } from './md4.js';

export const challengeBytes = 16;
export const ntResponseBytes = 24;

/** What one authentication is about. `userName` as the peer gave it; a domain before a backslash is no part of what is hashed (RFC 2759 §8.2). */
export interface Exchange {
  readonly authenticatorChallenge: Uint8Array;
  readonly peerChallenge: Uint8Array;
  readonly userName: Uint8Array;
}

/** RFC 2759 §8.3: MD4 of the password in UTF-16, little-endian. */
export function ntPasswordHash(password: Uint8Array): SecretKey {
  const text = lossyText(password);
  const units = secretOctets(2 * text.length);
  const view = new DataView(units.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), true);
  const hash = md4(units);
  units.fill(0);
  const key = new SecretKey(hash);
  hash.fill(0);
  return key;
}

/** RFC 2759 §8.1. */
export function ntResponse(exchange: Exchange, ntHash: SecretKey): Uint8Array {
  const challenge = challengeHash(exchange);
  const padded = secretOctets(21);
  padded.set(ntHash.expose());
  const response = concat(...[0, 7, 14].map((at) => desEncryptBlock(padded.subarray(at, at + 7), challenge)));
  padded.fill(0);
  return response;
}

/** RFC 2759 §8.7: `S=` and 40 hex digits. */
export function authenticatorResponse(exchange: Exchange, ntHash: SecretKey, response: Uint8Array): string {
  const hashHash = md4(ntHash.expose());
  const digest = sha1(hashHash, response, utf8('Magic server to client signing constant'));
  hashHash.fill(0);
  const signed = sha1(digest, challengeHash(exchange), utf8('Pad to make it do more than one iteration'));
  return `S=${Array.from(signed, (octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join('')}`;
}

/** The MSK: what the authenticator receives with, what it sends with (RFC 3079 §3.3), and zeros up to 64 octets. */
export function mschapv2Msk(ntHash: SecretKey, response: Uint8Array): SecretKey {
  const hashHash = md4(ntHash.expose());
  const master = masterKey(hashHash, response);
  hashHash.fill(0);
  const msk = secretOctets(64);
  msk.set(startKey(master, 'On the client side, this is the send key; on the server side, it is the receive key.'), 0);
  msk.set(startKey(master, 'On the client side, this is the receive key; on the server side, it is the send key.'), 16);
  master.fill(0);
  const key = new SecretKey(msk);
  msk.fill(0);
  return key;
}

/** RFC 3079 §3.4, GetMasterKey. */
function masterKey(hashHash: Uint8Array, response: Uint8Array): Uint8Array {
  return sha1(hashHash, response, utf8('This is the MPPE Master Key')).subarray(0, 16);
}

/** RFC 3079 §3.4, GetAsymmetricStartKey, of 128 bits. */
function startKey(master: Uint8Array, magic: string): Uint8Array {
  return sha1(master, new Uint8Array(40), utf8(magic), new Uint8Array(40).fill(0xf2)).subarray(0, 16);
}

/** RFC 2759 §8.2. */
function challengeHash({ authenticatorChallenge, peerChallenge, userName }: Exchange): Uint8Array {
  return sha1(peerChallenge, authenticatorChallenge, withoutDomain(userName)).subarray(0, 8);
}

/** `carol` of `EXAMPLE\\carol`. */
export function withoutDomain(userName: Uint8Array): Uint8Array {
  return userName.subarray(userName.lastIndexOf(0x5c) + 1);
}

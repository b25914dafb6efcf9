/** Recorded conversations with strongSwan: every octet of every message, over both providers, and every key as strongSwan derived it. */
import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { sharedKeyAuth } from '../../lib/ike/authentication.js';
import type { KeyLogEntry } from '../../lib/ike/io.js';
import { deriveChildKeys, deriveIkeKeys, type IkeKeys } from '../../lib/ike/key-schedule.js';
import { sealDatagram } from '../../lib/ike/message-protection.js';
import { natHash } from '../../lib/ike/nat-detection.js';
import { present } from '../../lib/util/assert.js';
import { bytesEqual, concat, toHex, utf8 } from '../../lib/util/bytes.js';
import { exchangeType, notifyType, protocolId } from '../../lib/wire/iana.js';
import { decodeMessage } from '../../lib/wire/message.js';
import { findNotify, findPayload } from '../../lib/wire/payload.js';
import { encodeIdBody } from '../../lib/wire/payloads/id.js';
import { providers } from '../support/providers.js';
import { payload, readRecording, recordingNames, replay, type RecordedIkeSa, type RecordedMessage, type Recording, type Replay } from '../support/recording.js';

const nothing = new Uint8Array(0);

for (const recordingName of recordingNames) {
  describe(`The recorded conversation ${recordingName}`, () => {
    const recording = readRecording(recordingName);

    it('has the hash of the address that strongSwan sent its first message to (RFC 7296 §2.23)', () => {
      const sent = present(recording.datagrams.find((datagram) => datagram.by === 'strongswan'), 'a datagram by strongSwan');
      const { header, payloads } = decodeMessage('ike' in sent ? sent.ike : nothing);
      const hash = present(findNotify(payloads, notifyType.NAT_DETECTION_DESTINATION_IP), 'a hash').data;
      expect(toHex(natHash(header.spiI, header.spiR, sent.to))).to.equal(toHex(hash));
    });

    for (const { name, registry } of providers) {
      describe(`over ${name}`, () => {
        let played: Replay | null = null;
        const play = (): Replay => (played ??= replay(recording, registry));
        checkMessages(play);
        checkKeys(play, recording);
      });
    }
  });
}

describe('A recorded conversation with small fragments', () => {
  it('was split by both ends (RFC 7383)', () => {
    const { messages } = replay(readRecording('cbc-modp2048'), present(providers[0], 'a provider').registry);
    const split = messages.filter(({ opened }) => opened.fragment !== null);
    const kinds = split.map(({ by, header }) => `${by} ${header.exchangeType}`);
    expect(new Set(kinds)).to.deep.equal(new Set(['strongswan 35', 'mhtun 35', 'strongswan 36', 'mhtun 36']));
    expect(split.every(({ bytes }) => bytes.length <= 400)).to.equal(true);
  });
});

function checkMessages(play: () => Replay): void {
  it('has every kind of exchange, begun by either end where that may be', () => {
    const { messages, init } = play();
    const begun = messages.filter(({ header, whole }) => !header.response && whole !== null).map(nameOf);
    const opener = present(init[0], 'IKE_SA_INIT').by;
    expect(begun).to.include.members([
      `${opener}: IKE_AUTH`, 'mhtun: rekey of a Child SA', 'strongswan: rekey of a Child SA', 'mhtun: rekey of an IKE SA',
      'strongswan: rekey of an IKE SA', `${opener}: update of addresses`, 'mhtun: delete of a Child SA', 'strongswan: delete of a Child SA',
    ]);
    expect(begun.some((what) => what.endsWith('liveness')), 'a liveness check').to.equal(true);
    expect(begun.at(-1)).to.equal(`${opener}: delete of an IKE SA`);
  });

  it('is sealed to the same datagrams under the same IVs', () => {
    for (const { bytes, header, protection, opened } of play().messages) {
      const body = sealedBody(bytes);
      const iv = body.subarray(0, protection.ivBytes);
      const padded = present(protection.open(iv, bytes.subarray(0, bytes.length - body.length), body.subarray(iv.length), nothing), 'an authentic message');
      expect(toHex(sealDatagram(protection, header, iv, { ...opened, plaintext: padded }))).to.equal(toHex(bytes));
    }
  });

  it('does not open with one bit changed anywhere', () => {
    const [shortest] = play().messages.toSorted((a, b) => a.bytes.length - b.bytes.length);
    const { bytes, protection } = present(shortest, 'a message');
    const body = sealedBody(bytes);
    const associated = bytes.subarray(0, bytes.length - body.length);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const [aad, rest] = [changed.subarray(0, associated.length), changed.subarray(associated.length)];
      expect(protection.open(rest.subarray(0, protection.ivBytes), aad, rest.subarray(protection.ivBytes), nothing), `octet ${at}`).to.equal(null);
    }
  });
}

function checkKeys(play: () => Replay, recording: Recording): void {
  it('gives the keys of every IKE SA that strongSwan derived (RFC 7296 §2.14, §2.18)', () => {
    const { ikeSas } = play();
    expect(ikeSas).to.have.length(recording.ikeSas.length);
    for (const sa of ikeSas) {
      const { secret, skeyseed, ...keys } = sa.keys;
      expect(toHex(skeyseedOf(sa, secret)), 'SKEYSEED').to.equal(toHex(skeyseed));
      expect(derived(sa)).to.deep.equal(hexOfEach(keys));
    }
  });

  it('gives the keys of every Child SA that strongSwan derived (RFC 7296 §2.17)', () => {
    const { childSas } = play();
    expect(childSas).to.have.length(recording.childSas.length);
    expect(childSas.some(({ ike }) => ike.rekeyed !== null), 'a Child SA of a rekeyed IKE SA').to.equal(true);
    for (const { ike, suite, ni, nr, keys: { secret, seed, encrInitiator, encrResponder, integInitiator, integResponder } } of childSas) {
      expect(toHex(concat(secret ?? nothing, ni, nr)), 'seed').to.equal(toHex(seed));
      const shared = secret === null ? null : new SecretKey(secret);
      const { fromInitiator, fromResponder } = deriveChildKeys({
        prf: ike.suite.prf, skD: new SecretKey(ike.keys.sk_d), encr: suite.encr, integ: suite.integ, shared, ni, nr,
      });
      const keys = {
        encrInitiator: fromInitiator.encrKey, encrResponder: fromResponder.encrKey,
        integInitiator: fromInitiator.integKey, integResponder: fromResponder.integKey,
      };
      expect(hexOfEach(keys)).to.deep.equal(hexOfEach({ encrInitiator, encrResponder, integInitiator, integResponder }));
    }
  });

  it('has the key exchange that each rekey agreed on', () => {
    const { childSas } = play();
    expect(childSas.map(({ suite }) => suite.ke !== null)).to.deep.equal(childSas.map((_, i) => i > 0));
    expect(childSas.map(({ keys }) => keys.secret !== null)).to.deep.equal(childSas.map((_, i) => i > 0));
  });

  it('gives the AUTH values of both ends (RFC 7296 §2.15)', () => {
    const { init, messages, ikeSas } = play();
    const sa = present(ikeSas[0], 'an IKE SA');
    for (const [index, kind, skP, nonce] of [[0, 'id-i', sa.keys.sk_pi, sa.nr], [1, 'id-r', sa.keys.sk_pr, sa.ni]] as const) {
      const payloads = authMessage(messages, index === 1);
      const id = payload(payloads, kind);
      const message = present(init[index], 'IKE_SA_INIT').bytes;
      const prf = sa.suite.prf;
      const octets = concat(message, nonce, prf.prf(skP, encodeIdBody(id)));
      const said = present(recording.auths.find((auth) => bytesEqual(auth.octets, octets)), 'these octets in the log of strongSwan');
      expect(toHex(encodeIdBody(id))).to.equal(toHex(said.id));
      const auth = sharedKeyAuth(prf, new SecretKey(utf8(recording.psk)), { message, otherNonce: nonce, id, skP: new SecretKey(skP) });
      expect(toHex(auth)).to.equal(toHex(said.auth));
      expect(toHex(auth)).to.equal(toHex(payload(payloads, 'auth').data));
    }
  });
}

/** What a request is for. */
function nameOf({ by, header, whole }: RecordedMessage): string {
  const payloads = whole?.payloads ?? [];
  const deleted = findPayload(payloads, 'delete');
  if (header.exchangeType === exchangeType.IKE_AUTH) return `${by}: IKE_AUTH`;
  if (header.exchangeType === exchangeType.CREATE_CHILD_SA) {
    return `${by}: ${findNotify(payloads, notifyType.REKEY_SA) === null ? 'rekey of an IKE SA' : 'rekey of a Child SA'}`;
  }
  if (deleted !== null) return `${by}: delete of ${deleted.protocol === protocolId.IKE ? 'an IKE SA' : 'a Child SA'}`;
  if (findNotify(payloads, notifyType.UPDATE_SA_ADDRESSES) !== null) return `${by}: update of addresses`;
  return `${by}: ${payloads.length === 0 ? 'liveness' : 'something else'}`;
}

/** What follows the headers: IV, ciphertext and ICV. */
function sealedBody(bytes: Uint8Array): Uint8Array {
  const last = decodeMessage(bytes).payloads.at(-1);
  if (last?.kind !== 'sk' && last?.kind !== 'skf') throw new Error('an Encrypted payload is the last');
  return last.body;
}

function authMessage(messages: readonly RecordedMessage[], response: boolean): NonNullable<RecordedMessage['whole']>['payloads'] {
  const found = messages.find(({ header, whole }) => header.exchangeType === exchangeType.IKE_AUTH && header.response === response && whole !== null);
  return present(found?.whole, 'IKE_AUTH').payloads;
}

function skeyseedOf({ suite, rekeyed, ni, nr }: RecordedIkeSa, secret: Uint8Array): Uint8Array {
  return rekeyed === null ? suite.prf.prf(concat(ni, nr), secret) : rekeyed.suite.prf.prf(rekeyed.keys.sk_d, secret, ni, nr);
}

/** The seven keys as we derive them, from the same secret. */
function derived({ suite, spiI, spiR, ni, nr, rekeyed, keys: { secret } }: RecordedIkeSa): Record<string, string> {
  const logged: KeyLogEntry[] = [];
  const before = rekeyed === null ? null : { prf: rekeyed.suite.prf, skD: new SecretKey(rekeyed.keys.sk_d) };
  const input = { suite, spiI, spiR, ni, nr, shared: new SecretKey(secret), rekeyed: before };
  const keys: IkeKeys = deriveIkeKeys(input, (entry) => logged.push(entry));
  const entry = present(logged[0], 'an entry of the key log');
  if (entry.kind !== 'ike') throw new Error('an entry about another kind of SA');
  return hexOfEach({
    sk_d: keys.skD, sk_ai: entry.skAi, sk_ar: entry.skAr, sk_ei: entry.skEi, sk_er: entry.skEr, sk_pi: keys.skPi, sk_pr: keys.skPr,
  });
}

function hexOfEach(keys: Readonly<Record<string, Uint8Array | SecretKey>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toHex(key instanceof SecretKey ? key.expose() : key)]));
}

/** SK and SKF payloads (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5). */
import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import type { Protection } from '../../lib/crypto/algorithm.js';
import { createProtection } from '../../lib/crypto/protection.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { MessageSealer, openMessage, type MessageFields } from '../../lib/ike/message-protection.js';
import { present } from '../../lib/util/assert.js';
import { ikeSpi, messageId } from '../../lib/util/brands.js';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import { decodeMessage } from '../../lib/wire/message.js';
import { decodeInnerPayloads, encodePayloads, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { plainPayload } from '../support/wire-arbitraries.js';
import { octets, readVectors } from '../support/vector-file.js';

const fields: MessageFields = {
  spiI: ikeSpi('0001020304050607'), spiR: ikeSpi('08090a0b0c0d0e0f'), exchangeType: 37, initiator: true, response: false, messageId: messageId(9),
};

function protection(encr: string, integ: string | null): Protection {
  const e = present(defaultRegistry.encrByName(encr), encr);
  const i = integ === null ? null : present(defaultRegistry.integByName(integ), integ);
  return createProtection(e, i, new Uint8Array(e.keymatBytes).fill(7), new Uint8Array(i?.keyBytes ?? 0).fill(8));
}

const kinds = [['aes128gcm16', null], ['aes256gcm16', null], ['chacha20poly1305', null], ['aes128', 'sha256'], ['aes256', 'sha512'], ['aes192', 'sha384']] as const;
const random = (n: number): Uint8Array => new Uint8Array(n).fill(0x5a);

describe('A protected message', () => {
  for (const [encr, integ] of kinds) {
    const name = integ === null ? encr : `${encr}-${integ}`;
    it(`comes out as it went in, whatever is in it (${name})`, () => {
      const p = protection(encr, integ);
      fc.assert(fc.property(fc.array(plainPayload, { maxLength: 4 }), (payloads) => {
        const [bytes] = new MessageSealer(p, random).seal(fields, payloads, null);
        const opened = present(openMessage(p, present(bytes, 'one datagram')), 'authentic');
        expect(opened.fragment).to.equal(null);
        expect(toHex(opened.plaintext)).to.equal(toHex(encodePayloads(payloads).bytes));
        expect(decodeInnerPayloads(opened.first, opened.plaintext)).to.have.lengthOf(payloads.length);
      }), { numRuns: 40 });
    });

    it(`opens under no other key, and with no bit changed (${name})`, () => {
      const p = protection(encr, integ);
      const [bytes = new Uint8Array(0)] = new MessageSealer(p, random).seal(fields, [notify(16_384)], null);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const bad = bytes.slice();
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        let opened = null;
        try {
          opened = openMessage(p, bad);
        } catch (error) {
          expect(error).to.have.property('name', 'DecodeError');
        }
        expect(opened, `bit ${bit}`).to.equal(null);
      }
      const e = present(defaultRegistry.encrByName(encr), encr);
      const i = integ === null ? null : present(defaultRegistry.integByName(integ), integ);
      expect(openMessage(createProtection(e, i, new Uint8Array(e.keymatBytes), new Uint8Array(i?.keyBytes ?? 0)), bytes)).to.equal(null);
    });

    it(`split into fragments keeps to the limit, and names what is inside in the first alone (${name})`, () => {
      const p = protection(encr, integ);
      const payloads = [notify(40_000, new Uint8Array(2_000).fill(1)), notify(40_001, new Uint8Array(333).fill(2))];
      for (const limit of [200, 500, 548, 1_248]) {
        const datagrams = new MessageSealer(p, random).seal(fields, payloads, limit);
        expect(datagrams.length).to.be.greaterThan(1);
        for (const bytes of datagrams) expect(bytes.length, `limit ${limit}`).to.be.at.most(limit);
        const opened = datagrams.map((bytes) => present(openMessage(p, bytes), 'authentic'));
        expect(opened.map(({ fragment }) => fragment)).to.deep.equal(datagrams.map((_, i) => ({ number: i + 1, total: datagrams.length })));
        expect(opened.map(({ first }) => first)).to.deep.equal(datagrams.map((_, i) => (i === 0 ? 41 : 0)));
        expect(toHex(concat(...opened.map(({ plaintext }) => plaintext)))).to.equal(toHex(encodePayloads(payloads).bytes));
      }
      const one = encodePayloads(payloads).bytes.length + 28 + 4 + p.ivBytes + p.icvBytes + p.blockBytes;
      expect(new MessageSealer(p, random).seal(fields, payloads, one)).to.have.lengthOf(1);
    });
  }

  it('pads CBC to whole blocks with the length last, and an AEAD not at all', () => {
    for (let length = 0; length < 40; length++) {
      const payloads = [notify(16_384, new Uint8Array(length))];
      const inner = 8 + length;
      const sizeOf = (p: Protection): number => (new MessageSealer(p, random).seal(fields, payloads, null)[0]?.length ?? 0) - 32 - p.ivBytes - p.icvBytes;
      expect(sizeOf(protection('aes128', 'sha256'))).to.equal(Math.ceil((inner + 1) / 16) * 16);
      expect(sizeOf(protection('aes128gcm16', null))).to.equal(inner + 1);
    }
  });

  it('never uses an IV twice with an AEAD, and draws it with CBC', () => {
    const p = protection('aes128gcm16', null);
    const sealer = new MessageSealer(p, random);
    const ivs = Array.from({ length: 50 }, () => sealer.seal(fields, [notify(40_000, new Uint8Array(900))], 300)).flat().map((bytes) => {
      const last = decodeMessage(bytes).payloads.at(-1);
      return last?.kind === 'skf' ? toHex(last.body.subarray(0, p.ivBytes)) : 'none';
    });
    expect(ivs.length).to.be.greaterThan(150);
    expect(new Set(ivs).size).to.equal(ivs.length);
    let drawn = 0;
    new MessageSealer(protection('aes128', 'sha256'), (n) => {
      drawn += n;
      return new Uint8Array(n);
    }).seal(fields, [], null);
    expect(drawn).to.equal(16);
  });

  it('without a whole IV, ICV or pad length is not authentic, and never throws', () => {
    const p = protection('aes128gcm16', null);
    for (let length = 0; length < 60; length++) {
      const body = new Uint8Array(length);
      const { bytes } = encodePayloads([{ kind: 'sk', critical: false, nextPayload: 41, body }]);
      const header = new MessageSealer(p, random).seal(fields, [], null)[0]?.slice(0, 28) ?? new Uint8Array(28);
      const message = concat(header, bytes);
      new DataView(message.buffer).setUint32(24, message.length);
      expect(openMessage(p, message)).to.equal(null);
    }
  });

  it('whose pad length is longer than what there is is not taken', () => {
    const p = protection('aes128gcm16', null);
    const sealed = (plaintext: Uint8Array): Uint8Array => {
      const associated = new Uint8Array(32);
      const [whole = new Uint8Array(0)] = new MessageSealer(p, random).seal(fields, [], null);
      associated.set(whole.subarray(0, 28));
      const length = 32 + 8 + plaintext.length + 16;
      const view = new DataView(associated.buffer);
      view.setUint32(24, length);
      view.setUint16(30, length - 28);
      return concat(associated, new Uint8Array(8), p.seal(new Uint8Array(8), associated, plaintext, new Uint8Array(0)));
    };
    expect(openMessage(p, sealed(Uint8Array.of(0)))?.plaintext).to.deep.equal(new Uint8Array(0));
    expect(openMessage(p, sealed(Uint8Array.of(1, 2, 3, 3)))?.plaintext).to.deep.equal(new Uint8Array(0));
    for (const plaintext of [[1], [255], [1, 2, 3, 4], []]) expect(openMessage(p, sealed(Uint8Array.from(plaintext)))).to.equal(null);
  });

  it('opens as RFC 7634 has it', () => {
    const [vector] = readVectors('ike-message', z.object({ name: z.string(), message: octets, inner: octets }));
    const chacha = present(defaultRegistry.encrByName('chacha20poly1305'), 'ChaCha20-Poly1305');
    const p = createProtection(chacha, null, fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3'), new Uint8Array(0));
    const opened = openMessage(p, present(vector, 'a vector').message);
    expect(toHex(present(opened, 'authentic').plaintext)).to.equal(toHex(present(vector, 'a vector').inner));
  });

  it('without SK at its end is not authentic, however many payloads stand before it', () => {
    const p = protection('aes128gcm16', null);
    const [whole = new Uint8Array(0)] = new MessageSealer(p, random).seal(fields, [], null);
    const unknown: Payload = { kind: 'unknown', type: 200, critical: false, body: new Uint8Array(0) };
    const { bytes } = encodePayloads(Array.from({ length: 64 }, () => unknown));
    const message = concat(whole.subarray(0, 28), bytes);
    message[16] = 200;
    new DataView(message.buffer).setUint32(24, message.length);
    expect(openMessage(p, message)).to.equal(null);
  });
});

/** AES-GCM and ChaCha20-Poly1305 as IPsec uses them (RFC 4106, RFC 5282, RFC 7634), over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { concat, fromHex } from '../../../lib/util/bytes.js';
import { present } from '../../../lib/util/assert.js';
import { AssertionError } from '../../../lib/util/assert.js';
import { providers } from '../../support/providers.js';
import { octets, readVectors } from '../../support/vector-file.js';

const aeadCase = z.object({
  name: z.string(), key: octets, nonce: octets, aad: octets, plaintext: octets, ciphertext: octets, tag: octets,
});
const gcmNames = new Map([[16, 'aes128gcm16'], [24, 'aes192gcm16'], [32, 'aes256gcm16']]);
const cases = [
  ...readVectors('aes-gcm', aeadCase).map((c) => ({ ...c, algorithm: present(gcmNames.get(c.key.length), 'an AES key') })),
  ...readVectors('chacha20-poly1305', aeadCase).map((c) => ({ ...c, algorithm: 'chacha20poly1305' })),
];

for (const { name, registry } of providers) {
  describe(`AEAD ciphers over ${name}`, () => {
    for (const c of cases) {
      const algorithm = present(registry.encrByName(c.algorithm), c.algorithm);
      const keymat = concat(c.key, c.nonce.subarray(0, 4));
      const iv = c.nonce.subarray(4);
      const sealed = concat(c.ciphertext, c.tag);

      it(`${c.algorithm} seals and opens as ${c.name} says`, () => {
        const cipher = algorithm.create(keymat);
        expect(cipher.seal(iv, c.aad, c.plaintext)).to.deep.equal(sealed);
        expect(cipher.open(iv, c.aad, sealed)).to.deep.equal(c.plaintext);
      });

      it(`${c.algorithm} refuses ${c.name} with any octet changed`, () => {
        const cipher = algorithm.create(keymat);
        for (let at = 0; at < sealed.length; at++) {
          const forged = Uint8Array.from(sealed);
          forged[at] = (forged[at] ?? 0) ^ 0x80;
          expect(cipher.open(iv, c.aad, forged), `octet ${at}`).to.equal(null);
        }
        expect(cipher.open(iv, concat(c.aad, Uint8Array.of(0)), sealed), 'longer AAD').to.equal(null);
        const otherIv = Uint8Array.from(iv);
        otherIv[7] = (otherIv[7] ?? 0) ^ 1;
        expect(cipher.open(otherIv, c.aad, sealed), 'other IV').to.equal(null);
      });
    }

    for (const algorithm of registry.encrs.filter((a) => a.aead)) {
      it(`${algorithm.name} opens nothing shorter than an ICV`, () => {
        const cipher = algorithm.create(new Uint8Array(algorithm.keymatBytes));
        for (let length = 0; length < algorithm.icvBytes; length++) {
          expect(cipher.open(new Uint8Array(8), new Uint8Array(8), new Uint8Array(length))).to.equal(null);
        }
      });

      it(`${algorithm.name} keeps its own copy of the key, and is of no use once wiped`, () => {
        const keymat = new Uint8Array(algorithm.keymatBytes).fill(7);
        const cipher = algorithm.create(keymat);
        const before = cipher.seal(fromHex('0000000000000001'), new Uint8Array(8), Uint8Array.of(1, 2, 3));
        keymat.fill(0);
        expect(cipher.seal(fromHex('0000000000000001'), new Uint8Array(8), Uint8Array.of(1, 2, 3))).to.deep.equal(before);
        cipher.wipe();
        expect(() => cipher.seal(new Uint8Array(8), new Uint8Array(8), new Uint8Array(4))).to.throw(AssertionError);
        expect(() => cipher.open(new Uint8Array(8), new Uint8Array(8), before)).to.throw(AssertionError);
      });

      it(`${algorithm.name} takes KEYMAT of its own length alone`, () => {
        for (const length of [algorithm.keymatBytes - 4, algorithm.keymatBytes - 1, algorithm.keymatBytes + 1]) {
          expect(() => algorithm.create(new Uint8Array(length))).to.throw(AssertionError);
        }
      });

      it(`${algorithm.name} gives plain Uint8Arrays`, () => {
        const cipher = algorithm.create(new Uint8Array(algorithm.keymatBytes));
        const sealed = cipher.seal(new Uint8Array(8), new Uint8Array(8), new Uint8Array(5));
        const opened = present(cipher.open(new Uint8Array(8), new Uint8Array(8), sealed), 'opens');
        expect([Object.getPrototypeOf(sealed), Object.getPrototypeOf(opened)]).to.deep.equal([Uint8Array.prototype, Uint8Array.prototype]);
      });
    }
  });
}

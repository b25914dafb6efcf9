/** AES-CBC (RFC 3602), over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { AssertionError, present } from '../../../lib/util/assert.js';
import { providers } from '../../support/providers.js';
import { octets, readVectors } from '../../support/vector-file.js';

const cbcCase = z.object({ name: z.string(), key: octets, iv: octets, plaintext: octets, ciphertext: octets });
const cases = readVectors('aes-cbc', cbcCase);
const nothing = new Uint8Array(0);

for (const { name, registry } of providers) {
  describe(`AES-CBC over ${name}`, () => {
    for (const c of cases) {
      it(`encrypts and decrypts as ${c.name} says`, () => {
        const cipher = present(registry.encrByName(`aes${c.key.length * 8}`), 'AES-CBC').create(c.key);
        expect(cipher.seal(c.iv, nothing, c.plaintext)).to.deep.equal(c.ciphertext);
        expect(cipher.open(c.iv, nothing, c.ciphertext)).to.deep.equal(c.plaintext);
      });
    }

    it('opens whole blocks alone, and at least one', () => {
      const cipher = present(registry.encrByName('aes128'), 'AES-CBC').create(new Uint8Array(16));
      for (const length of [0, 1, 15, 17, 31]) {
        expect(cipher.open(new Uint8Array(16), nothing, new Uint8Array(length)), `${length} octets`).to.equal(null);
      }
    });

    it('neither adds nor removes padding', () => {
      const cipher = present(registry.encrByName('aes256'), 'AES-CBC').create(new Uint8Array(32));
      const sealed = cipher.seal(new Uint8Array(16), nothing, new Uint8Array(16).fill(16));
      expect(sealed.length).to.equal(16);
      expect(cipher.open(new Uint8Array(16), nothing, sealed)).to.deep.equal(new Uint8Array(16).fill(16));
    });

    it('is of no use once wiped', () => {
      const cipher = present(registry.encrByName('aes192'), 'AES-CBC').create(new Uint8Array(24));
      cipher.wipe();
      expect(() => cipher.seal(new Uint8Array(16), nothing, new Uint8Array(16))).to.throw(AssertionError);
      expect(() => cipher.open(new Uint8Array(16), nothing, new Uint8Array(16))).to.throw(AssertionError);
    });
  });
}

/** Encryption and integrity as one (RFC 7296 §3.14, RFC 4303 §2.8), over both providers. */
import { expect } from 'chai';
import { createProtection } from '../../lib/crypto/protection.js';
import type { EncrAlgorithm, IntegAlgorithm, Protection } from '../../lib/crypto/algorithm.js';
import { AssertionError, present } from '../../lib/util/assert.js';
import { concat, fromHex, utf8 } from '../../lib/util/bytes.js';
import { providers } from '../support/providers.js';

const associated = fromHex('0000432100000001');
const suffix = fromHex('00000007');
const nothing = new Uint8Array(0);

interface Suite {
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | null;
}

for (const { name, registry } of providers) {
  const protect = (encr: EncrAlgorithm, integ: IntegAlgorithm | null): Protection =>
    createProtection(encr, integ, new Uint8Array(encr.keymatBytes).fill(1), new Uint8Array(integ?.keyBytes ?? 0).fill(2));

  describe(`Protection over ${name}`, () => {
    const suites = registry.encrs.flatMap((encr): Suite[] =>
      (encr.aead ? [{ encr, integ: null }] : registry.integs.map((integ) => ({ encr, integ }))));

    for (const { encr, integ } of suites) {
      const title = integ === null ? encr.name : `${encr.name}-${integ.name}`;
      const plaintext = utf8('forty-eight octets are three whole blocks of AES');
      const end = integ === null ? nothing : suffix;

      it(`${title} opens what it sealed, and says how long everything is`, () => {
        const protection = protect(encr, integ);
        const iv = new Uint8Array(protection.ivBytes).fill(3);
        const sealed = protection.seal(iv, associated, plaintext, end);
        expect(sealed.length).to.equal(plaintext.length + protection.icvBytes);
        expect(protection.open(iv, associated, sealed, end)).to.deep.equal(plaintext);
        const target = new Uint8Array(sealed.length + 8).fill(0xaa);
        protection.sealInto(iv, associated, plaintext, end, target, 5);
        expect(target).to.deep.equal(concat(new Uint8Array(5).fill(0xaa), sealed, new Uint8Array(3).fill(0xaa)));
        expect(protection.aead).to.equal(integ === null);
        expect(protection.blockBytes).to.equal(encr.blockBytes);
      });

      it(`${title} refuses a change anywhere, and anything too short`, () => {
        const protection = protect(encr, integ);
        const iv = new Uint8Array(protection.ivBytes).fill(3);
        const sealed = protection.seal(iv, associated, plaintext, end);
        for (let at = 0; at < sealed.length; at++) expect(protection.open(iv, associated, flip(sealed, at), end)).to.equal(null);
        for (let at = 0; at < iv.length; at++) expect(protection.open(flip(iv, at), associated, sealed, end)).to.equal(null);
        for (let at = 0; at < associated.length; at++) expect(protection.open(iv, flip(associated, at), sealed, end)).to.equal(null);
        for (let length = 0; length < sealed.length; length++) {
          expect(protection.open(iv, associated, sealed.subarray(0, length), end)).to.equal(null);
        }
      });
    }

    it('authenticates associated data, IV, ciphertext and suffix in this order', () => {
      // RFC 4303 §2.8, RFC 7296 §3.14
      const encr = present(registry.encrByName('aes128'), 'aes128');
      const integ = present(registry.integByName('sha256'), 'sha256');
      const iv = new Uint8Array(16).fill(3);
      const ciphertext = encr.create(new Uint8Array(16).fill(1)).seal(iv, nothing, new Uint8Array(32));
      const tag = integ.mac(new Uint8Array(32).fill(2), concat(associated, iv, ciphertext, suffix));
      expect(protect(encr, integ).seal(iv, associated, new Uint8Array(32), suffix)).to.deep.equal(concat(ciphertext, tag));
      expect(protect(encr, integ).open(iv, associated, concat(ciphertext, tag), nothing)).to.equal(null);
    });

    it('refuses part blocks even when their MAC is right', () => {
      const encr = present(registry.encrByName('aes128'), 'aes128');
      const integ = present(registry.integByName('sha256'), 'sha256');
      const iv = new Uint8Array(16);
      const part = new Uint8Array(17);
      const tag = integ.mac(new Uint8Array(32).fill(2), concat(associated, iv, part));
      expect(protect(encr, integ).open(iv, associated, concat(part, tag), nothing)).to.equal(null);
    });

    it('cannot be made of what does not belong together', () => {
      const gcm = present(registry.encrByName('aes128gcm16'), 'aes128gcm16');
      const cbc = present(registry.encrByName('aes128'), 'aes128');
      const integ = present(registry.integByName('sha256'), 'sha256');
      expect(() => createProtection(gcm, integ, new Uint8Array(20), new Uint8Array(32))).to.throw(AssertionError);
      expect(() => createProtection(gcm, null, new Uint8Array(20), new Uint8Array(1))).to.throw(AssertionError);
      expect(() => createProtection(cbc, null, new Uint8Array(16), nothing)).to.throw(AssertionError);
      expect(() => createProtection(cbc, integ, new Uint8Array(16), new Uint8Array(31))).to.throw(AssertionError);
      expect(() => protect(gcm, null).seal(new Uint8Array(8), associated, nothing, suffix)).to.throw(AssertionError);
    });

    it('is of no use once wiped', () => {
      for (const { encr, integ } of suites) {
        const protection = protect(encr, integ);
        protection.wipe();
        expect(() => protection.seal(new Uint8Array(encr.ivBytes), associated, new Uint8Array(16), nothing)).to.throw(AssertionError);
      }
    });
  });
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}

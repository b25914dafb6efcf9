/** Two implementations that share no code must agree on everything; what both say is seldom wrong. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { RandomBytes } from '../../../lib/crypto/algorithm.js';
import { nobleProvider } from '../../../lib/crypto/providers/noble.js';
import { opensslProvider } from '../../../lib/crypto/providers/openssl.js';
import { createRegistry } from '../../../lib/crypto/registry.js';
import { present } from '../../../lib/util/assert.js';

// fast-check prints the seed of a failure.
describe('OpenSSL and noble', () => {
  const openssl = createRegistry(opensslProvider);
  const noble = createRegistry(nobleProvider);
  const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
  const upTo = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

  for (const a of openssl.encrs) {
    const b = present(noble.encr(a.transformId, a.keyLengthBits), a.name);
    const text = a.aead ? upTo(300) : fc.nat(12).chain((blocks) => bytes(16 * blocks));

    it(`seal alike with ${a.name}, and open what the other sealed`, () => {
      fc.assert(fc.property(bytes(a.keymatBytes), bytes(a.ivBytes), upTo(40), text, (key, iv, aad, plaintext) => {
        const sealed = a.create(key).seal(iv, aad, plaintext);
        expect(b.create(key).seal(iv, aad, plaintext)).to.deep.equal(sealed);
        if (sealed.length === 0) return;
        expect(a.create(key).open(iv, aad, sealed)).to.deep.equal(plaintext);
        expect(b.create(key).open(iv, aad, sealed)).to.deep.equal(plaintext);
      }));
    });

    it(`open or refuse alike with ${a.name}, whatever comes`, () => {
      fc.assert(fc.property(bytes(a.keymatBytes), bytes(a.ivBytes), upTo(40), upTo(100), (key, iv, aad, sealed) => {
        expect(b.create(key).open(iv, aad, sealed)).to.deep.equal(a.create(key).open(iv, aad, sealed));
      }));
    });
  }

  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    it(`hash and HMAC alike with ${hash}`, () => {
      fc.assert(fc.property(upTo(200), fc.array(upTo(200), { maxLength: 4 }), (key, parts) => {
        expect(nobleProvider.hash(hash, parts)).to.deep.equal(opensslProvider.hash(hash, parts));
        expect(nobleProvider.hmac(hash, key, parts)).to.deep.equal(opensslProvider.hmac(hash, key, parts));
      }));
    });
  }

  for (const a of openssl.kes) {
    const b = present(noble.ke(a.transformId), a.name);
    // Curves in JavaScript are slow: enough runs to meet a leading zero now and then over many days.
    const numRuns = 6;

    it(`exchange keys alike with ${a.name}`, () => {
      fc.assert(fc.property(bytes(64), bytes(64), (ourPool, theirPool) => {
        const ours = a.generate(drawFrom(ourPool));
        const theirs = b.generate(drawFrom(theirPool));
        expect(b.generate(drawFrom(ourPool)).publicValue).to.deep.equal(ours.publicValue);
        const secret = present(a.derive(ours.privateKey, theirs.publicValue), 'a secret').expose();
        expect(b.derive(ours.privateKey, theirs.publicValue)?.expose()).to.deep.equal(secret);
        expect(b.derive(theirs.privateKey, ours.publicValue)?.expose()).to.deep.equal(secret);
      }), { numRuns });
    }).timeout(20_000);

    it(`take or refuse any public value of ${a.name} alike`, () => {
      const pair = a.generate((length) => new Uint8Array(length).fill(0x21));
      fc.assert(fc.property(bytes(a.publicBytes), (peer) => {
        expect(b.derive(pair.privateKey, peer)?.expose()).to.deep.equal(a.derive(pair.privateKey, peer)?.expose());
      }), { numRuns });
    }).timeout(20_000);
  }
});

/** A random source that draws from a pool for ever; counting along keeps a pool of zeros from being all zeros. */
function drawFrom(pool: Uint8Array): RandomBytes {
  let drawn = 0;
  return (length) => Uint8Array.from({ length }, () => (pool[drawn % pool.length] ?? 0) + drawn++);
}

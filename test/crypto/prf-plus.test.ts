/** prf+ (RFC 7296 §2.13) and the keys of an IKE SA made with it, over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { prfPlus } from '../../lib/crypto/prf-plus.js';
import { AssertionError, present } from '../../lib/util/assert.js';
import { concat } from '../../lib/util/bytes.js';
import { providers } from '../support/providers.js';
import { octets, readVectors } from '../support/vector-file.js';

const cases = readVectors('prf-plus', z.object({ name: z.string(), prf: z.string(), key: octets, seed: octets, output: octets }));
const schedules = readVectors('ike-key-schedule', z.object({
  name: z.string(),
  suite: z.string(),
  inputs: z.object({ ni: octets, nr: octets, spii: octets, spir: octets, shared: octets }),
  skeyseed: octets,
  keys: z.object({ sk_d: octets, sk_ai: octets, sk_ar: octets, sk_ei: octets, sk_er: octets, sk_pi: octets, sk_pr: octets }),
}));

for (const { name, registry } of providers) {
  describe(`prf+ over ${name}`, () => {
    for (const c of cases) {
      it(`gives with ${c.prf} the vector of ${c.name}`, () => {
        const prf = present(registry.prfByName(c.prf), c.prf);
        expect(prfPlus(prf, c.key, c.seed, c.output.length)).to.deep.equal(c.output);
      });
    }

    for (const c of schedules) {
      it(`gives the keys of an IKE SA with ${c.name}`, () => {
        // RFC 7296 §2.14
        const word = present(c.suite.split('-').find((w) => w.startsWith('prf')), 'a PRF');
        const prf = present(registry.prfByName(word), word);
        const { ni, nr, spii, spir, shared } = c.inputs;
        const k = c.keys;
        const wanted = concat(k.sk_d, k.sk_ai, k.sk_ar, k.sk_ei, k.sk_er, k.sk_pi, k.sk_pr);
        const skeyseed = prf.prf(concat(ni, nr), shared);
        expect(skeyseed).to.deep.equal(c.skeyseed);
        expect(prfPlus(prf, skeyseed, concat(ni, nr, spii, spir), wanted.length)).to.deep.equal(wanted);
      });
    }

    it('gives 255 blocks and not one octet more', () => {
      const prf = present(registry.prfByName('prfsha256'), 'prfsha256');
      const key = new Uint8Array(32);
      const all = prfPlus(prf, key, key, 255 * 32);
      expect(all.slice(-32)).to.deep.equal(prf.prf(key, all.slice(-64, -32), key, Uint8Array.of(255)));
      expect(() => prfPlus(prf, key, key, 255 * 32 + 1)).to.throw(AssertionError);
    });

    it('gives nothing when nothing is asked for', () => {
      const prf = present(registry.prfByName('prfsha512'), 'prfsha512');
      expect(prfPlus(prf, new Uint8Array(64), new Uint8Array(1), 0)).to.deep.equal(new Uint8Array(0));
    });
  });
}

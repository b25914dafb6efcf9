/** X25519 and X448 (RFC 7748, RFC 8031), over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { SecretKey } from '../../../lib/crypto/key.js';
import { present } from '../../../lib/util/assert.js';
import { fromHex } from '../../../lib/util/bytes.js';
import { providers } from '../../support/providers.js';
import { octets, readVectorFile } from '../../support/vector-file.js';

const curve = z.enum(['x25519', 'x448']);
const file = readVectorFile('montgomery', z.object({
  cases: z.array(z.object({
    name: z.string(), curve, private: octets, public: octets.optional(), peer: octets, shared: octets,
  })).min(1),
  iterated: z.array(z.object({ name: z.string(), curve, start: octets, after1: octets, after1000: octets })).min(1),
}));

/** Little-endian u-coordinates of points of small order: their product with any scalar is zero (RFC 7748 §6, §7). */
const smallOrder = {
  x25519: [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ],
  x448: [
    '00'.repeat(56),
    `01${'00'.repeat(55)}`,
    `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
    `ff${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
    `00${'00'.repeat(27)}ff${'ff'.repeat(27)}`,
  ],
} as const;

for (const { name, registry } of providers) {
  describe(`X25519 and X448 over ${name}`, () => {
    for (const c of file.cases) {
      it(`${c.curve} gives what ${c.name} says`, () => {
        const ke = present(registry.keByName(c.curve), c.curve);
        expect(ke.derive(new SecretKey(c.private), c.peer)?.expose()).to.deep.equal(c.shared);
        if (c.public !== undefined) expect(ke.generate(() => c.private.slice()).publicValue).to.deep.equal(c.public);
      });
    }

    for (const c of file.iterated) {
      // A thousand rounds in JavaScript take too long for every day.
      const rounds = name === 'openssl' ? 1000 : 1;
      it(`${c.curve} gives what ${c.name} says after ${rounds === 1 ? 'one round' : 'a thousand rounds'}`, () => {
        const ke = present(registry.keByName(c.curve), c.curve);
        let k = c.start;
        let u = c.start;
        for (let round = 0; round < rounds; round++) {
          const next = present(ke.derive(new SecretKey(k), u), 'not zero').expose();
          u = k;
          k = next;
        }
        expect(k).to.deep.equal(rounds === 1 ? c.after1 : c.after1000);
      }).timeout(20_000);
    }

    for (const curveName of curve.options) {
      const ke = present(registry.keByName(curveName), curveName);
      const pair = ke.generate((length) => new Uint8Array(length).fill(0x42));

      it(`${curveName} refuses points of small order`, () => {
        for (const point of smallOrder[curveName]) expect(ke.derive(pair.privateKey, fromHex(point)), point).to.equal(null);
      });

      it(`${curveName} refuses public values of another length`, () => {
        for (const length of [0, 1, ke.publicBytes - 1, ke.publicBytes + 1]) {
          expect(ke.derive(pair.privateKey, new Uint8Array(length).fill(9))).to.equal(null);
        }
      });
    }

    it('x25519 ignores the highest bit of the peer\'s value', () => {
      // RFC 8031 §3.2
      const ke = present(registry.keByName('x25519'), 'x25519');
      const pair = ke.generate((length) => new Uint8Array(length).fill(0x42));
      const peer = new Uint8Array(32).fill(0x17);
      const marked = Uint8Array.from(peer);
      marked[31] = 0x97;
      expect(ke.derive(pair.privateKey, marked)?.expose()).to.deep.equal(ke.derive(pair.privateKey, peer)?.expose());
    });
  });
}

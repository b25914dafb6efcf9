/** MODP groups (RFC 3526) and the checks of RFC 6989 §2.1, over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { SecretKey } from '../../../lib/crypto/key.js';
import { modp2048Group, modp3072Group, modp4096Group } from '../../../lib/crypto/ke/modp-groups.js';
import { present } from '../../../lib/util/assert.js';
import { toHex } from '../../../lib/util/bytes.js';
import { providers } from '../../support/providers.js';
import { octets, readVectors } from '../../support/vector-file.js';

const group = z.enum(['modp2048', 'modp3072', 'modp4096']);
const cases = readVectors('modp', z.object({
  name: z.string(), group, prime: octets, generator: z.int(), piOffset: z.int(),
  private: octets, public: octets, peerPrivate: octets, peerPublic: octets, shared: octets,
  leadingZero: z.object({ private: octets, peerPublic: octets, shared: octets }),
}));
const groups = { modp2048: modp2048Group, modp3072: modp3072Group, modp4096: modp4096Group };

describe('MODP groups', () => {
  for (const c of cases) {
    it(`${c.group} has the prime and the generator of ${c.name}`, () => {
      expect(groups[c.group].prime).to.deep.equal(c.prime);
      expect(groups[c.group].generator).to.equal(c.generator);
    });

    it(`${c.group} has the prime that the formula of ${c.name} gives`, () => {
      const bits = BigInt(c.prime.length * 8);
      const formula = 2n ** bits - 2n ** (bits - 64n) - 1n + 2n ** 64n * (scaledPi(bits - 130n) + BigInt(c.piOffset));
      expect(formula.toString(16)).to.equal(toHex(c.prime));
    });
  }
});

for (const { name, registry } of providers) {
  describe(`MODP groups over ${name}`, () => {
    for (const c of cases) {
      const ke = present(registry.keByName(c.group), c.group);
      // What is one octet: 0 … 0 n; and the prime less n.
      const small = (n: number): Uint8Array => ending(new Uint8Array(ke.publicBytes), n);
      const primeLess = (n: number): Uint8Array => ending(c.prime, 0xff - n);

      it(`${c.group} derives the same secret on both sides`, () => {
        expect(ke.derive(new SecretKey(c.private), c.peerPublic)?.expose()).to.deep.equal(c.shared);
        expect(ke.derive(new SecretKey(c.peerPrivate), c.public)?.expose()).to.deep.equal(c.shared);
      });

      it(`${c.group} keeps the zero octets at the front of a secret`, () => {
        const { private: privateKey, peerPublic, shared } = c.leadingZero;
        expect(shared[0]).to.equal(0);
        expect(ke.derive(new SecretKey(privateKey), peerPublic)?.expose()).to.deep.equal(shared);
      });

      it(`${c.group} keeps the zero octets at the front of a small secret`, () => {
        // 2 ^ 5
        expect(ke.derive(new SecretKey(Uint8Array.of(5)), small(2))?.expose()).to.deep.equal(small(32));
      });

      it(`${c.group} refuses 0, 1, p - 1, p and more`, () => {
        const key = new SecretKey(c.private);
        const refused = [small(0), small(1), primeLess(1), primeLess(0), new Uint8Array(ke.publicBytes).fill(0xff)];
        for (const value of refused) expect(ke.derive(key, value), toHex(value.subarray(-4))).to.equal(null);
      });

      it(`${c.group} takes 2 and p - 2, which no power of the generator is`, () => {
        // RFC 6989 §2.1 asks for the range alone.
        const key = new SecretKey(c.private);
        expect(ke.derive(key, small(2))).not.to.equal(null);
        expect(ke.derive(key, primeLess(2))).not.to.equal(null);
      });

      it(`${c.group} refuses public values of another length`, () => {
        const key = new SecretKey(c.private);
        for (const length of [0, 1, ke.publicBytes - 1, ke.publicBytes + 1]) {
          expect(ke.derive(key, new Uint8Array(length).fill(3))).to.equal(null);
        }
      });

      it(`${c.group} draws private values of full length, and public values as long as the prime`, () => {
        const pair = ke.generate((length) => new Uint8Array(length));
        expect(pair.privateKey.expose()[0]).to.equal(0x80);
        expect(pair.publicValue.length).to.equal(c.prime.length);
      });
    }
  });
}

function ending(bytes: Uint8Array, last: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[out.length - 1] = last;
  return out;
}

/** [2^bits · pi], by Machin's formula with 64 bits to spare. */
function scaledPi(bits: bigint): bigint {
  const one = 1n << (bits + 64n);
  const arctanOfInverse = (x: bigint): bigint => {
    let power = one / x;
    let sum = power;
    for (let k = 3n, sign = -1n; power > 0n; k += 2n, sign = -sign) {
      power /= x * x;
      sum += (sign * power) / k;
    }
    return sum;
  };
  return (4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) >> 64n;
}

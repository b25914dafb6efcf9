/** ECP groups (RFC 5903) and the checks of RFC 6989 §2.3, over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { SecretKey } from '../../../lib/crypto/key.js';
import { AssertionError, present } from '../../../lib/util/assert.js';
import { compareBytes, concat, fromHex } from '../../../lib/util/bytes.js';
import { providers } from '../../support/providers.js';
import { octets, readVectors } from '../../support/vector-file.js';

const group = z.enum(['ecp256', 'ecp384', 'ecp521']);
const cases = readVectors('ecp', z.object({
  name: z.string(), group, private: octets, public: octets, peer: octets, shared: octets, payload: octets,
}));

/** The order of P-256 (RFC 5903 §3.1). */
const p256Order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

for (const { name, registry } of providers) {
  describe(`ECP groups over ${name}`, () => {
    for (const c of cases) {
      it(`${c.group} gives what ${c.name} says, on the wire too`, () => {
        const ke = present(registry.keByName(c.group), c.group);
        const pair = ke.generate(() => c.private.slice());
        expect(pair.publicValue).to.deep.equal(c.public);
        expect(ke.derive(pair.privateKey, c.peer)?.expose()).to.deep.equal(c.shared);
        // RFC 7296 §3.4: generic header, group number, reserved, value.
        const header = new Uint8Array(8);
        const view = new DataView(header.buffer);
        view.setUint16(2, 8 + ke.publicBytes);
        view.setUint16(4, ke.transformId);
        expect(concat(header, pair.publicValue)).to.deep.equal(c.payload);
      });
    }

    for (const groupName of group.options) {
      const ke = present(registry.keByName(groupName), groupName);
      const good = present(cases.find((c) => c.group === groupName), 'a case');
      const privateKey = new SecretKey(good.private);

      it(`${groupName} refuses points that are not on the curve`, () => {
        for (const at of [0, ke.publicBytes / 2, ke.publicBytes - 1]) {
          const moved = Uint8Array.from(good.peer);
          moved[at] = (moved[at] ?? 0) ^ 1;
          expect(ke.derive(privateKey, moved), `octet ${at}`).to.equal(null);
        }
        expect(ke.derive(privateKey, new Uint8Array(ke.publicBytes)), '0|0').to.equal(null);
      });

      it(`${groupName} refuses coordinates that are not below the prime`, () => {
        expect(ke.derive(privateKey, new Uint8Array(ke.publicBytes).fill(0xff))).to.equal(null);
      });

      it(`${groupName} refuses infinity, compressed points and the format octet`, () => {
        const half = ke.publicBytes / 2;
        for (const value of [
          new Uint8Array(0),
          Uint8Array.of(0),
          concat(Uint8Array.of(2), good.peer.subarray(0, half)),
          good.peer.subarray(0, half),
          concat(Uint8Array.of(4), good.peer),
          good.peer.subarray(1),
        ]) expect(ke.derive(privateKey, value)).to.equal(null);
      });
    }

    it('draws again what is no private value of ecp256', () => {
      const draws = [new Uint8Array(32), p256Order, new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(1)];
      const ke = present(registry.keByName('ecp256'), 'ecp256');
      const pair = ke.generate(() => Uint8Array.from(present(draws.shift(), 'not more than four draws')));
      expect(pair.privateKey.expose()).to.deep.equal(new Uint8Array(32).fill(1));
      expect(draws).to.have.length(0);
    });

    it('takes the smallest and the largest private value of ecp256', () => {
      const ke = present(registry.keByName('ecp256'), 'ecp256');
      const one = new Uint8Array(32);
      one[31] = 1;
      const largest = Uint8Array.from(p256Order);
      largest[31] = 0x50;
      const small = ke.generate(() => Uint8Array.from(one)).publicValue;
      const large = ke.generate(() => Uint8Array.from(largest)).publicValue;
      // (n - 1)·G is -G: the same x.
      expect(large.subarray(0, 32)).to.deep.equal(small.subarray(0, 32));
      expect(large.subarray(32)).not.to.deep.equal(small.subarray(32));
    });

    it('cuts a draw for ecp521 to 521 bits', () => {
      const ke = present(registry.keByName('ecp521'), 'ecp521');
      const draw = new Uint8Array(66).fill(0xfe);
      const pair = ke.generate(() => draw.slice());
      expect(pair.privateKey.expose()[0]).to.equal(0);
      expect(compareBytes(pair.privateKey.expose().subarray(1), draw.subarray(1))).to.equal(0);
    });

    it('gives up on a random source that never gives a private value', () => {
      const ke = present(registry.keByName('ecp384'), 'ecp384');
      expect(() => ke.generate((length) => new Uint8Array(length))).to.throw(AssertionError);
    });
  });
}

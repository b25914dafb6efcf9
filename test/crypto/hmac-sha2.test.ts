/** HMAC with SHA-2 as PRF and as integrity algorithm (RFC 4231, RFC 4868), over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import { AssertionError, present } from '../../lib/util/assert.js';
import { providers } from '../support/providers.js';
import { octets, readVectors } from '../support/vector-file.js';

const hash = z.enum(['sha256', 'sha384', 'sha512']);
const hmacCase = z.object({ name: z.string(), hash, key: octets, data: octets, mac: octets, integ: octets.optional() });
const cases = readVectors('hmac-sha2', hmacCase);

for (const { name, registry } of providers) {
  describe(`HMAC-SHA-2 over ${name}`, () => {
    for (const c of cases) {
      it(`is a PRF that gives with ${c.hash} what ${c.name} says, however the data is cut`, () => {
        const prf = present(registry.prfByName(`prf${c.hash}`), c.hash);
        const mac = prf.prf(c.key, c.data);
        expect(mac.length).to.equal(prf.outputBytes);
        expect(mac.slice(0, c.mac.length)).to.deep.equal(c.mac);
        expect(prf.prf(c.key, c.data.subarray(0, 3), new Uint8Array(0), c.data.subarray(3))).to.deep.equal(mac);
      });

      if (c.integ === undefined) continue;
      it(`is an integrity algorithm that gives with ${c.hash} what ${c.name} says, however the data is cut`, () => {
        const integ = present(registry.integByName(c.hash), c.hash);
        expect(integ.mac(c.key, c.data)).to.deep.equal(c.integ);
        expect(integ.mac(c.key, c.data.subarray(0, 5), c.data.subarray(5))).to.deep.equal(c.integ);
        expect(integ.icvBytes).to.equal(c.integ?.length);
      });
    }

    for (const integ of registry.integs) {
      it(`${integ.name} as integrity algorithm takes a key of its own length alone`, () => {
        expect(() => integ.mac(new Uint8Array(integ.keyBytes - 1), new Uint8Array(1))).to.throw(AssertionError);
        expect(() => integ.mac(new Uint8Array(integ.keyBytes + 1), new Uint8Array(1))).to.throw(AssertionError);
      });
    }
  });
}

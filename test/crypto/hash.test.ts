/** The hashes by themselves, over both providers. */
import { expect } from 'chai';
import { z } from 'zod';
import * as hashes from '../../lib/crypto/hash.js';
import { providers } from '../support/providers.js';
import { octets, readVectors } from '../support/vector-file.js';

const cases = readVectors('hash', z.object({ name: z.string(), hash: z.enum(['sha1', 'sha256', 'sha384', 'sha512']), data: octets, digest: octets }));

describe('Hashes', () => {
  for (const c of cases) {
    it(`${c.hash} of ${c.name} is right, however the data is cut`, () => {
      expect(hashes[c.hash](c.data)).to.deep.equal(c.digest);
      expect(hashes[c.hash](c.data.subarray(0, 1), c.data.subarray(1))).to.deep.equal(c.digest);
      for (const { name, provider } of providers) expect(provider.hash(c.hash, [c.data]), name).to.deep.equal(c.digest);
    });
  }
});

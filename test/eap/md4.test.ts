/** MD4 (RFC 1320), which only MS-CHAPv2 uses. */
import { expect } from 'chai';
import { z } from 'zod';
import { md4 } from '../../lib/eap/md4.js';
import { toHex, utf8 } from '../../lib/util/bytes.js';
import { octets, readVectors } from '../support/vector-file.js';

describe('MD4', () => {
  for (const { text, digest } of readVectors('md4', z.object({ text: z.string(), digest: octets }))) {
    it(`of ${text.length} letters is right`, () => {
      expect(toHex(md4(utf8(text)))).to.equal(toHex(digest));
    });
  }

  it('of input that just fits a block, or just does not, is as long', () => {
    const digests = [54, 55, 56, 57, 63, 64, 65, 119, 120].map((length) => toHex(md4(new Uint8Array(length))));
    expect(new Set(digests).size).to.equal(digests.length);
    for (const digest of digests) expect(digest).to.have.lengthOf(32);
  });
});

/** Tests of the KE payload (RFC 7296 §3.4) against those of RFC 5903. */
import { expect } from 'chai';
import { z } from 'zod';
import { concat, toHex } from '../../../lib/util/bytes.js';
import { decodePayloads, encodePayloads } from '../../../lib/wire/payload.js';
import { decodeKeBody, encodeKeBody } from '../../../lib/wire/payloads/ke.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';
import { octets, readVectors } from '../../support/vector-file.js';

const vectors = readVectors('ke-payload', z.object({ name: z.string(), payload: octets, group: z.number(), data: octets }));

describe('KE payload', () => {
  for (const vector of vectors) {
    it(`decodes and encodes the ${vector.name} of RFC 5903`, () => {
      const payloads = decodePayloads(34, vector.payload);
      expect(payloads).to.deep.equal([{ kind: 'ke', critical: false, group: vector.group, data: vector.data }]);
      expect(toHex(encodePayloads(payloads).bytes)).to.equal(toHex(vector.payload));
    });
  }

  it('keeps a group of private use as it came', () => {
    for (const group of [1024, 1025, 65535]) {
      const ke = decodeKeBody(readerOf(`${group.toString(16).padStart(4, '0')} 0000 aabb`), false);
      expect(ke.group).to.equal(group);
      expect(toHex(encodeKeBody(ke))).to.equal(`${group.toString(16).padStart(4, '0')}0000aabb`);
    }
  });

  it('leaves an empty value to the group, and ignores what is reserved', () => {
    expect(decodeKeBody(readerOf('001f ffff'), false)).to.deep.equal({ kind: 'ke', critical: false, group: 31, data: concat() });
  });

  it('refuses a body shorter than group and reserved octets', () => {
    for (const hex of ['', '00', '001f', '001f00']) expectDecodeError(() => decodeKeBody(readerOf(hex), false), /expected/);
  });
});

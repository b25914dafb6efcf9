/** Tests of the SK payload (RFC 7296 §3.14) and the SKF payload (RFC 7383 §2.5). */
import { expect } from 'chai';
import { AssertionError } from '../../../lib/util/assert.js';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import { decodeSkBody, encodeSkBody } from '../../../lib/wire/payloads/sk.js';
import { decodeSkfBody, encodeSkfBody } from '../../../lib/wire/payloads/skf.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('SK payload', () => {
  it('is its octets and the type of what is inside (RFC 7296 §3.14)', () => {
    const sk = decodeSkBody(readerOf('0102030405'), false, 41);
    expect(sk).to.deep.equal({ kind: 'sk', critical: false, nextPayload: 41, body: fromHex('0102030405') });
    expect(toHex(encodeSkBody(sk))).to.equal('0102030405');
  });
});

describe('SKF payload', () => {
  it('decodes fragment number and total of RFC 7383 §2.5, and encodes them again', () => {
    const skf = decodeSkfBody(readerOf('0002 0003 aabb'), false, 0);
    expect(skf).to.deep.equal({ kind: 'skf', critical: false, nextPayload: 0, fragmentNumber: 2, totalFragments: 3, body: fromHex('aabb') });
    expect(toHex(encodeSkfBody(skf))).to.equal('00020003aabb');
  });

  it('refuses a number that is zero or past the total', () => {
    for (const numbers of ['0000 0001', '0000 0000', '0001 0000', '0004 0003', 'ffff fffe']) {
      expectDecodeError(() => decodeSkfBody(readerOf(`${numbers} aa`), false, 0), /fragment \d+ of \d+/);
    }
  });

  it('refuses a next payload in any fragment but the first', () => {
    expect(decodeSkfBody(readerOf('0001 0002 aa'), false, 35).nextPayload).to.equal(35);
    expectDecodeError(() => decodeSkfBody(readerOf('0002 0002 aa'), false, 35), /names a next payload/);
  });

  it('refuses a body shorter than its numbers', () => {
    for (const hex of ['', '00', '0001', '000100']) expectDecodeError(() => decodeSkfBody(readerOf(hex), false, 0), /expected/);
  });

  it('refuses to encode what it would not decode', () => {
    const skf = decodeSkfBody(readerOf('0001 0001'), false, 0);
    expect(() => encodeSkfBody({ ...skf, fragmentNumber: 2 })).to.throw(AssertionError);
  });
});

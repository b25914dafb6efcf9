/** Tests of the CERT and CERTREQ payloads (RFC 7296 §3.6, §3.7). */
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import { decodeCertBody, encodeCertBody } from '../../../lib/wire/payloads/cert.js';
import { authorityHashes, decodeCertReqBody, encodeCertReqBody } from '../../../lib/wire/payloads/certreq.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('CERT payload', () => {
  it('decodes the encoding and the data of RFC 7296 §3.6, and encodes them again', () => {
    const cert = decodeCertBody(readerOf('04 3082 0102'), false);
    expect(cert).to.deep.equal({ kind: 'cert', critical: false, encoding: 4, data: fromHex('30820102') });
    expect(toHex(encodeCertBody(cert))).to.equal('0430820102');
  });

  it('refuses an empty body', () => {
    expectDecodeError(() => decodeCertBody(readerOf(''), false), /expected/);
  });
});

describe('CERTREQ payload', () => {
  const one = '11'.repeat(20);
  const two = '22'.repeat(20);

  it('decodes the hashes of authorities of RFC 7296 §3.7, and encodes them again', () => {
    const request = decodeCertReqBody(readerOf(`04 ${one} ${two}`), false);
    expect(authorityHashes(request)?.map(toHex)).to.deep.equal([one, two]);
    expect(toHex(encodeCertReqBody(request))).to.equal(`04${one}${two}`);
  });

  it('has no hashes where its octets are not a multiple of twenty', () => {
    for (const octets of ['00', one.slice(2), `${one}00`]) {
      expect(authorityHashes(decodeCertReqBody(readerOf(`0e ${octets}`), false))).to.equal(null);
    }
    expect(authorityHashes(decodeCertReqBody(readerOf('04'), false))).to.deep.equal([]);
  });

  it('refuses an empty body', () => {
    expectDecodeError(() => decodeCertReqBody(readerOf(''), false), /expected/);
  });
});

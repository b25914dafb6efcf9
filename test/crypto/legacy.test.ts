/** DES and MD5, for old EAP methods. */
import { expect } from 'chai';
import { desEncryptBlock, md5, spreadKey } from '../../lib/crypto/legacy.js';
import { fromHex, toHex, utf8 } from '../../lib/util/bytes.js';

describe('DES', () => {
  it('keys are spread over eight octets of odd parity (RFC 2759 §9.3)', () => {
    expect(toHex(spreadKey(fromHex('fc156af7edcd6c')))).to.equal('fd0b5b5e7f6e34d9');
    expect(toHex(spreadKey(fromHex('0edde3337d427f')))).to.equal('0e6e796737ea08fe');
  });

  it('encrypts one block', () => {
    // NIST SP 800-17 table A.1: the key 01…01 is all zeros under the parity bits.
    expect(toHex(desEncryptBlock(new Uint8Array(7), fromHex('8000000000000000')))).to.equal('95f8a5e5dd31d900');
    expect(toHex(desEncryptBlock(new Uint8Array(7), fromHex('0000000000000001')))).to.equal('166b40b44aba4bd6');
  });
});

describe('MD5', () => {
  it('is that of RFC 1321 A.5', () => {
    expect(toHex(md5())).to.equal('d41d8cd98f00b204e9800998ecf8427e');
    expect(toHex(md5(utf8('message '), utf8('digest')))).to.equal('f96b697d7cb7938d525a2f31aaf161d0');
  });
});

/** MS-CHAPv2 by the vectors of RFC 2759 and RFC 3079. */
import { expect } from 'chai';
import { z } from 'zod';
import { authenticatorResponse, mschapv2Msk, ntPasswordHash, ntResponse } from '../../lib/eap/mschapv2-values.js';
import { toHex, utf8 } from '../../lib/util/bytes.js';
import { octets, readVectors } from '../support/vector-file.js';

const shape = z.object({
  userName: z.string(), password: z.string(), authenticatorChallenge: octets, peerChallenge: octets, passwordHash: octets, ntResponse: octets,
  authenticatorResponse: z.string(), sendStartKey: octets,
});

describe('MS-CHAPv2', () => {
  for (const c of readVectors('mschapv2', shape)) {
    const hash = ntPasswordHash(utf8(c.password));
    for (const prefix of ['', 'DOMAIN\\']) {
      const exchange = { authenticatorChallenge: c.authenticatorChallenge, peerChallenge: c.peerChallenge, userName: utf8(prefix + c.userName) };
      it(`of ${prefix}${c.userName} computes what RFC 2759 §9.2 does; a domain is no part of it (§8.2)`, () => {
        expect(toHex(hash.expose())).to.equal(toHex(c.passwordHash));
        expect(toHex(ntResponse(exchange, hash))).to.equal(toHex(c.ntResponse));
        expect(authenticatorResponse(exchange, hash, c.ntResponse)).to.equal(c.authenticatorResponse);
      });
    }

    it(`of ${c.userName} makes the key of RFC 3079 §3.5.3, and 64 octets of it`, () => {
      const msk = mschapv2Msk(hash, c.ntResponse).expose();
      expect(msk).to.have.lengthOf(64);
      expect(toHex(msk.subarray(16, 32))).to.equal(toHex(c.sendStartKey));
      expect(toHex(msk.subarray(0, 16))).not.to.equal(toHex(c.sendStartKey));
      expect(toHex(msk.subarray(32))).to.equal('00'.repeat(32));
    });
  }

  it('hashes passwords in UTF-16, beyond the first plane too', () => {
    // Of "password" everybody knows it; the other was computed with Python.
    expect(toHex(ntPasswordHash(utf8('password')).expose())).to.equal('8846f7eaee8fb117ad06bdd830b7586c');
    expect(toHex(ntPasswordHash(utf8('pä😀')).expose())).to.equal('832ec202c5badcd52a644d8a1a9c5182');
  });
});

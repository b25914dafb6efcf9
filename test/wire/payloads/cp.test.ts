/** Tests of the CP payload (RFC 7296 §3.15). */
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import { configAttribute, configType } from '../../../lib/wire/iana.js';
import { cpPayload, decodeCpBody, encodeCpBody, maxConfigAttributes } from '../../../lib/wire/payloads/cp.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('CP payload', () => {
  it('decodes the attributes of RFC 7296 §3.15.1, empty ones included', () => {
    expect(decodeCpBody(readerOf('01 000000 0001 0000 0003 0004 0a000035'), false)).to.deep.equal(
      cpPayload(configType.CFG_REQUEST, [
        { type: configAttribute.INTERNAL_IP4_ADDRESS, value: new Uint8Array(0) },
        { type: configAttribute.INTERNAL_IP4_DNS, value: fromHex('0a000035') },
      ]),
    );
  });

  it('encodes what it decodes, octet by octet', () => {
    for (const hex of ['02000000', '01010203000100007fff0001aa']) {
      expect(toHex(encodeCpBody(decodeCpBody(readerOf(hex), false)))).to.equal(hex);
    }
  });

  it('ignores the reserved bit of an attribute\'s type', () => {
    expect(decodeCpBody(readerOf('02 000000 8001 0000'), false).attributes[0]?.type).to.equal(1);
  });

  it('refuses an attribute cut short, and a body shorter than its fixed part', () => {
    for (const hex of ['', '010000', '01000000 00', '01000000 0001', '01000000 000100', '01000000 00010004 0a0000', '01000000 0001ffff']) {
      expectDecodeError(() => decodeCpBody(readerOf(hex), false), /expected/);
    }
  });

  it('has a limit on attributes', () => {
    const body = (n: number) => readerOf(`01 000000 ${'0001 0000'.repeat(n)}`);
    expect(decodeCpBody(body(maxConfigAttributes), false).attributes).to.have.length(maxConfigAttributes);
    expectDecodeError(() => decodeCpBody(body(maxConfigAttributes + 1), false), /more than 1024 attributes/);
  });
});

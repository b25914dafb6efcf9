/** Tests of the TS payloads (RFC 7296 §3.13). */
import { expect } from 'chai';
import { AssertionError } from '../../../lib/util/assert.js';
import { toHex } from '../../../lib/util/bytes.js';
import { decodeTsBody, encodeTsBody, knownSelectors, tsPayload } from '../../../lib/wire/payloads/ts.js';
import { formatSelector } from '../../../lib/wire/traffic-selector.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

// RFC 7296 §3.13.1: type, protocol, length, start port, end port, start address, end address.
const v4 = '07 00 0010 0000 ffff c0a80100 c0a801ff';
const v6 = `08 06 0028 01bb 01bb fd00${'00'.repeat(14)} fd00${'00'.repeat(12)}ffff`;
const unknown = '0a 00 0008 deadbeef';

function decode(hex: string) {
  return decodeTsBody(readerOf(hex), false, 'ts-i');
}

describe('TS payloads', () => {
  it('decode IPv4 and IPv6 ranges of RFC 7296 §3.13.1', () => {
    expect(knownSelectors(decode(`02 000000 ${v4} ${v6}`)).map(formatSelector)).to.deep.equal(['192.168.1.0/24', 'fd00::/112[tcp/443]']);
  });

  it('encode what they decode, selectors of an unknown type included', () => {
    const hex = `03 000000 ${v4} ${unknown} ${v6}`;
    const ts = decode(hex);
    expect(ts.selectors.map((s) => s.kind)).to.deep.equal(['selector', 'unknown', 'selector']);
    expect(toHex(encodeTsBody(ts))).to.equal(hex.replaceAll(' ', ''));
  });

  it('take OPAQUE, the one range of ports that runs backwards', () => {
    const ts = knownSelectors(decode(`01 000000 ${v4.replace('0000 ffff', 'ffff 0000')}`));
    expect(ts.map(formatSelector)).to.deep.equal(['192.168.1.0/24[any/opaque]']);
    expectDecodeError(() => decode(`01 000000 ${v4.replace('0000 ffff', 'ffff 0001')}`), /ports 65535 to 1/);
    expectDecodeError(() => decode(`01 000000 ${v4.replace('0000 ffff', '0050 004f')}`), /ports 80 to 79/);
  });

  it('refuse addresses that run backwards', () => {
    expectDecodeError(() => decode(`01 000000 ${v4.replace('c0a80100', 'c0a80200')}`), /after its last/);
    expectDecodeError(() => decode(`01 000000 ${v6.replace('fd00', 'fd01')}`), /after its last/);
  });

  it('refuse a count that is not the number of selectors', () => {
    expectDecodeError(() => decode('00 000000'), /without a selector/);
    expectDecodeError(() => decode(`00 000000 ${v4}`), /without a selector/);
    expectDecodeError(() => decode(`02 000000 ${v4}`), /expected/);
    expectDecodeError(() => decode(`ff 000000 ${v4}`), /expected/);
    expectDecodeError(() => decode(`01 000000 ${v4} ${v4}`), /too many/);
  });

  it('refuse a length that is not the type\'s', () => {
    for (const length of ['0000', '0003']) expectDecodeError(() => decode(`01 000000 ${v4.replace('0010', length)}`), /shorter than its header/);
    for (const length of ['0004', '0008', '000f']) expectDecodeError(() => decode(`01 000000 ${v4.replace('0010', length)}`), /with length/);
    expectDecodeError(() => decode(`01 000000 ${v4.replace('0010', '0011')}`), /expected/);
    expectDecodeError(() => decode(`01 000000 ${v4.replace('0010', '0011')} 00`), /with length 17/);
    expectDecodeError(() => decode(`01 000000 ${unknown.replace('0008', '0003')}`), /shorter than its header/);
    expectDecodeError(() => decode(`01 000000 ${unknown.replace('0008', 'ffff')}`), /expected/);
  });

  it('refuse to encode none', () => {
    expect(() => encodeTsBody(tsPayload('ts-r', []))).to.throw(AssertionError);
  });
});

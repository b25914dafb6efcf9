/** Tests of the SA payload (RFC 7296 §3.3). */
import { expect } from 'chai';
import { AssertionError } from '../../../lib/util/assert.js';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import {
  decodeSaBody,
  encodeSaBody,
  hasUnknownAttribute,
  keyLengthOf,
  maxAttributesPerTransform,
  maxProposalsPerPayload,
  transform,
} from '../../../lib/wire/payloads/sa.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

// RFC 7296 §3.3: one ESP proposal with SPI 01020304: ENCR AES-CBC with 256-bit key, INTEG HMAC-SHA2-256-128, no ESN.
const espProposal =
  '00000028 01 03 04 03 01020304' + // last, length 40, number 1, ESP, SPI of 4, three transforms
  '0300000c 01 00 000c 800e0100' + // more, length 12, ENCR, AES-CBC, Key Length 256 in TV format
  '03000008 03 00 000c' + // more, length 8, INTEG, HMAC_SHA2_256_128
  '00000008 05 00 0000'; // last, length 8, ESN, none

// Two IKE proposals without an SPI, one transform each.
const twoProposals = '02000010 01 01 00 01' + '00000008 04 00 001f' + '00000010 02 01 00 01' + '00000008 04 00 000e';

function decode(hex: string) {
  return decodeSaBody(readerOf(hex), false);
}

describe('SA payload', () => {
  it('decodes proposals, transforms and the Key Length of RFC 7296 §3.3', () => {
    expect(decode(espProposal)).to.deep.equal({
      kind: 'sa',
      critical: false,
      proposals: [
        { number: 1, protocol: 3, spi: fromHex('01020304'), transforms: [transform(1, 12, 256), transform(3, 12), transform(5, 0)] },
      ],
    });
  });

  it('keeps several proposals in order', () => {
    expect(decode(twoProposals).proposals.map((p) => [p.number, p.transforms[0]?.id])).to.deep.equal([[1, 31], [2, 14]]);
  });

  it('encodes what it decodes, octet by octet', () => {
    const longAttribute = '0000001b 01 01 00 01' + '00000013 01 00 0014 000e 0003 010203 8012abcd';
    const noTransforms = '00000008 01 01 00 00';
    for (const hex of [espProposal, twoProposals, longAttribute, noTransforms]) {
      expect(toHex(encodeSaBody(decode(hex)))).to.equal(hex.replaceAll(' ', ''));
    }
  });

  it('ignores what is reserved', () => {
    const dirty = espProposal.replace('00000028', '00ff0028').replace('03000008 03 00', '03aa0008 03 bb');
    expect(decode(dirty)).to.deep.equal(decode(espProposal));
  });

  it('survives a transform type and numbers that nobody knows', () => {
    const t = decode('00000010 01 01 00 01 00000008 ff 00 ffff').proposals[0]?.transforms[0];
    expect(t).to.deep.equal({ type: 255, id: 65535, attributes: [] });
  });

  it('refuses lengths shorter than a substructure\'s own header, so that every step makes progress', () => {
    for (const length of ['0000', '0001', '0003']) {
      expectDecodeError(() => decode(espProposal.replace('0028', length)), /shorter than its header/);
      expectDecodeError(() => decode(espProposal.replace('0300000c', `0300${length}`)), /shorter than its header/);
    }
  });

  it('refuses lengths that reach past the payload or the proposal', () => {
    expectDecodeError(() => decode(espProposal.replace('0028', '0029')), /expected/);
    expectDecodeError(() => decode(espProposal.replace('0028', 'ffff')), /expected/);
    expectDecodeError(() => decode(espProposal.replace('00000008 05', '00000009 05')), /expected/);
    expectDecodeError(() => decode(espProposal.replace('0028', '0027')), /expected/);
  });

  it('refuses a count of transforms that is not their number', () => {
    expectDecodeError(() => decode(espProposal.replace('01 03 04 03', '01 03 04 02')), /marked wrong/);
    expectDecodeError(() => decode(espProposal.replace('01 03 04 03', '01 03 04 04')), /marked wrong/);
    expectDecodeError(() => decode(espProposal.replace('01 03 04 03', '01 03 04 00')), /too many/);
  });

  it('refuses a substructure marked wrong as the last or as another kind', () => {
    expectDecodeError(() => decode(espProposal.replace('00000028', '02000028')), /expected/);
    expectDecodeError(() => decode(espProposal.replace('00000028', '03000028')), /a proposal begins with 3/);
    expectDecodeError(() => decode(espProposal.replace('0300000c', '0200000c')), /a transform begins with 2/);
    expectDecodeError(() => decode(espProposal.replace('0300000c', '0000000c')), /marked wrong/);
    expectDecodeError(() => decode(twoProposals.replace('02000010', '00000010')), /too many/);
  });

  it('refuses an SPI larger than its proposal, and no proposal at all', () => {
    expectDecodeError(() => decode('00000008 01 01 ff 00'), /expected/);
    expectDecodeError(() => decode(''), /expected/);
  });

  it('refuses an attribute cut short', () => {
    for (const attribute of ['80', '800e', '800e01', '000e', '000e0003 0102', '000effff']) {
      const size = attribute.replaceAll(' ', '').length / 2;
      const hex = (n: number) => n.toString(16).padStart(4, '0');
      expectDecodeError(() => decode(`0000${hex(16 + size)} 01 01 00 01 0000${hex(8 + size)} 01 00 0014 ${attribute}`), /expected/);
    }
  });

  it('has limits on proposals and on the attributes of a transform', () => {
    const proposals = (n: number) => '02000008 01 01 00 00'.repeat(n - 1) + '00000008 02 01 00 00';
    expect(decode(proposals(maxProposalsPerPayload)).proposals).to.have.length(maxProposalsPerPayload);
    expectDecodeError(() => decode(proposals(maxProposalsPerPayload + 1)), /more than 255 proposals/);
    const size = (n: number) => n.toString(16).padStart(4, '0');
    const attributes = (n: number) => `0000${size(16 + 4 * n)} 01 01 00 01 0000${size(8 + 4 * n)} 01 00 0014 ${'800e0100'.repeat(n)}`;
    expect(decode(attributes(maxAttributesPerTransform)).proposals[0]?.transforms[0]?.attributes).to.have.length(maxAttributesPerTransform);
    expectDecodeError(() => decode(attributes(maxAttributesPerTransform + 1)), /more than 16 attributes/);
  });

  it('refuses to encode what the fields can\'t hold', () => {
    expect(() => encodeSaBody({ kind: 'sa', critical: false, proposals: [] })).to.throw(AssertionError);
    const wrong = { type: 1, id: 12, attributes: [{ type: 14, value: Uint8Array.of(1), short: true }] };
    const proposal = { number: 1, protocol: 1, spi: new Uint8Array(0), transforms: [wrong] };
    expect(() => encodeSaBody({ kind: 'sa', critical: false, proposals: [proposal] })).to.throw(AssertionError);
  });
});

describe('Key Length', () => {
  it('is null where there is none and the number of bits where there is one', () => {
    expect(keyLengthOf(transform(1, 28))).to.equal(null);
    expect(keyLengthOf(transform(1, 20, 256))).to.equal(256);
  });

  it('does not pass for absent when it is empty, long or there twice', () => {
    const once = { type: 14, value: fromHex('0080'), short: true };
    for (const attributes of [[once, once], [{ ...once, short: false }], [{ ...once, value: new Uint8Array(0), short: false }]]) {
      expect(keyLengthOf({ type: 1, id: 20, attributes })).to.equal(0);
    }
  });

  it('is the one attribute that is known', () => {
    expect(hasUnknownAttribute(transform(1, 20, 256))).to.equal(false);
    expect(hasUnknownAttribute({ type: 1, id: 20, attributes: [{ type: 15, value: fromHex('0080'), short: true }] })).to.equal(true);
  });
});

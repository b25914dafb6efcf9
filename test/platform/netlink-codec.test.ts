import { expect } from 'chai';
import fc from 'fast-check';
import {
  attribute, attributeNumber, attributeString, attributeText, attributeU32, decodeAttributes, decodeMessages, encodeMessage, isDone,
  nested, verdictOf, type NetlinkMessage,
} from '../../lib/platform/netlink-codec.js';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import { DecodeError } from '../../lib/util/errors.js';

// Recorded from Linux 6.18: RTM_NEWROUTE with a prefix length of 99, refused with an explanation.
const refusal = fromHex('400000000200000309000000367c0000eaffffff1c0000001800050409000000000000001a000100496e76616c696420707265666978206c656e677468000000');
const done = fromHex('1400000003000200070000000000000000000000');

describe('netlink codec', () => {
  it('reads the errno and the explanation of a refusal', () => {
    const [message] = decodeMessages(refusal);
    expect(message && verdictOf(message)).to.deep.equal({ sequence: 9, errno: 22, text: 'Invalid prefix length' });
  });

  it('takes the end of a dump for no refusal', () => {
    const [message] = decodeMessages(done);
    expect(message && isDone(message)).to.equal(true);
    expect(message && verdictOf(message)).to.deep.equal({ sequence: 7, errno: 0, text: null });
  });

  it('writes the header as the kernel wants it, padded to four octets', () => {
    const bytes = encodeMessage({ type: 0x1234, flags: 0x305, sequence: 0xdeadbeef, payload: Uint8Array.of(1, 2, 3, 4, 5) });
    expect(toHex(bytes)).to.equal('15000000' + '3412' + '0503' + 'efbeadde' + '00000000' + '0102030405' + '000000');
  });

  it('reads back several messages in one piece', () => {
    fc.assert(
      fc.property(fc.array(anyMessage), (messages) => {
        const decoded = decodeMessages(concat(...messages.map(encodeMessage)));
        expect(decoded.map(shown)).to.deep.equal(messages.map(shown));
      }),
    );
  });

  it('reads back attributes, nested ones too', () => {
    const outer = decodeAttributes(concat(attributeString(3, 'mh0'), nested(18, attributeString(1, 'tun'), attributeU32(2, 77)), attribute(9, Uint8Array.of(5))));
    expect(attributeText(outer.get(3) ?? new Uint8Array())).to.equal('mh0');
    const inner = decodeAttributes(outer.get(18) ?? new Uint8Array());
    expect(attributeText(inner.get(1) ?? new Uint8Array())).to.equal('tun');
    expect(attributeNumber(inner.get(2))).to.equal(77);
    expect(attributeNumber(outer.get(9))).to.equal(5);
    expect(attributeNumber(outer.get(10))).to.equal(null);
  });

  it('throws DecodeError and nothing else, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated(refusal)), (bytes) => {
        try {
          for (const message of decodeMessages(bytes)) {
            verdictOf(message);
            decodeAttributes(message.payload);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('ends on lengths of zero, which would never end', () => {
    expect(() => decodeMessages(new Uint8Array(16))).to.throw(DecodeError);
    expect(() => decodeAttributes(new Uint8Array(8))).to.throw(DecodeError);
  });
});

const anyMessage = fc.record({ type: fc.nat(0xffff), flags: fc.nat(0xffff), sequence: fc.nat(), payload: fc.uint8Array({ maxLength: 50 }) });

function shown(message: NetlinkMessage): Record<string, unknown> {
  return { ...message, payload: toHex(message.payload) };
}

function mutated(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length)).map(([at, value, length]) => {
    const copy = bytes.slice(0, length);
    if (at < copy.length) copy[at] = value;
    return copy;
  });
}

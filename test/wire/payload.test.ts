/** Tests of chains of payloads (RFC 7296 §3.2) and of finding one in them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AssertionError } from '../../lib/util/assert.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { notifyType, payloadType } from '../../lib/wire/iana.js';
import {
  decodeInnerPayloads,
  decodePayloads,
  encodePayloads,
  findNotify,
  findPayload,
  maxPayloadsPerMessage,
  notifiesOf,
  payloadTypeOf,
  payloadsOf,
} from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { decodedOrNull, expectDecodeError } from '../support/decode.js';
import { damaged, payloadChain, plainPayload } from '../support/wire-arbitraries.js';

function decode(first: number, hex: string) {
  return decodePayloads(first, fromHex(hex));
}

describe('Chain of payloads', () => {
  it('follows the next payload fields of RFC 7296 §3.2', () => {
    const payloads = decode(payloadType.V, '29 00 0006 abcd' + '00 80 0008 0000 4000');
    expect(payloads).to.deep.equal([
      { kind: 'vendor-id', critical: false, data: fromHex('abcd') },
      { ...notify(notifyType.INITIAL_CONTACT), critical: true },
    ]);
  });

  it('is empty when nothing comes first', () => {
    expect(decode(0, '')).to.deep.equal([]);
    expectDecodeError(() => decode(0, '00'), /too many/);
    expect(encodePayloads([])).to.deep.equal({ first: 0, bytes: new Uint8Array(0) });
  });

  it('keeps payloads of unknown type, IKEv1\'s among them, with their critical bit', () => {
    for (const type of [1, 13, 32, 49, 54, 55, 200, 255]) {
      const payloads = decode(type, '00 80 0006 abcd');
      expect(payloads).to.deep.equal([{ kind: 'unknown', type, critical: true, body: fromHex('abcd') }]);
      expect(encodePayloads(payloads).first).to.equal(type);
    }
  });

  it('reads the critical bit and ignores the reserved bits beside it', () => {
    expect(decode(43, '00 7f 0004')[0]?.critical).to.equal(false);
    expect(decode(43, '00 ff 0004')[0]?.critical).to.equal(true);
  });

  it('refuses a payload shorter than its header, so that every step makes progress', () => {
    for (const length of ['0000', '0001', '0002', '0003']) expectDecodeError(() => decode(43, `2b 00 ${length}`), /shorter than its header/);
  });

  it('refuses a payload that reaches past the end, or a header cut short', () => {
    expectDecodeError(() => decode(43, '00 00 0005'), /expected/);
    expectDecodeError(() => decode(43, '00 00 ffff 00'), /expected/);
    expectDecodeError(() => decode(43, '2b 00 0004 00 00'), /expected/);
    expectDecodeError(() => decode(43, ''), /expected/);
  });

  it('refuses octets after the last payload', () => {
    expectDecodeError(() => decode(43, '00 00 0004 00'), /1 octets too many/);
  });

  it('ends at an Encrypted payload, whose next payload field names what is inside', () => {
    const payloads = decode(payloadType.V, '2e 00 0004' + '29 00 0006 abcd');
    expect(payloads[1]).to.deep.equal({ kind: 'sk', critical: false, nextPayload: 41, body: fromHex('abcd') });
    expectDecodeError(() => decode(payloadType.SK, '29 00 0006 abcd' + '00 00 0008 0000 4000'), /too many/);
    expectDecodeError(() => decode(payloadType.SKF, '00 00 0009 0001 0001 aa' + '00 00 0004'), /too many/);
  });

  it('has no Encrypted payload inside another', () => {
    expectDecodeError(() => decodeInnerPayloads(payloadType.SK, fromHex('29 00 0006 abcd')), /inside another/);
    expectDecodeError(() => decodeInnerPayloads(payloadType.SKF, fromHex('00 00 0008 0001 0001')), /inside another/);
    expect(decodeInnerPayloads(payloadType.V, fromHex('00 00 0004'))).to.have.length(1);
    expect(() => encodePayloads([{ kind: 'sk', critical: false, nextPayload: 0, body: new Uint8Array(0) }, notify(1)])).to.throw(AssertionError);
  });

  it('has a limit that counts unknown payloads too, before an Encrypted Fragment and without one', () => {
    const chain = (n: number, last: string) => 'c8 00 0004'.repeat(n - 1) + last;
    expect(decode(200, chain(maxPayloadsPerMessage, '00 00 0004'))).to.have.length(maxPayloadsPerMessage);
    expectDecodeError(() => decode(200, chain(maxPayloadsPerMessage + 1, '00 00 0004')), /more than 64/);
    expectDecodeError(() => decode(200, chain(maxPayloadsPerMessage, '35 00 0004') + '00 00 0009 0001 0001 aa'), /more than 64/);
    expectDecodeError(() => decode(200, chain(15_000, '00 00 0004')), /more than 64/);
  });

  it('passes malformed bodies on as the same kind of error, with the offset in the whole', () => {
    expect(() => decode(payloadType.V, '28 00 0004' + '00 00 0006 abcd')).to.throw().with.property('offset', 8);
  });

  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(payloadChain, (payloads) => {
        const { first, bytes } = encodePayloads(payloads);
        expect(decodePayloads(first, bytes)).to.deep.equal(payloads);
      }),
      { numRuns: 400 },
    );
  });

  it('encodes what it decodes, but for what is reserved: octets decoded once stay the same', () => {
    fc.assert(
      fc.property(payloadChain.chain((p) => damaged(encodePayloads(p).bytes).map((bytes) => ({ p, bytes }))), ({ p, bytes }) => {
        const { first } = encodePayloads(p);
        const decoded = decodedOrNull(() => decodePayloads(first, bytes));
        if (decoded === null) return;
        const again = encodePayloads(decoded);
        expect(again.bytes.length).to.equal(bytes.length);
        expect(decodePayloads(again.first, again.bytes)).to.deep.equal(decoded);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but DecodeError on arbitrary octets of any type', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.uint8Array({ maxLength: 200 }), (type, body) => {
        const length = body.length + 4;
        decodedOrNull(() => decodePayloads(type, Uint8Array.of(0, 0, length >> 8, length & 0xff, ...body)));
        decodedOrNull(() => decodePayloads(type, body));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Finding payloads', () => {
  const payloads = decode(payloadType.V, '29 00 0005 01' + '29 00 0008 0000 4004' + '29 00 0008 0000 4005' + '2b 00 0008 0000 4004' + '00 00 0005 02');

  it('gives the first of a kind, all of a kind, or none', () => {
    expect(findPayload(payloads, 'vendor-id')?.data).to.deep.equal(Uint8Array.of(1));
    expect(payloadsOf(payloads, 'vendor-id').map((p) => p.data[0])).to.deep.equal([1, 2]);
    expect(findPayload(payloads, 'sa')).to.equal(null);
    expect(payloadsOf(payloads, 'id-i')).to.deep.equal([]);
  });

  it('gives notifications by type', () => {
    expect(notifiesOf(payloads).map((n) => n.notifyType)).to.deep.equal([16388, 16389, 16388]);
    expect(findNotify(payloads, notifyType.NAT_DETECTION_DESTINATION_IP)).to.equal(payloads[2]);
    expect(findNotify(payloads, notifyType.COOKIE)).to.equal(null);
  });

  it('tells a payload\'s number in the registry', () => {
    fc.assert(
      fc.property(plainPayload, (payload) => {
        expect(payloadTypeOf(payload)).to.equal(encodePayloads([payload]).first);
        expect(toHex(encodePayloads([payload]).bytes).slice(0, 2)).to.equal('00');
      }),
    );
  });
});

/** Tests of whole IKE messages, a published one among them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import { ikeHeaderBytes } from '../../lib/wire/ike-header.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { decodeMessage, encodeMessage } from '../../lib/wire/message.js';
import { decodeInnerPayloads, genericHeaderBytes } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { decodedOrNull, expectDecodeError } from '../support/decode.js';
import { octets, readVectors } from '../support/vector-file.js';
import { damaged, outgoingHeader, payloadChain } from '../support/wire-arbitraries.js';

const vectors = readVectors('ike-message', z.object({ name: z.string(), message: octets, inner: octets }));

// --> IKE_SA_INIT { SA(aes256gcm16-prfsha256-x25519), KE, Ni, N(NAT_DETECTION_SOURCE_IP) }, every octet by RFC 7296 §3.
const saInit =
  '0102030405060708 0000000000000000 21 20 22 08 00000000 000000b4' +
  '22 00 0028' + // SA, next KE
  '00000024 01 01 00 03' + // the one proposal: IKE, no SPI, three transforms
  '0300000c 01 00 0014 800e0100' + // ENCR AES-GCM-16, 256 bits
  '03000008 02 00 0005' + // PRF HMAC-SHA2-256
  '00000008 04 00 001f' + // KE curve25519
  '28 00 0028 001f 0000' + '11'.repeat(32) + // KE, next Nonce
  '29 00 0024' + '22'.repeat(32) + // Nonce, next Notify
  '00 00 0024 00 00 4004' + '33'.repeat(28); // Notify: a hash has 20 octets, but the codec does not care

describe('IKE message', () => {
  for (const vector of vectors) {
    it(`decodes and encodes ${vector.name} of RFC 7634`, () => {
      const { header, payloads } = decodeMessage(vector.message);
      expect([header.exchangeType, header.response, header.messageId]).to.deep.equal([exchangeType.INFORMATIONAL, false, 9]);
      expect(payloads.map((p) => p.kind)).to.deep.equal(['sk']);
      expect(toHex(encodeMessage(header, payloads))).to.equal(toHex(vector.message));
      const first = payloads[0];
      expect(first?.kind === 'sk' ? first.nextPayload : null).to.equal(41);
      expect(decodeInnerPayloads(41, vector.inner)).to.deep.equal([notify(notifyType.SET_WINDOW_SIZE, fromHex('0000000a'))]);
    });
  }

  it('decodes and encodes an IKE_SA_INIT request', () => {
    const { header, payloads } = decodeMessage(fromHex(saInit));
    expect(payloads.map((p) => p.kind)).to.deep.equal(['sa', 'ke', 'nonce', 'notify']);
    expect(toHex(encodeMessage(header, payloads))).to.equal(toHex(fromHex(saInit)));
  });

  it('is refused when cut anywhere or with anything after it, though the length field says so', () => {
    const whole = fromHex(saInit);
    for (let n = 0; n < whole.length; n++) {
      const cut = whole.slice(0, n);
      expect(decodedOrNull(() => decodeMessage(cut)), `${n} octets`).to.equal(null);
      if (n >= ikeHeaderBytes) cut[27] = n;
      expect(decodedOrNull(() => decodeMessage(cut)), `${n} octets with that length`).to.equal(null);
    }
    const longer = concat(whole, Uint8Array.of(0));
    longer[27] = longer.length;
    expectDecodeError(() => decodeMessage(longer), /too many/);
  });

  it('is not decoded when it is of another major version', () => {
    for (const version of ['00', '10', '30', '70', 'f0']) {
      expectDecodeError(() => decodeMessage(fromHex(saInit.replace(' 21 20 22', ` 21 ${version} 22`))), /major version/);
    }
    expect(decodeMessage(fromHex(saInit.replace(' 21 20 22', ' 21 2f 22'))).header.minorVersion).to.equal(15);
  });

  it('has its own length and first payload in the header', () => {
    fc.assert(
      fc.property(outgoingHeader, payloadChain, (header, payloads) => {
        const bytes = encodeMessage(header, payloads);
        const decoded = decodeMessage(bytes);
        expect(decoded.payloads).to.deep.equal(payloads);
        expect(decoded.header).to.deep.equal({ ...header, nextPayload: decoded.header.nextPayload, length: bytes.length });
        expect(toHex(encodeMessage(decoded.header, decoded.payloads))).to.equal(toHex(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the associated data of an Encrypted payload before its body (RFC 5282 §5.1)', () => {
    fc.assert(
      fc.property(outgoingHeader, fc.uint8Array({ maxLength: 100 }), (header, body) => {
        const bytes = encodeMessage(header, [{ kind: 'sk', critical: false, nextPayload: 41, body }]);
        expect(bytes.length - body.length).to.equal(ikeHeaderBytes + genericHeaderBytes);
        expect(toHex(bytes.slice(bytes.length - body.length))).to.equal(toHex(body));
      }),
    );
  });

  it('throws nothing but DecodeError on damaged messages and arbitrary octets', () => {
    const message = fc.tuple(outgoingHeader, payloadChain).map(([header, payloads]) => encodeMessage(header, payloads));
    fc.assert(
      fc.property(message.chain(damaged), (bytes) => {
        // With the length put right the payloads are reached.
        if (bytes.length >= ikeHeaderBytes) new DataView(bytes.buffer, bytes.byteOffset).setUint32(24, bytes.length);
        decodedOrNull(() => decodeMessage(bytes));
      }),
      { numRuns: 800 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => { decodedOrNull(() => decodeMessage(bytes)); }));
  });
});

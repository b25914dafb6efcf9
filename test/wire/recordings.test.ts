/** The messages of recorded conversations with strongSwan, as the codec sees them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/util/bytes.js';
import { ikeHeaderBytes } from '../../lib/wire/ike-header.js';
import { decodeMessage, encodeMessage } from '../../lib/wire/message.js';
import { decodeInnerPayloads, encodePayloads } from '../../lib/wire/payload.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { decodedOrNull } from '../support/decode.js';
import { ikeMessages, readRecording, recordingNames, replay } from '../support/recording.js';
import { damaged } from '../support/wire-arbitraries.js';

for (const name of recordingNames) {
  describe(`The messages of the recorded conversation ${name}`, () => {
    const recording = readRecording(name);
    const messages = ikeMessages(recording).map(({ bytes }) => bytes);
    const inside = replay(recording, defaultRegistry).messages.flatMap(({ whole }) => (whole === null ? [] : [whole]));

    it('decode and encode to the same octets', () => {
      for (const bytes of messages) {
        const { header, payloads } = decodeMessage(bytes);
        expect(toHex(encodeMessage(header, payloads))).to.equal(toHex(bytes));
      }
    });

    it('have payloads inside that encode to the same octets', () => {
      for (const { content, payloads } of inside) {
        const { first, bytes } = encodePayloads(payloads);
        expect([first, toHex(bytes)]).to.deep.equal([content.first, toHex(content.plaintext)]);
      }
    });

    it('cause nothing but DecodeError when they are damaged, outside or inside', () => {
      fc.assert(fc.property(fc.constantFrom(...messages).chain(damaged), (bytes) => {
        // With the length put right the payloads are reached.
        if (bytes.length >= ikeHeaderBytes) new DataView(bytes.buffer, bytes.byteOffset).setUint32(24, bytes.length);
        decodedOrNull(() => decodeMessage(bytes));
      }), { numRuns: 200 });
      const contents = inside.map(({ content }) => content);
      const damagedInside = fc.constantFrom(...contents).chain(({ first, plaintext }) => fc.tuple(fc.constant(first), damaged(plaintext)));
      fc.assert(fc.property(damagedInside, ([first, bytes]) => { decodedOrNull(() => decodeInnerPayloads(first, bytes)); }), { numRuns: 400 });
    });
  });
}

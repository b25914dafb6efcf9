/** Whole IKE messages: the header, the chain of payloads and the body of each; also what a log draws of them. */
import { drawMessage } from '../../../lib/ike/drawing.js';
import { concat } from '../../../lib/util/bytes.js';
import { decodeIkeHeader, encodeIkeHeader, ikeHeaderBytes } from '../../../lib/wire/ike-header.js';
import { decodeMessage, encodeMessage, type IkeMessage } from '../../../lib/wire/message.js';
import { decodeInnerPayloads } from '../../../lib/wire/payload.js';
import { outgoingHeader, encryptedPayload } from '../../support/wire-arbitraries.js';
import { chainInput, chains, largeChains } from '../ike-inputs.js';
import { decoded, drawn, mustBeSame, type FuzzTarget } from '../target.js';

export const target: FuzzTarget = {
  run(input) {
    const header = decoded(() => decodeIkeHeader(input));
    if (header !== null) mustBeSame('an encoded header', encodeIkeHeader(header), input.slice(0, ikeHeaderBytes));
    check(decoded(() => decodeMessage(input)));
    if (input.length < ikeHeaderBytes) return;
    // The same with what hardly any change leaves right put right.
    const whole = input.slice();
    const view = new DataView(whole.buffer);
    view.setUint8(17, 0x20 | (view.getUint8(17) & 0x0f));
    view.setUint32(24, whole.length);
    check(decoded(() => decodeMessage(whole)));
    decoded(() => decodeInnerPayloads(whole[16] ?? 0, whole.subarray(ikeHeaderBytes)));
  },
  seeds: () => {
    const headers = drawn(outgoingHeader, 20);
    const encrypted = drawn(encryptedPayload, 20).map((payload) => [payload]);
    return [...chains(), ...encrypted].flatMap((payloads, i) => {
      const header = headers[i % headers.length];
      return header === undefined ? [] : [encodeMessage(header, payloads)];
    });
  },
  large: (octets) => [...largeChains(octets), manyPayloads(octets)].map((chain) => {
    const head = new Uint8Array(ikeHeaderBytes);
    head[16] = chain[0] ?? 0;
    return concat(head, chain.subarray(1));
  }),
  words: [],
};

/** As many payloads as a message may have, of a type that means nothing. */
function manyPayloads(octets: number): Uint8Array {
  const each = Math.floor(octets / 64);
  const payloads = Array.from({ length: 64 }, () => ({ kind: 'unknown', type: 200, critical: false, body: new Uint8Array(each - 4) }) as const);
  return chainInput(payloads);
}

function check(message: IkeMessage | null): void {
  if (message === null) return;
  const { header, payloads } = message;
  const again = encodeMessage(header, payloads);
  const second = decodeMessage(again);
  mustBeSame('the payloads decoded from what was encoded', second.payloads, payloads);
  mustBeSame('the header decoded from what was encoded', { ...second.header, length: 0 }, { ...header, length: 0 });
  mustBeSame('what was encoded twice', encodeMessage(second.header, second.payloads), again);
  drawMessage(header.exchangeType, header.response, header.messageId, payloads);
}

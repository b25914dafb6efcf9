/** What is inside an Encrypted payload, whole or in fragments (RFC 7296 §3.14, RFC 7383): the input is datagrams one after the other. */
import { createProtection } from '../../../lib/crypto/protection.js';
import { FragmentRoom, Reassembler } from '../../../lib/ike/fragmentation.js';
import { parse } from '../../../lib/ike/message-channel.js';
import { MessageSealer, openMessage, sealDatagram, type MessageFields, type OpenedMessage } from '../../../lib/ike/message-protection.js';
import { ikeSpi, messageId } from '../../../lib/util/brands.js';
import { concat } from '../../../lib/util/bytes.js';
import { DecodeError } from '../../../lib/util/errors.js';
import { encodePayloads } from '../../../lib/wire/payload.js';
import { chains, largeChains } from '../ike-inputs.js';
import { decoded, mustBeSame, mustHold, type FuzzTarget } from '../target.js';
import { plainCipher } from '../plain-cipher.js';

const protection = createProtection(plainCipher, null, new Uint8Array(plainCipher.keymatBytes), new Uint8Array(0));
const fields: MessageFields = {
  spiI: ikeSpi('0102030405060708'),
  spiR: ikeSpi('1112131415161718'),
  exchangeType: 37,
  initiator: true,
  response: false,
  messageId: messageId(1),
};
/** Before each datagram: how it is to be made, fragment number and total, type of the first inner payload, octets. */
const recordBytes = 8;
/** What fits behind all headers into the 16 bits of a payload's length. */
const maxContentOctets = 65_000;
const how = { whole: 0, fragment: 1, other: 2 } as const;

export const target: FuzzTarget = {
  run(input) {
    const reassembler = new Reassembler(new FragmentRoom());
    for (let at = 0; at + recordBytes <= input.length;) {
      const view = new DataView(input.buffer, input.byteOffset + at);
      const length = Math.min(view.getUint16(6), input.length - at - recordBytes, maxContentOctets);
      const content = input.subarray(at + recordBytes, at + recordBytes + length);
      at += recordBytes + length;
      const kind = view.getUint8(0) & 3;
      const fragment = kind === how.fragment ? { number: view.getUint16(1), total: view.getUint16(3) } : null;
      const opened = kind >= how.other ? decoded(() => openMessage(protection, content)) : reopened({ first: view.getUint8(5), plaintext: content, fragment });
      const whole = opened === null ? null : reassembler.add(messageId(view.getUint8(0) >> 2), opened);
      if (whole !== null) check(whole);
    }
  },
  seeds: () => [
    ...chains().map((payloads) => {
      const { first, bytes } = encodePayloads(payloads);
      return record(how.whole, { first, plaintext: bytes, fragment: null });
    }),
    ...chains().slice(0, 20).map((payloads) => {
      const { first, bytes } = encodePayloads(payloads);
      const middle = bytes.length >> 1;
      const parts = [bytes.subarray(0, middle), bytes.subarray(middle)];
      return concat(...parts.map((plaintext, i) => record(how.fragment, { first: i === 0 ? first : 0, plaintext, fragment: { number: i + 1, total: 2 } })));
    }),
    ...chains().slice(0, 20).map((payloads) => {
      const datagrams = new MessageSealer(protection, (length) => new Uint8Array(length)).seal(fields, payloads, 200);
      return concat(...datagrams.map((plaintext) => record(how.other, { first: 0, plaintext, fragment: null })));
    }),
  ],
  large: (octets) => [
    ...largeChains(Math.min(octets, maxContentOctets)).map((chain) =>
      record(how.whole, { first: chain[0] ?? 0, plaintext: chain.subarray(1), fragment: null })),
    // Fragments of nothing, each the first of a message that never comes.
    fragments(octets / recordBytes, 0, (i) => ({ number: 1 + (i % 128), total: 129 - (i & 1) })),
    fragments(128, (octets >> 7) - recordBytes, (i) => ({ number: i + 1, total: 128 })),
  ],
  words: [],
};

/** What is sealed. */
type Content = Omit<OpenedMessage, 'unsupported'>;

function fragments(count: number, octets: number, fragment: (i: number) => Content['fragment']): Uint8Array {
  return concat(...Array.from({ length: count }, (_, i) => record(how.fragment, { first: 0, plaintext: new Uint8Array(octets), fragment: fragment(i) })));
}

function record(kind: number, { first, plaintext, fragment }: Content): Uint8Array {
  const out = new Uint8Array(recordBytes + plaintext.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, kind);
  view.setUint16(1, fragment?.number ?? 0);
  view.setUint16(3, fragment?.total ?? 0);
  view.setUint8(5, first);
  view.setUint16(6, plaintext.length);
  out.set(plaintext, recordBytes);
  return out;
}

/** Sealed by the peer and opened here; null where that would not be done. */
function reopened(message: Content): OpenedMessage | null {
  const padded = concat(message.plaintext, Uint8Array.of(0));
  const opened = decoded(() => openMessage(protection, sealDatagram(protection, fields, new Uint8Array(8), { ...message, plaintext: padded })));
  const { fragment } = message;
  const legal = fragment === null || (fragment.number > 0 && fragment.number <= fragment.total && (fragment.number === 1 || message.first === 0));
  if (opened !== null || legal) mustBeSame('what was opened', opened, { ...message, unsupported: null });
  return opened;
}

function check(whole: OpenedMessage): void {
  mustHold(whole.fragment === null, 'what was put together is no fragment');
  // What stood before the encrypted payload is no part of what was encrypted.
  const payloads = parse({ ...whole, unsupported: null });
  if (payloads instanceof DecodeError) return;
  const { first, bytes } = encodePayloads(payloads);
  mustBeSame('the payloads decoded from what was encoded', parse({ first, plaintext: bytes, fragment: null, unsupported: null }), payloads);
}

/** IKE payloads to begin with, and large ones, for the targets that decode them. */
import { concat, fromHex } from '../../lib/util/bytes.js';
import { encodePayloads, type Payload } from '../../lib/wire/payload.js';
import { payloadType } from '../../lib/wire/iana.js';
import { plainPayload } from '../support/wire-arbitraries.js';
import { drawn } from './target.js';

/** The type of the first payload in one octet, then the chain. */
export function chainInput(payloads: readonly Payload[]): Uint8Array {
  const { first, bytes } = encodePayloads(payloads);
  return concat(Uint8Array.of(first), bytes);
}

/** Each kind of payload, by itself and behind others. */
export function chains(): Payload[][] {
  const single = drawn(plainPayload, 150);
  return [[], ...single.map((payload) => [payload]), ...Array.from({ length: 10 }, (_, i) => single.slice(i * 5, i * 5 + 5))];
}

/** Chains of one payload of every type, filled with as much as 16 bits can say of the least that a list can hold. */
export function largeChains(octets: number): Uint8Array[] {
  const length = Math.min(octets, 0xffff) - 4;
  const body = (head: string, item: string): Uint8Array => {
    const [begin, each] = [fromHex(head), fromHex(item)];
    const items = Math.floor((length - begin.length) / each.length);
    return concat(begin, ...Array.from({ length: items }, () => each));
  };
  const bodies: readonly (readonly [number, Uint8Array])[] = [
    [payloadType.SA, saBody(length)],
    [payloadType.D, deleteBody(length)],
    [payloadType.CP, body('01000000', '00010000')],
    [payloadType.TSi, body('ff000000', '09000004')],
    [payloadType.CERT, body('04', '3082')],
    [payloadType.CERTREQ, body('04', '00'.repeat(20))],
    [payloadType.IDi, body('09000000', '31003000')],
    [payloadType.N, body('00000000', '00')],
    [payloadType.V, body('', 'ff')],
    [payloadType.EAP, eapBody(length)],
  ];
  return bodies.map(([type, content]) => concat(Uint8Array.of(type, 0, 0, (content.length + 4) >> 8, (content.length + 4) & 0xff), content));
}

/** Proposals with as many transforms as they may have, the last with what there is room for. */
function saBody(length: number): Uint8Array {
  const proposals: Uint8Array[] = [];
  for (let left = length; left >= 16; left -= proposals.at(-1)?.length ?? 0) {
    const count = Math.min(255, (left - 8) >> 3);
    const transforms = Array.from({ length: count }, (_, i) => Uint8Array.of(i + 1 < count ? 3 : 0, 0, 0, 8, 1, 0, 0, i));
    const size = 8 + 8 * count;
    proposals.push(concat(Uint8Array.of(left - size >= 16 ? 2 : 0, 0, size >> 8, size & 0xff, proposals.length + 1, 1, 0, count), ...transforms));
  }
  return concat(...proposals);
}

function deleteBody(length: number): Uint8Array {
  const count = Math.floor((length - 4) / 4);
  return concat(Uint8Array.of(3, 4, count >> 8, count & 0xff), new Uint8Array(count * 4).fill(1));
}

function eapBody(length: number): Uint8Array {
  return concat(Uint8Array.of(1, 1, length >> 8, length & 0xff), new Uint8Array(length - 4).fill(0xff));
}

/** DER or not (X.690 §10): the library that reads certificates takes BER too, and two spellings of one certificate are two keys to a cache, or two opinions. */
import { derTag, readDer } from '../wire/der.js';
import { Reader } from '../wire/reader.js';

/** Deeper than any certificate; it bounds what a reader that calls itself may do. */
export const maxDerDepth = 24;

/** @throws DecodeError unless `bytes` are one element, and every element in it has the shortest length and a tag of one octet */
export function checkDer(bytes: Uint8Array, lengthOctets: 2 | 3 = 2): void {
  const reader = new Reader(bytes);
  checkElement(reader, lengthOctets, 0);
  reader.end('what is one element');
}

function checkElement(reader: Reader, lengthOctets: 2 | 3, depth: number): void {
  if (depth > maxDerDepth) throw reader.error(`elements within each other more than ${maxDerDepth} deep`);
  const { tag, content } = readDer(reader, lengthOctets);
  if ((tag & constructedBit) !== 0) {
    while (content.remaining > 0) checkElement(content, lengthOctets, depth + 1);
    return;
  }
  checkPrimitive(tag, content);
}

/** X.690 §8.3.2, §10.2, §11.1: what those of a few types may look like. */
function checkPrimitive(tag: number, content: Reader): void {
  const octets = content.rest();
  const [first = 0, second = 0] = octets;
  switch (tag) {
    case derTag.boolean:
      if (octets.length !== 1 || (first !== 0 && first !== 0xff)) throw content.error('a boolean that is neither');
      return;
    case derTag.integer:
      if (octets.length === 0) throw content.error('an integer without octets');
      if (octets.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) throw content.error('an integer that is not the shortest');
      return;
    case derTag.bitString:
      if (octets.length === 0 || first > 7 || (octets.length === 1 && first !== 0)) throw content.error('a bit string with impossible padding');
      return;
    default:
      if ((tag & universalMask) === 0 && mustBeConstructed.has(tag)) throw content.error('a sequence that is not constructed');
  }
}

const constructedBit = 0x20;
const universalMask = 0xc0;
const mustBeConstructed: ReadonlySet<number> = new Set([0x10, 0x11]);

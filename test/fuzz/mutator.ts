/** Makes an input that may reach further out of one that reached far: a few small changes, most of them aware that formats have lengths in them. */
import { concat } from '../../lib/util/bytes.js';
import type { SeededRandom } from '../support/world.js';

/** Longer inputs find nothing that shorter ones do not, and are slower. */
export const maxInputOctets: number = 4096;

/** Numbers at the edge of something. */
const edges: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 129, 252, 253, 254, 255, 256, 1023, 1280, 4095, 32_767, 32_768, 65_534, 65_535,
];
const mostChanges = 6;
const longestRepeat = 64;

/** How a format may say how long something is: so many octets, in this order, counted from so far after the field's first octet. */
const lengthFields: readonly { readonly octets: 1 | 2; readonly little: boolean; readonly countsFrom: number }[] = [
  { octets: 2, little: false, countsFrom: -2 }, // IKE payloads, proposals, transforms, IPv4
  { octets: 2, little: false, countsFrom: 2 },
  { octets: 2, little: true, countsFrom: 0 }, // netlink
  { octets: 1, little: false, countsFrom: 1 }, // DER
];

export class Mutator {
  readonly #random: SeededRandom;
  readonly #words: readonly Uint8Array[];
  readonly #changes: readonly ((input: Uint8Array, other: Uint8Array) => Uint8Array)[] = [
    (input) => this.#with(input, (out, at) => { out[at] = (out[at] ?? 0) ^ (1 << this.#random.below(8)); }),
    (input) => this.#with(input, (out, at) => { out[at] = this.#random.below(256); }),
    (input) => this.#with(input, (out, at) => { out[at] = (out[at] ?? 0) + this.#random.below(17) - 8; }),
    (input) => this.#with(input, (out, at) => this.#putNumber(out, at, edges[this.#random.below(edges.length)] ?? 0)),
    (input) => this.#with(input, (out, at) => this.#putNumber(out, at, Math.max(0, out.length - at + this.#random.below(13) - 8))),
    (input) => this.#remove(input),
    (input) => this.#insert(input, this.#piece(input)),
    (input) => this.#insert(input, this.#random.bytes(1 + this.#random.below(8))),
    (input) => this.#insert(input, new Uint8Array(1 + this.#random.below(16)).fill(this.#random.below(256))),
    (input) => this.#insert(input, this.#word()),
    (input) => this.#over(input, this.#word()),
    (input) => this.#over(input, this.#piece(input)),
    (input) => this.#repeat(input),
    (input, other) => this.#insert(input, this.#piece(other)),
    (input, other) => concat(input.subarray(0, this.#random.below(input.length + 1)), other.subarray(this.#random.below(other.length + 1))),
  ];

  constructor(random: SeededRandom, words: readonly Uint8Array[]) {
    this.#random = random;
    this.#words = words;
  }

  /** @param other one to take pieces from */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    let out = input;
    // One change is the most likely number.
    for (let changes = 1; changes <= mostChanges; changes++) {
      out = this.#changes[this.#random.below(this.#changes.length)]?.(out, other) ?? out;
      if (this.#random.below(2) === 0) break;
    }
    return out.subarray(0, maxInputOctets);
  }

  #with(input: Uint8Array, change: (out: Uint8Array, at: number) => void): Uint8Array {
    const out = input.slice();
    if (out.length > 0) change(out, this.#random.below(out.length));
    return out;
  }

  #word(): Uint8Array {
    return this.#words[this.#random.below(this.#words.length)] ?? this.#random.bytes(4);
  }

  #piece(input: Uint8Array): Uint8Array {
    const from = this.#random.below(input.length + 1);
    return input.slice(from, from + 1 + this.#random.below(Math.min(longestRepeat, input.length - from + 1)));
  }

  #remove(input: Uint8Array): Uint8Array {
    const from = this.#random.below(input.length + 1);
    const to = Math.min(input.length, from + 1 + this.#random.below(this.#random.below(2) === 0 ? 4 : 64));
    return this.#lengthsChanged(concat(input.subarray(0, from), input.subarray(to)), from, from - to);
  }

  #insert(input: Uint8Array, piece: Uint8Array): Uint8Array {
    const at = this.#random.below(input.length + 1);
    return this.#lengthsChanged(concat(input.subarray(0, at), piece, input.subarray(at)), at, piece.length);
  }

  #over(input: Uint8Array, piece: Uint8Array): Uint8Array {
    return this.#with(input, (out, at) => {
      out.set(piece.subarray(0, out.length - at), at);
    });
  }

  /** A list of many where there was one. */
  #repeat(input: Uint8Array): Uint8Array {
    const piece = this.#piece(input);
    return this.#insert(input, concat(...Array.from({ length: 1 + this.#random.below(32) }, () => piece)));
  }

  /** What seems to be the length of something around `at` grows as that did; every other time nothing does. */
  #lengthsChanged(out: Uint8Array, at: number, grown: number): Uint8Array {
    if (this.#random.below(2) === 0) return out;
    const lengthBefore = out.length - grown;
    const view = new DataView(out.buffer);
    for (let field = 0; field + 2 <= Math.min(at, out.length); field++) {
      for (const { octets, little, countsFrom } of lengthFields) {
        const value = octets === 1 ? view.getUint8(field) : view.getUint16(field, little);
        const begin = field + countsFrom;
        const end = begin + value;
        if (begin < 0 || begin > at || end < at + Math.max(0, -grown) || end > lengthBefore) continue;
        if (octets === 1) view.setUint8(field, value + grown);
        else view.setUint16(field, value + grown, little);
        break;
      }
    }
    return out;
  }

  #putNumber(out: Uint8Array, at: number, value: number): void {
    const view = new DataView(out.buffer);
    const room = out.length - at;
    const width = this.#random.below(3);
    const little = this.#random.below(4) === 0;
    if (width === 2 && room >= 4) view.setUint32(at, value === 65_535 ? 0xffff_ffff : value, little);
    else if (width >= 1 && room >= 2) view.setUint16(at, value, little);
    else view.setUint8(at, value);
  }
}

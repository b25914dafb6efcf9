/** Putting fragments together (RFC 7383 §2.6), and how large a datagram may be (§2.5.1). */
import { expect } from 'chai';
import fc from 'fast-check';
import { ikeDatagramLimit, maxFragmentsPerMessage, maxReassembledBytes, maxWaitingFragmentBytes, FragmentRoom, Reassembler } from '../../lib/ike/fragmentation.js';
import type { OpenedMessage } from '../../lib/ike/message-protection.js';
import { canonicalAddress, messageId } from '../../lib/util/brands.js';
import { path } from '../support/ike-end.js';

const piece = (number: number, total: number, plaintext: Uint8Array = Uint8Array.of(number)): OpenedMessage =>
  ({ first: number === 1 ? 41 : 0, plaintext, fragment: { number, total }, unsupported: null });
const one = messageId(1);

describe('Fragments', () => {
  it('make their message in any order, whatever is repeated', () => {
    const order = fc.integer({ min: 2, max: 12 }).chain((total) => fc.tuple(
      fc.constant(total),
      fc.shuffledSubarray(Array.from({ length: total }, (_, i) => i + 1), { minLength: total }),
      fc.array(fc.integer({ min: 1, max: total }), { maxLength: 8 }),
    ));
    fc.assert(fc.property(order, ([total, numbers, repeated]) => {
      const reassembler = new Reassembler(new FragmentRoom());
      const last = numbers.at(-1);
      for (const number of numbers.slice(0, -1)) {
        expect(reassembler.add(one, piece(number, total))).to.equal(null);
        const here = numbers.slice(0, numbers.indexOf(number) + 1);
        for (const again of repeated.filter((n) => n !== last && here.includes(n))) expect(reassembler.add(one, piece(again, total))).to.equal(null);
      }
      const whole = reassembler.add(one, piece(last ?? 0, total));
      expect(whole).to.deep.equal({ first: 41, plaintext: Uint8Array.from({ length: total }, (_, i) => i + 1), fragment: null, unsupported: null });
    }));
  });

  it('that are none pass as they are', () => {
    const whole: OpenedMessage = { first: 41, plaintext: Uint8Array.of(1), fragment: null, unsupported: null };
    expect(new Reassembler(new FragmentRoom()).add(one, whole)).to.equal(whole);
  });

  it('of a larger total replace those of a smaller one, and not the reverse (RFC 7383 §2.6)', () => {
    const reassembler = new Reassembler(new FragmentRoom());
    reassembler.add(one, piece(1, 2));
    expect(reassembler.add(one, piece(1, 3, Uint8Array.of(7)))).to.equal(null);
    expect(reassembler.add(one, piece(2, 2)), 'the smaller total counts no more').to.equal(null);
    reassembler.add(one, piece(2, 3));
    expect(reassembler.add(one, piece(3, 3))?.plaintext).to.deep.equal(Uint8Array.of(7, 2, 3));
  });

  it('of another message begin afresh', () => {
    const reassembler = new Reassembler(new FragmentRoom());
    reassembler.add(one, piece(1, 2));
    expect(reassembler.add(messageId(2), piece(2, 2))).to.equal(null);
    expect(reassembler.add(messageId(2), piece(1, 2))).to.not.equal(null);
    expect(reassembler.add(one, piece(2, 2)), 'the first message is forgotten').to.equal(null);
  });

  it('with impossible numbers are ignored', () => {
    const reassembler = new Reassembler(new FragmentRoom());
    for (const [number, total] of [[0, 2], [3, 2], [0, 0], [1, maxFragmentsPerMessage + 1], [65_535, 65_535]] as const) {
      expect(reassembler.add(one, piece(number, total)), `${number} of ${total}`).to.equal(null);
    }
    reassembler.add(one, piece(1, 2));
    reassembler.add(one, piece(1, maxFragmentsPerMessage + 1));
    expect(reassembler.add(one, piece(2, 2)), 'and do not disturb').to.not.equal(null);
  });

  it('of one is a whole message', () => {
    const alone = new Reassembler(new FragmentRoom()).add(one, piece(1, 1));
    expect(alone).to.deep.equal({ first: 41, plaintext: Uint8Array.of(1), fragment: null, unsupported: null });
  });

  it('of all IKE SAs hold no more than their room, which each gives back', () => {
    const room = new FragmentRoom();
    const large = new Uint8Array(60_000);
    const many = Array.from({ length: 400 }, () => new Reassembler(room));
    for (const reassembler of many) reassembler.add(one, piece(1, 2, large));
    expect(room.taken).to.be.within(maxWaitingFragmentBytes - 61_000, maxWaitingFragmentBytes);
    expect(many[0]?.add(one, piece(2, 2)), 'the first of them have theirs, and end').to.not.equal(null);
    expect(many.at(-1)?.add(one, piece(1, 2, large)), 'so that there is room for another').to.equal(null);
    expect(many.at(-1)?.add(one, piece(2, 2))).to.not.equal(null);
    many[1]?.add(messageId(2), piece(1, 2));
    for (const reassembler of many) reassembler.clear();
    expect(room.taken).to.equal(0);
  });

  it('together hold no more than a message can', () => {
    const reassembler = new Reassembler(new FragmentRoom());
    const part = new Uint8Array(30_000);
    reassembler.add(one, piece(1, 4, part));
    reassembler.add(one, piece(2, 4, part));
    expect(reassembler.add(one, piece(3, 4, part))).to.equal(null);
    reassembler.add(one, piece(3, 4, new Uint8Array(1)));
    expect(reassembler.add(one, piece(4, 4, new Uint8Array(1)))?.plaintext.length).to.equal(60_002);
    expect(60_002).to.be.at.most(maxReassembledBytes);
  });
});

describe('A datagram with IKE', () => {
  it('leaves room for IP, UDP and the non-ESP marker, by family', () => {
    const six = { ...path('10.0.0.1:4500', '10.0.0.2:4500') };
    expect(ikeDatagramLimit(six, false, null)).to.equal(1280 - 20 - 8 - 4);
    expect(ikeDatagramLimit(six, false, 576)).to.equal(576 - 20 - 8 - 4);
    const v6 = { local: { ...six.local, address: ipv6 }, remote: { ...six.remote, address: ipv6 }, device: null };
    expect(ikeDatagramLimit(v6, false, null)).to.equal(1280 - 40 - 8 - 4);
    expect(ikeDatagramLimit(six, true, null), 'of one that may move').to.equal(1280 - 40 - 8 - 4);
  });
});

const ipv6 = canonicalAddress('2001:db8::1');

/** Messages of an odd form: versions, reserved bits, payloads outside of SK, fragments that can't be (RFC 7296 §2.5, §3.1, §3.2, RFC 7383 §2.5, §2.6). */
import { expect } from 'chai';
import { maxFragmentsPerMessage } from '../../lib/ike/fragmentation.js';
import { exchangeType, notifyType, payloadType, protocolId } from '../../lib/wire/iana.js';
import { encodePayloads, findNotify, maxPayloadsPerMessage, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble, type Form, type Heard } from '../support/ike-double.js';
import { Clock, IkeEnd } from '../support/ike-end.js';
import { manyUnknown, unknownPayload } from '../support/lies.js';
import { bystander, isUnharmed, saOf } from '../support/scenes.js';

const deletion: Payload = { kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] };

/** A double before authentication, after it as responder's peer, and as initiator's, each beside another peer of the same end. */
const states: readonly { readonly state: string; readonly exchange: number; readonly begin: () => { double: IkeDouble; other: IkeDouble } }[] = [
  { state: 'before authentication', exchange: exchangeType.IKE_AUTH, begin: () => beside('sun', (end) => IkeDouble.halfOpen(end)) },
  { state: 'to a responder', exchange: exchangeType.INFORMATIONAL, begin: () => beside('sun', (end) => IkeDouble.established(end)) },
  { state: 'to an initiator', exchange: exchangeType.INFORMATIONAL, begin: () => beside('moon', (end) => IkeDouble.calledUp(end)) },
];

function beside(name: 'moon' | 'sun', begin: (end: IkeEnd) => IkeDouble): { double: IkeDouble; other: IkeDouble } {
  const end = new IkeEnd({ name, clock: new Clock(), peer: { dpdMs: 0 } });
  const other = bystander(end);
  return { double: begin(end), other };
}

/** Changes one octet of a message, by a mask that is set. */
const setting = (at: number, mask: number) => (message: Uint8Array): void => {
  message[at] = (message[at] ?? 0) | mask;
};
const putting = (at: number, ...octets: readonly number[]) => (message: Uint8Array): void => {
  message.set(octets, at);
};

for (const { state, exchange, begin } of states) {
  describe(`A protected request ${state}`, () => {
    const payloadsOf = (double: IkeDouble): Payload[] => (exchange === exchangeType.IKE_AUTH ? double.authPayloads() : []);
    const ask = (double: IkeDouble, form: Form): Heard | null => double.askRaw(double.sealAs(form, exchange, double.nextId, false, payloadsOf(double)));
    const granted = (double: IkeDouble, heard: Heard | null): void => {
      expect(heard?.text).to.match(exchange === exchangeType.IKE_AUTH ? /AUTH, SA/ : /\{ {2}\}$/);
      expect(saOf(double)?.view().children).to.have.lengthOf(1);
    };

    for (const [what, touch] of [
      ['a later minor version', putting(17, 0x2f)],
      ['the Version flag and the reserved flags set', setting(19, 0xc7 | 0x10)],
      ['the reserved bits of the payload header set', setting(29, 0x7f)],
      ['the critical bit on SK itself', setting(29, 0x80)],
    ] as const) {
      it(`with ${what} is taken as if that were zero, but as it was authenticated`, () => {
        const { double, other } = begin();
        granted(double, ask(double, { touch }));
        expect(isUnharmed(other)).to.equal(true);
      });
    }

    for (const major of [0, 1, 3, 7, 15]) {
      it(`of major version ${major} is not taken, and the right one after it is`, () => {
        const { double, other } = begin();
        expect(ask(double, { touch: putting(17, major << 4) })).to.equal(null);
        double.nextId--;
        granted(double, ask(double, {}));
        expect(isUnharmed(other)).to.equal(true);
      });
    }

    it('with unknown payloads, or known ones, before SK is taken without them', () => {
      const { double, other } = begin();
      granted(double, ask(double, { outside: [unknownPayload(200), unknownPayload(5), deletion, notify(notifyType.AUTHENTICATION_FAILED)] }));
      expect(isUnharmed(other)).to.equal(true);
    });

    it('with a critical payload of an unknown type before SK is refused with its type, whole or in fragments', () => {
      for (const fragmented of [false, true]) {
        const { double, other } = begin();
        const outside = [unknownPayload(222, true)];
        const id = double.nextId++;
        if (fragmented) for (const bytes of split(double, { exchange, id, payloads: payloadsOf(double) }, outside)) double.say(bytes);
        else double.say(double.sealAs({ outside }, exchange, id, false, payloadsOf(double)));
        const answer = double.hearAnswer(id);
        expect(findNotify(answer?.payloads ?? [], notifyType.UNSUPPORTED_CRITICAL_PAYLOAD)?.data).to.deep.equal(Uint8Array.of(222));
        expect(saOf(double) === null, 'no unfinished IKE SA is kept').to.equal(exchange === exchangeType.IKE_AUTH);
        expect(isUnharmed(other)).to.equal(true);
      }
    });

    it('with more payloads before SK, or before a fragment, than a message may have is ignored, and the right one after it is taken', () => {
      const { double, other } = begin();
      const outside = manyUnknown(maxPayloadsPerMessage)([]);
      expect(ask(double, { outside })).to.equal(null);
      double.nextId--;
      expect(ask(double, { outside, fragment: { number: 1, total: 2 } })).to.equal(null);
      double.nextId--;
      granted(double, ask(double, { outside: outside.slice(1) }));
      expect(isUnharmed(other)).to.equal(true);
    });

    it('in fragments whose numbers can’t be, or that never end, is ignored, and the right one after them is taken', () => {
      const { double, other } = begin();
      const { first, bytes } = encodePayloads(payloadsOf(double));
      const fragment = (number: number, total: number, inner: Uint8Array = bytes): void => {
        // The encoder refuses such numbers; the octets of a right fragment are changed.
        const touch = putting(32, number >> 8, number & 0xff, total >> 8, total & 0xff);
        double.say(double.sealRaw(exchange, double.nextId, false, number > 1 ? 0 : first, inner, { fragment: { number: 1, total: 1 }, touch }));
      };
      for (const [number, total] of [[0, 0], [0, 1], [2, 1], [65_535, 1], [1, maxFragmentsPerMessage + 1], [65_535, 65_535]] as const) fragment(number, total);
      for (let total = 2; total <= maxFragmentsPerMessage; total++) fragment(total, total, new Uint8Array(9));
      for (let number = 2; number <= maxFragmentsPerMessage; number++) fragment(number, maxFragmentsPerMessage, new Uint8Array(1_000));
      expect(double.end.outbox).to.have.lengthOf(0);
      granted(double, ask(double, {}));
      expect(isUnharmed(other)).to.equal(true);
    });

    it('whose payload lengths lie about what is encrypted is ignored, and the right one after it is taken', () => {
      const { double, other } = begin();
      for (const length of [0, 1, 3, 4, 7, 8, 0xffff]) {
        const right = double.sealAs({}, exchange, double.nextId, false, payloadsOf(double));
        putting(30, length >> 8, length & 0xff)(right);
        double.say(right);
        const piece = double.sealAs({ fragment: { number: 1, total: 2 } }, exchange, double.nextId, false, payloadsOf(double));
        putting(30, length >> 8, length & 0xff)(piece);
        double.say(piece);
      }
      expect(double.end.outbox).to.have.lengthOf(0);
      granted(double, ask(double, {}));
      expect(isUnharmed(other)).to.equal(true);
    });

    it('with a payload inside that does not parse ends this IKE SA and no other', () => {
      for (const [type, body] of [
        [payloadType.TSi, [2, 0, 0, 0, 7, 0, 0, 16]], [payloadType.TSr, [1, 0, 0, 0, 7, 0, 0, 15, 0, 0, 0, 0]],
        [payloadType.CP, [1, 0, 0, 0, 0, 1, 0, 9, 1]], [payloadType.SA, [0, 0, 0, 0]],
        [payloadType.IDi, [2, 0, 0]], [payloadType.AUTH, [2]], [payloadType.N, [0, 9, 0, 0]], [payloadType.EAP, [1, 0, 0, 9]], [payloadType.KE, [0]],
      ] as const) {
        const { double, other } = begin();
        const inner = Uint8Array.of(0, 0, 0, 4 + body.length, ...body);
        const answer = double.askRaw(double.sealRaw(exchange, double.nextId, false, type, inner));
        expect(answer?.text, `payload ${type}`).to.contain('N(INVALID_SYNTAX)');
        expect(saOf(double)).to.equal(null);
        expect(isUnharmed(other)).to.equal(true);
        expect([double.end.inbound.size, double.end.outbound.size]).to.deep.equal([1, 1]);
      }
    });
  });
}

describe('IKE_SA_INIT', () => {
  const request = (touch: (message: Uint8Array) => void): { double: IkeDouble; other: IkeDouble } => {
    const { double, other } = beside('sun', (end) => new IkeDouble(end));
    double.sayInit(double.initPayloads(), {}, touch);
    return { double, other };
  };

  for (const [what, touch] of [
    ['a later minor version', putting(17, 0x2f)],
    ['the Version flag and the reserved flags set', setting(19, 0xc7 | 0x10)],
    ['the reserved bits of a payload header set', setting(29, 0x7f)],
  ] as const) {
    it(`with ${what} is answered, and AUTH covers it as it came`, () => {
      const { double, other } = request(touch);
      double.finishInit(double.plainAnswer());
      expect(double.auth()?.text).to.contain('AUTH, SA');
      expect(isUnharmed(other)).to.equal(true);
    });

    it(`answered with ${what} is taken, and AUTH covers it as it came`, () => {
      const { double, other } = beside('moon', (end) => new IkeDouble(end));
      double.initiator = false;
      double.end.initiate();
      double.hearInit();
      double.answerInit(double.initPayloads(), {}, touch);
      double.answer(double.hear(), double.authPayloads());
      expect(saOf(double)?.view().children).to.have.lengthOf(1);
      expect(isUnharmed(other)).to.equal(true);
    });
  }

  it('of which a reserved bit was changed on the way fails in IKE_AUTH', () => {
    const { double, other } = request(setting(29, 0x01));
    double.finishInit(double.plainAnswer());
    double.request = Uint8Array.from(double.request, (octet, i) => (i === 29 ? 0 : octet));
    expect(double.auth()?.text).to.contain('N(AUTHENTICATION_FAILED)');
    expect(isUnharmed(other)).to.equal(true);
  });

  for (const [what, touch] of [
    ['a payload of length 0', putting(30, 0, 0)], ['a payload shorter than its header', putting(30, 0, 3)], ['a payload that reaches past the end', putting(30, 0xff, 0xff)],
    ['a length field beyond the datagram', putting(24, 0, 1, 0, 0)], ['a length field of 0', putting(24, 0, 0, 0, 0)], ['a length field of the header alone', putting(24, 0, 0, 0, 28)],
    ['a first payload of type SK', putting(16, payloadType.SK)], ['a first payload of type SKF', putting(16, payloadType.SKF)],
  ] as const) {
    it(`with ${what} is ignored, and makes nothing`, () => {
      const { double, other } = request(touch);
      expect(double.end.outbox).to.have.lengthOf(0);
      expect(saOf(double)).to.equal(null);
      expect(isUnharmed(other)).to.equal(true);
    });
  }
});

/** The message in two fragments, with payloads before the first one. */
function split(
  double: IkeDouble, message: { readonly exchange: number; readonly id: number; readonly payloads: readonly Payload[] }, outside: readonly Payload[],
): Uint8Array[] {
  const { first, bytes } = encodePayloads(message.payloads);
  const half = bytes.length >> 1;
  return [
    double.sealRaw(message.exchange, message.id, false, first, bytes.slice(0, half), { outside, fragment: { number: 1, total: 2 } }),
    double.sealRaw(message.exchange, message.id, false, 0, bytes.slice(half), { fragment: { number: 2, total: 2 } }),
  ];
}

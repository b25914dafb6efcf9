/** IKE_SA_INIT with a hostile or broken peer, or with others in its name (RFC 7296 §1.2, §2.6, §2.7, §2.21.1). */
import { expect } from 'chai';
import { after as plus, ikeSpi } from '../../lib/util/brands.js';
import { encrId, keId, notifyType, protocolId, transformType } from '../../lib/wire/iana.js';
import { findNotify, findPayload, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { transform } from '../../lib/wire/payloads/sa.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, pathOf, proposals, type IkeEndOptions } from '../support/ike-end.js';

const sun = (options: Partial<IkeEndOptions> = {}): IkeEnd => new IkeEnd({ name: 'sun', clock: new Clock(), ...options });
const moon = (options: Partial<IkeEndOptions> = {}): IkeEnd => new IkeEnd({ name: 'moon', clock: new Clock(), ...options });
const without = (...kinds: readonly Payload['kind'][]) => (payloads: Payload[]): Payload[] => payloads.filter((p) => !kinds.includes(p.kind));
const keOf = (data: Uint8Array, group: number = keId.CURVE25519): Payload => ({ kind: 'ke', critical: false, group, data });
const withKe = (ke: Payload) => (payloads: Payload[]): Payload[] => payloads.map((p) => (p.kind === 'ke' ? ke : p));

describe('An IKE_SA_INIT request', () => {
  const refused = (change: (payloads: Payload[]) => Payload[], answer: RegExp, fields = {}): void => {
    const end = sun();
    const double = new IkeDouble(end);
    double.sayInit(change(double.initPayloads()), fields);
    if (end.outbox.length > 0) expect(double.plainAnswer().text).to.match(answer);
    else expect('nothing').to.match(answer);
    end.clock.now = waited(end.wakeAt ?? end.clock.now);
    end.wake();
    expect(end.sas, 'nothing is kept').to.have.lengthOf(0);
  };

  for (const kind of ['sa', 'ke', 'nonce'] as const) {
    it(`without ${kind} is refused with INVALID_SYNTAX and nothing kept`, () => { refused(without(kind), /N\(INVALID_SYNTAX\)/); });
  }
  for (const [what, data] of [['absent', null], ['empty', []], ['a short', new Array<number>(31).fill(9)], ['a long', new Array<number>(33).fill(9)], ['a zero', new Array<number>(32).fill(0)]] as const) {
    it(`with ${what} key exchange value is refused with INVALID_SYNTAX and nothing kept`, () => {
      refused(data === null ? without('ke') : withKe(keOf(Uint8Array.from(data))), /N\(INVALID_SYNTAX\)/);
    });
  }
  it('with a point that is not on the curve is refused and nothing kept', () => {
    const end = sun();
    const double = new IkeDouble(end, { suite: 'aes128-sha256-prfsha256-ecp256' });
    double.sayInit(withKe(keOf(new Uint8Array(64).fill(7), keId.ECP_256))(double.initPayloads()));
    expect(double.plainAnswer().text).to.match(/N\(INVALID_SYNTAX\)/);
    expect(end.sas).to.have.lengthOf(0);
  });
  it('for a group that the proposal lacks is answered with INVALID_KE_PAYLOAD and the group (RFC 7296 §1.3)', () => {
    const end = sun();
    const double = new IkeDouble(end);
    double.sayInit(withKe(keOf(new Uint8Array(1025), 1025))(double.initPayloads()));
    const answer = double.plainAnswer();
    expect(findNotify(answer.payloads, notifyType.INVALID_KE_PAYLOAD)?.data).to.deep.equal(Uint8Array.of(0, 31));
    expect(answer.header.spiR, 'nothing is kept').to.equal('0000000000000000');
  });
  it('whose proposal lacks the key exchange, or the PRF, is refused with NO_PROPOSAL_CHOSEN', () => {
    for (const type of [transformType.KE, transformType.PRF, transformType.ENCR]) {
      const lack = (payloads: Payload[]): Payload[] => payloads.map((p) => (p.kind === 'sa'
        ? { ...p, proposals: p.proposals.map((o) => ({ ...o, transforms: o.transforms.filter((t) => t.type !== type) })) } : p));
      refused(lack, /N\(NO_PROPOSAL_CHOSEN\)/);
    }
  });
  it('with NULL encryption, or GMAC, or an unknown transform type alone is refused with NO_PROPOSAL_CHOSEN', () => {
    for (const changed of [transform(transformType.ENCR, encrId.NULL), transform(transformType.ENCR, encrId.NULL_AUTH_AES_GMAC, 0), transform(13, 1)]) {
      const swap = (payloads: Payload[]): Payload[] => payloads.map((p) => (p.kind === 'sa'
        ? { ...p, proposals: p.proposals.map((o) => ({ ...o, transforms: [changed, ...o.transforms.filter((t) => t.type !== changed.type)] })) } : p));
      refused(swap, /N\(NO_PROPOSAL_CHOSEN\)/);
    }
  });
  it('for another protocol than IKE is refused', () => {
    refused((payloads) => payloads.map((p) => (p.kind === 'sa' ? { ...p, proposals: p.proposals.map((o) => ({ ...o, protocol: protocolId.ESP })) } : p)), /NO_PROPOSAL_CHOSEN/);
  });
  it('with a critical payload of an unknown type is refused with its type, and without critical it is not', () => {
    const unknown = (critical: boolean): Payload => ({ kind: 'unknown', type: 200, critical, body: new Uint8Array(5) });
    refused((payloads) => [...payloads, unknown(true)], /N\(UNSUPPORTED_CRITICAL_PAYLOAD\)/);
    const end = sun();
    const double = new IkeDouble(end);
    double.sayInit([unknown(false), ...double.initPayloads()]);
    expect(double.plainAnswer().text).to.contain('SA, KE, NONCE');
  });
  it('with a responder SPI, another Message ID or initiator SPI 0 is ignored', () => {
    refused((p) => p, /nothing/, { spiR: ikeSpi('1111111111111111') });
    refused((p) => p, /nothing/, { messageId: 1 });
    refused((p) => p, /nothing/, { spiI: ikeSpi('0000000000000000') });
  });
  it('without NAT detection is refused, since ESP travels in UDP here', () => {
    refused(without('notify'), /NO_PROPOSAL_CHOSEN/);
  });
  it('repeated is answered with the same octets, and nothing is sent unasked (no amplifier)', () => {
    const end = sun();
    const double = new IkeDouble(end);
    double.sayInit(double.initPayloads());
    const first = end.outbox.shift();
    double.say(double.request, 500);
    expect(end.outbox.shift()?.bytes).to.deep.equal(first?.bytes);
    for (const s of [1, 2, 5, 10]) {
      end.clock.now = waited(end.wakeAt);
      end.wake();
      expect(end.outbox, `round ${s}`).to.have.lengthOf(0);
      if (end.sas.length === 0) break;
    }
    expect(end.sas, 'a half-open IKE SA goes').to.have.lengthOf(0);
  });
  it('is forgotten after 30 seconds without IKE_AUTH, however often somebody knocks meanwhile', () => {
    const end = sun();
    const double = IkeDouble.halfOpen(end);
    for (let s = 0; s < 40; s++) {
      end.clock.now = plus(end.clock.now, 1_000);
      end.wake();
      if (end.sas.length > 0) double.say(new Uint8Array([...double.request.slice(0, 60)]), 4500);
      double.say(double.request, 500);
      end.outbox.length = 0;
      if (end.sas.length === 0 || end.sas[0]?.view().spiI !== double.spi) break;
    }
    expect(end.outputs.filter((o) => o.kind === 'closed')).to.have.lengthOf(1);
  });
});

describe('An answer to IKE_SA_INIT', () => {
  const dead = (end: IkeEnd): boolean => end.sas.length === 0;
  const pass = (end: IkeEnd, ms: number): void => {
    const until = plus(end.clock.now, ms);
    while (end.wakeAt !== null && end.wakeAt <= until) {
      end.clock.now = waited(end.wakeAt);
      end.wake();
    }
    end.clock.now = until;
  };

  for (const type of ['NO_PROPOSAL_CHOSEN', 'INVALID_SYNTAX', 'AUTHENTICATION_FAILED', 'INVALID_MAJOR_VERSION'] as const) {
    it(`with ${type}, which anybody may say, does not keep the peer's own answer from being taken (RFC 7296 §2.21.1)`, () => {
      const end = moon();
      const double = new IkeDouble(end);
      double.initiator = false;
      end.initiate();
      double.hearInit();
      const right = double.initPayloads();
      double.answerInit([notify(notifyType[type])]);
      expect(dead(end)).to.equal(false);
      double.answerInit(right);
      double.answer(double.hear(), double.authPayloads());
      expect(end.view.state).to.equal('ESTABLISHED');
      pass(end, 5_000);
      expect(dead(end)).to.equal(false);
    });
  }
  it('with NO_PROPOSAL_CHOSEN alone ends the attempt soon, with its name as the reason', () => {
    const end = moon();
    IkeDouble.called(end, () => [notify(notifyType.NO_PROPOSAL_CHOSEN)]);
    pass(end, 2_000);
    expect(dead(end)).to.equal(true);
    expect(end.outputs.find((o) => o.kind === 'closed')).to.include({ authenticationFailed: false }).and.to.have.property('reason').that.contains('NO_PROPOSAL_CHOSEN');
  });
  for (const [what, change] of [
    ['without SA', without('sa')], ['without KE', without('ke')], ['without a nonce', without('nonce')],
  ] as const) {
    it(`${what} is waited past`, () => {
      const end = moon();
      IkeDouble.called(end, change);
      pass(end, 10_000);
      expect(dead(end)).to.equal(false);
      expect(end.view.spiR).to.equal(null);
    });
  }
  it('with responder SPI 0 is waited past', () => {
    const end = moon();
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    double.spi = ikeSpi('0000000000000000');
    double.answerInit(double.initPayloads());
    expect(end.view.spiR).to.equal(null);
  });
  for (const [what, data] of [['empty', 0], ['short', 31], ['long', 33], ['zero', 32]] as const) {
    it(`with a ${what} key exchange value ends the attempt`, () => {
      const end = moon();
      IkeDouble.called(end, withKe(keOf(new Uint8Array(data))));
      pass(end, 2_000);
      expect(dead(end)).to.equal(true);
    });
  }
  it('with algorithms, a group or a number of proposals that were not offered ends the attempt', () => {
    const [other] = proposals('ike', 'aes256gcm16-prfsha384-x25519');
    const changes: ((payloads: Payload[]) => Payload[])[] = [
      (payloads) => payloads.map((p) => (p.kind === 'sa' && other !== undefined ? { ...p, proposals: [other] } : p)),
      (payloads) => payloads.map((p) => (p.kind === 'sa' ? { ...p, proposals: [...p.proposals, ...p.proposals] } : p)),
      withKe(keOf(new Uint8Array(64), keId.ECP_256)),
    ];
    for (const change of changes) {
      const end = moon();
      IkeDouble.called(end, change);
      pass(end, 2_000);
      expect(dead(end)).to.equal(true);
    }
  });
  it('with a COOKIE is obeyed once: the same one again, or one of 0 or 65 octets, changes nothing', () => {
    const end = moon();
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    const first = double.hearInit();
    const cookie = (n: number): Payload => notify(notifyType.COOKIE, new Uint8Array(n).fill(n));
    for (const n of [0, 65]) double.answerInit([cookie(n)]);
    expect(end.outbox).to.have.lengthOf(0);
    double.answerInit([cookie(64)]);
    const second = double.hearInit();
    expect(second.payloads[0], 'the cookie comes first').to.deep.equal(cookie(64));
    expect(second.payloads.slice(1).filter((p) => p.kind !== 'notify')).to.deep.equal(first.payloads.filter((p) => p.kind !== 'notify'));
    for (let i = 0; i < 20; i++) double.answerInit([cookie(64)]);
    expect(end.outbox).to.have.lengthOf(0);
  });
  it('that asks for cookie after cookie is obeyed a few times, and the right one is still taken', () => {
    const end = moon();
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    for (let i = 1; i < 50; i++) {
      double.answerInit([notify(notifyType.COOKIE, Uint8Array.of(i))]);
      if (end.outbox.length > 0) double.hearInit();
    }
    expect(dead(end)).to.equal(false);
    double.answerInit(double.initPayloads());
    double.answer(double.hear(), double.authPayloads());
    expect(end.view.state).to.equal('ESTABLISHED');
  });
  it('with INVALID_KE_PAYLOAD switches to an offered group, and to no other (RFC 7296 §2.7)', () => {
    const end = moon();
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    for (const data of [[0, 2], [4, 1], [0, 31], [0], [], [0, 19, 0]]) double.answerInit([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.from(data))]);
    expect(end.outbox).to.have.lengthOf(0);
    double.answerInit([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 19))]);
    expect(findPayload(double.hearInit().payloads, 'ke')).to.deep.include({ group: 19 });
  });
  it('asks for what a responder under attack asks for: cookie, then group, then cookie again (RFC 7296 §2.6.1)', () => {
    const end = sun({ cookies: true });
    const caller = moon({ peer: { ike: proposals('ike', 'aes128gcm16-prfsha256-ecp256-x25519') } });
    caller.initiate();
    let kinds = '';
    for (let i = 0; i < 8 && caller.view.state === 'CONNECTING' && caller.outbox.length > 0; i++) {
      const flight = caller.outbox.shift();
      if (flight === undefined) break;
      end.receive({ ...pathOf('sun', flight.path.local.port) }, flight.bytes);
      const back = end.outbox.shift();
      if (back === undefined) break;
      kinds += `${end.lastAnswer === null ? 'answer' : end.lastAnswer.includes('cookie') ? 'cookie' : 'group'} `;
      caller.receive({ ...pathOf('moon', flight.path.local.port) }, back.bytes);
    }
    expect(kinds).to.equal('cookie group answer answer ');
    expect(caller.view.state).to.equal('ESTABLISHED');
  });
});

function waited<T>(value: T | null): T {
  if (value === null) throw new Error('nothing to wait for');
  return value;
}

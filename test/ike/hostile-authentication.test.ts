/** IKE_AUTH with a hostile or broken peer, or with others in its name (RFC 7296 §1.2, §2.15, §2.21.2). */
import { expect } from 'chai';
import { canonicalAddress } from '../../lib/util/brands.js';
import { decodeIkeHeader } from '../../lib/wire/ike-header.js';
import { encodeMessage } from '../../lib/wire/message.js';
import { authMethod, exchangeType, notifyType, protocolId } from '../../lib/wire/iana.js';
import { type Payload } from '../../lib/wire/payload.js';
import { authPayload } from '../../lib/wire/payloads/auth.js';
import { idPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, identity, IkeEnd, type IkeEndOptions } from '../support/ike-end.js';

const sun = (options: Partial<IkeEndOptions> = {}): IkeEnd => new IkeEnd({ name: 'sun', clock: new Clock(), ...options });
const moon = (options: Partial<IkeEndOptions> = {}): IkeEnd => new IkeEnd({ name: 'moon', clock: new Clock(), ...options });
const without = (...kinds: readonly Payload['kind'][]) => (payloads: Payload[]): Payload[] => payloads.filter((p) => !kinds.includes(p.kind));

describe('Before IKE_AUTH is done, a responder', () => {
  for (const [name, exchange] of [['CREATE_CHILD_SA', exchangeType.CREATE_CHILD_SA], ['INFORMATIONAL', exchangeType.INFORMATIONAL], ['IKE_INTERMEDIATE', exchangeType.IKE_INTERMEDIATE],
    ['IKE_SESSION_RESUME', exchangeType.IKE_SESSION_RESUME], ['an unknown exchange', 250]] as const) {
    it(`ignores ${name}, and IKE_AUTH still goes on`, () => {
      const double = IkeDouble.halfOpen(sun());
      expect(double.ask(exchange, [notify(notifyType.INITIAL_CONTACT), ...double.childPayloads()])).to.equal(null);
      expect(double.ask(exchange, [{ kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] }])).to.equal(null);
      expect(double.end.view.state).to.equal('CONNECTING');
      double.nextId = 1;
      expect(double.auth()?.text).to.contain('IDr, AUTH, SA');
    });
  }
  it('ignores an IKE_AUTH that is corrupt, and takes the good one after it', () => {
    const double = IkeDouble.halfOpen(sun());
    const [good] = double.seal(exchangeType.IKE_AUTH, 1, false, double.authPayloads());
    const bad = Uint8Array.from(good ?? []);
    bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
    double.say(bad);
    expect(double.end.outbox).to.have.lengthOf(0);
    double.say(good ?? bad);
    expect(double.hearAnswer(1)?.text).to.contain('AUTH');
  });
});

describe('An IKE_AUTH request', () => {
  const answered = (change: (payloads: Payload[], double: IkeDouble) => Payload[]): { double: IkeDouble; text: string } => {
    const double = IkeDouble.halfOpen(sun());
    return { double, text: double.auth(change(double.authPayloads(), double))?.text ?? 'nothing' };
  };
  const ended = (change: (payloads: Payload[], double: IkeDouble) => Payload[], type: string): void => {
    const { double, text } = answered(change);
    expect(text).to.equal(`IKE_AUTH response 1 { N(${type}) }`);
    expect(double.end.sas).to.have.lengthOf(0);
    expect(double.end.inbound.size + double.end.outbound.size).to.equal(0);
    expect(double.end.outputs.some((o) => o.kind === 'authenticated')).to.equal(false);
  };

  it('without IDi is refused with INVALID_SYNTAX', () => { ended(without('id-i'), 'INVALID_SYNTAX'); });
  it('without AUTH is refused with AUTHENTICATION_FAILED', () => { ended(without('auth'), 'AUTHENTICATION_FAILED'); });
  it('with nothing in it is refused', () => { ended(() => [], 'INVALID_SYNTAX'); });
  it('of an unknown identity is refused with AUTHENTICATION_FAILED', () => {
    ended((_, double) => double.authPayloads({ id: idPayload('id-i', identity('mallory')) }), 'AUTHENTICATION_FAILED');
  });
  it('of a huge identity is refused with AUTHENTICATION_FAILED', () => {
    ended((_, double) => double.authPayloads({ id: idPayload('id-i', { type: 9, data: new Uint8Array(60_000) }) }), 'AUTHENTICATION_FAILED');
  });
  it('for another identity than ours is refused with AUTHENTICATION_FAILED', () => {
    ended((payloads) => [...payloads, idPayload('id-r', identity('venus'))], 'AUTHENTICATION_FAILED');
  });
  it('with another secret is refused with AUTHENTICATION_FAILED', () => {
    ended((_, double) => double.authPayloads({ secret: 'another' }), 'AUTHENTICATION_FAILED');
  });
  for (const [what, change] of [
    ['empty', () => new Uint8Array(0)], ['cut', (data: Uint8Array) => data.slice(0, 31)], ['longer', (data: Uint8Array) => Uint8Array.of(...data, 0)], ['zero', () => new Uint8Array(32)],
  ] as const) {
    it(`with an AUTH value that is ${what} is refused with AUTHENTICATION_FAILED`, () => {
      ended((payloads) => payloads.map((p) => (p.kind === 'auth' ? { ...p, data: change(p.data) } : p)), 'AUTHENTICATION_FAILED');
    });
  }
  for (const method of [0, authMethod.RSA, authMethod.NULL, authMethod.DIGITAL_SIGNATURE, 255]) {
    it(`with authentication method ${method} is refused with AUTHENTICATION_FAILED`, () => {
      ended((payloads) => payloads.map((p) => (p.kind === 'auth' ? authPayload(method, p.data) : p)), 'AUTHENTICATION_FAILED');
    });
  }
  it('whose identity has reserved octets that are not zero is covered by AUTH with them (RFC 7296 §2.15)', () => {
    const id = { ...idPayload('id-i', identity('moon')), reserved: Uint8Array.of(1, 2, 3) };
    expect(answered((_, double) => double.authPayloads({ id })).text).to.contain('IDr, AUTH, SA');
    ended((_, double) => double.authPayloads({ id }).map((p) => (p.kind === 'id-i' ? { ...p, reserved: new Uint8Array(3) } : p)), 'AUTHENTICATION_FAILED');
  });
  it('with a critical payload of an unknown type is refused with UNSUPPORTED_CRITICAL_PAYLOAD', () => {
    ended((payloads) => [...payloads, { kind: 'unknown', type: 254, critical: true, body: new Uint8Array(0) }], 'UNSUPPORTED_CRITICAL_PAYLOAD');
  });
  it('without SA, TSi and TSr makes an IKE SA without a Child SA (RFC 6023)', () => {
    const { double, text } = answered(without('sa', 'ts-i', 'ts-r'));
    expect(text).to.match(/\{ IDr, AUTH, N\(MOBIKE_SUPPORTED\) \}/);
    expect(double.end.children).to.have.lengthOf(0);
  });
  for (const kind of ['ts-i', 'ts-r'] as const) {
    it(`without ${kind} gets its IKE SA, and no Child SA`, () => {
      const { double, text } = answered(without(kind));
      expect(text).to.contain('AUTH').and.to.contain('N(INVALID_SYNTAX)');
      expect(double.end.children).to.have.lengthOf(0);
    });
  }
  it('for traffic that is not configured, or with ESP SPI 0 or 255, gets its IKE SA and no Child SA', () => {
    const traffic = answered((_, double) => double.authPayloads({ template: { ...double.end.peer.children[0] ?? never(), name: 'x' } }));
    expect(traffic.text).to.contain('N(TS_UNACCEPTABLE)');
    for (const spi of [[0, 0, 0, 0], [0, 0, 0, 255], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8], []]) {
      const { double, text } = answered((payloads) => payloads.map((p) => (p.kind === 'sa' ? { ...p, proposals: p.proposals.map((o) => ({ ...o, spi: Uint8Array.from(spi) })) } : p)));
      expect(text, `SPI of ${spi.join('.')}`).to.contain('N(NO_PROPOSAL_CHOSEN)');
      expect(double.end.children).to.have.lengthOf(0);
    }
  });
});

describe('An answer to IKE_AUTH', () => {
  const failing = (change: (payloads: Payload[], double: IkeDouble) => Payload[]): { end: IkeEnd; double: IkeDouble } => {
    const end = moon();
    const double = IkeDouble.called(end);
    double.answer(double.hear(), change(double.authPayloads(), double));
    expect(end.established).to.have.lengthOf(0);
    expect(end.inbound.size + end.outbound.size).to.equal(0);
    expect(end.count('auth-failed')).to.equal(1);
    return { end, double };
  };

  for (const [what, change] of [
    ['without IDr', without('id-r')], ['without AUTH', without('auth')], ['with nothing in it', () => []],
    ['of another identity', (_: Payload[], double: IkeDouble) => double.authPayloads({ id: idPayload('id-r', identity('mallory')) })],
    ['with another secret', (_: Payload[], double: IkeDouble) => double.authPayloads({ secret: 'another' })],
    ['that returns our own AUTH', (payloads: Payload[]) => payloads.map((p) => (p.kind === 'auth' ? { ...p, data: new Uint8Array(32) } : p))],
    ['with a critical payload of an unknown type', (payloads: Payload[]): Payload[] => [...payloads, { kind: 'unknown', type: 254, critical: true, body: new Uint8Array(0) }]],
  ] as const) {
    it(`${what} is not believed, and the peer told (RFC 7296 §2.21.2)`, () => {
      const { end, double } = failing(change);
      const notice = double.hear();
      expect(notice.text).to.equal('INFORMATIONAL request 2 { N(AUTHENTICATION_FAILED) }');
      double.answer(notice, []);
      expect(end.sas).to.have.lengthOf(0);
      expect(end.outputs.find((o) => o.kind === 'closed')).to.include({ authenticationFailed: true });
    });
  }
  it('with AUTHENTICATION_FAILED ends the attempt', () => {
    const { end } = failing(() => [notify(notifyType.AUTHENTICATION_FAILED)]);
    expect(end.sas).to.have.lengthOf(0);
    expect(JSON.stringify(end.events)).to.contain('compare `id` and `psk`');
  });
  it('with wider selectors than were offered makes no Child SA, and the peer is told that there is none', () => {
    const end = moon();
    const double = IkeDouble.called(end);
    const wide = (p: Payload): Payload => (p.kind === 'ts-r' || p.kind === 'ts-i' ? { ...p, selectors: p.selectors.map((s) => (s.kind === 'selector'
      ? { ...s, selector: { ...s.selector, range: { start: s.selector.range.start, end: maxAddress } } } : s)) } : p);
    double.answer(double.hear(), double.authPayloads().map(wide));
    expect(end.view.state).to.equal('ESTABLISHED');
    expect(end.children).to.have.lengthOf(0);
    expect(double.hear().text).to.match(/^INFORMATIONAL request 2 \{ D\([0-9a-f]{8}\) \}$/);
    expect(end.outputs.some((o) => o.kind === 'child-failed')).to.equal(true);
  });
  it('with what we did not offer (MOBIKE, fragmentation) does not turn it on', () => {
    const end = moon({ peer: { mobike: false, fragmentation: false }, fragmentSize: 400 });
    const double = IkeDouble.calledUp(end, (payloads) => payloads, (payloads) => [...payloads, notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED)]);
    expect(end.view.mobike).to.equal(false);
    end.command({ kind: 'create-child', name: 'net' });
    expect(double.takeFlight().bytes[16], 'a whole message: SK, not SKF').to.equal(46);
  });
  it('may be preceded by forged unprotected ones, which change nothing', () => {
    const end = moon();
    const double = IkeDouble.called(end);
    const request = double.hear();
    for (const type of [notifyType.AUTHENTICATION_FAILED, notifyType.INVALID_SYNTAX, notifyType.INVALID_IKE_SPI, notifyType.NO_PROPOSAL_CHOSEN]) {
      double.say(plain(double, [notify(type)]));
      end.input({ kind: 'invalid-spi-hint' });
    }
    expect(end.view.state).to.equal('CONNECTING');
    double.answer(request, double.authPayloads());
    expect(end.view.state).to.equal('ESTABLISHED');
  });
  it('is waited for while the peer sends requests of its own, which get no answer yet', () => {
    const end = moon();
    const double = IkeDouble.called(end);
    const request = double.hear();
    for (const exchange of [exchangeType.INFORMATIONAL, exchangeType.CREATE_CHILD_SA, exchangeType.IKE_AUTH]) {
      double.nextId = 0;
      expect(double.ask(exchange, [{ kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] }])).to.equal(null);
    }
    double.answer(request, double.authPayloads());
    expect(end.view.state).to.equal('ESTABLISHED');
  });
});

const maxAddress = canonicalAddress('255.255.255.255');

/** An unprotected IKE_AUTH response under the right SPIs. */
function plain(double: IkeDouble, payloads: readonly Payload[]): Uint8Array {
  const header = decodeIkeHeader(double.seal(exchangeType.IKE_AUTH, 1, true, [])[0] ?? new Uint8Array(0));
  return encodeMessage(header, payloads);
}

function never(): never {
  throw new Error('there is a template');
}

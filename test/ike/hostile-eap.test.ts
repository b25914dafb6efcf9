/** EAP inside IKE_AUTH with ends that misbehave (RFC 7296 §2.16, §2.21.2). */
import { expect } from 'chai';
import { EapAuthenticator } from '../../lib/eap/authenticator.js';
import { encodeMschapv2 } from '../../lib/eap/mschapv2-packet.js';
import { eapType, encodeEapPacket, type EapPacket } from '../../lib/eap/packet.js';
import { EapPeer } from '../../lib/eap/peer.js';
import { SecretKey } from '../../lib/crypto/key.js';
import { sharedKeyAuth } from '../../lib/ike/authentication.js';
import { encodeDigitalSignature, sign, usualScheme } from '../../lib/crypto/signature.js';
import { present } from '../../lib/util/assert.js';
import { after } from '../../lib/util/brands.js';
import { utf8 } from '../../lib/util/bytes.js';
import { authMethod, certEncoding, exchangeType, notifyType, protocolId } from '../../lib/wire/iana.js';
import { findPayload, type Payload } from '../../lib/wire/payload.js';
import { authPayload } from '../../lib/wire/payloads/auth.js';
import { idPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { clientProofs, gateway, gatewayProofs, secretOf } from '../support/eap-ends.js';
import { IkeDouble, type Heard } from '../support/ike-double.js';
import { Clock, identity, IkeEnd } from '../support/ike-end.js';

type Sendable = Exclude<EapPacket, { kind: 'other' }>;

const eap = (packet: Sendable): Payload => ({ kind: 'eap', critical: false, data: encodeEapPacket(packet) });
const success = eap({ kind: 'success', identifier: 1 });
const identityRequest = eap({ kind: 'request', identifier: 1, type: eapType.identity, data: new Uint8Array(0) });

function eapIn(heard: Heard | null): Uint8Array {
  return present(findPayload(present(heard, 'there is an answer').payloads, 'eap'), 'there is EAP in it').data;
}

function gatewayAuth(double: IkeDouble, key: SecretKey): Payload {
  const keys = present(double.keys, 'IKE_SA_INIT is done');
  const signed = { message: double.response, otherNonce: double.otherNonce, id: idPayload('id-r', identity('sun')), skP: keys.skPr };
  return authPayload(authMethod.SHARED_KEY, sharedKeyAuth(keys.suite.prf, key, signed));
}

function reasons(end: IkeEnd): string {
  return end.events.filter(({ event }) => event === 'auth-failed').map(({ fields }) => String(fields['reason'])).join('; ');
}

// --> IKE_AUTH { IDi, SA, TSi, TSr }   <-- { IDr, CERT, AUTH, EAP }
describe('A gateway, called by somebody who does EAP by hand', () => {
  /** The first request is answered; `peer` is who would do all right. */
  function calling(): { readonly double: IkeDouble; readonly peer: EapPeer; readonly first: Uint8Array } {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock(), peer: gatewayProofs() }));
    const answer = double.auth([idPayload('id-i', identity('moon')), ...double.childPayloads()]);
    expect(answer?.text).to.equal('IKE_AUTH response 1 { IDr, CERT, AUTH, EAP }');
    return { double, first: eapIn(answer), peer: new EapPeer({ random: double.random.bytes, user: 'carol', secret: secretOf('Ar3etTnp'), methods: ['mschapv2'] }) };
  }

  /** Does all right up to the gateway's Success. */
  function proven(): { readonly double: IkeDouble; readonly msk: SecretKey } {
    const { double, peer, first } = calling();
    let packet = first;
    for (;;) {
      const step = peer.handle(packet);
      if (step.kind === 'success') return { double, msk: present(step.msk, 'the method makes a key') };
      if (step.kind !== 'send') throw new Error(step.kind);
      packet = eapIn(double.auth([{ kind: 'eap', critical: false, data: step.packet }]));
    }
  }

  function authBy(double: IkeDouble, key: SecretKey): Payload {
    const keys = present(double.keys, 'IKE_SA_INIT is done');
    const signed = { message: double.request, otherNonce: double.otherNonce, id: idPayload('id-i', identity('moon')), skP: keys.skPi };
    return authPayload(authMethod.SHARED_KEY, sharedKeyAuth(keys.suite.prf, key, signed));
  }

  function outside(double: IkeDouble): void {
    expect(double.end.sas).to.have.lengthOf(0);
    expect(double.end.outputs.some(({ kind }) => kind === 'authenticated')).to.equal(false);
    expect(double.end.inbound.size).to.equal(0);
  }

  it('lets in who shows the key that EAP made', () => {
    const { double, msk } = proven();
    expect(double.end.view.state).to.equal('CONNECTING');
    expect(double.auth([authBy(double, msk)])?.text).to.match(/^IKE_AUTH response 5 \{ AUTH, SA, TSi, TSr/);
    expect(double.end.established).to.have.lengthOf(1);
  });

  it('lets in nobody who shows another key: not SK_pi, not the password, not none', () => {
    for (const key of [
      (double: IkeDouble): SecretKey => present(double.keys, 'keys').skPi, (): SecretKey => new SecretKey(utf8('Ar3etTnp')),
      (): SecretKey => new SecretKey(new Uint8Array(64)), (): SecretKey => new SecretKey(new Uint8Array(0)),
    ]) {
      const { double } = proven();
      expect(double.auth([authBy(double, key(double))])?.text).to.equal('IKE_AUTH response 5 { N(AUTHENTICATION_FAILED) }');
      outside(double);
      expect(reasons(double.end)).to.equal('user carol: it does not have the key that EAP made: somebody is between');
    }
  });

  it('lets in nobody who sends no AUTH after Success, more EAP, or AUTH of another method', () => {
    for (const payloads of [
      (): Payload[] => [], (): Payload[] => [success], (double: IkeDouble, msk: SecretKey): Payload[] => [authBy(double, msk), success],
      (double: IkeDouble, msk: SecretKey): Payload[] => [authBy(double, msk)].map((p) => (p.kind === 'auth' ? { ...p, method: authMethod.NULL } : p)),
    ]) {
      const { double, msk } = proven();
      expect(double.auth(payloads(double, msk))?.text).to.equal('IKE_AUTH response 5 { N(AUTHENTICATION_FAILED) }');
      outside(double);
    }
  });

  it('lets in nobody who leaves EAP early, with AUTH under any key or without', () => {
    for (const key of [(double: IkeDouble): SecretKey => present(double.keys, 'keys').skPi, (): SecretKey => new SecretKey(new Uint8Array(64))]) {
      const { double, peer, first } = calling();
      const step = peer.handle(first);
      if (step.kind !== 'send') throw new Error(step.kind);
      double.auth([{ kind: 'eap', critical: false, data: step.packet }]);
      expect(double.auth([authBy(double, key(double))])?.text).to.equal('IKE_AUTH response 3 { N(AUTHENTICATION_FAILED) }');
      outside(double);
    }
    const early = calling();
    const told = early.peer.handle(early.first);
    if (told.kind !== 'send') throw new Error(told.kind);
    const both: Payload[] = [{ kind: 'eap', critical: false, data: told.packet }, authBy(early.double, new SecretKey(new Uint8Array(64)))];
    expect(early.double.auth(both)?.text).to.equal('IKE_AUTH response 2 { N(AUTHENTICATION_FAILED) }');
    outside(early.double);
    const { double } = calling();
    expect(double.auth(double.authPayloads())?.text).to.equal('IKE_AUTH response 2 { N(AUTHENTICATION_FAILED) }');
    outside(double);
  });

  it('answers what is no EAP of a peer with EAP-Failure or a Notify, once, and is gone', () => {
    for (const [payloads, answer] of [
      [[success], 'EAP'], [[eap({ kind: 'failure', identifier: 1 })], 'EAP'], [[identityRequest], 'EAP'], [[{ kind: 'eap', critical: false, data: Uint8Array.of(9, 1, 0, 4) }], 'EAP'],
      [[eap({ kind: 'response', identifier: 250, type: eapType.identity, data: utf8('carol') })], 'EAP'], [[], 'N(AUTHENTICATION_FAILED)'],
      [[success, success], 'N(AUTHENTICATION_FAILED)'], [[notify(notifyType.INITIAL_CONTACT)], 'N(AUTHENTICATION_FAILED)'],
    ] as const) {
      const { double } = calling();
      expect(double.auth(payloads)?.text).to.equal(`IKE_AUTH response 2 { ${answer} }`);
      outside(double);
    }
  });

  it('does not take a message whose EAP has another length than its payload', () => {
    for (const data of [Uint8Array.of(2, 1, 0, 9, 1), Uint8Array.of(2, 1, 0, 4, 1), Uint8Array.of(2, 1, 0), new Uint8Array(0)]) {
      const { double } = calling();
      expect(double.auth([{ kind: 'eap', critical: false, data }])?.text).to.equal('IKE_AUTH response 2 { N(INVALID_SYNTAX) }');
      outside(double);
    }
  });

  it('makes no Child SA, no rekey and no deletion before EAP is done (CVE-2014-2338)', () => {
    const { double, msk } = proven();
    const id = double.nextId;
    expect(double.create(...double.childPayloads())).to.equal(null);
    double.nextId = id;
    expect(double.inform({ kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] })).to.equal(null);
    double.nextId = id;
    expect(double.auth([authBy(double, msk)])?.text).to.contain('AUTH, SA');
  });

  it('waits no longer than half a minute over all rounds, and keeps nothing of who is late', () => {
    const { double } = calling();
    for (let round = 0; round < 4; round++) {
      double.end.clock.now = after(double.end.clock.now, 9_000);
      double.end.wake();
    }
    expect(double.end.sas).to.have.lengthOf(0);
  });

  it('hears who gives up in words of his own (RFC 7296 §2.21.2)', () => {
    const { double } = calling();
    expect(double.inform(notify(notifyType.AUTHENTICATION_FAILED))?.text).to.equal('INFORMATIONAL response 2 {  }');
    outside(double);
    expect(reasons(double.end)).to.equal('it gave up (AUTHENTICATION_FAILED)');
    const before = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock(), peer: gatewayProofs() }));
    expect(before.inform(notify(notifyType.AUTHENTICATION_FAILED))).to.equal(null);
    expect(before.end.sas).to.have.lengthOf(1);
  });

  it('asks no more after too many wrong passwords from one address, until some time has passed', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), peer: gatewayProofs() });
    const attempt = (seed: number): string => {
      const double = IkeDouble.halfOpen(end, { seed, spi: `00000000d0bb1e${seed.toString(16).padStart(2, '0')}` });
      double.auth([idPayload('id-i', identity('moon')), ...double.childPayloads()]);
      double.auth([eap({ kind: 'response', identifier: 0, type: eapType.identity, data: utf8('carol') })]);
      return reasons(end);
    };
    // The identifier is drawn, so that the answer must have the right one: by a peer that knows.
    expect(attempt(1)).to.contain('answers no request of ours');
    const guess = (seed: number): string => {
      end.events.length = 0;
      const double = IkeDouble.halfOpen(end, { seed, spi: `00000000d0bb1e${seed.toString(16).padStart(2, '0')}` });
      let packet = eapIn(double.auth([idPayload('id-i', identity('moon')), ...double.childPayloads()]));
      const peer = new EapPeer({ random: double.random.bytes, user: 'carol', secret: secretOf(`guess ${seed}`), methods: ['mschapv2'] });
      for (;;) {
        const step = peer.handle(packet);
        if (step.kind !== 'send' && step.kind !== 'bow-out') return reasons(end);
        packet = eapIn(double.auth([{ kind: 'eap', critical: false, data: step.packet }]));
      }
    };
    for (let i = 0; i < 5; i++) expect(guess(0x10 + i)).to.equal('user carol: wrong password');
    expect(guess(0x20)).to.contain('too many wrong passwords');
    end.clock.now = after(end.clock.now, 13_000);
    expect(guess(0x21)).to.equal('user carol: wrong password');
    expect(guess(0x22)).to.contain('too many wrong passwords');
  });

  it('whose configuration wants a secret does no EAP', () => {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
    expect(double.auth([idPayload('id-i', identity('moon')), ...double.childPayloads()])?.text).to.equal('IKE_AUTH response 1 { N(AUTHENTICATION_FAILED) }');
    outside(double);
    const with_ = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
    expect(with_.auth([...with_.authPayloads(), success])?.text).to.match(/^IKE_AUTH response 1 \{ IDr, AUTH, SA/);
  });

  it('lets in nobody by a secret or a signature where EAP is configured', () => {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock(), peer: gatewayProofs() }));
    expect(double.auth()?.text).to.equal('IKE_AUTH response 1 { N(AUTHENTICATION_FAILED) }');
    outside(double);
    expect(reasons(double.end)).to.contain('it does not authenticate by EAP');
  });
});

describe('A caller, whose gateway does EAP by hand', () => {
  /** IKE_AUTH was asked for; `answer` has the gateway's certificate and a right AUTH, and what else is said. */
  function called(): { readonly double: IkeDouble; readonly answer: (...more: readonly Payload[]) => void } {
    const double = IkeDouble.called(new IkeEnd({ name: 'moon', clock: new Clock(), peer: clientProofs() }));
    const request = double.hear();
    expect(request.text).to.match(/^IKE_AUTH request 1 \{ IDi, CERTREQ, IDr, SA, TSi, TSr/);
    return { double, answer: (...more) => {
      const id = idPayload('id-r', identity('sun'));
      const scheme = usualScheme(gateway.key.publicKey.kind);
      const auth = authPayload(authMethod.DIGITAL_SIGNATURE, encodeDigitalSignature(scheme, sign(gateway.key, scheme, double.authOctets(id))));
      double.answer(request, [id, { kind: 'cert', critical: false, encoding: certEncoding.X509_SIGNATURE, data: gateway.certificate.der }, auth, ...more]);
    } };
  }

  function refused(double: IkeDouble, reason: RegExp): void {
    expect(reasons(double.end)).to.match(reason);
    expect(double.end.established).to.have.lengthOf(0);
    expect(double.end.inbound.size).to.equal(0);
  }

  it('does not believe Success as the very first word, nor a gateway that lets it in without EAP (CVE-2021-45079)', () => {
    const first = called();
    first.answer(success);
    refused(first.double, /has succeeded before any method has/);
    const none = called();
    none.answer(...none.double.childPayloads());
    refused(none.double, /does not go on with EAP/);
    const both = called();
    both.answer(success, ...both.double.childPayloads());
    refused(both.double, /before any method has/);
  });

  it('tells its name and password to nobody but the gateway that is configured (CVE-2015-4171)', () => {
    const { double } = called();
    // A secret in place of the certificate.
    for (const bytes of double.seal(exchangeType.IKE_AUTH, 1, true, [...double.authPayloads(), identityRequest])) double.say(bytes);
    refused(double, /does not authenticate with a signature/);
    expect(double.end.outbox).to.have.lengthOf(0);
  });

  it('does not go on without EAP, with two, or with what does not parse', () => {
    for (const [more, reason] of [
      [[identityRequest, identityRequest], /does not go on with EAP/], [[notify(notifyType.AUTHENTICATION_FAILED)], /refuses user carol: it answered AUTHENTICATION_FAILED/],
      [[{ kind: 'eap', critical: false, data: Uint8Array.of(1, 1, 0, 4) } as const], /does not parse/], [[eap({ kind: 'failure', identifier: 1 })], /the gateway refuses user carol/],
    ] as const) {
      const { double, answer } = called();
      answer(...more);
      refused(double, reason);
    }
  });

  it('comes to an end, whatever it is asked again and again', () => {
    for (const type of [eapType.identity, eapType.notification]) {
      const { double, answer } = called();
      answer(eap({ kind: 'request', identifier: 1, type, data: new Uint8Array(1000).fill(0x41) }));
      let rounds = 0;
      while (double.end.outbox.length > 0 && rounds < 1000) {
        rounds++;
        double.answer(double.hear(), [eap({ kind: 'request', identifier: rounds & 0xff, type, data: new Uint8Array(0) })]);
      }
      expect(rounds).to.be.lessThan(33);
      refused(double, /again and again/);
    }
  });

  it('believes no AUTH but that under the key that EAP made, and tells whoever says so', () => {
    const auths: readonly ((double: IkeDouble, msk: SecretKey) => Payload[])[] = [
      (double, msk) => [gatewayAuth(double, msk)], (double) => [gatewayAuth(double, present(double.keys, 'keys').skPr)], (double) => [gatewayAuth(double, new SecretKey(new Uint8Array(64)))], () => [],
    ];
    const outcomes = auths.map((auth) => {
      const { double, answer } = called();
      const gatewayEnd = new EapAuthenticator({ random: double.random.bytes, name: 'sun', admit: () => ({ methods: ['mschapv2'], secret: secretOf('Ar3etTnp') }) });
      answer({ kind: 'eap', critical: false, data: gatewayEnd.begin() });
      for (;;) {
        const request = double.hear();
        const step = gatewayEnd.handle(eapIn(request));
        double.answer(request, [{ kind: 'eap', critical: false, data: step.packet }]);
        if (step.kind !== 'success') continue;
        double.answer(double.hear(), [...auth(double, present(step.msk, 'the method makes a key')), ...double.childPayloads()]);
        return { stands: double.end.established.length, reason: reasons(double.end), next: double.end.outbox.length === 0 ? '' : double.hear().text };
      }
    });
    const notice = 'INFORMATIONAL request 6 { N(AUTHENTICATION_FAILED) }';
    const between = 'the gateway has another key from EAP than this end: somebody is between';
    expect(outcomes).to.deep.equal([
      { stands: 1, reason: '', next: '' }, { stands: 0, reason: between, next: notice }, { stands: 0, reason: between, next: notice },
      { stands: 0, reason: 'the answer after EAP lacks AUTH', next: '' },
    ]);
  });

  it('does not go on with a gateway that does not know the password', () => {
    const { double, answer } = called();
    answer(eap({ kind: 'request', identifier: 1, type: eapType.mschapv2, data: encodeMschapv2({ kind: 'challenge', id: 1, challenge: new Uint8Array(16), name: utf8('sun') }) }));
    double.answer(double.hear(), [eap({ kind: 'request', identifier: 2, type: eapType.mschapv2, data: encodeMschapv2({ kind: 'success', id: 1, message: `S=${'0'.repeat(40)}` }) })]);
    refused(double, /does not know the password itself/);
  });
});

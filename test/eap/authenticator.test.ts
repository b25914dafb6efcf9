/** The authenticator of EAP with callers that misbehave (RFC 3748 §2.1, §4.1, §5). */
import { expect } from 'chai';
import { EapAuthenticator, maxIdentityBytes, type Admission, type EapStep } from '../../lib/eap/authenticator.js';
import type { EapMethodName } from '../../lib/eap/method.js';
import { decodeMschapv2, encodeMschapv2 } from '../../lib/eap/mschapv2-packet.js';
import { ntResponse } from '../../lib/eap/mschapv2-values.js';
import { decodeEapPacket, eapType, encodeEapPacket, type EapPacket } from '../../lib/eap/packet.js';
import { fromHex, utf8 } from '../../lib/util/bytes.js';
import { secretOf } from '../support/eap-ends.js';
import { SeededRandom } from '../support/world.js';

type Request = Extract<EapPacket, { kind: 'request' | 'response' }>;

/** A gateway, and what a caller by hand says to it. */
class Call {
  readonly gateway: EapAuthenticator;
  last: Uint8Array;

  constructor(admission: Admission | string = { methods: ['mschapv2'], secret: secretOf('Ar3etTnp') }) {
    this.gateway = new EapAuthenticator({ random: new SeededRandom(1).bytes, name: 'sun', admit: () => admission });
    this.last = this.gateway.begin();
  }

  get request(): Request {
    const packet = decodeEapPacket(this.last);
    if (packet.kind !== 'request') throw new Error(`the gateway said ${packet.kind}`);
    return packet;
  }

  say(type: number, data: Uint8Array = new Uint8Array(0), identifier: number = this.request.identifier): EapStep {
    return this.sayRaw(encodeEapPacket({ kind: 'response', identifier, type, data }));
  }

  sayRaw(bytes: Uint8Array): EapStep {
    const step = this.gateway.handle(bytes);
    this.last = step.packet;
    return step;
  }

  identify(user = 'carol'): this {
    this.say(eapType.identity, utf8(user));
    return this;
  }

  /** The right answer to the challenge, but for what is said. */
  respond({ name = 'carol', password = 'Ar3etTnp', id }: { readonly name?: string; readonly password?: string; readonly id?: number } = {}): EapStep {
    const packet = decodeMschapv2(this.request.data);
    if (packet.kind !== 'challenge') throw new Error(packet.kind);
    const exchange = { authenticatorChallenge: packet.challenge, peerChallenge: new Uint8Array(16).fill(5), userName: utf8(name) };
    const response = ntResponse(exchange, secretOf(password).ntHash);
    return this.say(eapType.mschapv2, encodeMschapv2({ kind: 'response', id: id ?? packet.id, peerChallenge: exchange.peerChallenge, ntResponse: response, name: utf8(name) }));
  }
}

const acknowledge = (what: 'success' | 'failure'): Uint8Array => encodeMschapv2({ kind: 'acknowledged', what });

function refused(step: EapStep): string {
  expect(step.kind).to.equal('failure');
  expect(decodeEapPacket(step.packet).kind).to.equal('failure');
  return step.kind === 'failure' ? step.reason : '';
}

describe('An authenticator of EAP', () => {
  it('lets in who answers right, and says Success with the identifier of his last response', () => {
    const call = new Call().identify();
    expect(call.respond().kind).to.equal('request');
    const { identifier } = call.request;
    const step = call.say(eapType.mschapv2, acknowledge('success'));
    expect(step).to.include({ kind: 'success', user: 'carol' });
    expect(decodeEapPacket(step.packet)).to.deep.equal({ kind: 'success', identifier });
    expect(refused(call.sayRaw(encodeEapPacket({ kind: 'response', identifier, type: eapType.identity, data: utf8('carol') })))).to.contain('after the end');
  });

  it('is not made to believe by Success said out of order (CVE-2015-8023)', () => {
    expect(refused(new Call().identify().say(eapType.mschapv2, acknowledge('success')))).to.equal('its EAP-MSCHAPv2 goes out of order: acknowledged came');
    const wrong = new Call().identify();
    expect(wrong.respond({ password: 'wrong' })).to.include({ kind: 'farewell', reason: 'wrong password' });
    expect(refused(wrong.say(eapType.mschapv2, acknowledge('success')))).to.equal('wrong password');
    const right = new Call().identify();
    right.respond();
    expect(refused(right.say(eapType.mschapv2, acknowledge('failure')))).to.contain('out of order');
    for (const kind of ['success', 'failure'] as const) {
      expect(refused(new Call().identify().say(eapType.mschapv2, encodeMschapv2({ kind, id: 1, message: 'E=0' })))).to.contain('out of order');
    }
  });

  it('gives one try, and says so (RFC 2759 §6)', () => {
    const call = new Call().identify();
    call.respond({ password: 'wrong' });
    const failure = decodeMschapv2(call.request.data);
    expect(failure.kind === 'failure' ? failure.message : '').to.match(/^E=691 R=0 C=[0-9A-F]{32} V=3 M=/);
    // The right password comes too late.
    const challenge = new Uint8Array(16);
    const exchange = { authenticatorChallenge: challenge, peerChallenge: challenge, userName: utf8('carol') };
    const again = encodeMschapv2({ kind: 'response', id: 1, peerChallenge: challenge, ntResponse: ntResponse(exchange, secretOf('Ar3etTnp').ntHash), name: utf8('carol') });
    expect(refused(call.say(eapType.mschapv2, again))).to.equal('wrong password');
  });

  it('does the same for a user whom nobody knows', () => {
    const call = new Call({ methods: ['mschapv2'], secret: null }).identify('mallory');
    expect(call.respond({ name: 'mallory' }).kind).to.equal('farewell');
    expect(refused(call.say(eapType.mschapv2, acknowledge('failure')))).to.equal('there is no such user');
  });

  it('lets nobody in under another name than he said first', () => {
    const call = new Call().identify('dave');
    call.respond({ name: 'carol' });
    expect(refused(call.say(eapType.mschapv2, acknowledge('failure')))).to.equal('its EAP-MSCHAPv2 is that of the user carol');
    const domain = new Call().identify('LAB\\carol');
    expect(decodeMschapv2(((): Uint8Array => {
      domain.respond({ name: 'carol' });
      return domain.request.data;
    })()).kind).to.equal('success');
  });

  it('takes a response to its own challenge alone', () => {
    const call = new Call().identify();
    expect(refused(call.respond({ id: (call.request.identifier + 1) & 0xff }))).to.contain('out of order');
  });

  it('wants the identity first, and not an endless one', () => {
    for (const type of [eapType.nak, eapType.mschapv2, eapType.md5, eapType.notification, 0, 255]) expect(refused(new Call().say(type))).to.contain('does not say who it is');
    for (const length of [0, maxIdentityBytes + 1, 60_000]) expect(refused(new Call().say(eapType.identity, new Uint8Array(length).fill(0x61)))).to.equal(`its EAP-Identity has ${length} octets`);
    // CVE-2017-9023 and others: an identity that looks like DER with a wrong length is a name like any other.
    for (const hex of ['3084ffffffff', '30803080', 'a0', '00', 'ff'.repeat(maxIdentityBytes)]) expect(new Call().say(eapType.identity, fromHex(hex)).kind).to.equal('request');
  });

  it('refuses at once whom the configuration does not let in', () => {
    const call = new Call('nobody may');
    expect(call.say(eapType.identity, utf8('carol'))).to.deep.include({ kind: 'failure', user: 'carol', reason: 'nobody may' });
  });

  it('answers no packet but the one that it waits for', () => {
    for (const by of [1, 7, 128, 255]) {
      const call = new Call();
      expect(refused(call.say(eapType.identity, utf8('carol'), (call.request.identifier + by) & 0xff))).to.equal('its EAP packet answers no request of ours');
    }
    for (const hex of ['', '02', '02000004', '0200000101', '03000004', '04000004', '0100000501', '06000004']) {
      expect(refused(new Call().sayRaw(fromHex(hex)))).to.match(/does not parse|only a gateway sends/);
    }
  });

  it('proposes another method when asked to, each once, and none that is not allowed', () => {
    const call = new Call({ methods: ['mschapv2', 'md5'], secret: secretOf('x') }).identify();
    expect(call.request.type).to.equal(eapType.mschapv2);
    expect(call.say(eapType.nak, Uint8Array.of(eapType.tls, eapType.md5)).kind).to.equal('request');
    expect(call.request.type).to.equal(eapType.md5);
    expect(refused(call.say(eapType.nak, Uint8Array.of(eapType.mschapv2)))).to.contain('wants none of the methods');
    const many = Array.from({ length: 1000 }, (_, i) => i & 0xff).filter((type) => type !== eapType.mschapv2);
    for (const wanted of [[], [0], [eapType.md5], [eapType.tls], [eapType.expanded], many]) {
      expect(refused(new Call().identify().say(eapType.nak, Uint8Array.from(wanted)))).to.equal('it wants none of the methods that it may use (eap-mschapv2)');
    }
  });

  it('stays with a method that has begun', () => {
    const call = new Call({ methods: ['mschapv2', 'md5'], secret: secretOf('Ar3etTnp') }).identify();
    call.respond();
    expect(refused(call.say(eapType.nak, Uint8Array.of(eapType.md5)))).to.equal('it answers with EAP type 3 instead of eap-mschapv2');
    for (const type of [eapType.md5, eapType.identity, eapType.tls, eapType.expanded]) {
      expect(refused(new Call().identify().say(type, new Uint8Array(17).fill(16)))).to.equal(`it answers with EAP type ${type} instead of eap-mschapv2`);
    }
  });

  it('refuses EAP-MD5 that is cut, or wrong, or of a user of whom it has a hash alone', () => {
    const methods: readonly EapMethodName[] = ['md5'];
    const by = (data: Uint8Array, secret = secretOf('x')): string => refused(new Call({ methods, secret }).identify().say(eapType.md5, data));
    for (const data of [[], [16], [15, ...new Array<number>(15).fill(0)], [255]]) expect(by(Uint8Array.from(data))).to.equal('its EAP-MD5 does not parse');
    const zeros = Uint8Array.from([16, ...new Array<number>(16).fill(0)]);
    expect(by(zeros)).to.equal('wrong password');
    expect(by(zeros, { ...secretOf('x'), password: null })).to.contain('only its hash');
  });

  it('refuses huge messages, and those of no length', () => {
    for (const data of [new Uint8Array(0), new Uint8Array(60_000)]) expect(refused(new Call().identify().say(eapType.mschapv2, data))).to.match(/does not parse|out of order/);
  });
});

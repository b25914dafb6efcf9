/** The peer of EAP with gateways that misbehave (RFC 3748 §2.1, §4.2, §5). */
import { expect } from 'chai';
import { EapAuthenticator } from '../../lib/eap/authenticator.js';
import type { EapMethodName } from '../../lib/eap/method.js';
import { encodeMschapv2 } from '../../lib/eap/mschapv2-packet.js';
import { decodeEapPacket, eapType, encodeEapPacket, type EapPacket } from '../../lib/eap/packet.js';
import { EapPeer, maxIdleRequests, type EapPeerStep } from '../../lib/eap/peer.js';
import { concat, fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import { secretOf } from '../support/eap-ends.js';
import { SeededRandom } from '../support/world.js';

const random = new SeededRandom(1).bytes;

function peer(...methods: readonly EapMethodName[]): EapPeer {
  return new EapPeer({ random, user: 'carol', secret: secretOf('Ar3etTnp'), methods: methods.length === 0 ? ['mschapv2'] : methods });
}

function request(type: number, data: Uint8Array = new Uint8Array(0), identifier = 1): Uint8Array {
  return encodeEapPacket({ kind: 'request', identifier, type, data });
}

const success = (identifier = 1): Uint8Array => encodeEapPacket({ kind: 'success', identifier });
const challenge = (id = 2): Uint8Array => request(eapType.mschapv2, challengeData(id), id);
const challengeData = (id: number): Uint8Array => encodeMschapv2({ kind: 'challenge', id, challenge: new Uint8Array(16).fill(7), name: utf8('sun') });
const end = (kind: 'success' | 'failure', message: string, identifier = 3): Uint8Array =>
  request(eapType.mschapv2, encodeMschapv2({ kind, id: 2, message }), identifier);

function said(step: EapPeerStep): EapPacket {
  if (step.kind !== 'send' && step.kind !== 'bow-out') throw new Error(`${step.kind}: nothing was sent`);
  return decodeEapPacket(step.packet);
}

function failed(step: EapPeerStep): string {
  expect(step.kind).to.equal('failure');
  return step.kind === 'failure' ? step.reason : '';
}

describe('A peer of EAP', () => {
  it('says who it is when asked, and answers a message for people with nothing', () => {
    expect(said(peer().handle(request(eapType.identity, utf8('who are you?'), 9)))).to.deep.equal({ kind: 'response', identifier: 9, type: eapType.identity, data: utf8('carol') });
    const step = peer().handle(request(eapType.notification, utf8('change your\u001b[31m password')));
    expect(said(step)).to.deep.include({ type: eapType.notification, data: new Uint8Array(0) });
    expect(step).to.include({ notice: 'change your\\u{1b}[31m password' });
  });

  it('believes no success that comes first, after the identity, or in the middle of a method (CVE-2021-45079)', () => {
    const asked = request(eapType.identity);
    const steps = [[], [asked], [asked, challenge()], [challenge()], [request(eapType.notification)], [request(eapType.tls)]];
    for (const before of steps) {
      const one = peer();
      for (const packet of before) one.handle(packet);
      expect(failed(one.handle(success()))).to.equal('the gateway says that EAP has succeeded before any method has');
      // Nor again.
      expect(failed(one.handle(success()))).to.contain('before any method has');
    }
  });

  it('believes no gateway that does not know the password', () => {
    for (const message of ['', 'S=', `S=${'0'.repeat(40)} M=welcome`, 'M=welcome', `s=${'0'.repeat(40)}`, 'S='.repeat(20_000)]) {
      const one = peer();
      one.handle(challenge());
      expect(failed(one.handle(end('success', message)))).to.contain('does not know the password itself');
      expect(failed(one.handle(success()))).to.contain('before any method has');
    }
  });

  it('is not taken by a success that answers no response', () => {
    const one = peer();
    expect(failed(one.handle(end('success', `S=${'0'.repeat(40)}`)))).to.contain('out of order');
  });

  it('says its last word when its password is refused, and why to people', () => {
    for (const [message, reason] of [
      ['E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=no', 'the gateway refuses user carol’s password (error 691)'],
      ['E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=again', 'the gateway refuses user carol’s password (error 691)'],
      ['E=648 R=0', 'the gateway says that the password of user carol has expired: change it there (error 648)'], ['E=647', 'the gateway says that the account of user carol is disabled (error 647)'],
      ['E=99999999999999999999', 'the gateway refuses user carol (error 9999999999)'], ['', 'the gateway refuses user carol'], ['E=constructor', 'the gateway refuses user carol'],
    ] as const) {
      const one = peer();
      one.handle(challenge());
      const step = one.handle(end('failure', message));
      expect(step).to.deep.include({ kind: 'bow-out', reason });
      expect(said(step)).to.deep.include({ type: eapType.mschapv2, data: Uint8Array.of(4) });
      expect(failed(one.handle(success()))).to.contain('before any method has');
    }
  });

  it('refuses a Failure that is shorter than its header (CVE-2025-62291)', () => {
    for (const hex of ['0402', '040200', '04020003', '04020009']) {
      const one = peer();
      one.handle(challenge());
      expect(failed(one.handle(request(eapType.mschapv2, fromHex(hex))))).to.equal('the gateway’s EAP-MSCHAPv2 does not parse');
    }
    const one = peer();
    one.handle(challenge());
    expect(failed(one.handle(request(eapType.mschapv2)))).to.contain('does not parse');
  });

  it('answers one challenge alone', () => {
    const one = peer();
    one.handle(challenge());
    expect(failed(one.handle(challenge(3)))).to.contain('out of order');
  });

  it('wants none but its own methods, and says so once (RFC 3748 §5.3.1)', () => {
    for (const type of [eapType.md5, eapType.tls, 5, 6, 18, 21, 23, 25, 43, eapType.expanded, 255]) {
      const one = peer();
      expect(said(one.handle(request(type, new Uint8Array(40))))).to.deep.include({ type: eapType.nak, data: Uint8Array.of(eapType.mschapv2) });
      expect(failed(one.handle(request(type)))).to.equal('the gateway has none of the methods eap-mschapv2');
    }
    expect(said(peer('mschapv2', 'md5').handle(request(eapType.tls)))).to.deep.include({ data: Uint8Array.of(eapType.mschapv2, eapType.md5) });
    for (const type of [0, eapType.nak]) expect(failed(peer().handle(request(type)))).to.contain('which is none to ask for');
  });

  it('stays with the method that it began', () => {
    for (const type of [eapType.md5, eapType.tls, eapType.identity, eapType.nak, eapType.expanded]) {
      const one = peer('mschapv2', 'md5');
      one.handle(challenge());
      expect(failed(one.handle(request(type, concat(Uint8Array.of(16), new Uint8Array(16)))))).to.contain('in the middle of another method');
    }
  });

  it('is not asked who it is for ever', () => {
    const one = peer();
    let asked = 0;
    while (asked < 1000 && one.handle(request(eapType.identity, new Uint8Array(0), asked & 0xff)).kind === 'send') asked++;
    expect(asked).to.equal(maxIdleRequests);
  });

  it('refuses what does not parse, huge messages, and what only peers say', () => {
    for (const hex of ['', '01', '01010004', '0101000101', '05010004', '0201000501', '00010004']) expect(failed(peer().handle(fromHex(hex)))).to.match(/does not parse|only a client sends/);
    const huge = new Uint8Array(60_000).fill(0x41);
    for (const type of [eapType.mschapv2, eapType.tls, eapType.identity, eapType.notification]) {
      const step = peer().handle(request(type, huge));
      if (step.kind === 'send') expect(step.packet.length).to.be.lessThan(300);
    }
  });

  it('refuses EAP-MD5 whose challenge is not there', () => {
    for (const data of [[], [0], [17], [255, 1, 2], [16, ...new Array<number>(15).fill(1)]]) expect(failed(peer('md5').handle(request(eapType.md5, Uint8Array.from(data))))).to.contain('EAP-MD5 does not parse');
  });

  it('goes no further after its end', () => {
    const one = peer();
    expect(failed(one.handle(encodeEapPacket({ kind: 'failure', identifier: 1 })))).to.equal('the gateway refuses user carol');
    for (const packet of [request(eapType.identity), challenge(), success()]) expect(one.handle(packet).kind).to.equal('failure');
  });

  it('has the same key as the gateway, and none after it is wiped', () => {
    const one = peer();
    const gateway = new EapAuthenticator({ random, name: 'sun', admit: () => ({ methods: ['mschapv2'], secret: secretOf('Ar3etTnp') }) });
    let packet = gateway.begin();
    for (;;) {
      const step = one.handle(packet);
      if (step.kind !== 'send') throw new Error(step.kind);
      const answer = gateway.handle(step.packet);
      packet = answer.packet;
      if (answer.kind !== 'success') continue;
      const last = one.handle(packet);
      if (last.kind !== 'success' || last.msk === null || answer.msk === null) throw new Error(last.kind);
      expect(toHex(last.msk.expose())).to.equal(toHex(answer.msk.expose()));
      return;
    }
  });

  it('wipes the key of a method that came to nothing', () => {
    const one = peer();
    one.handle(challenge());
    one.wipe();
    expect(failed(one.handle(challenge()))).to.contain('after its end');
  });
});

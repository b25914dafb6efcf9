/** EAP inside IKE_AUTH (RFC 7296 §2.16): who is let in, who is not, and what is said of it. */
import { expect } from 'chai';
import { clientProofs, gatewayProofs, type ClientOptions, type GatewayOptions } from '../support/eap-ends.js';
import { IkePair } from '../support/ike-pair.js';
import { formatIdentity } from '../../lib/wire/identity.js';
import { SecretKey } from '../../lib/crypto/key.js';
import { utf8 } from '../../lib/util/bytes.js';
import { present } from '../../lib/util/assert.js';

function called(client: ClientOptions = {}, gateway: GatewayOptions = {}, fragmentSize?: number): IkePair {
  const size = fragmentSize === undefined ? {} : { fragmentSize };
  const pair = new IkePair({ moon: { peer: clientProofs(client), ...size }, sun: { peer: gatewayProofs(gateway), ...size } });
  pair.moon.initiate();
  pair.settle();
  return pair;
}

function reasonOf(pair: IkePair, end: 'moon' | 'sun'): string {
  return pair[end].events.filter(({ event }) => event === 'auth-failed').map(({ fields }) => String(fields['reason'])).join('; ');
}

describe('A caller with a password', () => {
  it('comes in by EAP-MSCHAPv2, after the gateway has proved itself', () => {
    const pair = called();
    pair.expectOne();
    expect(pair.story.slice(2).map((line) => line.replace(/N\([^ ]+\)/g, 'N'))).to.deep.equal([
      'moon --> IKE_AUTH request 1 { IDi, CERTREQ, IDr, SA, TSi, TSr, N, N }',
      'sun --> IKE_AUTH response 1 { IDr, CERT, AUTH, EAP }',
      'moon --> IKE_AUTH request 2 { EAP }',
      'sun --> IKE_AUTH response 2 { EAP }',
      'moon --> IKE_AUTH request 3 { EAP }',
      'sun --> IKE_AUTH response 3 { EAP }',
      'moon --> IKE_AUTH request 4 { EAP }',
      'sun --> IKE_AUTH response 4 { EAP }',
      'moon --> IKE_AUTH request 5 { AUTH }',
      'sun --> IKE_AUTH response 5 { AUTH, SA, TSi, TSr, N, N }',
    ]);
    expect(pair.moon.view.mobike).to.equal(true);
  });

  it('is to the gateway who was authenticated, whatever IDi says (RFC 7296 §2.16)', () => {
    for (const [user, shown] of [['carol', 'carol'], ['carol@example.net', 'carol@example.net'], ['LAB\\carol', 'LAB\\carol']] as const) {
      const pair = called({ user }, { users: { 'carol': 'Ar3etTnp', 'carol@example.net': 'Ar3etTnp' } });
      pair.expectOne();
      expect(formatIdentity(present(pair.sun.view.remoteId, 'sun knows its peer'))).to.equal(shown);
      expect(formatIdentity(present(pair.moon.view.remoteId, 'moon knows its peer'))).to.equal('sun');
    }
  });

  it('and the wrong one stays outside, and both say why', () => {
    const pair = called({ password: 'wrong' });
    expect([pair.moon.sas.length, pair.sun.sas.length]).to.deep.equal([0, 0]);
    expect(reasonOf(pair, 'moon')).to.equal('the gateway refuses user carol’s password (error 691)');
    expect(reasonOf(pair, 'sun')).to.equal('user carol: wrong password');
    expect(pair.sun.outputs.some(({ kind }) => kind === 'authenticated')).to.equal(false);
    expect(JSON.stringify([pair.moon.logs, pair.sun.logs, pair.moon.events, pair.sun.events])).not.to.contain('wrong"').and.not.to.contain('Ar3et');
  });

  it('whom the gateway does not know hears the same as one with the wrong password', () => {
    const unknown = called({ user: 'mallory' });
    const wrong = called({ user: 'carol', password: 'wrong' });
    expect(unknown.story.length).to.equal(wrong.story.length);
    expect(reasonOf(unknown, 'moon')).to.equal(reasonOf(wrong, 'moon').replace('carol', 'mallory'));
    expect(reasonOf(unknown, 'sun')).to.equal('user mallory: there is no such user');
  });

  it('comes in over fragments, too, in every round', () => {
    const pair = called({}, {}, 576);
    pair.expectOne();
    expect(pair.story.length).to.be.greaterThan(12);
  });

  it('comes in though every message is lost once', () => {
    const pair = new IkePair({ moon: { peer: clientProofs() }, sun: { peer: gatewayProofs() } });
    const seen = new Set<string>();
    pair.passes = ({ from, text, path }) => {
      const key = `${from.name} ${text} ${path.remote.port}`;
      return seen.has(key) || !seen.add(key);
    };
    pair.moon.initiate();
    pair.advance(25_000);
    pair.expectOne();
  });

  it('comes in by EAP-MD5 where that is asked for, with AUTH under SK_p since no key comes of it', () => {
    const pair = called({ methods: ['md5'] }, { methods: ['md5'] });
    pair.expectOne();
    expect(pair.story.filter((line) => line.includes('EAP'))).to.have.lengthOf(5);
    expect(called({ methods: ['md5'], password: 'x' }, { methods: ['md5'] }).sun.sas).to.have.lengthOf(0);
  });

  it('agrees with the gateway on a method that both have (RFC 3748 §5.3.1)', () => {
    called({ methods: ['mschapv2'] }, { methods: ['md5', 'mschapv2'] }).expectOne();
    called({ methods: ['md5', 'mschapv2'] }, { methods: ['mschapv2'] }).expectOne();
    const apart = called({ methods: ['md5'] }, { methods: ['mschapv2'] });
    expect(apart.sun.sas).to.have.lengthOf(0);
    expect(reasonOf(apart, 'sun')).to.equal('user carol: it wants none of the methods that it may use (eap-mschapv2)');
    expect(reasonOf(apart, 'moon')).to.equal('the gateway refuses user carol');
  });

  it('comes in as often as he likes, unlike one who guesses', () => {
    const pair = new IkePair({ moon: { peer: clientProofs() }, sun: { peer: gatewayProofs() } });
    for (let i = 0; i < 8; i++) {
      pair.moon.initiate();
      pair.settle();
    }
    expect([pair.moon.established.length, pair.sun.established.length]).to.deep.equal([8, 8]);
  });

  it('names a PPK where its AUTH is, and both mix it in (RFC 8784 §3)', () => {
    const ppk = { id: utf8('moon-sun'), secret: new SecretKey(utf8('a post-quantum secret of more than 256 bit')) };
    const other = { ...ppk, secret: new SecretKey(utf8('another post-quantum secret of more than 256 bit')) };
    for (const method of ['mschapv2', 'md5'] as const) {
      for (const [secret, comesUp] of [[ppk, true], [other, false]] as const) {
        const pair = new IkePair({
          moon: { peer: { ...clientProofs({ methods: [method] }), ppk: { own: ppk, known: [ppk], required: true } } },
          sun: { peer: { ...gatewayProofs({ methods: [method] }), ppk: { own: secret, known: [secret], required: true } } },
        });
        pair.moon.initiate();
        pair.settle();
        expect([pair.moon.established.length, pair.sun.established.length]).to.deep.equal(comesUp ? [1, 1] : [0, 0]);
        const named = pair.story.filter((line) => line.includes('N(PPK_IDENTITY)'));
        expect(named[0]).to.match(/moon --> IKE_AUTH request [45] \{ AUTH, N\(PPK_IDENTITY\) \}/);
        if (comesUp) expect(pair.sun.view.ppk && pair.moon.view.ppk).to.equal(true);
      }
    }
  });

  it('who rekeys, and whose IKE SA is rekeyed, is not asked again', () => {
    const pair = called();
    expect(pair.ask(pair.moon, { kind: 'rekey-ike' })).to.match(/^ok/);
    expect(pair.ask(pair.sun, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    pair.advance(60_000);
    pair.expectOne();
    expect(formatIdentity(present(pair.sun.view.remoteId, 'sun knows its peer'))).to.equal('carol');
  });
});

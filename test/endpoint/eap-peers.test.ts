/** Which block of the configuration a caller by EAP is, and what a reload changes for users. */
import { expect } from 'chai';
import { configDifference } from '../../lib/endpoint/config-difference.js';
import { GuessLimits, guessEveryMs, maxGuessersKept, maxGuessesPerSource, maxGuessesPerUser } from '../../lib/endpoint/guess-limits.js';
import { ConfiguredPeers, provesIdentity } from '../../lib/endpoint/peer-directory.js';
import type { CallerProof } from '../../lib/ike/peer.js';
import type { PeerConfig } from '../../lib/config/types.js';
import { after, instant } from '../../lib/util/brands.js';
import { lossyText } from '../../lib/util/bytes.js';
import { authority, issue, keyPemOf, pemOf } from '../support/test-pki.js';
import { address, identity } from '../support/ike-end.js';
import { load, mainPath } from '../config/sources.js';

const lab = authority('O=Lab, CN=Lab CA');
const sun = issue('CN=sun', lab, { names: ['dns:sun'] });

function peersOf(blocks: readonly string[], users = 'carol = "one"\n"dave@example.net" = "two"\n'): readonly PeerConfig[] {
  const child = '[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["dynamic"]\n';
  const text = `[endpoint]\nid = "sun"\ncert = "sun.pem"\nkey = "sun.key"\nusers_file = "users.toml"\nca = "ca.pem"\n${blocks.map((block) => `[[peer]]\n${block}\n${child}`).join('')}`;
  return load({ [mainPath]: text, '/etc/mhtun/users.toml': users, '/etc/mhtun/sun.pem': pemOf(sun), '/etc/mhtun/sun.key': keyPemOf(sun), '/etc/mhtun/ca.pem': pemOf(lab) }).config.peers;
}

const people = 'name = "people"\nid = "%any"\nauth = "eap-mschapv2"';
const staff = 'name = "staff"\nid = "%any"\nauth = "eap-mschapv2"\neap_id = "*@EXAMPLE.net"';
const hosts = 'name = "hosts"\nid = "%any"\nauth = "pubkey"';

describe('A caller', () => {
  const directory = new ConfiguredPeers(peersOf([hosts, staff, people]), () => []);
  const found = (proof: CallerProof): string | null => directory.select(identity('10.0.0.9'), null, proof)?.name ?? null;

  it('who brings AUTH is one that proves himself by a key, and one without one by EAP', () => {
    expect(found({ kind: 'auth' })).to.equal('hosts');
    expect(found({ kind: 'eap', user: null })).to.equal('staff');
  });

  it('by EAP is the block whose eap_id has the user, whatever the letters', () => {
    expect(found({ kind: 'eap', user: 'dave@example.NET' })).to.equal('staff');
    expect(found({ kind: 'eap', user: 'carol' })).to.equal('people');
    const staffAlone = new ConfiguredPeers(peersOf([hosts, staff]), () => []);
    expect(staffAlone.select(identity('x'), null, { kind: 'eap', user: 'carol' })).to.equal(null);
  });

  it('for whom there is no block of his kind finds one that says why not', () => {
    expect(new ConfiguredPeers(peersOf([people]), () => []).select(identity('x'), null, { kind: 'auth' })?.name).to.equal('people');
    expect(new ConfiguredPeers(peersOf([hosts]), () => []).select(identity('x'), null, { kind: 'eap', user: null })?.name).to.equal('hosts');
  });

  it('by EAP has proved who he is: one user pushes out himself alone', () => {
    for (const peer of peersOf([people])) expect(provesIdentity(peer)).to.equal(true);
  });
});

describe('A reload', () => {
  it('takes over new users, and ends no IKE SA for it', () => {
    const next = peersOf([people], 'carol = "another"\n');
    const difference = configDifference(peersOf([people]), next);
    expect([difference.added.length, difference.removed.length]).to.deep.equal([0, 0]);
    const [kept] = difference.kept;
    if (kept?.remoteAuth.kind !== 'eap') throw new Error('people are let in by EAP');
    expect([...kept.remoteAuth.users].map(([name, { password }]) => [name, lossyText(password?.expose() ?? new Uint8Array(0))])).to.deep.equal([['carol', 'another']]);
  });

  it('that changes who may be one, or how, begins anew', () => {
    for (const changed of [`${people}\neap_id = "c*"`, `${people}\neap_methods = ["mschapv2", "md5"]`]) {
      expect(configDifference(peersOf([people]), peersOf([changed])).removed).to.deep.equal(['people']);
    }
  });
});

describe('Wrong passwords', () => {
  const now = instant(1_000);

  it('are counted for each user and source, and forgotten with a right one or with time', () => {
    const limits = new GuessLimits();
    const tries = (user: string, source: string, at = now): boolean => limits.tries(at, user, address(source));
    for (let i = 0; i < maxGuessesPerUser; i++) expect(tries('carol', '10.0.0.1')).to.equal(true);
    expect(tries('carol', '10.0.0.1')).to.equal(false);
    expect(tries('CAROL', '10.0.0.1')).to.equal(false);
    expect(tries('dave', '10.0.0.1')).to.equal(true);
    expect(tries('carol', '10.0.0.2')).to.equal(true);
    expect(tries('carol', '10.0.0.1', after(now, guessEveryMs + 1))).to.equal(true);
    expect(tries('carol', '10.0.0.1', after(now, guessEveryMs + 1))).to.equal(false);
    limits.right('carol', address('10.0.0.1'));
    expect(tries('carol', '10.0.0.1', after(now, guessEveryMs + 1))).to.equal(true);
  });

  it('are counted for all users of a source, an IPv6 /64 being one', () => {
    const limits = new GuessLimits();
    const let_in = Array.from({ length: 2 * maxGuessesPerSource }, (_, i) => limits.tries(now, `user${i}`, address(`2001:db8::${i + 1}`)));
    expect(let_in.filter(Boolean)).to.have.lengthOf(maxGuessesPerSource);
    expect(limits.tries(now, 'carol', address('2001:db8:0:1::1'))).to.equal(true);
  });

  it('who is right every time is never stopped', () => {
    const limits = new GuessLimits();
    for (let i = 0; i < 10 * maxGuessesPerSource; i++) {
      expect(limits.tries(now, 'carol', address('10.0.0.1'))).to.equal(true);
      limits.right('carol', address('10.0.0.1'));
    }
  });

  it('are remembered of so many and no more', () => {
    const limits = new GuessLimits();
    for (let i = 0; i < maxGuessersKept + 100; i++) limits.tries(now, `user${i}`, address(`10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`));
    limits.fills((_table, size, limit) => {
      expect(size).to.equal(limit);
    });
  });
});

/** Attempts at an IKE SA: one name for each at both ends, and a memory that strangers can't empty. */
import { expect } from 'chai';
import { maxAttemptsOfStrangers, maxAttemptsPerPeer, maxAttemptsPerSource, maxClaims } from '../../lib/endpoint/limits.js';
import { maxTextKept, noteMisfit, refusedAttempt, type Attempt } from '../../lib/endpoint/attempt.js';
import { AttemptBook } from '../../lib/endpoint/attempt-book.js';
import type { Misfit } from '../../lib/ike/attempt.js';
import { ikeSpi, instant } from '../../lib/util/brands.js';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';
import { ip } from '../support/virtual-host.js';

const attemptOf = (host: VirtualHost, event: string): unknown => host.events.find((e) => e.event === event)?.fields['attempt'];

describe('The id of an attempt', () => {
  it('is the beginning of the initiator’s SPI, in the events of both ends', () => {
    const pair = new Pair({ seed: 1, sun: { remote: null } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const [sa] = pair.moon.sas('sun');
    const id = attemptOf(pair.moon, 'ike-up');
    expect(id).to.match(/^[0-9a-f]{8}$/).and.to.equal(sa?.spiI.slice(0, 8));
    for (const event of ['ike-up', 'child-up']) expect([attemptOf(pair.moon, event), attemptOf(pair.sun, event)], event).to.deep.equal([id, id]);
  });

  it('stays over rekeys, to the end of the IKE SA', () => {
    const pair = new Pair({ seed: 1, sun: { remote: null } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const id = attemptOf(pair.sun, 'ike-up');
    for (const host of [pair.moon, pair.sun]) expect(host.ask({ kind: 'rekey-ike', peer: host === pair.moon ? 'sun' : 'moon', timeoutMs: 10_000 })).to.deep.include({ ok: true });
    expect(pair.moon.sas('sun').map(({ attempt }) => attempt)).to.deep.equal([id]);
    pair.moon.ask({ kind: 'terminate', peer: 'sun', child: null });
    expect([attemptOf(pair.moon, 'ike-down'), attemptOf(pair.sun, 'ike-down')]).to.deep.equal([id, id]);
    const [ended] = pair.sun.endpoint.attempts;
    expect(ended).to.deep.include({ id, peer: 'moon', state: 'down', reason: 'deleted by the peer', remoteId: 'moon' });
  });

  it('is in the log of both ends where one refuses the other', () => {
    for (const peer of ['psk = "another secret of twenty letters"', 'ike = ["aes128gcm16-prfsha256-ecp521"]']) {
      const pair = new Pair({ seed: 1, moon: { peer }, sun: { remote: null, peer: 'ike = ["aes256gcm16-prfsha384-x25519"]' } });
      pair.world.run(5_000);
      const [attempt] = pair.moon.endpoint.attempts.filter(({ state }) => state === 'denied');
      const id = attempt?.id ?? 'none';
      expect(attempt?.before, pair.story()).not.to.deep.equal([]);
      expect(pair.moon.logs.filter((line) => / info: .*could not be reached/.test(line)).join('\n'), pair.story()).to.contain(`"attempt":"${id}"`);
      const refusal = [...pair.sun.logs, ...pair.sun.events.map((event) => JSON.stringify(event))].filter((line) => line.includes(id)).join('\n');
      expect(refusal, pair.story()).to.match(/no IKE proposal in common|the secrets differ/);
      const theirs = pair.sun.endpoint.attempts.find((other) => other.state === 'refused');
      expect([theirs?.id, theirs?.before, theirs?.times], pair.story()).to.deep.equal([id, attempt?.before, attempt?.times]);
    }
  });
});

describe('What is remembered of attempts', () => {
  it('is nothing of those that another one with the same peer overtook', () => {
    const two = (n: number): { readonly address: string; readonly device: string }[] => [1, 2].map((net) => ({ address: `10.${net}.0.${n}`, device: `eth${net}` }));
    const pair = new Pair({ seed: 1, moon: { addresses: two(1), remote: ['10.1.0.2', '10.2.0.2'] }, sun: { addresses: two(2), remote: null } });
    // The answer comes when others have been begun.
    pair.sun.workDelayMs = 120;
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.story()).to.match(/moon trace: .*[^]*IKE SA connecting → closed/);
    expect(pair.moon.endpoint.attempts.map(({ state }) => state)).to.deep.equal(['up']);
  });

  it('says whose block came nearest in IKE_SA_INIT only where the caller is where that peer is', () => {
    const stranger = { peer: 'ike = ["aes256gcm16-prfsha384-x25519"]', children: '[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["192.168.1.0/24"]\n[[peer]]\nname = "mars"\nid = "mars"\nike = ["aes256gcm16-prfsha384-x25519"]\npsk = "a secret of more than twenty characters"\n[[peer.child]]\nname = "net"\nlocal = ["192.168.2.0/24"]\nremote = ["192.168.3.0/24"]' };
    for (const [remote, near] of [[null, null], [['10.1.0.1'], 'moon']] as const) {
      const pair = new Pair({ seed: 1, moon: { peer: 'ike = ["aes256gcm16-prfsha384-modp2048"]' }, sun: { ...stranger, remote, peer: `${stranger.peer}${remote === null ? '' : '\nstart = "never"'}` } });
      pair.world.run(2_000);
      const [misfit] = pair.sun.endpoint.attempts.flatMap(({ misfits }) => misfits);
      expect([misfit?.part, misfit?.peer], pair.story()).to.deep.equal(['IKE proposals', near]);
      expect(misfit?.nearest).to.match(/^peer block "m/);
    }
  });
});

describe('A refusal on the wire', () => {
  it('is the same whatever the reason: whoever is not believed learns nothing of what is configured', () => {
    const refusals = ['psk = "another secret of twenty letters"', 'local_id = "mars"', 'id = "venus"', 'local_id = "moom"'].map((peer) => {
      const pair = new Pair({ seed: 1, moon: { peer }, sun: { remote: null } });
      pair.world.run(5_000);
      expect(pair.sun.endpoint.attempts.map(({ state }) => state), pair.story()).to.deep.equal(['refused']);
      const answers = pair.sun.logs.filter((line) => line.includes('trace: --> IKE_AUTH')).map((line) => /--> (.*?) \{"peer"/.exec(line)?.[1]);
      const sizes = pair.network.sent.filter(({ from }) => from.address === ip('10.1.0.2') && from.port === 4500).map(({ bytes }) => bytes.length);
      return [answers[0], [...new Set(sizes)]];
    });
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal)))).to.have.length(1);
    expect(refusals[0]?.[0]).to.equal('IKE_AUTH response 1 { N(AUTHENTICATION_FAILED) }');
    expect(refusals[0]?.[1]).to.have.length(1);
  });
});

const misfit = (peer: string | null, problem: string): Misfit => ({ part: 'identity', problem, offered: [], wanted: [], peer, nearest: null, remedy: 'change it' });
const path = (address: string): Attempt['path'] => ({ local: { address: ip('10.1.0.2'), port: 500 }, remote: { address: ip(address), port: 500 }, device: 'eth0' });

function attempt(n: number, address: string, peer: string | null, problem: string): Attempt {
  return refusedAttempt(instant(n), ikeSpi(n.toString(16).padStart(8, '0').padEnd(16, '0')), path(address), misfit(peer, problem));
}

describe('The memory of attempts', () => {
  const known = (): Attempt => ({ ...attempt(1, '10.1.0.1', null, 'x'), peer: 'moon', state: 'down' });

  it('is bounded, and strangers push out strangers alone', () => {
    const book = new AttemptBook();
    const first = known();
    book.keep(first);
    const claim = attempt(2, '10.1.0.1', 'moon', 'the secrets differ');
    book.keep(claim);
    for (let n = 10; n < 10_000; n++) book.keep(attempt(n, `172.16.${n >> 8}.${n & 255}`, null, `who is ${n}`));
    expect(book.all).to.have.length(2 + maxAttemptsOfStrangers).and.to.include(first).and.to.include(claim);
  });

  it('is bounded for those who pose as peers, of whom one address pushes out itself', () => {
    const book = new AttemptBook();
    const first = known();
    const honest = attempt(2, '10.1.0.1', 'moon', 'the secrets differ');
    for (const a of [first, honest]) book.keep(a);
    for (let n = 10; n < 1_000; n++) book.keep(attempt(n, '172.16.0.1', 'moon', `I am moon ${n}`));
    expect(book.all).to.have.length(1 + maxAttemptsPerPeer).and.to.include(first).and.to.include(honest);
    for (let n = 1_000; n < 3_000; n++) book.keep(attempt(n, '172.16.0.1', `peer${n}`, 'I am it'));
    expect(book.all).to.have.length(1 + maxClaims).and.to.include(first);
  });

  it('keeps no more of a text than a screen of it', () => {
    const long = 'x'.repeat(60_000);
    const kept = refusedAttempt(instant(1), ikeSpi('1111111111111111'), path('10.1.0.1'), { ...misfit(null, long), nearest: long, remedy: long });
    noteMisfit(kept, { ...misfit(null, `${long}y`), part: 'certificate' });
    expect(JSON.stringify(kept).length).to.be.lessThan(6 * maxTextKept + 1_000);
  });

  it('counts those that are alike, and keeps few of one source', () => {
    const book = new AttemptBook();
    for (let n = 0; n < 100; n++) book.keep(attempt(n, '172.16.0.1', null, 'who is it'));
    expect(book.all.map(({ times, startedAt }) => [times, startedAt])).to.deep.equal([[100, instant(99)]]);
    for (let n = 0; n < 100; n++) book.keep(attempt(n, `2001:db8::${n + 1}`, null, `who is ${n}`));
    expect(book.all).to.have.length(1 + maxAttemptsPerSource);
  });
});

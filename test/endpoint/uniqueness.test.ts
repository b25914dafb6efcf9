/** Several IKE SAs with one peer: RFC 7296 §2.4's INITIAL_CONTACT, `unique`, and the rule for crossed calls. */
import { expect } from 'chai';
import fc from 'fast-check';
import { judge, type Contender } from '../../lib/endpoint/uniqueness.js';
import type { PeerConfig } from '../../lib/config/types.js';
import { instant } from '../../lib/util/brands.js';
import { present } from '../../lib/util/assert.js';
import { trustOf } from '../support/test-pki.js';
import { configOf } from '../support/virtual-host.js';

function peer(unique: string, id = 'sun'): PeerConfig {
  return present(configOf(`[endpoint]\nid = "moon"\n[[peer]]\nname = "sun"\nid = "${id}"\npsk = "a secret of more than twenty characters"\n`
    + `unique = "${unique}"\n[[peer.child]]\nname = "net"\nlocal = ["10.0.0.0/8"]\nremote = ["192.168.0.0/16"]\n`).peers[0], 'one peer');
}

function contender(more: Partial<Contender>): Contender {
  const nonces = [Uint8Array.of(5), Uint8Array.of(6)];
  return { initiator: true, startedAt: instant(900), authenticatedAt: instant(1_000), nonces, replacement: false, ...more };
}

describe('of two IKE SAs with one peer', () => {
  const older = contender({ initiator: false });
  const newer = contender({ initiator: false, authenticatedAt: instant(90_000) });

  it('the older goes where unique = "replace", and its caller may move over first', () => {
    expect(judge(peer('replace'), older, newer, false, false)).to.deep.equal({ kind: 'retire', which: 'old', patienceMs: 10_000 });
  });

  it('the older goes where this end authenticates anew, whatever unique says', () => {
    const [old, renewed] = [contender({}), contender({ startedAt: instant(80_000), authenticatedAt: instant(80_100) })];
    for (const unique of ['replace', 'keep', 'never']) {
      expect(judge(peer(unique), old, renewed, false, true, { renews: true, sameHost: true }), unique).to.deep.equal({ kind: 'retire', which: 'old', patienceMs: 0 });
    }
  });

  it('the newer is no second one where unique = "keep" and the same host calls in both', () => {
    const same = { renews: false, sameHost: true };
    expect(judge(peer('keep'), older, newer, false, false, same)).to.deep.equal({ kind: 'retire', which: 'old', patienceMs: 10_000 });
    expect(judge(peer('keep'), contender({}), newer, false, false, same), 'one that this end began is another matter').to.deep.equal({ kind: 'refuse-new' });
  });

  it('the newer is refused where unique = "keep"', () => {
    expect(judge(peer('keep'), older, newer, false, false)).to.deep.equal({ kind: 'refuse-new' });
  });

  it('both stay where unique = "never" in a block for many, whatever the caller says of others: he may have several hosts', () => {
    const carol = { ...peer('never', '*.example.net'), remoteAuth: { kind: 'pubkey', trust: trustOf([]) } } as const;
    for (const initialContact of [false, true]) expect(judge(carol, older, newer, initialContact, false)).to.deep.equal({ kind: 'both-stay' });
    expect(judge({ ...carol, unique: 'replace' }, older, newer, true, false)).to.deep.equal({ kind: 'forget-old' });
  });

  it('both stay where unique = "never"', () => {
    expect(judge(peer('never'), older, newer, false, false)).to.deep.equal({ kind: 'both-stay' });
  });

  it('the older is forgotten with INITIAL_CONTACT, whatever unique says', () => {
    for (const unique of ['replace', 'keep', 'never']) expect(judge(peer(unique), older, newer, true, false), unique).to.deep.equal({ kind: 'forget-old' });
  });

  it('both stay, INITIAL_CONTACT or not, where several share the secret', () => {
    for (const id of ['%any', '*.example']) {
      for (const initialContact of [true, false]) {
        expect(judge(peer('never', id), older, newer, initialContact, true), id).to.deep.equal({ kind: 'both-stay' });
      }
    }
  });

  it('a replacement of our own takes the place of the silent one', () => {
    const replacement = contender({ replacement: true, startedAt: instant(80_000), authenticatedAt: instant(80_100) });
    expect(judge(peer('never'), older, replacement, false, true)).to.deep.equal({ kind: 'forget-old' });
  });

  it('a replacement of ours that crossed one of the peer is like any that crossed', () => {
    const ours = contender({ replacement: true, startedAt: instant(80_000), authenticatedAt: instant(80_200), nonces: [Uint8Array.of(9), Uint8Array.of(8)] });
    const theirs = contender({ initiator: false, startedAt: instant(80_050), authenticatedAt: instant(80_100) });
    expect(judge(peer('never'), theirs, ours, false, true)).to.deep.equal({ kind: 'peer-decides', checkOld: false });
  });

  it('INITIAL_CONTACT in one that crossed says nothing', () => {
    const ours = contender({ nonces: [Uint8Array.of(1), Uint8Array.of(9)] });
    const theirs = contender({ initiator: false, authenticatedAt: instant(1_500) });
    expect(judge(peer('replace'), ours, theirs, true, true)).to.deep.equal({ kind: 'retire', which: 'old', patienceMs: 0 });
  });

  it('the older is forgotten with INITIAL_CONTACT, however young it is, if the peer called after it stood', () => {
    const ours = contender({ nonces: [Uint8Array.of(1), Uint8Array.of(9)] });
    const theirs = contender({ initiator: false, startedAt: instant(1_000), authenticatedAt: instant(1_500) });
    for (const isMhtun of [true, false]) expect(judge(peer('replace'), ours, theirs, true, isMhtun)).to.deep.equal({ kind: 'forget-old' });
  });

  it('the older goes at once where a peer that was called by us calls later', () => {
    const theirs = contender({ initiator: false, startedAt: instant(1_100), authenticatedAt: instant(1_500) });
    for (const isMhtun of [true, false]) {
      expect(judge(peer('replace'), contender({}), theirs, false, isMhtun)).to.deep.equal({ kind: 'retire', which: 'old', patienceMs: 0 });
    }
  });

  it('the older stays for a while where a peer that does not know the rule crossed', () => {
    const ours = contender({});
    const theirs = contender({ initiator: false, authenticatedAt: instant(1_500) });
    expect(judge(peer('replace'), ours, theirs, false, false)).to.deep.include({ kind: 'retire', which: 'old', patienceMs: 5_000 });
  });

  it('exactly one is deleted by exactly one end when they crossed, in whatever order each end saw them', () => {
    const nonce = fc.uint8Array({ minLength: 16, maxLength: 32 });
    const order = fc.boolean();
    fc.assert(fc.property(fc.tuple(nonce, nonce, nonce, nonce), order, order, ([a, b, c, d], moonFirst, sunFirst) => {
      fc.pre(new Set([a, b, c, d].map(String)).size === 4);
      const byMoon = [a, b];
      const bySun = [c, d];
      const verdicts = [
        { end: 'moon', first: moonFirst },
        { end: 'sun', first: sunFirst },
      ].map(({ end, first }) => {
        const own = contender({ initiator: true, nonces: end === 'moon' ? byMoon : bySun, authenticatedAt: instant(first ? 1_000 : 1_500) });
        const other = contender({ initiator: false, nonces: end === 'moon' ? bySun : byMoon, authenticatedAt: instant(first ? 1_500 : 1_000) });
        const verdict = first ? judge(peer('replace'), own, other, true, true) : judge(peer('replace'), other, own, false, true);
        if (verdict.kind !== 'retire') return null;
        return (verdict.which === 'old') === first ? end : 'not its own';
      });
      expect(verdicts.filter((who) => who !== null)).to.have.length(1);
      expect(verdicts).not.to.include('not its own');
    }));
  });
});

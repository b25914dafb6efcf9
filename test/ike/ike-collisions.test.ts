/** The IKE SA rekeyed and deleted by both ends at once, and what waits meanwhile (RFC 7296 §2.8.2, §2.18, §2.25.2). */
import { expect } from 'chai';
import { highNonce, IkePair, lowNonce } from '../support/ike-pair.js';
import type { IkeEnd } from '../support/ike-end.js';
import { SeededRandom } from '../support/world.js';

const rekey = { kind: 'rekey-ike' } as const;
const end = { kind: 'delete-ike', reason: 'terminated' } as const;

function expectAnswered(at: IkeEnd, id: number, ok = true): void {
  expect(at.answer(id), `${at.name}'s command`).to.include({ ok });
}

function prepare(pair: IkePair, lowest: 'moon' | 'sun'): void {
  pair.moon.nonces.push(lowest === 'moon' ? lowNonce : highNonce);
  pair.sun.nonces.push(lowest === 'sun' ? lowNonce : highNonce);
}

describe('An IKE SA that both ends rekey at once', () => {
  for (const lowest of ['moon', 'sun'] as const) {
    it(`is followed by the one without the lowest nonce, which ${lowest} drew`, () => {
      // moon --> CREATE_CHILD_SA { SA, Ni, KEi }     sun --> CREATE_CHILD_SA { SA, Ni, KEi }
      // sun --> answer                              moon --> answer
      const pair = IkePair.up();
      const [before] = pair.moon.children;
      prepare(pair, lowest);
      const ids = [pair.moon.command(rekey), pair.sun.command(rekey)] as const;
      pair.cross();
      pair.cross();
      pair.settle();
      pair.advance(5_000);
      pair.expectOne();
      expect(pair.moon.view.initiator, 'the winner is the initiator').to.equal(lowest === 'sun');
      expect(pair.moon.children[0]?.id, 'the Child SA went over').to.equal(before?.id);
      expectAnswered(pair.moon, ids[0]);
      expectAnswered(pair.sun, ids[1]);
      for (const at of [pair.moon, pair.sun]) {
        expect(at.count('ike-down'), `${at.name}: ike-down`).to.equal(0);
        expect(at.count('ike-rekeyed'), `${at.name}: ike-rekeyed`).to.equal(1);
      }
      pair.expectNothingLeft();
    });

    it(`comes to rest where the answer to moon is lost (${lowest} has the lowest nonce)`, () => {
      const pair = IkePair.up();
      prepare(pair, lowest);
      const ids = [pair.moon.command(rekey), pair.sun.command(rekey)] as const;
      pair.cross();
      pair.take(pair.sun, /^CREATE_CHILD_SA response/);
      pair.settle();
      pair.advance(40_000);
      pair.expectOne();
      expectAnswered(pair.moon, ids[0]);
      expectAnswered(pair.sun, ids[1]);
      pair.expectNothingLeft();
    });

    it(`comes to rest where moon's request arrives only after sun's rekey is done (${lowest} has the lowest nonce)`, () => {
      // sun --> CREATE_CHILD_SA { SA, Ni, KEi }   moon --> answer   sun --> INFORMATIONAL { D(IKE) }
      // moon's request is still on its way; it meets nobody.
      const pair = IkePair.up();
      prepare(pair, lowest);
      const moonId = pair.moon.command(rekey);
      const held = pair.take(pair.moon, /^CREATE_CHILD_SA request/);
      const sunId = pair.sun.command(rekey);
      pair.settle();
      pair.deliver(held);
      pair.settle();
      pair.advance(40_000);
      pair.expectOne();
      expectAnswered(pair.moon, moonId);
      expectAnswered(pair.sun, sunId);
      expect(pair.moon.count('ike-down') + pair.sun.count('ike-down')).to.equal(0);
      pair.expectNothingLeft();
    });
  }
});

describe('An IKE SA that both ends rekey at once and one deletes meanwhile', () => {
  for (const who of ['moon', 'sun'] as const) {
    it(`is gone at both, with all that was made of it, in whatever order messages come (${who} deletes)`, () => {
      for (let seed = 1; seed <= 40; seed++) {
        const pair = IkePair.up({ seed });
        const random = new SeededRandom(seed);
        const [old] = pair[who].sas;
        pair.moon.command(rekey);
        pair.sun.command(rekey);
        const deleteAt = random.below(6);
        let id: number | null = null;
        for (let step = 0; step < 40; step++) {
          const target = pair[who].established.find((sa) => sa.view().children.length > 0) ?? old;
          if (step === deleteAt && target !== undefined) id = pair[who].command(end, target);
          const from = random.below(2) === 0 ? pair.moon : pair.sun;
          const [flight] = from.outbox.splice(random.below(from.outbox.length), 1);
          if (flight !== undefined) pair.deliver(flight);
        }
        // Where the one that stood was deleted before its rival's answer came, the rival is given up for its silence alone.
        pair.advance(400_000);
        expect([pair.moon.sas.length, pair.sun.sas.length], `seed ${seed}\n${pair.story.join('\n')}`).to.deep.equal([0, 0]);
        expect(id === null ? null : pair[who].answer(id), `seed ${seed}`).to.include({ ok: true });
        pair.expectNothingLeft();
      }
    });
  }
});

describe('A rekey of the IKE SA', () => {
  it('that meets its Delete is put off, and ends with it (RFC 7296 §2.25.2)', () => {
    // moon --> CREATE_CHILD_SA { SA, Ni, KEi }     sun --> INFORMATIONAL { D(IKE) }
    // sun --> N(TEMPORARY_FAILURE)                moon --> INFORMATIONAL { }
    const pair = IkePair.up();
    const rekeying = pair.moon.command(rekey);
    const deletion = pair.sun.command(end);
    pair.cross();
    pair.settle();
    expect([pair.moon.sas.length, pair.sun.sas.length]).to.deep.equal([0, 0]);
    expectAnswered(pair.moon, rekeying, false);
    expectAnswered(pair.sun, deletion);
    expect([pair.moon.inbound.size, pair.sun.inbound.size]).to.deep.equal([0, 0]);
  });

  it('carries the requests that wait over to the new IKE SA', () => {
    const pair = IkePair.up();
    const ids = [
      pair.moon.command(rekey),
      pair.moon.command({ kind: 'create-child', name: 'net' }),
      pair.moon.command({ kind: 'rekey-child', name: null }),
      pair.moon.command({ kind: 'announce-addresses' }),
      pair.moon.command({ kind: 'check-liveness' }),
    ];
    pair.settle();
    pair.advance(5_000);
    for (const id of ids) expectAnswered(pair.moon, id);
    pair.expectOne(2);
    expect(pair.story.findIndex((line) => line.includes('D(IKE)'))).to.be.greaterThan(0);
    pair.expectNothingLeft();
  });

  it('wished for while it is being ended is refused, and the end wins', () => {
    const pair = IkePair.up();
    const rekeying = pair.moon.command(rekey);
    const ending = pair.moon.command(end);
    pair.settle();
    pair.advance(1_000);
    expect([pair.moon.sas.length, pair.sun.established.length]).to.deep.equal([0, 0]);
    expectAnswered(pair.moon, rekeying);
    expectAnswered(pair.moon, ending);
  });

  it('asked for many times at once happens that often, each answered', () => {
    const pair = IkePair.up();
    const ids = [1, 2, 3].map(() => pair.moon.command(rekey));
    pair.settle();
    for (const id of ids) expectAnswered(pair.moon, id);
    pair.expectOne();
    pair.expectNothingLeft();
  });

  it('whose Delete of the old IKE SA never comes ends with the old one going by itself', () => {
    const pair = IkePair.up();
    pair.moon.command(rekey);
    pair.deliver(pair.take(pair.moon, /CREATE_CHILD_SA request/));
    pair.deliver(pair.take(pair.sun, /response/));
    pair.passes = ({ text }) => !text.includes('D(IKE)');
    pair.settle();
    expect(pair.sun.sas).to.have.lengthOf(2);
    pair.advance(61_000);
    pair.expectOne();
  });

  it('keeps MOBIKE’s roles: who began the first IKE SA decides about addresses (RFC 4555 §1.3)', () => {
    const pair = IkePair.up({ sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'] } });
    pair.ask(pair.sun, rekey);
    pair.expectOne();
    expect(pair.sun.view.initiator).to.equal(true);
    const to = { ...pair.moon.view.path, local: { ...pair.moon.view.path.local, port: 4501 } };
    expect(pair.ask(pair.moon, { kind: 'move', path: to, cause: 'test', early: false })).to.match(/^ok: the tunnel is on/);
  });
});

describe('An IKE SA', () => {
  it('that both delete at once is gone at both, and each wish answered', () => {
    // moon --> INFORMATIONAL { D(IKE) }     sun --> INFORMATIONAL { D(IKE) }
    const pair = IkePair.up();
    const ids = [pair.moon.command(end), pair.sun.command(end)] as const;
    pair.cross();
    pair.settle();
    expect([pair.moon.sas.length, pair.sun.sas.length]).to.deep.equal([0, 0]);
    expectAnswered(pair.moon, ids[0]);
    expectAnswered(pair.sun, ids[1]);
    for (const at of [pair.moon, pair.sun]) expect(at.outputs.at(-1)?.kind, 'the last output').to.equal('closed');
  });

  it('that is to be deleted twice answers both wishes', () => {
    const pair = IkePair.up();
    const ids = [pair.moon.command(end), pair.moon.command(end), pair.moon.command({ kind: 'delete-ike', reason: 'again' })];
    pair.settle();
    for (const id of ids) expectAnswered(pair.moon, id);
    expect(pair.moon.outputs.at(-1)?.kind, 'the last output').to.equal('closed');
  });

  it('that is not up yet is gone at once when it is to be deleted', () => {
    const pair = new IkePair();
    pair.moon.initiate();
    const id = pair.moon.command(end);
    expectAnswered(pair.moon, id);
    expect(pair.moon.sas).to.have.lengthOf(0);
    expect(pair.moon.outputs.at(-1)?.kind, 'the last output').to.equal('closed');
  });

  it('does not keep its time by waking at once again and again while its Delete has no answer', () => {
    const pair = IkePair.up({ moon: { peer: { childRekeyMs: 20_000, giveUpMs: 60_000 } } });
    pair.advance(10_000);
    pair.passes = () => false;
    const id = pair.moon.command(end);
    pair.advance(70_000);
    expectAnswered(pair.moon, id);
    expect(pair.moon.sas).to.have.lengthOf(0);
  });

  it('ends all that waits when its peer does not answer, each wish answered once', () => {
    const pair = IkePair.up();
    pair.passes = () => false;
    const ids = [
      pair.moon.command({ kind: 'rekey-child', name: null }),
      pair.moon.command(rekey),
      pair.moon.command({ kind: 'create-child', name: 'net' }),
      pair.moon.command({ kind: 'delete-child', name: 'net' }),
      pair.moon.command({ kind: 'rekey-child', name: 'net' }),
      pair.moon.command({ kind: 'move', path: { ...pair.moon.view.path, device: 'eth1' }, cause: 'test', early: false }),
    ];
    pair.advance(61_000);
    for (const id of ids) expect(pair.moon.answer(id), `command ${id}`).to.not.equal(null);
    expect(pair.moon.sas).to.have.lengthOf(0);
    expect(pair.moon.inbound.size + pair.moon.outbound.size).to.equal(0);
  });
});

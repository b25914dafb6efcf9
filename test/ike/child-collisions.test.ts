/** Child SAs that both ends rekey, create and delete at once (RFC 7296 §2.8, §2.8.1, §2.25.1), message by message. */
import { expect } from 'chai';
import { highNonce, IkePair, lowNonce } from '../support/ike-pair.js';
import type { IkeEnd } from '../support/ike-end.js';

const rekey = { kind: 'rekey-child', name: null } as const;
const remove = { kind: 'delete-child', name: 'net' } as const;

/** The requests of both cross; each gets the other's while its own is out. */
function crossRekeys(pair: IkePair, lowest: 'moon' | 'sun'): { moon: number; sun: number } {
  pair.moon.nonces.push(lowest === 'moon' ? lowNonce : highNonce);
  pair.sun.nonces.push(lowest === 'sun' ? lowNonce : highNonce);
  const ids = { moon: pair.moon.command(rekey), sun: pair.sun.command(rekey) };
  pair.cross();
  return ids;
}

function expectAnswered(end: IkeEnd, id: number, ok = true): void {
  expect(end.answer(id), `${end.name}'s command`).to.include({ ok });
}

describe('A Child SA that both ends rekey at once', () => {
  for (const lowest of ['moon', 'sun'] as const) {
    it(`is replaced by the one without the lowest nonce, which ${lowest} drew, and the loser is deleted by its maker`, () => {
      // moon --> CREATE_CHILD_SA { N(REKEY_SA), … }      sun --> CREATE_CHILD_SA { N(REKEY_SA), … }
      // sun --> answer                                  moon --> answer
      // loser --> INFORMATIONAL { D(redundant) }        winner --> INFORMATIONAL { D(old) }
      const pair = IkePair.up();
      const ids = crossRekeys(pair, lowest);
      pair.cross();
      const [loser, winner] = lowest === 'moon' ? [pair.moon, pair.sun] : [pair.sun, pair.moon];
      const redundant = loser.children.find(({ state }) => state === 'DELETING' || state === 'INSTALLED');
      expect(redundant).to.not.equal(undefined);
      expect(loser.outbox[0]?.text).to.match(/INFORMATIONAL request \d \{ D\(/);
      expect(winner.outbox[0]?.text).to.match(/INFORMATIONAL request \d \{ D\(/);
      pair.settle();
      pair.expectOne();
      expectAnswered(pair.moon, ids.moon);
      expectAnswered(pair.sun, ids.sun);
      pair.expectNothingLeft();
      for (const end of [pair.moon, pair.sun]) expect(end.count('child-rekeyed'), `${end.name}: child-rekeyed`).to.equal(1);
    });

    it(`comes to rest where the answer to the ${lowest === 'moon' ? 'loser' : 'winner'} is lost and asked for again`, () => {
      const pair = IkePair.up();
      const ids = crossRekeys(pair, lowest);
      pair.take(pair.sun, /^CREATE_CHILD_SA response/);
      pair.settle();
      // moon --> CREATE_CHILD_SA { N(REKEY_SA), … } once more
      pair.advance(3_000);
      pair.expectOne();
      expectAnswered(pair.moon, ids.moon);
      expectAnswered(pair.sun, ids.sun);
      pair.expectNothingLeft();
    });

    it(`comes to rest where both answers are lost (${lowest} has the lowest nonce)`, () => {
      const pair = IkePair.up();
      const ids = crossRekeys(pair, lowest);
      pair.take(pair.sun, /response/);
      pair.take(pair.moon, /response/);
      pair.advance(3_000);
      pair.expectOne();
      expectAnswered(pair.moon, ids.moon);
      expectAnswered(pair.sun, ids.sun);
      pair.expectNothingLeft();
    });

    it(`comes to rest where one request arrives only after the other rekey and its Delete are done (${lowest} has the lowest nonce)`, () => {
      // moon --> CREATE_CHILD_SA { N(REKEY_SA) }   held back
      // sun --> CREATE_CHILD_SA { N(REKEY_SA) }    moon --> answer    sun --> INFORMATIONAL { D(old) }
      // moon's request then meets no such Child SA: N(CHILD_SA_NOT_FOUND)
      const pair = IkePair.up();
      pair.moon.nonces.push(lowest === 'moon' ? lowNonce : highNonce);
      pair.sun.nonces.push(lowest === 'sun' ? lowNonce : highNonce);
      const moonId = pair.moon.command(rekey);
      const held = pair.take(pair.moon, /^CREATE_CHILD_SA request/);
      const sunId = pair.sun.command(rekey);
      pair.settle();
      expectAnswered(pair.sun, sunId);
      expect(pair.moon.outbound.size, 'moon can send meanwhile').to.equal(1);
      expect(pair.sun.outbound.size, 'sun can send meanwhile').to.equal(1);
      pair.deliver(held);
      pair.settle();
      expect(pair.story.join('\n')).to.contain('N(CHILD_SA_NOT_FOUND');
      pair.expectOne();
      expectAnswered(pair.moon, moonId);
      pair.expectNothingLeft();
      expect(pair.moon.outputs.filter((o) => o.kind === 'child-down' && !o.rekeyed), 'no Child SA is said to be lost').to.have.lengthOf(0);
      expect(pair.moon.count('child-rekeyed')).to.equal(1);
    });
  }

  it('is yielded to the peer where our own rekey is refused', () => {
    // sun would take no other algorithms: moon's rekey fails, sun's does not.
    const pair = IkePair.up();
    const ids = crossRekeys(pair, 'moon');
    const answer = pair.take(pair.sun, /^CREATE_CHILD_SA response/);
    pair.settle();
    expect(answer.text).to.contain('SA, NONCE');
    pair.advance(3_000);
    pair.expectOne();
    expectAnswered(pair.sun, ids.sun);
  });

  it('is not announced twice, nor lost, when the peer answers late and has deleted the old one', () => {
    const pair = IkePair.up();
    crossRekeys(pair, 'moon');
    const late = pair.take(pair.sun, /^CREATE_CHILD_SA response/);
    pair.settle();
    pair.deliver(late);
    pair.settle();
    pair.expectOne();
    expect(pair.moon.count('child-rekeyed')).to.equal(1);
    expect(pair.moon.count('child-down')).to.equal(0);
    pair.expectNothingLeft();
  });
});

describe('A rekey of a Child SA that is being deleted', () => {
  it('is put off with TEMPORARY_FAILURE and not tried again once the Child SA is gone (RFC 7296 §2.25.1)', () => {
    // moon --> INFORMATIONAL { D(child) }      sun --> CREATE_CHILD_SA { N(REKEY_SA) }
    // sun --> INFORMATIONAL { D(child) }       moon --> CREATE_CHILD_SA { N(TEMPORARY_FAILURE) }
    const pair = IkePair.up();
    const deletion = pair.moon.command(remove);
    const rekeying = pair.sun.command(rekey);
    pair.cross();
    expect(pair.moon.outbox[0]?.text).to.contain('N(TEMPORARY_FAILURE)');
    pair.settle();
    pair.advance(10_000);
    pair.expectOne(0);
    expectAnswered(pair.moon, deletion);
    expectAnswered(pair.sun, rekeying, false);
    pair.expectNothingLeft();
  });

  it('meets CHILD_SA_NOT_FOUND where the Delete is done already, and a new Child SA is made', () => {
    const pair = IkePair.up();
    const rekeying = pair.sun.command(rekey);
    const held = pair.take(pair.sun, /REKEY_SA/);
    const deletion = pair.moon.command(remove);
    const deleted = pair.take(pair.moon, /INFORMATIONAL request/);
    pair.deliver(held);
    pair.take(pair.moon, /TEMPORARY_FAILURE/);
    pair.deliver(deleted);
    pair.settle();
    pair.advance(10_000);
    expectAnswered(pair.moon, deletion);
    expect(pair.said(pair.sun, rekeying)).to.match(/^error: /);
    pair.expectOne(0);
  });
});

describe('Deletes of a Child SA', () => {
  it('that cross are each answered without naming it again (RFC 7296 §1.4.1)', () => {
    // moon --> INFORMATIONAL { D(child) }      sun --> INFORMATIONAL { D(child) }
    // sun --> INFORMATIONAL { }                moon --> INFORMATIONAL { }
    const pair = IkePair.up();
    const ids = [pair.moon.command(remove), pair.sun.command(remove)] as const;
    pair.cross();
    expect(pair.sun.outbox[0]?.text).to.match(/^INFORMATIONAL response \d \{ {2}\}$/);
    expect(pair.moon.outbox[0]?.text).to.match(/^INFORMATIONAL response \d \{ {2}\}$/);
    pair.settle();
    pair.expectOne(0);
    expectAnswered(pair.moon, ids[0]);
    expectAnswered(pair.sun, ids[1]);
    pair.expectNothingLeft();
    for (const end of [pair.moon, pair.sun]) expect(end.count('child-down')).to.equal(1);
  });

  it('whose answers are lost are repeated and answered as before', () => {
    const pair = IkePair.up();
    const id = pair.moon.command(remove);
    pair.deliver(pair.take(pair.moon, /D\(/));
    const first = pair.take(pair.sun, /D\(/);
    pair.advance(2_000);
    expectAnswered(pair.moon, id);
    expect(pair.story.filter((line) => line === `sun --> ${first.text}`)).to.have.lengthOf(1);
    pair.expectOne(0);
  });

  it('that meet the rekey of the same Child SA by its deleter end with nothing but the new one', () => {
    // The Delete of the old SA after a rekey crosses the peer's Delete of the same.
    const pair = IkePair.up();
    const rekeying = pair.moon.command(rekey);
    pair.deliver(pair.take(pair.moon, /REKEY_SA/));
    pair.deliver(pair.take(pair.sun, /^CREATE_CHILD_SA response/));
    const deletion = pair.sun.command(remove);
    pair.settle();
    pair.advance(5_000);
    expectAnswered(pair.moon, rekeying);
    expectAnswered(pair.sun, deletion);
    pair.expectOne(0);
    pair.expectNothingLeft();
  });
});

describe('A rekey of a Child SA', () => {
  it('never leaves a moment without an outbound SA at either end', () => {
    const pair = IkePair.up();
    pair.moon.command(rekey);
    for (;;) {
      expect([pair.moon.outbound.size > 0, pair.sun.outbound.size > 0]).to.deep.equal([true, true]);
      const flight = pair.moon.outbox.shift() ?? pair.sun.outbox.shift();
      if (flight === undefined) break;
      pair.deliver(flight);
    }
    pair.expectOne();
  });

  it('takes packets that were sent on the old SA for a while after its Delete', () => {
    const pair = IkePair.up();
    const [old] = pair.sun.children;
    pair.ask(pair.moon, rekey);
    expect(old === undefined ? false : pair.sun.inbound.has(old.id), 'the inbound half of the old SA').to.equal(true);
    pair.advance(5_000);
    expect(old === undefined ? true : pair.sun.inbound.has(old.id), 'later').to.equal(false);
  });

  it('begins to send on the new SA when the peer does, though the Delete of the old one is lost', () => {
    const pair = IkePair.up();
    pair.moon.command(rekey);
    pair.deliver(pair.take(pair.moon, /REKEY_SA/));
    pair.deliver(pair.take(pair.sun, /response/));
    pair.take(pair.moon, /D\(/);
    const fresh = pair.sun.children.find(({ state }) => state === 'INSTALLED');
    expect(fresh).to.not.equal(undefined);
    if (fresh === undefined) return;
    expect(pair.sun.outbound.has(fresh.id)).to.equal(false);
    pair.sun.input({ kind: 'inbound-activity', child: fresh.id, path: pair.sun.view.path });
    expect(pair.sun.outbound.has(fresh.id)).to.equal(true);
  });

  it('is answered once to everybody who asked for it', () => {
    const pair = IkePair.up();
    const ids = [pair.moon.command(rekey), pair.moon.command(rekey), pair.moon.command({ kind: 'rekey-child', name: 'net' })];
    pair.settle();
    for (const id of ids) expectAnswered(pair.moon, id);
    pair.expectOne();
    expect(pair.moon.count('child-rekeyed')).to.equal(1);
  });

  it('waits for a rekey of the IKE SA that the peer began, and then happens on the new one (RFC 7296 §2.25.2)', () => {
    // sun --> CREATE_CHILD_SA { SA(IKE) … }      moon --> CREATE_CHILD_SA { N(REKEY_SA) }
    // moon --> N(TEMPORARY_FAILURE)              sun --> N(TEMPORARY_FAILURE)
    const pair = IkePair.up();
    const ike = pair.sun.command({ kind: 'rekey-ike' });
    const child = pair.moon.command(rekey);
    pair.cross();
    expect(pair.moon.outbox[0]?.text).to.contain('N(TEMPORARY_FAILURE)');
    expect(pair.sun.outbox[0]?.text).to.contain('N(TEMPORARY_FAILURE)');
    pair.settle();
    pair.advance(10_000);
    expectAnswered(pair.sun, ike);
    expectAnswered(pair.moon, child);
    pair.expectOne();
    pair.expectNothingLeft();
  });
});

describe('A new Child SA', () => {
  const create = { kind: 'create-child', name: 'net' } as const;

  it('made by both at once is made twice, and each can be deleted', () => {
    const pair = IkePair.up();
    const ids = [pair.moon.command(create), pair.sun.command(create)] as const;
    pair.cross();
    pair.settle();
    expectAnswered(pair.moon, ids[0]);
    expectAnswered(pair.sun, ids[1]);
    pair.expectOne(3);
    expect(pair.ask(pair.moon, remove)).to.match(/^ok/);
    pair.expectOne(0);
    pair.expectNothingLeft();
  });

  it('that the peer deletes before its answer is here does not stay', () => {
    // moon --> CREATE_CHILD_SA    sun --> answer (late)    sun --> INFORMATIONAL { D(new) } (first)
    const pair = IkePair.up();
    const id = pair.moon.command(create);
    pair.deliver(pair.take(pair.moon, /CREATE_CHILD_SA/));
    const late = pair.take(pair.sun, /CREATE_CHILD_SA response/);
    pair.sun.command(remove);
    pair.settle();
    pair.deliver(late);
    pair.settle();
    pair.advance(5_000);
    expectAnswered(pair.moon, id, false);
    pair.expectOne(0);
    pair.expectNothingLeft();
  });

  it('of an unknown name is refused at once', () => {
    const pair = IkePair.up();
    expect(pair.ask(pair.moon, { kind: 'create-child', name: 'nowhere' })).to.equal('error: no child is named nowhere');
  });
});

/** What time does to an IKE SA and its Child SAs: liveness, silence, rekeying when due, hard limits (RFC 7296 §2.4, §2.8). */
import { expect } from 'chai';
import { IkePair } from '../support/ike-pair.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, template, type Flight } from '../support/ike-end.js';

const sent = (pair: IkePair, pattern: RegExp): number => pair.story.filter((line) => pattern.test(line)).length;
const hour = 3_600_000;

describe('Liveness', () => {
  it('is asked for only when nothing was heard for as long as configured', () => {
    const pair = IkePair.up({ moon: { peer: { dpdMs: 30_000 } }, sun: { peer: { dpdMs: 0 } } });
    pair.advance(29_000);
    expect(sent(pair, /INFORMATIONAL request/)).to.equal(0);
    pair.advance(2_000);
    expect(sent(pair, /^moon --> INFORMATIONAL request 2 \{ N\(NAT_DETECTION_SOURCE_IP\), N\(NAT_DETECTION_DESTINATION_IP\) \}$/)).to.equal(1);
    pair.advance(60_000);
    expect(sent(pair, /INFORMATIONAL request/)).to.equal(3);
  });

  it('is not asked for while ESP comes in', () => {
    const pair = IkePair.up();
    for (let s = 0; s < 20; s++) {
      pair.advance(10_000);
      for (const end of [pair.moon, pair.sun]) for (const child of end.children) end.input({ kind: 'inbound-activity', child: child.id, path: end.view.path });
    }
    expect(sent(pair, /INFORMATIONAL request/)).to.equal(0);
  });

  it('is asked for once, soon, when somebody says INVALID_IKE_SPI without protection, and the IKE SA lives on', () => {
    const pair = IkePair.up();
    pair.moon.input({ kind: 'invalid-spi-hint' });
    expect(pair.moon.outbox, 'just heard of the peer').to.have.lengthOf(0);
    pair.advance(5_000);
    for (let i = 0; i < 1_000; i++) {
      pair.moon.input({ kind: 'invalid-spi-hint' });
      pair.settle();
    }
    expect(sent(pair, /^moon --> INFORMATIONAL request/)).to.equal(1);
    pair.expectOne();
  });

  it('is repeated with growing gaps, and the IKE SA given up after as long as configured', () => {
    const pair = IkePair.up({ moon: { peer: { giveUpMs: 20_000 } } });
    const times: number[] = [];
    pair.passes = (flight: Flight) => {
      times.push(pair.clock.now);
      return flight.from === pair.sun;
    };
    const start = pair.clock.now;
    pair.moon.command({ kind: 'check-liveness' });
    pair.advance(19_900);
    expect(pair.moon.sas).to.have.lengthOf(1);
    expect(pair.moon.view.unansweredSince).to.equal(start);
    pair.advance(200);
    expect(pair.moon.sas).to.have.lengthOf(0);
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(gaps.length).to.be.within(4, 8);
    for (let i = 1; i < gaps.length; i++) expect(gaps[i] ?? 0, `gap ${i}`).to.be.greaterThan(gaps[i - 1] ?? 0);
    expect(pair.moon.outputs.at(-1)).to.deep.equal({ kind: 'closed', reason: 'the peer did not answer for 20 s', rekeyed: false, authenticationFailed: false });
    expect(pair.moon.inbound.size + pair.moon.outbound.size).to.equal(0);
  });

  it('measures the round trip only where nothing was repeated', () => {
    const pair = IkePair.up();
    pair.moon.command({ kind: 'check-liveness' });
    const request = pair.take(pair.moon, /INFORMATIONAL/);
    pair.clock.now = pair.moon.clock.now;
    pair.deliver(request);
    const answer = pair.take(pair.sun, /response/);
    pair.advance(40);
    pair.deliver(answer);
    expect(pair.moon.view.rttMs).to.equal(40);
    pair.moon.command({ kind: 'check-liveness' });
    pair.moon.outbox.length = 0;
    pair.advance(3_000);
    expect(pair.moon.view.rttMs).to.equal(40);
  });
});

describe('A Child SA', () => {
  it('is rekeyed up to a tenth before its time, by one of both', () => {
    const pair = IkePair.up();
    const [child] = pair.moon.children;
    pair.advance(0.89 * hour);
    expect(sent(pair, /REKEY_SA/)).to.equal(0);
    pair.advance(0.12 * hour);
    expect(sent(pair, /CREATE_CHILD_SA request.*REKEY_SA/)).to.equal(1);
    expect(pair.moon.children[0]?.id).to.not.equal(child?.id);
    pair.expectOne();
    pair.expectNothingLeft();
  });

  it('lives through a day of rekeys of it and of its IKE SA', () => {
    const pair = IkePair.up({ moon: { peer: { dpdMs: 0 } }, sun: { peer: { dpdMs: 0 } } });
    pair.advance(24 * hour);
    pair.expectOne();
    expect(pair.moon.count('ike-rekeyed')).to.be.within(5, 8);
    expect(pair.moon.count('child-rekeyed')).to.be.within(22, 30);
    expect(pair.moon.count('child-down') + pair.moon.count('ike-down')).to.equal(0);
    pair.expectNothingLeft();
  });

  it('is rekeyed when the data plane says that its soft limit is reached', () => {
    const pair = IkePair.up();
    const [child] = pair.moon.children;
    if (child === undefined) throw new Error('there is a Child SA');
    pair.moon.input({ kind: 'soft-expired', child: child.id });
    pair.moon.input({ kind: 'soft-expired', child: child.id });
    pair.settle();
    expect(sent(pair, /REKEY_SA/)).to.equal(1);
    pair.expectOne();
    pair.moon.input({ kind: 'soft-expired', child: child.id });
    pair.settle();
    expect(sent(pair, /REKEY_SA/), 'the old one needs no rekey').to.equal(1);
  });

  it('whose hard limit is reached goes at both ends', () => {
    const pair = IkePair.up();
    const [child] = pair.moon.children;
    if (child === undefined) throw new Error('there is a Child SA');
    pair.moon.input({ kind: 'hard-expired', child: child.id });
    pair.settle();
    expect(sent(pair, /^moon --> INFORMATIONAL request 2 \{ D\(/)).to.equal(1);
    pair.expectOne(0);
    pair.expectNothingLeft();
    pair.moon.input({ kind: 'hard-expired', child: child.id });
    expect(pair.moon.outbox).to.have.lengthOf(0);
  });

  it('whose hard limit is reached during its rekey is followed by the new one', () => {
    const pair = IkePair.up();
    const [child] = pair.moon.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const id = pair.moon.command({ kind: 'rekey-child', name: null });
    pair.deliver(pair.take(pair.moon, /REKEY_SA/));
    pair.moon.input({ kind: 'hard-expired', child: child.id });
    pair.settle();
    pair.advance(5_000);
    expect(pair.moon.answer(id)).to.not.equal(null);
    pair.expectOne();
    pair.expectNothingLeft();
  });

  it('of several has its own time and name', () => {
    const two = (a: string, b: string) => [template('one', `192.168.${a}.0/24`, `192.168.${b}.0/24`), template('two', `172.16.${a}.0/24`, `172.16.${b}.0/24`)];
    const pair = new IkePair({ moon: { peer: { children: two('1', '2') } }, sun: { peer: { children: two('2', '1') } } });
    pair.moon.initiate(['one', 'two']);
    pair.settle();
    pair.expectOne(2);
    expect(pair.moon.children.map(({ name }) => name)).to.deep.equal(['one', 'two']);
    expect(pair.ask(pair.moon, { kind: 'rekey-child', name: 'two' })).to.match(/^ok: Child SA two/);
    expect(pair.ask(pair.moon, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    expect(pair.ask(pair.sun, { kind: 'delete-child', name: 'one' })).to.match(/^ok/);
    expect(pair.ask(pair.sun, { kind: 'delete-child', name: 'one' })).to.match(/^error: no Child SA is named one/);
    pair.expectOne(1);
  });
});

describe('An IKE SA', () => {
  it('is rekeyed once when it is due, though its window was blocked for long', () => {
    const pair = IkePair.up({ moon: { peer: { ikeRekeyMs: 100_000, giveUpMs: 10 * 60_000, dpdMs: 0 } }, sun: { peer: { dpdMs: 0 } } });
    pair.passes = () => false;
    pair.moon.command({ kind: 'check-liveness' });
    pair.advance(280_000);
    pair.passes = () => true;
    pair.advance(30_000);
    expect(sent(pair, /^moon --> CREATE_CHILD_SA request/)).to.equal(1);
    pair.expectOne();
  });

  it('without a Child SA comes up where both can do without (RFC 6023)', () => {
    const pair = new IkePair({ moon: { peer: { childless: true } } });
    pair.moon.initiate();
    pair.settle();
    pair.expectOne(1);
    expect(pair.story[2]).to.equal('moon --> IKE_AUTH request 1 { IDi, IDr, AUTH, N(MOBIKE_SUPPORTED), N(unknown(42555)) }');
    expect(pair.story[4]).to.match(/^moon --> CREATE_CHILD_SA request 2/);
  });

  it('that is closed takes every input without a word, and answers commands', () => {
    const pair = IkePair.up();
    const { sa } = pair.moon;
    pair.ask(pair.moon, { kind: 'delete-ike', reason: 'test' });
    const outputs = pair.moon.outputs.length;
    for (const input of [{ kind: 'wake' }, { kind: 'invalid-spi-hint' }] as const) pair.moon.input(input, sa);
    expect(pair.moon.outputs.length).to.equal(outputs);
    const id = pair.moon.command({ kind: 'rekey-ike' }, sa);
    expect(pair.said(pair.moon, id)).to.equal('error: the IKE SA is closed');
  });

  it('that is deleted here is gone after ten seconds without an answer, at a MOBIKE responder too, and behind a request that has none', () => {
    for (const busy of [false, true]) {
      const pair = IkePair.up();
      pair.passes = () => false;
      if (busy) pair.sun.command({ kind: 'check-liveness' });
      const id = pair.sun.command({ kind: 'delete-ike', reason: 'test' });
      pair.advance(9_900);
      expect(pair.sun.answer(id)).to.equal(null);
      expect(pair.sun.sas).to.have.lengthOf(1);
      pair.advance(200);
      expect(pair.sun.sas).to.have.lengthOf(0);
      expect(JSON.stringify(pair.sun.answer(id))).to.match(/"ok":true.*the IKE SA is gone: deleted here; the peer did not answer/);
    }
  });

  it('is given up by an initiator whom nobody answers', () => {
    const pair = new IkePair({ moon: { peer: { giveUpMs: 30_000 } } });
    pair.passes = () => false;
    pair.moon.initiate();
    pair.advance(31_000);
    expect(pair.moon.sas).to.have.lengthOf(0);
    expect(pair.moon.wakeAt).to.equal(null);
  });

  it('takes no more than 256 requests that wait, and answers those that it drops', () => {
    const pair = IkePair.up();
    const ids = Array.from({ length: 400 }, () => pair.moon.command({ kind: 'create-child', name: 'net' }));
    const dropped = ids.filter((id) => pair.moon.answer(id) !== null);
    expect(dropped).to.have.lengthOf(400 - 257);
    pair.settle();
    for (const id of ids) expect(pair.moon.answer(id), `command ${id}`).to.not.equal(null);
    expect(pair.moon.children.length).to.be.at.most(256);
  });

  it('splits messages that are too long for its path into fragments, where both can (RFC 7383)', () => {
    const many = (a: string, b: string) => [{ ...template('net', `192.168.${a}.0/24`, `192.168.${b}.0/24`), local: Array.from({ length: 60 }, (_, i) => template('x', `10.${a}.${i}.0/25`, '10.0.0.0/8').local).flat() }];
    const pair = new IkePair({ moon: { peer: { children: many('1', '2') }, fragmentSize: 576 }, sun: { fragmentSize: 576 } });
    pair.moon.initiate();
    pair.settle();
    const auth = pair.story.filter((line) => line.startsWith('moon --> IKE_AUTH'));
    expect(auth.length).to.be.greaterThan(2);
    expect(pair.moon.view.state).to.equal('ESTABLISHED');
    const plain = new IkePair({ moon: { peer: { children: many('1', '2'), fragmentation: false }, fragmentSize: 576 }, sun: { fragmentSize: 576 } });
    plain.moon.initiate();
    plain.settle();
    expect(plain.story.filter((line) => line.startsWith('moon --> IKE_AUTH'))).to.have.lengthOf(1);
    expect(plain.moon.view.state).to.equal('ESTABLISHED');
  });

  it('tells its keys apart from those of any other: two of the same peers share nothing', () => {
    const [a, b] = [IkePair.up({ seed: 1 }), IkePair.up({ seed: 2 })];
    const keys = (pair: IkePair): string[] => [...pair.moon.inboundKeys.values(), ...pair.moon.outboundKeys.values()];
    expect(new Set([...keys(a), ...keys(b)]).size).to.equal(4);
  });

  it('half open at a responder costs the peer’s retransmissions nothing but repeats', () => {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
    for (let i = 0; i < 50; i++) double.say(double.request, 500);
    expect(double.end.outbox).to.have.lengthOf(50);
    expect(new Set(double.end.outbox.map(({ bytes }) => bytes.length)).size).to.equal(1);
    expect(double.end.sas).to.have.lengthOf(1);
  });
});

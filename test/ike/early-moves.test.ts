/** Our own ESP ahead of what both ends have agreed: early moves of MOBIKE's initiator, and a responder that leans (RFC 4555 §3.5, §3.6). */
import { expect } from 'chai';
import type { DatagramPath } from '../../lib/util/address.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { findNotify } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, path, reversed } from '../support/ike-end.js';
import { IkePair, lowNonce } from '../support/ike-pair.js';
import { aloneOn, home, mirrored, moveTo, outbound, second, switches, testOf, third, verdicts } from '../support/path-news.js';

const early = (to: DatagramPath) => moveTo(to, true);
/** As sun sees it. */
const lean = (to: DatagramPath) => early(mirrored(to));

function up(): IkePair {
  const pair = IkePair.up({
    moon: { ownAddresses: ['10.1.0.1', '10.2.0.1', '10.3.0.1'] },
    sun: { ownAddresses: ['10.1.0.2', '10.2.0.2', '10.3.0.2'] },
  });
  for (const end of [pair.moon, pair.sun]) end.paths.length = 0;
  return pair;
}

function dummies(end: IkeEnd): number {
  return end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : [])).filter(({ kind }) => kind === 'send-dummy').length;
}

function moves(end: IkeEnd): string[] {
  return end.paths.flatMap((news) => (news.kind === 'moved' ? [`${news.to.local.address} ${news.cause}${news.byPeer ? ' (peer)' : ''}`] : []));
}

describe('An early move by the MOBIKE initiator', () => {
  it('takes ESP along at once, with a dummy that shows it, and is a move when the peer has agreed', () => {
    const pair = up();
    const id = pair.moon.command(early(second));
    expect(switches(pair.moon)).to.deep.equal(['10.2.0.1 → 10.2.0.2']);
    expect(dummies(pair.moon)).to.equal(1);
    expect(moves(pair.moon)).to.deep.equal([]);
    expect(pair.moon.view.trafficPath).to.deep.equal(second);
    const kinds = pair.moon.outputs.map((o) => o.kind);
    expect(kinds.lastIndexOf('transmit'), 'before the first message').to.be.greaterThan(kinds.lastIndexOf('data-plane'));
    pair.settle();
    expect(pair.said(pair.moon, id)).to.match(/^ok: the tunnel is on 10.2.0.1/);
    expect(moves(pair.moon)).to.deep.equal(['10.2.0.1 test']);
    expect(moves(pair.sun)).to.deep.equal(['10.2.0.2 the peer moved (peer)']);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
    pair.expectOne();
  });

  it('that nobody answers brings ESP back', () => {
    const pair = up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.1';
    const id = pair.moon.command(early(second));
    pair.advance(3_000);
    expect(pair.said(pair.moon, id)).to.match(/^error: no answer/);
    expect(switches(pair.moon).slice(0, 2)).to.deep.equal(['10.2.0.1 → 10.2.0.2', '10.1.0.1 → 10.1.0.2']);
    expect(dummies(pair.moon)).to.equal(2);
    expect(pair.moon.view.trafficPath).to.deep.equal(home);
    pair.advance(10_000);
    expect(outbound(pair.sun)).to.deep.equal(['10.1.0.1']);
    pair.expectOne();
  });

  it('that the peer refuses brings ESP back', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    const id = end.command(early(second));
    const request = double.hear();
    const cookie = findNotify(request.payloads, notifyType.COOKIE2);
    double.answer(request, [notify(notifyType.UNACCEPTABLE_ADDRESSES), ...(cookie === null ? [] : [cookie])], second);
    expect(end.answer(id)).to.deep.include({ ok: false });
    expect(switches(end)).to.deep.equal(['10.2.0.1 → 10.2.0.2', '10.1.0.1 → 10.1.0.2']);
    expect(end.view.path).to.deep.equal(home);
  });

  it('overtaken by another takes ESP there, and back to where it began if that fails as well', () => {
    const pair = up();
    pair.passes = (flight) => flight.path.local.address === '10.1.0.1' || flight.path.local.address === '10.1.0.2';
    pair.moon.command(early(second));
    pair.moon.command(early(third));
    expect(outbound(pair.moon)).to.deep.equal(['10.3.0.2']);
    pair.advance(4_000);
    expect(outbound(pair.moon)).to.deep.equal(['10.1.0.2']);
    pair.advance(10_000);
    expect(pair.moon.view.path).to.deep.equal(home);
    pair.expectOne();
  });

  it('overtaken by one that is not early leaves ESP where it is until the peer agrees', () => {
    const pair = up();
    pair.moon.command(early(second));
    pair.moon.command(moveTo(third));
    expect(outbound(pair.moon)).to.deep.equal(['10.2.0.2']);
    expect(pair.moon.view.path).to.deep.equal(third);
    expect(pair.moon.view.trafficPath).to.deep.equal(second);
    pair.settle();
    expect(outbound(pair.moon)).to.deep.equal(['10.3.0.2']);
    pair.expectOne();
  });

  it('of a move that is under way already takes ESP along from now on', () => {
    const pair = up();
    const ids = [pair.moon.command(moveTo(second))];
    expect(outbound(pair.moon)).to.deep.equal(['10.1.0.2']);
    ids.push(pair.moon.command(early(second)));
    expect(outbound(pair.moon)).to.deep.equal(['10.2.0.2']);
    pair.settle();
    for (const id of ids) expect(pair.said(pair.moon, id)).to.match(/^ok/);
  });

  it('repeats there what is outstanding, and sends the update when that is answered', () => {
    const pair = up();
    pair.moon.command({ kind: 'rekey-child', name: null });
    pair.take(pair.moon, /REKEY_SA/);
    pair.moon.command(early(second));
    const again = pair.take(pair.moon, /REKEY_SA/);
    expect(again.path).to.deep.equal(second);
    pair.deliver(again);
    pair.settle();
    expect(pair.sun.view.path.remote.address).to.equal('10.2.0.1');
    expect(outbound(pair.moon), 'the new Child SA goes the same way').to.deep.equal(['10.2.0.2']);
    pair.advance(1_000);
    pair.expectOne();
  });

  it('goes on over rekeys of the IKE SA by either end', () => {
    for (const who of ['moon', 'sun'] as const) {
      const pair = up();
      pair[who].command({ kind: 'rekey-ike' });
      const rekey = pair.take(pair[who], /CREATE_CHILD_SA/);
      const id = pair.moon.command(early(second));
      pair.moon.outbox.length = 0;
      pair.deliver(rekey);
      pair.settle();
      pair.advance(2_000);
      expect(pair.said(pair.moon, id), who).to.match(/^ok/);
      expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
      pair.expectOne();
    }
  });
});

describe('A move on an IKE SA of which it is not decided yet whether it stands', () => {
  it('stands when that does, and takes the Child SAs along', () => {
    // sun --> CREATE_CHILD_SA { SA, Ni, KEi }, moon --> the same: two rekeys at once (RFC 7296 §2.8.2)
    // moon answers sun's; its own is still out
    for (const isEarly of [true, false]) {
      const pair = up();
      pair.moon.nonces.push(lowNonce);
      pair.moon.command({ kind: 'rekey-ike' });
      pair.sun.command({ kind: 'rekey-ike' });
      const mine = pair.take(pair.moon, /CREATE_CHILD_SA request/);
      pair.deliver(pair.take(pair.sun, /CREATE_CHILD_SA request/));
      pair.deliver(pair.take(pair.moon, /CREATE_CHILD_SA response/));
      const gone = pair.take(pair.sun, /D\(IKE\)/);
      expect(pair.moon.sas).to.have.lengthOf(2);
      const id = pair.moon.command(moveTo(second, isEarly), pair.moon.sas.at(-1));
      for (const flight of pair.moon.outbox.splice(0)) pair.deliver(flight);
      // The answer comes before the question of whether moon is there, which shows that the new IKE SA stands.
      for (const flight of pair.sun.outbox.splice(0).reverse()) pair.deliver(flight);
      pair.settle();
      expect(pair.said(pair.moon, id)).to.match(/^ok/);
      for (const flight of [mine, gone]) pair.deliver(flight);
      pair.settle();
      pair.advance(40_000);
      expect(pair.moon.view.path, `early: ${isEarly}`).to.deep.equal(second);
      expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
      pair.expectOne();
    }
  });
});

describe('A MOBIKE responder that leans', () => {
  it('sends its own ESP there at once, asks the peer to follow, and is moved', () => {
    // sun --> INFORMATIONAL { N(ADDITIONAL_IP4_ADDRESS), … } from 10.2.0.2
    // moon --> INFORMATIONAL { N(UPDATE_SA_ADDRESSES), … } to 10.2.0.2
    const pair = up();
    const id = pair.sun.command(lean(second));
    expect(outbound(pair.sun)).to.deep.equal(['10.2.0.1']);
    expect(dummies(pair.sun)).to.equal(1);
    expect(pair.sun.view.path.remote.address, 'IKE stays').to.equal('10.1.0.1');
    expect(pair.sun.view.trafficPath.remote.address).to.equal('10.2.0.1');
    expect(moves(pair.sun)).to.deep.equal([]);
    const list = pair.take(pair.sun, /ADDITIONAL_IP4_ADDRESS/);
    expect(list.path.local.address).to.equal('10.2.0.2');
    pair.deliver(list);
    pair.settle();
    expect(pair.said(pair.sun, id)).to.match(/^ok: the peer moved the tunnel/);
    expect(pair.moon.view.path.remote.address).to.equal('10.2.0.2');
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
    pair.expectOne();
  });

  it('whose own address stays the same asks for nothing: its ESP shows all there is', () => {
    const pair = up();
    const to = path('10.1.0.2:4500', '10.2.0.1:4500');
    expect(pair.ask(pair.sun, early(to))).to.match(/^ok: our traffic takes 10.1.0.2/);
    expect(pair.story).to.deep.equal([]);
    expect(outbound(pair.sun)).to.deep.equal(['10.2.0.1']);
  });

  it('keeps leaning when the peer does not follow, until it is told to return', () => {
    const pair = up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.2';
    const id = pair.sun.command(lean(second));
    pair.advance(5_000);
    expect(pair.said(pair.sun, id)).to.contain('did not follow');
    expect(outbound(pair.sun)).to.deep.equal(['10.2.0.1']);
    expect(pair.ask(pair.sun, { kind: 'return-traffic' })).to.match(/^ok: our traffic takes 10.1.0.2/);
    expect(outbound(pair.sun)).to.deep.equal(['10.1.0.1']);
    expect(dummies(pair.sun)).to.equal(2);
    expect(pair.ask(pair.sun, { kind: 'return-traffic' }), 'once more').to.match(/^ok/);
    expect(switches(pair.sun)).to.have.lengthOf(2);
    pair.expectOne();
  });

  it('is brought back by the peer’s UPDATE_SA_ADDRESSES, wherever that comes from', () => {
    for (const to of [home, third]) {
      const pair = up();
      pair.sun.command(lean(second));
      pair.sun.outbox.length = 0;
      pair.moon.command(moveTo(third));
      pair.settle();
      if (to === home) pair.ask(pair.moon, moveTo(home));
      expect(outbound(pair.sun)).to.deep.equal([to.local.address]);
      expect(pair.sun.view.trafficPath).to.deep.equal(pair.sun.view.path);
    }
  });

  it('installs new and rekeyed Child SAs where it leans', () => {
    const pair = up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.2';
    pair.sun.command(lean(second));
    pair.advance(4_000);
    for (const who of ['moon', 'sun'] as const) {
      expect(pair.ask(pair[who], { kind: 'rekey-child', name: null })).to.match(/^ok/);
      pair.advance(5_000);
      expect(outbound(pair.sun), who).to.deep.equal(['10.2.0.1']);
    }
    expect(pair.ask(pair.moon, { kind: 'create-child', name: 'net' })).to.match(/^ok/);
    expect(outbound(pair.sun)).to.deep.equal(['10.2.0.1', '10.2.0.1']);
    pair.ask(pair.sun, { kind: 'return-traffic' });
    expect(outbound(pair.sun)).to.deep.equal(['10.1.0.1', '10.1.0.1']);
    pair.expectOne(2);
  });

  it('still leans after a rekey of the IKE SA by either end, and can return from there', () => {
    for (const who of ['moon', 'sun'] as const) {
      const pair = up();
      pair.passes = (flight) => flight.path.local.address !== '10.2.0.2';
      const id = pair.sun.command(lean(second));
      pair.advance(100);
      pair.ask(pair[who], { kind: 'rekey-ike' });
      pair.advance(5_000);
      expect(pair.said(pair.sun, id), who).to.contain('did not follow');
      expect(pair.sun.view.trafficPath.remote.address).to.equal('10.2.0.1');
      pair.ask(pair.sun, { kind: 'return-traffic' });
      expect(outbound(pair.sun)).to.deep.equal(['10.1.0.1']);
      pair.expectOne();
    }
  });

  it('is not moved by the path tests of its own kind over the pair that it asked for', () => {
    const pair = up();
    pair.sun.command(lean(second));
    pair.take(pair.sun, /ADDITIONAL/);
    pair.moon.command(aloneOn(second));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 0 validated']);
    expect(moves(pair.sun)).to.deep.equal([]);
    expect(pair.sun.view.path.remote.address).to.equal('10.1.0.1');
  });

  it('takes a request of another kind over that pair for consent, and no longer leans', () => {
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock(), ownAddresses: ['10.1.0.2', '10.2.0.2'] }));
    const id = double.end.command(lean(second));
    double.answer(double.hear(), [], reversed(second));
    double.ask(exchangeType.INFORMATIONAL, [], reversed(second));
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(moves(double.end)).to.deep.equal(['10.2.0.2 the peer moved (peer)']);
    expect(double.end.view.trafficPath).to.deep.equal(double.end.view.path);
  });

  it('shows itself with what is outstanding, whose own path may lead nowhere', () => {
    const pair = up();
    pair.sun.command({ kind: 'rekey-child', name: null });
    pair.take(pair.sun, /REKEY_SA/);
    pair.passes = (flight) => flight.path.local.address.startsWith('10.2.');
    const id = pair.sun.command(lean(second));
    pair.advance(1_000);
    expect(pair.said(pair.sun, id)).to.match(/^ok/);
    expect(pair.moon.view.path.remote.address).to.equal('10.2.0.2');
    pair.passes = () => true;
    pair.advance(5_000);
    pair.expectOne();
  });

  it('and then elsewhere asks for the newest pair alone', () => {
    const pair = up();
    pair.sun.command({ kind: 'check-liveness' });
    const busy = pair.take(pair.sun, /request/);
    const first = pair.sun.command(lean(third));
    const newest = pair.sun.command(lean(second));
    pair.sun.outbox.length = 0;
    pair.deliver(busy);
    pair.settle();
    expect(pair.said(pair.sun, first)).to.match(/^error: overtaken/);
    expect(pair.said(pair.sun, newest)).to.match(/^ok/);
    expect(moves(pair.sun)).to.deep.equal(['10.2.0.2 the peer moved (peer)']);
  });

  it('and asks on a pair that is dead holds nothing up: the list comes home, and is said again', () => {
    const pair = up();
    pair.passes = (flight) => !flight.path.local.address.startsWith('10.2.');
    pair.sun.command(lean(second));
    pair.sun.command(testOf([mirrored(home)], { timeoutMs: 100 }));
    pair.advance(700);
    expect(verdicts(pair.sun)).to.deep.equal(['10.1.0.2 answered 0 validated']);
    pair.advance(10_000);
    expect(pair.sun.view.path.remote.address).to.equal('10.1.0.1');
    expect(pair.moon.view.peerAddresses).to.deep.equal(['10.2.0.2', '10.3.0.2']);
    pair.expectOne();
  });

  it('is nothing that MOBIKE’s initiator can be told to return from', () => {
    const pair = up();
    pair.moon.command(early(second));
    expect(pair.ask(pair.moon, { kind: 'return-traffic' })).to.match(/^ok: our traffic takes 10.2.0.1/);
    expect(outbound(pair.moon)).to.deep.equal(['10.2.0.2']);
  });
});

describe('Both ends that move at once', () => {
  it('end where the initiator decided', () => {
    const pair = up();
    const mine = pair.moon.command(early(second));
    pair.sun.command(lean(third));
    pair.cross();
    pair.settle();
    pair.advance(10_000);
    expect(pair.said(pair.moon, mine)).to.match(/^ok/);
    expect(pair.moon.view.path).to.deep.equal(second);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
    pair.expectOne();
  });
});

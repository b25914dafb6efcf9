/** Hosts that lose their only address and get another, or the same one back, with and without MOBIKE (RFC 4555 §3.5, §3.11, RFC 7296 §2.23). */
import { expect } from 'chai';
import { address } from '../support/ike-end.js';
import { IkePair, type IkePairOptions } from '../support/ike-pair.js';
import { aloneOn, home, mirrored, moveTo, outbound, second, verdicts } from '../support/path-news.js';

function up(options: IkePairOptions = {}): IkePair {
  return IkePair.up({ ...options, moon: { ownAddresses: ['10.1.0.1', '10.2.0.1'], ...options.moon }, sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'], ...options.sun } });
}

/** A NAT before moon that shows it by one port, and knows only the port that it shows now. */
function nat(pair: IkePair): { rebind: () => void } {
  let port = 2_000;
  const shown = (own: number): number => (own === 500 ? 999 : port);
  pair.translate = (p, flight) => {
    if (flight.from === pair.moon) return { ...p, remote: { address: address('203.0.113.1'), port: shown(p.remote.port) } };
    return { ...p, local: { address: address('10.1.0.1'), port: p.local.port === 999 ? 500 : 4_500 } };
  };
  pair.passes = (flight) => flight.from === pair.moon || [999, port].includes(flight.path.remote.port);
  return { rebind: () => { port++; } };
}

describe('An initiator that loses its only address', () => {
  it('and gets another one half a minute later is there again in one exchange', () => {
    const pair = up();
    pair.passes = () => false;
    pair.advance(35_000);
    expect(pair.moon.view.unansweredSince, 'its liveness check is out').to.not.equal(null);
    pair.passes = (flight) => flight.path.local.address.startsWith('10.2.');
    const before = pair.clock.now;
    const id = pair.moon.command(moveTo(second));
    pair.settle();
    expect(pair.said(pair.moon, id)).to.match(/^ok/);
    expect(pair.clock.now - before).to.equal(0);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
    pair.passes = () => true;
    pair.advance(60_000);
    pair.expectOne();
  });

  it('and tries others in vain meanwhile, each for three seconds, is there again with the one that works', () => {
    const pair = up();
    pair.passes = () => false;
    const dead = [1, 2, 3].map((last) => pair.moon.command(moveTo({ ...second, local: { ...second.local, address: address(`10.9.0.${last}`) } }, true)));
    pair.advance(3_000);
    pair.passes = (flight) => flight.path.local.address.startsWith('10.2.');
    expect(pair.ask(pair.moon, moveTo(second, true))).to.match(/^ok/);
    for (const id of dead) expect(pair.said(pair.moon, id)).to.match(/^error/);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
  });

  it('and gets the same one back goes on as if nothing had been, with what waited', () => {
    for (const mobike of [true, false]) {
      const pair = up({ moon: { peer: { mobike } } });
      pair.passes = () => false;
      const rekeying = pair.moon.command({ kind: 'rekey-child', name: null });
      pair.advance(20_000);
      pair.passes = () => true;
      pair.advance(11_000);
      expect(pair.said(pair.moon, rekeying), `MOBIKE: ${mobike}`).to.match(/^ok/);
      pair.advance(60_000);
      pair.expectOne();
    }
  });

  it('without MOBIKE gives the IKE SA up as configured, and says why it does not move', () => {
    const pair = up({ moon: { peer: { mobike: false } } });
    expect(pair.ask(pair.moon, moveTo(second, true))).to.contain('does not do MOBIKE');
    expect(pair.ask(pair.sun, moveTo(mirrored(second), true))).to.contain('does not do MOBIKE');
    expect(outbound(pair.sun)).to.deep.equal(['10.1.0.1']);
    pair.passes = () => false;
    pair.advance(95_000);
    expect(pair.moon.established).to.have.lengthOf(0);
  });
});

describe('A responder that loses its only address', () => {
  it('leans and asks for as long as it takes: five minutes (RFC 4555 §3.11)', () => {
    const pair = up();
    pair.passes = () => false;
    pair.sun.command({ kind: 'check-liveness' });
    // The initiator gives up sooner, unless something of its peer gets through.
    for (let i = 0; i < 4; i++) {
      pair.sun.command(moveTo(mirrored(second), true));
      pair.advance(10_000);
    }
    pair.passes = (flight) => flight.path.local.address.startsWith('10.2.');
    const id = pair.sun.command(moveTo(mirrored(second), true));
    pair.advance(3_000);
    expect(pair.said(pair.sun, id)).to.match(/^ok/);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.2.0.2'], ['10.2.0.1']]);
    pair.passes = () => true;
    pair.advance(60_000);
    pair.expectOne();
  });
});

describe('A NAT mapping that expired', () => {
  const behind = (mobike: boolean): { pair: IkePair; rebind: () => void } => {
    const pair = new IkePair({ moon: { peer: { mobike } }, sun: { peer: { mobike } } });
    const { rebind } = nat(pair);
    pair.moon.initiate();
    pair.settle();
    pair.expectOne();
    return { pair, rebind };
  };

  it('is mended by the initiator’s test of the path in use, and the test is answered', () => {
    const { pair, rebind } = behind(true);
    // What the peer saw of us when the IKE SA came up is not in its messages: the first test tells.
    pair.moon.command(aloneOn(pair.moon.view.path));
    pair.settle();
    rebind();
    pair.moon.command(aloneOn(pair.moon.view.path));
    pair.settle();
    expect(verdicts(pair.moon).at(-1)).to.contain('answered');
    expect(pair.sun.view.path.remote.port).to.equal(2_001);
    expect(pair.moon.paths.filter((news) => news.kind === 'moved').map((news) => news.cause).at(-1)).to.equal('the NAT mapping changed');
  });

  it('can’t be mended by the responder, whose questions reach nobody, and is by the initiator’s next one', () => {
    for (const mobike of [true, false]) {
      const { pair, rebind } = behind(mobike);
      pair.ask(pair.moon, { kind: 'check-liveness' });
      rebind();
      pair.sun.command({ kind: 'check-liveness' });
      pair.advance(10_000);
      expect(pair.sun.view.unansweredSince, `MOBIKE: ${mobike}`).to.not.equal(null);
      pair.ask(pair.moon, { kind: 'check-liveness' });
      pair.advance(10_000);
      expect(pair.sun.view.unansweredSince).to.equal(null);
      expect(pair.sun.view.path.remote.port).to.equal(2_001);
      pair.expectOne();
    }
  });

  it('does not let an attacker’s copies of old messages take the IKE SA elsewhere', () => {
    const { pair } = behind(true);
    const copies: Uint8Array[] = [];
    const deliver = pair.deliver.bind(pair);
    pair.deliver = (flight) => {
      if (flight.from === pair.moon) copies.push(flight.bytes);
      deliver(flight);
    };
    pair.moon.command(aloneOn(home));
    pair.advance(60_000);
    for (const bytes of copies) pair.sun.receive({ ...pair.sun.view.path, remote: { address: address('198.51.100.1'), port: 6_666 } }, bytes);
    pair.settle();
    expect(pair.sun.view.path.remote.address).to.equal('203.0.113.1');
    pair.expectOne();
  });
});

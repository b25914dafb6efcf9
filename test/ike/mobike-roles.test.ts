/** What each role owes the other in MOBIKE (RFC 4555): acceptable addresses, proof of new ones, lists, NATs that come and go, both families. */
import { expect } from 'chai';
import { addressBytes, type DatagramPath } from '../../lib/util/address.js';
import { after } from '../../lib/util/brands.js';
import { concat, toHex, utf8 } from '../../lib/util/bytes.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { findNotify } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { address, Clock, IkeEnd, path } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';
import { aloneOn, home, mirrored, moveTo, outbound, second, switches, testOf, third, verdicts } from '../support/path-news.js';

const six: DatagramPath = { ...path('[fd01::1]:4500', '[fd01::2]:4500'), device: 'eth1' };

function up(): IkePair {
  const own = (last: number): string[] => ['10.1.0.', '10.2.0.', '10.3.0.', 'fd01::'].map((net) => `${net}${last}`);
  return IkePair.up({ moon: { ownAddresses: own(1) }, sun: { ownAddresses: own(2) } });
}

function keepalives(end: IkeEnd): string[] {
  return end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : [])).flatMap((c) => (c.kind === 'send-keepalive' ? [c.path.local.address] : []));
}

/** Between these addresses of moon's and sun there is a NAT. */
function behindNat(pair: IkePair, ...addresses: readonly string[]): void {
  const shown = (text: string): string => text.replace(/^10\./, '203.');
  const inside = new Map(addresses.map((text) => [shown(text), text]));
  pair.translate = (p, flight) => {
    if (flight.from === pair.moon && addresses.includes(p.remote.address)) return { ...p, remote: { address: address(shown(p.remote.address)), port: 1_024 } };
    const own = inside.get(p.local.address);
    return own === undefined ? p : { ...p, local: { address: address(own), port: 4_500 } };
  };
}

describe('A MOBIKE responder asked to move', () => {
  const established = (): IkeDouble => IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock(), ownAddresses: ['10.1.0.2', '10.2.0.2'] }));
  const update = (double: IkeDouble, from: DatagramPath): string | undefined =>
    double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES), notify(notifyType.COOKIE2, new Uint8Array(8))], from)?.text;

  for (const [what, from] of [
    ['an address of its own that it does not use', path('10.9.0.2:4500', '10.1.0.1:4500')],
    ['an address of its own as the peer’s', path('10.1.0.2:4500', '10.2.0.2:4500')],
  ] as const) {
    it(`to ${what} answers UNACCEPTABLE_ADDRESSES and COOKIE2, and stays (RFC 4555 §3.5)`, () => {
      const double = established();
      expect(update(double, from)).to.match(/N\(UNACCEPTABLE_ADDRESSES\), N\(COOKIE2\)/);
      expect(double.end.view.path).to.deep.equal(path('10.1.0.2:4500', '10.1.0.1:4500'));
      expect(switches(double.end)).to.deep.equal([]);
      expect(double.end.paths.filter(({ kind }) => kind === 'moved')).to.deep.equal([]);
      expect(update(double, path('10.2.0.2:4500', '10.1.0.1:4500')), 'another is fine').to.not.contain('UNACCEPTABLE');
      expect(double.end.view.path.local.address).to.equal('10.2.0.2');
    });
  }

  it('tells the initiator, who stays as well and can go elsewhere', () => {
    const pair = up();
    pair.sun.ownAddresses = pair.sun.ownAddresses.filter((own) => own.address !== '10.2.0.2');
    expect(pair.ask(pair.moon, moveTo(second, true))).to.match(/^error: the peer answered UNACCEPTABLE_ADDRESSES/);
    expect(pair.ask(pair.moon, moveTo(third, true))).to.match(/^ok/);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['10.3.0.2'], ['10.3.0.1']]);
    pair.expectOne();
  });

  it('refuses IKE_AUTH of a peer that allows no NAT where there is one (RFC 4555 §3.9)', () => {
    for (const [last, refused] of [[1, false], [9, true]] as const) {
      const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
      const content = concat(addressBytes(address(`10.1.0.${last}`)), addressBytes(address('10.1.0.2')), Uint8Array.of(0x11, 0x94, 0x11, 0x94));
      const answer = double.auth(double.authPayloads({ more: [notify(notifyType.NO_NATS_ALLOWED, content)] }));
      expect(answer?.text.includes('N(UNEXPECTED_NAT_DETECTED)')).to.equal(refused);
      expect(double.end.established).to.have.lengthOf(refused ? 0 : 1);
    }
  });

  it('gives a new address that does not answer no traffic for long, and all of it when it does (RFC 4555 §3.7)', () => {
    const double = established();
    double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], path('10.1.0.2:4500', '10.9.0.1:4500'));
    expect(outbound(double.end)).to.deep.equal(['10.9.0.1']);
    const check = double.hear();
    expect(check.text).to.contain('N(COOKIE2)');
    pass(double.end, 5_000);
    expect(outbound(double.end), 'five seconds later').to.deep.equal(['10.1.0.1']);
    expect(double.end.view.path.remote.address, 'IKE stays and asks on').to.equal('10.9.0.1');
    double.answer(check, check.payloads, path('10.1.0.2:4500', '10.9.0.1:4500'));
    expect(outbound(double.end)).to.deep.equal(['10.9.0.1']);
  });

  it('sends the traffic where the peer was last proved to be, where it says one new address after the other and answers at none', () => {
    const double = established();
    for (const last of [1, 2, 3]) {
      double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], path('10.1.0.2:4500', `10.9.0.${last}:4500`));
      pass(double.end, 1_000);
    }
    expect(outbound(double.end)).to.deep.equal(['10.9.0.3']);
    pass(double.end, 5_000);
    expect(outbound(double.end)).to.deep.equal(['10.1.0.1']);
  });

  it('does not take an answer that may have come from elsewhere for proof', () => {
    // The peer moves on while the check is out: what it answers then was sent to two places.
    const double = established();
    const move = (last: number): void => {
      double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], path('10.1.0.2:4500', `10.9.0.${last}:4500`));
    };
    move(1);
    const check = double.hear();
    move(2);
    double.end.outbox.length = 0;
    double.answer(check, check.payloads, path('10.1.0.2:4500', '10.9.0.2:4500'));
    const again = double.hear();
    expect(again.text).to.contain('N(COOKIE2)');
    expect(toHex(again.payloads[0]?.kind === 'notify' ? again.payloads[0].data : new Uint8Array(0))).to.not.equal(toHex(check.payloads[0]?.kind === 'notify' ? check.payloads[0].data : new Uint8Array(0)));
  });

  it('asked again with the same request answers the same, and moves once', () => {
    const pair = up();
    pair.moon.command(moveTo(second));
    const request = pair.take(pair.moon, /UPDATE_SA_ADDRESSES/);
    pair.deliver(request);
    const [answer] = pair.sun.outbox.filter(({ text }) => text.includes('response'));
    pair.sun.outbox.length = 0;
    for (let i = 0; i < 3; i++) pair.deliver(request);
    expect(pair.sun.outbox.filter(({ text }) => text.includes('response')).map(({ bytes }) => toHex(bytes))).to.deep.equal(Array(3).fill(toHex(waited(answer).bytes)));
    expect(pair.sun.paths.filter(({ kind }) => kind === 'moved')).to.have.lengthOf(1);
  });
});

describe('Lists of addresses', () => {
  it('name the address they come from, and the view leaves out the one in use', () => {
    const pair = up();
    expect(pair.sun.view.peerAddresses).to.deep.equal(['10.2.0.1', '10.3.0.1', 'fd01::1']);
    pair.ask(pair.moon, moveTo(second));
    expect(pair.sun.view.peerAddresses, 'the old one is another now').to.deep.equal(['10.1.0.1', '10.3.0.1', 'fd01::1']);
    expect(pair.moon.view.peerAddresses).to.deep.equal(['10.1.0.2', '10.3.0.2', 'fd01::2']);
    pair.moon.ownAddresses = pair.moon.ownAddresses.filter((own) => own.address !== '10.1.0.1');
    pair.ask(pair.moon, { kind: 'announce-addresses' });
    expect(pair.sun.view.peerAddresses).to.deep.equal(['10.3.0.1', 'fd01::1']);
    pair.ask(pair.moon, { kind: 'rekey-ike' });
    expect(pair.sun.view.peerAddresses, 'after a rekey').to.deep.equal(['10.3.0.1', 'fd01::1']);
  });

  it('do not name what a NAT shows', () => {
    const pair = new IkePair({ moon: { ownAddresses: ['10.1.0.1', '10.2.0.1'] }, sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'] } });
    behindNat(pair, '10.1.0.1');
    pair.moon.initiate();
    pair.settle();
    pair.ask(pair.moon, moveTo(second));
    expect(pair.sun.view.peerAddresses).to.deep.equal([]);
  });

  it('that were repeated from several sources are sent anew (RFC 4555 §3.6)', () => {
    // moon --> INFORMATIONAL { N(ADDITIONAL_*)+ } from 10.1.0.1 (lost), and, moving, from 10.2.0.1
    // moon --> INFORMATIONAL { N(UPDATE_SA_ADDRESSES), … }
    // moon --> INFORMATIONAL { N(ADDITIONAL_*)+ }
    const pair = up();
    pair.moon.command({ kind: 'announce-addresses' });
    pair.take(pair.moon, /ADDITIONAL/);
    pair.moon.command(moveTo(second));
    pair.settle();
    const lists = pair.story.filter((line) => line.startsWith('moon --> INFORMATIONAL request') && line.includes('ADDITIONAL'));
    expect(lists).to.have.lengthOf(2);
    expect(pair.sun.view.peerAddresses).to.deep.equal(['10.1.0.1', '10.3.0.1', 'fd01::1']);
  });

  it('on their way from where the initiator has left are no wish to move', () => {
    const pair = up();
    pair.sun.command({ kind: 'announce-addresses' });
    const list = pair.take(pair.sun, /ADDITIONAL/);
    pair.ask(pair.moon, moveTo({ ...second, remote: home.remote }));
    pair.deliver(list);
    pair.settle();
    expect(pair.moon.view.path.local.address).to.equal('10.2.0.1');
    pair.expectOne();
  });

  it('from another address, while a move is under way, are followed when that fails', () => {
    const pair = up();
    pair.passes = (flight) => !flight.path.local.address.startsWith('10.3.') && !flight.path.remote.address.startsWith('10.3.');
    const mine = pair.moon.command(moveTo(third));
    const theirs = pair.sun.command(moveTo(mirrored(second)));
    pair.advance(6_000);
    expect(pair.said(pair.moon, mine)).to.match(/^error: no answer/);
    expect(pair.said(pair.sun, theirs)).to.match(/^ok/);
    expect(pair.moon.view.path).to.deep.include({ local: second.local, remote: second.remote });
    pair.expectOne();
  });
});

describe('A move between the families', () => {
  it('goes from IPv4 to IPv6 and back, with the rekeys of both on the way', () => {
    const pair = up();
    for (const [to, shown] of [[six, 'fd01::2'], [home, '10.1.0.2'], [six, 'fd01::2']] as const) {
      expect(pair.ask(pair.moon, moveTo(to, true))).to.match(/^ok/);
      expect(outbound(pair.moon)).to.deep.equal([shown]);
      for (const end of [pair.moon, pair.sun]) expect(pair.ask(end, { kind: 'rekey-ike' })).to.match(/^ok/);
      expect(pair.ask(pair.sun, { kind: 'rekey-child', name: null })).to.match(/^ok/);
      pair.advance(5_000);
      expect([pair.moon.view.path.remote.address, pair.sun.view.path.local.address]).to.deep.equal([shown, shown]);
      pair.expectOne();
    }
  });

  it('finds fragments that fit there as well', () => {
    const pair = up();
    pair.passes = () => false;
    pair.moon.command(testOf([second], { alone: true, padToBytes: 1_400, timeoutMs: 100 }));
    pair.advance(200);
    pair.passes = (flight) => flight.bytes.length + 12 + (flight.path.local.address.includes(':') ? 40 : 20) <= 1_280;
    expect(pair.ask(pair.moon, moveTo(six))).to.match(/^ok/);
    pair.expectOne();
  });

  it('is asked for by a responder as well', () => {
    const pair = up();
    const id = pair.sun.command(moveTo(mirrored(six), true));
    pair.settle();
    expect(pair.said(pair.sun, id)).to.match(/^ok/);
    expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([['fd01::2'], ['fd01::1']]);
  });
});

describe('A NAT that a move finds or leaves', () => {
  it('is known to both, the keepalives follow, and its new mappings are followed', () => {
    const pair = up();
    behindNat(pair, '10.2.0.1');
    const nat = (): unknown[] => [pair.moon.view.natLocal, pair.sun.view.natRemote];
    pair.advance(60_000);
    expect(keepalives(pair.moon), 'before').to.deep.equal([]);
    pair.ask(pair.moon, moveTo(second));
    expect(nat()).to.deep.equal([true, true]);
    expect(pair.sun.view.path.remote).to.deep.equal({ address: '203.2.0.1', port: 1_024 });
    pair.advance(61_000);
    expect(keepalives(pair.moon)).to.deep.equal(['10.2.0.1', '10.2.0.1', '10.2.0.1']);
    const reported = pair.sun.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : [])).flatMap((c) => (c.kind === 'switch-path' ? [c.reportNewSource] : []));
    expect(reported.at(-1), 'the responder, who was told of no NAT at first, watches for a new mapping').to.equal(true);
    pair.ask(pair.moon, moveTo(home));
    expect(nat()).to.deep.equal([false, false]);
    pair.advance(60_000);
    expect(keepalives(pair.moon), 'after').to.have.lengthOf(3);
    pair.expectOne();
  });

  it('on a standby path changes nothing of what is known of the one in use', () => {
    const pair = up();
    behindNat(pair, '10.2.0.1');
    pair.moon.command(aloneOn(second));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 0 validated']);
    expect([pair.moon.view.natLocal, pair.sun.view.path.remote.address]).to.deep.equal([false, '10.1.0.1']);
  });

  it('is not invented by a peer that says something of it unasked', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    end.command(aloneOn(second));
    const request = double.hear();
    const hashes = [notify(notifyType.NAT_DETECTION_SOURCE_IP, new Uint8Array(20)), notify(notifyType.NAT_DETECTION_DESTINATION_IP, new Uint8Array(20))];
    double.answer(request, [...request.payloads, ...hashes], second);
    expect(end.view.natLocal).to.equal(false);
    expect(end.outbox.filter(({ text }) => text.includes('UPDATE'))).to.deep.equal([]);
  });

  it('makes no responder send UPDATE_SA_ADDRESSES, whatever the peer answers', () => {
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock() }));
    double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], path('10.1.0.2:4500', '10.9.0.1:4500'));
    const check = double.hear();
    const hashes = [notify(notifyType.NAT_DETECTION_SOURCE_IP, new Uint8Array(20)), notify(notifyType.NAT_DETECTION_DESTINATION_IP, new Uint8Array(20))];
    double.answer(check, [...check.payloads, ...hashes], path('10.1.0.2:4500', '10.9.0.1:4500'));
    expect(double.end.outbox.filter(({ text }) => text.includes('UPDATE'))).to.deep.equal([]);
  });
});

describe('ESP over another pair than the one in use', () => {
  it('is no sign that the peer knows of the move (RFC 4555 §3.12)', () => {
    const pair = up();
    const [child] = pair.moon.children;
    const heardAt = (): number => pair.moon.view.lastHeardAt;
    const before = heardAt();
    pair.advance(1_000);
    pair.moon.input({ kind: 'inbound-activity', child: waited(child).id, path: second });
    expect(heardAt()).to.equal(before);
    pair.moon.input({ kind: 'inbound-activity', child: waited(child).id, path: home });
    expect(heardAt()).to.equal(before + 1_000);
  });
});

describe('Two ends of our own kind', () => {
  it('know each other by their endpoint ids, after rekeys as well', () => {
    const pair = up();
    const ids = (): unknown[] => [pair.moon.view.peerEndpointId, pair.sun.view.peerEndpointId];
    const known = ['sun', 'moon'].map((name) => toHex(utf8(name.padEnd(16))));
    expect(ids()).to.deep.equal(known);
    pair.ask(pair.moon, { kind: 'rekey-ike' });
    pair.ask(pair.sun, { kind: 'rekey-ike' });
    expect(ids()).to.deep.equal(known);
  });

  it('take the older form, which has no id, and longer ones', () => {
    for (const [octets, id] of [[2, null], [17, null], [18, '01'.repeat(16)], [40, '01'.repeat(16)]] as const) {
      const vendor = { kind: 'vendor-id', critical: false, data: utf8('mhtun/1') } as const;
      const end = new IkeEnd({ name: 'moon', clock: new Clock() });
      IkeDouble.calledUp(end, (payloads) => [...payloads, notify(42_555, new Uint8Array(octets).fill(1))], (payloads) => [...payloads, vendor]);
      expect([end.view.peerIsMhtun, end.view.peerEndpointId], `${octets} octets`).to.deep.equal([true, id]);
    }
  });

  it('and no other tell the id', () => {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
    const answer = double.auth();
    expect(answer?.text).to.contain('MOBIKE_SUPPORTED').and.not.contain('42555');
    expect(findNotify(answer?.payloads ?? [], 42_555)).to.equal(null);
    expect(double.end.view.peerEndpointId).to.equal(null);
  });
});

/** Time passes, and nothing is heard. */
function pass(end: IkeEnd, ms: number): void {
  const until = after(end.clock.now, ms);
  while (end.wakeAt !== null && end.wakeAt <= until) {
    end.clock.now = end.wakeAt;
    end.wake();
  }
  end.clock.now = until;
}

function waited<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing there');
  return value;
}

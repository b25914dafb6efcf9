/** Moves of an IKE SA and its Child SAs (RFC 4555 §3.5–§3.9, RFC 7296 §2.23), message by message. */
import { expect } from 'chai';
import { notify } from '../../lib/wire/payloads/notify.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { findNotify } from '../../lib/wire/payload.js';
import { addressBytes, type DatagramPath } from '../../lib/util/address.js';
import { concat } from '../../lib/util/bytes.js';
import { IkePair } from '../support/ike-pair.js';
import { IkeDouble } from '../support/ike-double.js';
import { address, Clock, IkeEnd, path } from '../support/ike-end.js';

const here = path('10.1.0.1:4500', '10.1.0.2:4500');
const there: DatagramPath = { ...path('10.2.0.1:4500', '10.1.0.2:4500'), device: 'eth1' };
const elsewhere: DatagramPath = { ...path('10.3.0.1:4500', '10.1.0.2:4500'), device: 'eth2' };
const move = (to: DatagramPath) => ({ kind: 'move', path: to, cause: 'test', early: false }) as const;

function switches(end: IkeEnd): string[] {
  return end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : []))
    .flatMap((c) => (c.kind === 'switch-path' ? [`${c.path.local.address} → ${c.path.remote.address}`] : []));
}

describe('A move by the MOBIKE initiator', () => {
  it('takes IKE to the new path first, and ESP when the peer has agreed', () => {
    // moon --> INFORMATIONAL { N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*), N(COOKIE2) }
    // sun --> INFORMATIONAL { N(COOKIE2), N(NAT_DETECTION_*) }
    // sun --> INFORMATIONAL { N(COOKIE2) }
    const pair = IkePair.up();
    const id = pair.moon.command(move(there));
    const update = pair.take(pair.moon, /N\(UPDATE_SA_ADDRESSES\), N\(NAT_DETECTION_SOURCE_IP\), N\(NAT_DETECTION_DESTINATION_IP\), N\(COOKIE2\)/);
    expect(update.path).to.deep.equal(there);
    expect(switches(pair.moon)).to.deep.equal([]);
    pair.deliver(update);
    expect(switches(pair.sun)).to.deep.equal(['10.1.0.2 → 10.2.0.1']);
    const said = pair.sun.outbox.map(({ text }) => text);
    expect(said).to.include('INFORMATIONAL request 0 { N(COOKIE2) }', 'the responder’s return routability check');
    expect(said.some((text) => text.startsWith('INFORMATIONAL response 2 { N(COOKIE2), N(NAT_DETECTION_SOURCE_IP)'))).to.equal(true);
    pair.settle();
    expect(pair.said(pair.moon, id)).to.match(/^ok: the tunnel is on 10.2.0.1:4500/);
    expect(switches(pair.moon)).to.deep.equal(['10.2.0.1 → 10.1.0.2']);
    expect(pair.moon.paths.at(-2)).to.deep.equal({ kind: 'moved', from: here, to: there, cause: 'test', byPeer: false });
    expect(pair.sun.paths.filter(({ kind }) => kind === 'moved')).to.have.lengthOf(1);
    pair.expectOne();
  });

  it('repeats a lost UPDATE_SA_ADDRESSES on the new path', () => {
    const pair = IkePair.up();
    const id = pair.moon.command(move(there));
    pair.take(pair.moon, /UPDATE/);
    pair.advance(1_000);
    expect(pair.said(pair.moon, id)).to.match(/^ok/);
    expect(pair.sun.view.path.remote.address).to.equal('10.2.0.1');
  });

  it('that nobody answers goes back, tells the operator once, and tells the peer where it is', () => {
    const pair = IkePair.up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.1';
    const id = pair.moon.command(move(there));
    pair.advance(10_000);
    expect(pair.said(pair.moon, id)).to.match(/^error: no answer over 10.2.0.1/);
    expect(pair.moon.view.path).to.deep.equal(here);
    expect(switches(pair.moon).filter((s) => s.startsWith('10.2'))).to.deep.equal([]);
    expect(pair.sun.view.path.remote.address).to.equal('10.1.0.1');
    pair.expectOne();
  });

  it('whose answers alone are lost ends with both on the old path', () => {
    const pair = IkePair.up();
    pair.passes = (flight) => !(flight.from === pair.sun && flight.path.remote.address === '10.2.0.1');
    const id = pair.moon.command(move(there));
    pair.advance(2_000);
    expect(pair.sun.view.path.remote.address, 'the peer has moved').to.equal('10.2.0.1');
    pair.advance(20_000);
    expect(pair.said(pair.moon, id)).to.match(/^error/);
    expect(pair.sun.view.path.remote.address, 'and back').to.equal('10.1.0.1');
    expect(switches(pair.sun).at(-1)).to.equal('10.1.0.2 → 10.1.0.1');
    pair.expectOne();
  });

  it('overtaken by another is answered, and the newest stands', () => {
    const pair = IkePair.up();
    const first = pair.moon.command(move(there));
    pair.moon.outbox.length = 0;
    const second = pair.moon.command(move(elsewhere));
    pair.settle();
    pair.advance(5_000);
    expect(pair.said(pair.moon, first)).to.match(/^error: overtaken/);
    expect(pair.said(pair.moon, second)).to.match(/^ok/);
    expect(pair.moon.view.path).to.deep.equal(elsewhere);
    expect(pair.sun.view.path.remote.address).to.equal('10.3.0.1');
    expect(switches(pair.moon).at(-1)).to.equal('10.3.0.1 → 10.1.0.2');
  });

  it('and back at once ends where it began at both ends', () => {
    const pair = IkePair.up();
    const out = pair.moon.command(move(there));
    const lost = pair.take(pair.moon, /UPDATE/);
    const back = pair.moon.command(move(here));
    pair.deliver(lost);
    pair.settle();
    pair.advance(5_000);
    expect(pair.said(pair.moon, out)).to.match(/^error: overtaken/);
    expect(pair.said(pair.moon, back)).to.match(/^ok/);
    expect([pair.moon.view.path.local.address, pair.sun.view.path.remote.address]).to.deep.equal(['10.1.0.1', '10.1.0.1']);
  });

  it('wished for twice is answered twice', () => {
    const pair = IkePair.up();
    const ids = [pair.moon.command(move(there)), pair.moon.command(move(there))];
    pair.settle();
    for (const id of ids) expect(pair.said(pair.moon, id)).to.match(/^ok/);
  });

  it('sends what has no answer again on the new path', () => {
    const pair = IkePair.up();
    const rekeying = pair.moon.command({ kind: 'rekey-child', name: null });
    pair.take(pair.moon, /REKEY_SA/);
    pair.moon.command(move(there));
    const again = pair.take(pair.moon, /REKEY_SA/);
    expect(again.path).to.deep.equal(there);
    pair.deliver(again);
    pair.settle();
    expect(pair.said(pair.moon, rekeying)).to.match(/^ok/);
    expect(pair.sun.view.path.remote.address).to.equal('10.2.0.1');
    pair.expectOne();
  });

  it('goes on when the peer rekeys the IKE SA meanwhile', () => {
    // sun --> CREATE_CHILD_SA { SA, Ni, KEi }      moon --> INFORMATIONAL { N(UPDATE_SA_ADDRESSES) } (lost)
    // moon --> answer                             sun --> INFORMATIONAL { D(IKE) }
    const pair = IkePair.up();
    const rekeying = pair.sun.command({ kind: 'rekey-ike' });
    const request = pair.take(pair.sun, /CREATE_CHILD_SA/);
    const moving = pair.moon.command(move(there));
    pair.take(pair.moon, /UPDATE/);
    pair.deliver(request);
    pair.settle();
    pair.advance(10_000);
    expect(pair.said(pair.sun, rekeying)).to.match(/^ok/);
    expect(pair.said(pair.moon, moving)).to.match(/^ok/);
    expect([pair.moon.view.path.local.address, pair.sun.view.path.remote.address]).to.deep.equal(['10.2.0.1', '10.2.0.1']);
    expect(switches(pair.moon).at(-1)).to.equal('10.2.0.1 → 10.1.0.2');
    pair.expectOne();
  });

  it('falls back on the new IKE SA where the peer rekeys it meanwhile and the new path is dead', () => {
    const pair = IkePair.up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.1' || flight.text.startsWith('CREATE_CHILD_SA');
    pair.sun.command({ kind: 'rekey-ike' });
    const request = pair.take(pair.sun, /CREATE_CHILD_SA/);
    const moving = pair.moon.command(move(there));
    pair.deliver(request);
    pair.settle();
    pair.advance(30_000);
    expect(pair.said(pair.moon, moving)).to.match(/^error: no answer over/);
    expect([pair.moon.view.path.local.address, pair.sun.view.path.remote.address]).to.deep.equal(['10.1.0.1', '10.1.0.1']);
    pair.expectOne();
  });

  it('is refused at once without MOBIKE at the peer', () => {
    const pair = IkePair.up({ sun: { peer: { mobike: false } } });
    expect(pair.moon.view.mobike).to.equal(false);
    expect(pair.ask(pair.moon, move(there))).to.contain('the peer does not do MOBIKE');
  });
});

describe('An answer to UPDATE_SA_ADDRESSES', () => {
  const begin = (): { end: IkeEnd; double: IkeDouble; id: number } => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    return { end, double, id: end.command(move(there)) };
  };

  for (const type of ['UNACCEPTABLE_ADDRESSES', 'UNEXPECTED_NAT_DETECTED'] as const) {
    it(`with ${type} takes the move back`, () => {
      const { end, double, id } = begin();
      const request = double.hear();
      const cookie = findNotify(request.payloads, notifyType.COOKIE2);
      double.answer(request, [notify(notifyType[type]), ...(cookie === null ? [] : [cookie])]);
      expect(end.answer(id)).to.deep.include({ ok: false });
      expect(JSON.stringify(end.answer(id))).to.contain(type);
      expect(end.view.path).to.deep.equal(here);
      expect(switches(end)).to.deep.equal([]);
    });
  }

  for (const [what, data] of [['another COOKIE2', new Uint8Array(16)], ['a shorter COOKIE2', new Uint8Array(8)], ['no COOKIE2', null]] as const) {
    it(`with ${what} ends the IKE SA (RFC 4555 §3.7)`, () => {
      const { end, double, id } = begin();
      double.answer(double.hear(), data === null ? [] : [notify(notifyType.COOKIE2, data)]);
      expect(end.sas).to.have.lengthOf(0);
      expect(end.answer(id)).to.include({ ok: false });
      expect(end.count('peer-misbehaved')).to.equal(1);
    });
  }
});

describe('A move that the MOBIKE responder wishes for', () => {
  const toSun2: DatagramPath = { ...path('10.2.0.2:4500', '10.1.0.1:4500'), device: 'eth1' };

  it('shows the peer the new source with the address list, and the peer moves', () => {
    // sun --> INFORMATIONAL { N(ADDITIONAL_IP4_ADDRESS) } from 10.2.0.2
    // moon --> INFORMATIONAL { N(UPDATE_SA_ADDRESSES), … } to 10.2.0.2
    const pair = IkePair.up({ sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'] } });
    const id = pair.sun.command(move(toSun2));
    expect(pair.sun.outbox[0]?.text).to.contain('N(ADDITIONAL_IP4_ADDRESS)');
    pair.settle();
    expect(pair.said(pair.sun, id)).to.match(/^ok/);
    expect(pair.moon.view.path.remote.address).to.equal('10.2.0.2');
    expect(switches(pair.sun).at(-1)).to.equal('10.2.0.2 → 10.1.0.1');
    pair.expectOne();
  });

  it('takes a request over the pair that it asked for as the peer’s consent, UPDATE_SA_ADDRESSES or not', () => {
    // sun --> INFORMATIONAL { N(ADDITIONAL_IP4_ADDRESS) } from 10.2.0.2
    // strongSwan --> any request to 10.2.0.2
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock() }));
    const id = double.end.command(move(toSun2));
    double.answer(double.hear(), []);
    expect(double.end.answer(id)).to.equal(null);
    double.ask(exchangeType.INFORMATIONAL, [], toSun2);
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(double.end.view.path).to.deep.equal(toSun2);
    expect(switches(double.end).at(-1)).to.equal('10.2.0.2 → 10.1.0.1');
  });

  it('that the peer does not follow is answered so, once', () => {
    const pair = IkePair.up();
    pair.passes = (flight) => flight.path.local.address !== '10.2.0.2';
    const id = pair.sun.command(move(toSun2));
    pair.advance(20_000);
    expect(pair.said(pair.sun, id)).to.contain('did not follow');
    expect(pair.sun.view.path.local.address).to.equal('10.1.0.2');
  });

  it('overtaken by another wish, or by the end of the IKE SA, is answered', () => {
    const pair = IkePair.up();
    pair.passes = () => false;
    const first = pair.sun.command(move(toSun2));
    const second = pair.sun.command(move({ ...toSun2, device: 'eth3' }));
    pair.passes = () => true;
    pair.moon.outbox.length = 0;
    pair.sun.outbox.length = 0;
    pair.moon.command({ kind: 'delete-ike', reason: 'test' });
    pair.settle();
    expect(pair.said(pair.sun, first)).to.match(/^error: overtaken/);
    expect(pair.said(pair.sun, second)).to.equal('error: deleted by the peer');
  });

  it('goes on after the peer’s rekey of the IKE SA', () => {
    const pair = IkePair.up({ sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'] } });
    pair.moon.command({ kind: 'rekey-ike' });
    const request = pair.take(pair.moon, /CREATE_CHILD_SA/);
    const id = pair.sun.command(move(toSun2));
    pair.take(pair.sun, /ADDITIONAL/);
    pair.deliver(request);
    pair.settle();
    pair.advance(5_000);
    expect(pair.said(pair.sun, id)).to.match(/^ok/);
    pair.expectOne();
  });
});

describe('A MOBIKE responder', () => {
  const up = (): IkeDouble => IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock() }));
  const fromNew = path('10.1.0.2:4500', '10.9.0.1:4500');

  it('follows UPDATE_SA_ADDRESSES to where the request came from', () => {
    const double = up();
    const answer = double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], fromNew);
    expect(answer).to.not.equal(null);
    expect(double.end.view.path.remote.address).to.equal('10.9.0.1');
  });

  it('takes NO_NATS_ALLOWED with source, destination, source port and destination port as they arrived (RFC 4555 §4.2.6)', () => {
    const double = up();
    // Source 10.9.0.1, destination 10.1.0.2, ports 4500 and 4500.
    const content = Uint8Array.of(10, 9, 0, 1, 10, 1, 0, 2, 0x11, 0x94, 0x11, 0x94);
    const answer = double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES), notify(notifyType.NO_NATS_ALLOWED, content)], fromNew);
    expect(answer?.text).to.not.contain('UNEXPECTED_NAT_DETECTED');
    expect(double.end.view.path.remote.address).to.equal('10.9.0.1');
  });

  it('refuses addresses that were changed on the way with UNEXPECTED_NAT_DETECTED, and stays', () => {
    const double = up();
    const content = concat(addressBytes(address('10.8.0.1')), addressBytes(address('10.1.0.2')), Uint8Array.of(0x11, 0x94, 0x11, 0x94));
    const answer = double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES), notify(notifyType.NO_NATS_ALLOWED, content)], fromNew);
    expect(answer?.text).to.contain('N(UNEXPECTED_NAT_DETECTED)');
    expect(double.end.view.path.remote.address).to.equal('10.1.0.1');
    const list = double.inform(notify(notifyType.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(10, 7, 0, 1)), notify(notifyType.NO_NATS_ALLOWED, content));
    expect(list?.text).to.contain('N(UNEXPECTED_NAT_DETECTED)');
    expect(double.end.view.peerAddresses).to.deep.equal([]);
  });

  it('returns COOKIE2 as it came, and nothing larger than it can be', () => {
    const double = up();
    const cookie = double.random.bytes(64);
    expect(findNotify(double.inform(notify(notifyType.COOKIE2, cookie))?.payloads ?? [], notifyType.COOKIE2)?.data).to.deep.equal(cookie);
    expect(double.inform(notify(notifyType.COOKIE2, double.random.bytes(30_000)))?.payloads).to.deep.equal([]);
  });

  it('takes over the peer’s list of addresses, at most 32, and the empty one', () => {
    const double = up();
    const many = Array.from({ length: 60 }, (_, i) => notify(notifyType.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(10, 9, 9, i)));
    double.inform(...many);
    expect(double.end.view.peerAddresses).to.have.lengthOf(32);
    double.inform(notify(notifyType.ADDITIONAL_IP4_ADDRESS, new Uint8Array(5)), notify(notifyType.ADDITIONAL_IP6_ADDRESS, new Uint8Array(16).fill(0xfd)));
    expect(double.end.view.peerAddresses).to.have.lengthOf(1);
    double.inform(notify(notifyType.NO_ADDITIONAL_ADDRESSES));
    expect(double.end.view.peerAddresses).to.deep.equal([]);
  });

  it('does not pile up routability checks for a peer that moves on and on and never answers', () => {
    const double = up();
    const update = [notify(notifyType.UPDATE_SA_ADDRESSES)];
    for (let i = 0; i < 100; i++) double.ask(exchangeType.INFORMATIONAL, update, path('10.1.0.2:4500', `10.9.0.${i}:4500`));
    double.end.outbox.length = 0;
    const before = double.hearAnswer(0);
    expect(before).to.equal(null);
    // Its own requests: the one that is out, and one more when that is answered.
    double.end.input({ kind: 'command', id: 99, command: { kind: 'check-liveness' } });
    let checks = 0;
    for (let i = 0; i < 10; i++) {
      double.end.clock.now = waited(double.end.wakeAt);
      double.end.wake();
      const flight = double.end.outbox.shift();
      if (flight === undefined) break;
      double.end.outbox.length = 0;
      const request = double.open(flight.bytes);
      if (request === null || request.header.response) continue;
      checks++;
      double.answer(request, request.payloads);
      if (double.end.outbox.length === 0) break;
    }
    expect(checks).to.be.lessThan(4);
  });

  it('has five minutes’ patience with a silent peer (RFC 4555 §3.11), and after its own rekey as well', () => {
    for (const rekey of [false, true]) {
      const pair = IkePair.up();
      if (rekey) pair.ask(pair.sun, { kind: 'rekey-ike' });
      pair.passes = () => false;
      pair.sun.command({ kind: 'check-liveness' });
      pair.advance(200_000);
      expect(pair.sun.established, `rekeyed: ${rekey}`).to.have.lengthOf(1);
      pair.advance(110_000);
      expect(pair.sun.established).to.have.lengthOf(0);
      expect(pair.moon.established, 'the initiator gives up as configured').to.have.lengthOf(0);
    }
  });
});

describe('A MOBIKE initiator', () => {
  it('is not moved by UPDATE_SA_ADDRESSES, which only the initiator may send', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES)], path('10.1.0.1:4500', '10.9.0.2:4500'));
    expect(end.view.path).to.deep.equal(here);
  });

  it('does not do MOBIKE with a peer that offers it unasked', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer: { mobike: false } });
    const double = IkeDouble.calledUp(end);
    expect(end.view.mobike).to.equal(false);
    double.ask(exchangeType.INFORMATIONAL, [notify(notifyType.UPDATE_SA_ADDRESSES), notify(notifyType.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(10, 9, 0, 2))]);
    expect(end.view.peerAddresses).to.deep.equal([]);
  });
});

function waited<T>(value: T | null): T {
  if (value === null) throw new Error('nothing to wait for');
  return value;
}

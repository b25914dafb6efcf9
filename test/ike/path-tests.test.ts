/** Path tests (RFC 4555 §3.7, §3.10): which copy leaves when, what its answer or its silence is worth, and that no dead path holds up the IKE SA. */
import { expect } from 'chai';
import type { IkeCommand } from '../../lib/ike/io.js';
import { maxCopiesPerRequest } from '../../lib/ike/sent-request.js';
import { maxPathsUnderTest } from '../../lib/ike/path-test.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { after } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { path, proposals, type Flight } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';
import { aloneOn, heard, home, moveTo, second, testOf, third, verdicts } from '../support/path-news.js';

/** Datagrams from and to these addresses are lost. */
function dead(...addresses: readonly string[]): (flight: Flight) => boolean {
  return ({ path: { local, remote } }) => !addresses.includes(local.address) && !addresses.includes(remote.address);
}

function up(): IkePair {
  const pair = IkePair.up();
  pair.moon.paths.length = 0;
  pair.sun.paths.length = 0;
  return pair;
}

/** Delivers the flight and what the other end answers at once, each after `ms`. */
function roundTrip(pair: IkePair, flight: Flight, ms = 10): void {
  pair.advance(ms);
  pair.deliver(flight);
  const answer = pair.take(pair.other(flight.from), /response/);
  pair.advance(ms);
  pair.deliver(answer);
}

describe('A test of one path alone', () => {
  it('sends a fresh COOKIE2 there and nowhere else, and validates the path by the answer', () => {
    // moon --> INFORMATIONAL { N(COOKIE2) } over the second pair
    // sun --> INFORMATIONAL { N(COOKIE2) } over the second pair
    const pair = up();
    const id = pair.moon.command(aloneOn(second));
    const probe = pair.take(pair.moon, /^INFORMATIONAL request 2 \{ N\(COOKIE2\) \}$/);
    expect(probe.path).to.deep.equal(second);
    expect(pair.moon.outbox).to.deep.equal([]);
    roundTrip(pair, probe);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 20 validated']);
    expect(heard(pair.moon)).to.deep.equal(['10.2.0.1 20']);
    expect(heard(pair.sun)).to.deep.equal(['10.2.0.2']);
    expect(pair.said(pair.moon, id)).to.equal('ok: 1 of 1 paths answered');
    expect(pair.moon.view.path, 'nothing moves').to.deep.equal(home);
    expect(pair.sun.view.path.remote.address).to.equal('10.1.0.1');
  });

  it('that is not answered is lost, and frees the window over the IKE SA’s own path', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    pair.moon.command(aloneOn(second, 300));
    const rekeying = pair.moon.command({ kind: 'rekey-child', name: null });
    pair.advance(299);
    expect(pair.said(pair.moon, rekeying)).to.equal('nothing');
    pair.advance(1);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 lost']);
    expect(pair.said(pair.moon, rekeying), 'one timeout, one round trip').to.match(/^ok/);
    pair.expectOne();
  });

  it('on a dead path never ends the IKE SA, however often it is asked for', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    for (let i = 0; i < 100; i++) {
      pair.moon.command(aloneOn(second, 2_000));
      pair.sun.command(aloneOn({ ...second, local: second.remote, remote: second.local }, 2_000));
      pair.advance(3_000);
    }
    expect([...new Set(verdicts(pair.moon))]).to.deep.equal(['10.2.0.1 lost']);
    expect(verdicts(pair.moon)).to.have.lengthOf(100);
    pair.expectOne();
  });

  it('says nothing of the peer’s silence while it is out on another path', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    pair.moon.command(aloneOn(second, 5_000));
    pair.advance(4_000);
    expect(pair.moon.view.unansweredSince).to.equal(null);
  });

  it('of the IKE SA’s own path is repeated there, and its late answer tells no round trip', () => {
    const pair = up();
    pair.moon.command(aloneOn(home, 50));
    const first = pair.take(pair.moon, /COOKIE2/);
    pair.advance(50);
    expect(verdicts(pair.moon)).to.deep.equal(['10.1.0.1 lost']);
    expect(heard(pair.moon)).to.deep.equal(['10.1.0.1']);
    pair.deliver(first);
  });

  it('waits for its turn, and answers of the exchange before it are not taken for its own', () => {
    const pair = up();
    pair.moon.command({ kind: 'rekey-child', name: null });
    const rekey = pair.take(pair.moon, /REKEY_SA/);
    pair.moon.command(aloneOn(second));
    expect(pair.moon.outbox).to.deep.equal([]);
    pair.deliver(rekey);
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 0 validated']);
  });

  it('validates nothing where a move repeats it elsewhere first', () => {
    const pair = up();
    pair.moon.command(aloneOn(second));
    const probe = pair.take(pair.moon, /COOKIE2/);
    pair.moon.command({ kind: 'move', path: third, cause: 'test', early: false });
    const again = pair.take(pair.moon, /COOKIE2/);
    expect(again.path, 'at once').to.deep.equal(third);
    pair.deliver(probe);
    const answer = pair.take(pair.sun, /response 2/);
    pair.deliver(answer);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 0']);
  });

  it('is unknown where the window went on before its time was up', () => {
    const pair = IkePair.up({ sun: { ownAddresses: ['10.1.0.2', '10.3.0.2'] } });
    pair.moon.paths.length = 0;
    pair.passes = dead('10.2.0.1');
    pair.moon.command(aloneOn(second, 500));
    pair.moon.command({ kind: 'move', path: third, cause: 'test', early: false });
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal([]);
    pair.advance(500);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 unknown']);
    expect(pair.moon.view.path).to.deep.equal(third);
  });

  it('that the peer’s rekey of the IKE SA overtakes is done again on the new one', () => {
    for (const wish of [aloneOn(second, 5_000), testOf([second], { timeoutMs: 5_000 })]) {
      const pair = up();
      pair.moon.command(wish);
      pair.take(pair.moon, /COOKIE2/);
      expect(pair.ask(pair.sun, { kind: 'rekey-ike' })).to.match(/^ok/);
      expect(pair.moon.sas).to.have.lengthOf(1);
      expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 0 validated']);
    }
  });

  it('tells the round trip of its own path alone', () => {
    const pair = up();
    const before = pair.moon.view.rttMs;
    pair.moon.command(aloneOn(second));
    roundTrip(pair, pair.take(pair.moon, /COOKIE2/), 200);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered 400 validated']);
    expect(pair.moon.view.rttMs).to.equal(before);
    pair.moon.command(aloneOn(home));
    roundTrip(pair, pair.take(pair.moon, /COOKIE2/), 100);
    expect(pair.moon.view.rttMs).to.equal(200);
  });

  it('behind a NAT asks on the current path how it is seen, and on no other', () => {
    const pair = new IkePair();
    const nat = ({ address, port }: DatagramPath['local'], by: number): DatagramPath['local'] => ({ address, port: port + by });
    pair.translate = (p, flight) => (flight.from === pair.moon ? { ...p, remote: nat(p.remote, 1) } : { ...p, local: nat(p.local, -1) });
    pair.moon.initiate();
    pair.settle();
    expect(pair.moon.view.natLocal).to.equal(true);
    pair.moon.command(aloneOn(home));
    pair.take(pair.moon, /N\(COOKIE2\), N\(NAT_DETECTION_SOURCE_IP\), N\(NAT_DETECTION_DESTINATION_IP\)/);
    pair.advance(5_000);
    pair.moon.command(aloneOn(second));
    pair.take(pair.moon, /request \d+ \{ N\(COOKIE2\) \}/);
  });

  it('as large as was asked for leaves in one datagram of just that size', () => {
    for (const [family, ip, udp] of [[4, 20, 12], [6, 40, 12]] as const) {
      const on = family === 4 ? second : path('[fd02::1]:4500', '[fd02::2]:4500');
      for (const size of [600, 1_281, 1_500, 9_000, 65_535]) {
        const pair = up();
        pair.moon.command(testOf([on], { alone: true, padToBytes: size }));
        const probe = pair.take(pair.moon, /N\(COOKIE2\), N\(\S*42556\S*\)/);
        expect(probe.bytes.length + ip + udp, `IPv${family}, ${size}`).to.equal(size);
        expect(pair.moon.outbox).to.deep.equal([]);
        roundTrip(pair, probe);
        expect(verdicts(pair.moon).at(-1)).to.contain('answered 20 validated');
      }
    }
  });

  it('too large for every path is repeated in pieces, so that the window gets free (RFC 7383 §2.4)', () => {
    const pair = up();
    pair.passes = (flight) => flight.bytes.length <= 1_300;
    pair.moon.command(testOf([second], { alone: true, padToBytes: 9_000, timeoutMs: 200 }));
    pair.advance(200);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 lost']);
    expect(pair.ask(pair.moon, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    pair.expectOne();
  });

  it('as large as was asked for makes way for copies, and tells nothing then', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    pair.moon.command(testOf([second], { alone: true, padToBytes: 1_400, timeoutMs: 5_000 }));
    pair.settle();
    pair.moon.command(testOf([home, second]));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 unknown', '10.1.0.1 answered 0']);
  });

  it('of a size is not done with a peer that takes no fragments', () => {
    const pair = IkePair.up({ moon: { peer: { fragmentation: false } } });
    pair.moon.command(testOf([second], { alone: true, padToBytes: 1_400 }));
    expect(pair.moon.outbox).to.deep.equal([]);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 unknown']);
  });
});

describe('A test of several paths at once', () => {
  it('is lost where the copy had the time to arrive before the window went on, and else unknown', () => {
    for (const [laterMs, outcome] of [[60, 'lost'], [10, 'unknown']] as const) {
      const pair = up();
      pair.passes = dead('10.2.0.1');
      pair.moon.command(testOf([home, second], { timeoutMs: 100 }));
      pair.settle();
      pair.advance(laterMs);
      pair.moon.command(aloneOn(third));
      pair.advance(100);
      expect(verdicts(pair.moon).filter((text) => text.startsWith('10.2.0.1')), `${laterMs} ms`).to.deep.equal([`10.2.0.1 ${outcome}`]);
    }
  });

  it('copies one request over each, and each path has its own round trip', () => {
    const pair = up();
    const id = pair.moon.command(testOf([home, second, third]));
    const copies = pair.moon.outbox.splice(0);
    expect(copies.map((flight) => flight.path)).to.deep.equal([home, second, third]);
    expect(new Set(copies.map((flight) => toHex(flight.bytes))).size, 'bit-identical').to.equal(1);
    for (const [i, copy] of copies.entries()) {
      pair.clock.now = after(pair.clock.now, 5 * (i + 1));
      pair.deliver(copy);
      pair.deliver(pair.take(pair.sun, /response/));
    }
    expect(verdicts(pair.moon)).to.deep.equal(['10.1.0.1 answered 5', '10.2.0.1 answered 15', '10.3.0.1 answered 30']);
    expect(heard(pair.sun)).to.deep.equal(['10.1.0.2', '10.2.0.2', '10.3.0.2']);
    expect(pair.said(pair.moon, id)).to.equal('ok: 3 of 3 paths answered');
  });

  it('tells the dead from the living', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    pair.moon.command(testOf([home, second, third], { timeoutMs: 100 }));
    pair.settle();
    pair.advance(100);
    expect(verdicts(pair.moon).sort()).to.deep.equal(['10.1.0.1 answered 0', '10.2.0.1 lost', '10.3.0.1 answered 0']);
  });

  it('is not held up by the request that is out: copies of that leave at once', () => {
    const pair = up();
    pair.moon.command({ kind: 'rekey-child', name: null });
    const rekey = pair.take(pair.moon, /REKEY_SA/);
    pair.moon.command(testOf([home, second]));
    const copies = pair.moon.outbox.splice(0);
    expect(copies.map(({ path: p, bytes }) => [p, bytes])).to.deep.equal([[home, rekey.bytes], [second, rekey.bytes]]);
    const [, over] = copies;
    if (over === undefined) throw new Error('a copy left');
    pair.deliver(over);
    pair.settle();
    expect(verdicts(pair.moon), 'and a key exchange tells no round trip').to.include('10.2.0.1 answered');
    pair.expectOne();
  });

  it('gives a peer that may be computing more time', () => {
    const pair = up();
    pair.moon.command({ kind: 'rekey-ike' });
    pair.take(pair.moon, /CREATE_CHILD_SA/);
    pair.moon.command(testOf([second], { timeoutMs: 20 }));
    pair.moon.outbox.length = 0;
    pair.passes = () => false;
    pair.advance(199);
    expect(verdicts(pair.moon)).to.deep.equal([]);
    pair.advance(1);
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 lost']);
  });

  it('does not copy what tells the peer of addresses, but on its own path (RFC 4555 §3.6)', () => {
    // moon --> INFORMATIONAL { N(NO_ADDITIONAL_ADDRESSES) }
    const pair = up();
    pair.moon.command({ kind: 'announce-addresses' });
    const list = pair.take(pair.moon, /NO_ADDITIONAL_ADDRESSES/);
    pair.moon.command(testOf([home, second]));
    expect(pair.moon.outbox.map((flight) => flight.path)).to.deep.equal([home]);
    pair.deliver(list);
    pair.settle();
    expect(pair.story.filter((line) => line.includes('request')).map((line) => line.split(' request')[1])).to.deep.equal([
      ' 2 { N(NO_ADDITIONAL_ADDRESSES) }', ' 2 { N(NO_ADDITIONAL_ADDRESSES) }', ' 3 { N(COOKIE2) }',
    ]);
    expect(verdicts(pair.moon).sort()).to.deep.equal(['10.1.0.1 answered', '10.2.0.1 answered 0 validated']);
  });

  it('is unknown for a path whose time was not up when the window went on', () => {
    const pair = up();
    pair.moon.command(testOf([home, second], { timeoutMs: 400 }));
    const [first] = pair.moon.outbox.splice(0);
    if (first === undefined) throw new Error('a copy left');
    pair.deliver(first);
    pair.settle();
    pair.ask(pair.moon, { kind: 'rekey-child', name: null });
    pair.advance(400);
    expect(verdicts(pair.moon)).to.deep.equal(['10.1.0.1 answered 0', '10.2.0.1 unknown']);
  });

  it('is unknown at once where two more requests have gone out', () => {
    const pair = up();
    pair.passes = dead('10.2.0.1');
    pair.moon.command(testOf([home, second], { timeoutMs: 60_000 }));
    pair.settle();
    for (let i = 0; i < 2; i++) pair.ask(pair.moon, { kind: 'check-liveness' });
    expect(verdicts(pair.moon)).to.deep.equal(['10.1.0.1 answered 0', '10.2.0.1 unknown']);
  });

  it('of a request that the peer still works on is answered over each path when that is done', () => {
    const esp = { peer: { esp: proposals('esp', 'aes128gcm16-x25519') } };
    const pair = IkePair.up({ moon: esp, sun: esp });
    pair.sun.holdsWork = true;
    pair.moon.command({ kind: 'rekey-child', name: null });
    pair.moon.command(testOf([second, third]));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal([]);
    pair.sun.holdsWork = false;
    pair.sun.doWork();
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 answered', '10.3.0.1 answered']);
    pair.expectOne();
  });

  it('takes an answer of the last request but one that was on its way', () => {
    const pair = up();
    pair.moon.command(testOf([home, second], { timeoutMs: 400 }));
    const [first, other] = pair.moon.outbox.splice(0);
    if (first === undefined || other === undefined) throw new Error('two copies left');
    pair.deliver(first);
    pair.deliver(other);
    const [answer, late] = pair.sun.outbox.splice(0);
    if (answer === undefined || late === undefined) throw new Error('two answers came');
    pair.deliver(answer);
    pair.moon.command({ kind: 'check-liveness' });
    pair.clock.now = after(pair.clock.now, 30);
    pair.deliver(late);
    expect(verdicts(pair.moon)).to.deep.equal(['10.1.0.1 answered 0', '10.2.0.1 answered 30']);
  });

  it('has a limit of paths, past which nothing is said of the rest', () => {
    const pair = up();
    const many = Array.from({ length: maxPathsUnderTest + 10 }, (_, i) => path(`10.5.${i >> 8}.${i & 255}:4500`, '10.1.0.2:4500'));
    const id = pair.moon.command(testOf(many));
    expect(verdicts(pair.moon).filter((v) => v.endsWith('unknown'))).to.have.lengthOf(10);
    expect(pair.moon.outbox).to.have.lengthOf(maxCopiesPerRequest);
    pair.moon.outbox.length = 0;
    pair.passes = (flight) => flight.path.local.address.startsWith('10.1.') && flight.path.remote.address.startsWith('10.1.');
    pair.advance(300_000);
    expect(verdicts(pair.moon)).to.have.lengthOf(many.length);
    expect(pair.said(pair.moon, id)).to.match(/^ok: \d+ of 266 paths answered/);
    pair.expectOne();
  });
});

describe('Path tests during another exchange', () => {
  const others: readonly IkeCommand[] = [
    { kind: 'create-child', name: 'net' }, { kind: 'rekey-child', name: null }, { kind: 'rekey-ike' }, { kind: 'delete-child', name: 'net' },
    { kind: 'announce-addresses' }, { kind: 'check-liveness' }, moveTo(third), moveTo(third, true), aloneOn(third), testOf([third]),
  ];
  for (const other of others) {
    for (const holds of [false, true]) {
      it(`get their verdicts, and ${other.kind} its answer${holds ? ', while keys are being made' : ''}`, () => {
        const own = (last: number): string[] => [1, 2, 3].map((net) => `10.${net}.0.${last}`);
        const pair = IkePair.up({ moon: { ownAddresses: own(1) }, sun: { ownAddresses: own(2) } });
        pair.moon.holdsWork = holds;
        const id = pair.moon.command(other);
        const flights = pair.moon.outbox.splice(0);
        const tests = [aloneOn(second), testOf([home, second])];
        const ids = tests.map((wish) => pair.moon.command(wish));
        for (const flight of flights) pair.deliver(flight);
        pair.moon.holdsWork = false;
        pair.moon.doWork();
        pair.settle();
        pair.advance(5_000);
        for (const wish of tests) {
          const said = pair.moon.paths.flatMap((news) => (news.kind === 'path-tested' && news.test === wish.test ? [news.outcome] : []));
          expect(said, pair.story.join('\n')).to.deep.equal(wish.paths.map(() => 'answered'));
        }
        for (const each of [id, ...ids]) expect(pair.said(pair.moon, each)).to.match(/^ok/);
      });
    }
  }
});

describe('Without MOBIKE', () => {
  it('no path but the own one is tested, since the peer may take any request for a move (RFC 7296 §2.23)', () => {
    const pair = IkePair.up({ sun: { peer: { mobike: false } } });
    pair.moon.command(testOf([home, second]));
    expect(pair.moon.outbox.map(({ path: p, text }) => [p, text])).to.deep.equal([[home, 'INFORMATIONAL request 2 {  }']]);
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.2.0.1 unknown', '10.1.0.1 answered 0']);
  });
});

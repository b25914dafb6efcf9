/** Moves that need more than an update and its answer: a peer that cannot move its Child SAs, and copies everywhere where no pair works. */
import { expect } from 'chai';
import type { DatagramPath } from '../../lib/util/address.js';
import { exchangeType, notifyType, protocolId } from '../../lib/wire/iana.js';
import type { Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';
import { home, mirrored, moveTo, outbound, second, switches, testOf, third, verdicts } from '../support/path-news.js';

describe('A Child SA that a plain peer rekeys as the tunnel moves, for it cannot move it', () => {
  const newSpi = Uint8Array.of(0xab, 0xcd, 0, 9);

  /** The double rekeys the Child SA of IKE_AUTH; afterwards it can delete the old one. */
  function rekey(double: IkeDouble, from: DatagramPath): () => void {
    const old = double.espSpi;
    double.espSpi = newSpi;
    // Of this exchange it is the initiator.
    const payloads = double.childPayloads().map((payload): Payload => {
      if (double.initiator || (payload.kind !== 'ts-i' && payload.kind !== 'ts-r')) return payload;
      return { ...payload, kind: payload.kind === 'ts-i' ? 'ts-r' : 'ts-i' };
    });
    const nonce: Payload = { kind: 'nonce', critical: false, data: double.random.bytes(32) };
    const answer = double.ask(exchangeType.CREATE_CHILD_SA, [notify(notifyType.REKEY_SA, new Uint8Array(0), protocolId.ESP, old), ...payloads, nonce], from);
    expect(answer?.text).to.match(/^CREATE_CHILD_SA response \d+ \{ SA, NONCE, TSi, TSr \}$/);
    return () => {
      double.ask(exchangeType.INFORMATIONAL, [{ kind: 'delete', critical: false, protocol: protocolId.ESP, spiSize: 4, spis: [old] }], from);
    };
  }

  it('stays where it was, and its successor is where the tunnel is', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    end.command(moveTo(second));
    const update = double.hear();
    const drop = rekey(double, second);
    double.answer(update, update.payloads.filter((payload) => payload.kind === 'notify' && payload.notifyType === notifyType.COOKIE2), second);
    expect(end.view.path).to.deep.equal(second);
    expect(outbound(end)).to.deep.equal(['10.1.0.2']);
    drop();
    expect(outbound(end)).to.deep.equal(['10.2.0.2']);
  });

  it('does so where the peer follows a wish of ours by that very rekey', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), ownAddresses: ['10.1.0.2', '10.2.0.2'] });
    const double = IkeDouble.established(end);
    const there = mirrored(second);
    end.command(moveTo(there));
    const drop = rekey(double, there);
    expect(end.view.path).to.deep.equal(there);
    expect(outbound(end)).to.deep.equal(['10.1.0.1']);
    drop();
    expect(outbound(end)).to.deep.equal(['10.2.0.1']);
  });

  it('goes along where the path that is left has failed', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    end.command(moveTo(second, true));
    const update = double.hear();
    rekey(double, second);
    double.answer(update, update.payloads.filter((payload) => payload.kind === 'notify' && payload.notifyType === notifyType.COOKIE2), second);
    expect(outbound(end)).to.deep.equal(['10.2.0.2']);
  });
});

describe('A move in despair', () => {
  const own = (last: number): string[] => ['10.1.0.', '10.2.0.', '10.3.0.'].map((net) => `${net}${last}`);

  it('is answered over the one pair that works, and the next update says that it is that one', () => {
    const pair = IkePair.up({ moon: { ownAddresses: own(1) }, sun: { ownAddresses: own(2) } });
    pair.passes = ({ path: { local } }) => local.address.startsWith('10.3.');
    const id = pair.moon.command(moveTo(second));
    pair.advance(500);
    expect(verdicts(pair.moon)).to.deep.equal([]);
    pair.moon.command(testOf([home, third], { desperate: true }));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal(['10.3.0.1 answered 0']);
    expect(pair.moon.answer(id), 'the peer is elsewhere').to.equal(null);
    pair.moon.command(moveTo(third));
    pair.settle();
    expect([pair.moon.view.path, pair.sun.view.path.remote.address]).to.deep.equal([third, '10.3.0.1']);
    expect(switches(pair.moon).at(-1)).to.equal('10.3.0.1 → 10.3.0.2');
    pair.advance(60_000);
    pair.expectOne();
  });

  it('has no copies as long as some pair may work', () => {
    const pair = IkePair.up({ moon: { ownAddresses: own(1) }, sun: { ownAddresses: own(2) } });
    pair.passes = ({ path: { local } }) => local.address.startsWith('10.3.');
    pair.moon.command(moveTo(second));
    pair.moon.command(testOf([third]));
    pair.settle();
    expect(verdicts(pair.moon)).to.deep.equal([]);
  });
});

/** Copies of a request over several paths, and what an answer over one of them tells. */
import { expect } from 'chai';
import { maxCopiesPerRequest, SentRequest } from '../../lib/ike/sent-request.js';
import { instant, messageId } from '../../lib/util/brands.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { path } from '../support/ike-end.js';

const whole = [Uint8Array.of(1)];
const inPieces = [Uint8Array.of(1), Uint8Array.of(2)];

function request(types: readonly number[] = [], pieces: (() => readonly Uint8Array[]) | null = null, kind: number = exchangeType.INFORMATIONAL): SentRequest {
  return new SentRequest({ messageId: messageId(3), exchangeType: kind, datagrams: whole, payloads: types.map((type) => notify(type)), pieces });
}

const over = (n: number): ReturnType<typeof path> => path(`10.0.0.${n}:4500`, '10.9.0.1:4500');

describe('a request of ours', () => {
  it('may go elsewhere as well, unless it tells of addresses', () => {
    expect(request([notifyType.COOKIE2]).fansOut).to.equal(true);
    for (const name of ['UPDATE_SA_ADDRESSES', 'ADDITIONAL_IP4_ADDRESS', 'ADDITIONAL_IP6_ADDRESS', 'NO_ADDITIONAL_ADDRESSES',
      'NAT_DETECTION_SOURCE_IP', 'NAT_DETECTION_DESTINATION_IP', 'NO_NATS_ALLOWED'] as const) {
      const bound = request([notifyType.COOKIE2, notifyType[name]]);
      expect([bound.isBoundToPath, bound.fansOut], name).to.deep.equal([true, false]);
    }
  });

  it('that went whole goes elsewhere once it is in pieces, and whoever waited hears that nothing will be known', () => {
    const sent = request([], () => inPieces);
    let forgotten = 0;
    sent.noteCopy(over(1), instant(0));
    sent.watch(over(1), { answered: () => undefined, forgotten: () => forgotten++ });
    expect([sent.isWhole, sent.fansOut, sent.datagrams]).to.deep.equal([true, false, whole]);
    sent.breakUp();
    expect([sent.isWhole, sent.fansOut, sent.datagrams, forgotten]).to.deep.equal([false, true, inPieces, 1]);
    sent.breakUp();
    sent.forget();
    expect(forgotten).to.equal(1);
  });

  it('that comes home is in pieces, and patience counts from there', () => {
    const sent = request([], () => inPieces);
    sent.depart(instant(5));
    expect([sent.firstAt, sent.attempts]).to.deep.equal([5, 1]);
    sent.bringHome(instant(9));
    expect([sent.firstAt, sent.datagrams]).to.deep.equal([5, inPieces]);
    sent.away = true;
    sent.bringHome(instant(20));
    expect([sent.firstAt, sent.away]).to.deep.equal([20, false]);
  });

  it('has a round trip where one copy went over the path, and none where more did (Karn)', () => {
    const sent = request([notifyType.COOKIE2]);
    sent.noteCopy(over(1), instant(10));
    expect([sent.isOnlyOver(over(1)), sent.isOnlyOver(over(2)), sent.awaits(over(1)), sent.awaits(over(2))]).to.deep.equal([true, false, true, false]);
    expect(sent.hear(over(1), instant(30))).to.deep.equal({ path: over(1), rttMs: 20, validated: true, watchers: [] });
    expect(sent.awaits(over(1))).to.equal(false);
    sent.noteCopy(over(2), instant(40));
    sent.noteCopy(over(2), instant(50));
    expect(sent.hear(over(2), instant(60))).to.deep.equal({ path: over(2), rttMs: null, validated: false, watchers: [] });
    expect([sent.isOnlyOver(over(1)), sent.wentOver(over(2)), sent.wentOver(over(3))]).to.deep.equal([false, true, false]);
    expect(sent.hear(over(3), instant(60))).to.deep.equal({ path: over(3), rttMs: null, validated: false, watchers: [] });
  });

  it('proves nothing of the path without COOKIE2', () => {
    const sent = request();
    sent.noteCopy(over(1), instant(10));
    expect(sent.hear(over(1), instant(30)).validated).to.equal(false);
  });

  it('tells a watcher once', () => {
    const sent = request();
    const watcher = { answered: () => undefined, forgotten: () => undefined };
    sent.noteCopy(over(1), instant(0));
    sent.watch(over(1), watcher);
    sent.watch(over(2), watcher);
    expect(sent.hear(over(1), instant(1)).watchers).to.deep.equal([watcher]);
    expect(sent.hear(over(1), instant(1)).watchers).to.deep.equal([]);
  });

  it('goes over so many paths, and from several sources where their addresses differ', () => {
    const sent = request();
    sent.noteCopy(path('10.0.0.1:4500', '10.9.0.1:4500'), instant(0));
    sent.noteCopy(path('10.0.0.1:4500', '10.9.0.2:4500'), instant(0));
    expect(sent.fromSeveralSources).to.equal(false);
    for (let n = 2; n < maxCopiesPerRequest; n++) sent.noteCopy(over(n), instant(0));
    expect([sent.fromSeveralSources, sent.takes(over(2)), sent.takes(over(200))]).to.deep.equal([true, true, false]);
    sent.noteCopy(over(200), instant(0));
    expect(sent.wentOver(over(200))).to.equal(false);
  });

  it('takes an answer by the device it came over where there is a choice, and by its addresses where there is none', () => {
    const sent = request();
    const [wire, air] = [{ ...over(1), device: 'eth0' }, { ...over(1), device: 'wlan0' }];
    sent.noteCopy(wire, instant(0));
    sent.noteCopy(air, instant(4));
    expect(sent.hear(air, instant(10))).to.deep.include({ path: air, rttMs: 6 });
    expect(sent.hear({ ...air, device: null }, instant(10)).path).to.equal(wire);
  });

  it('is slow but for INFORMATIONAL: the peer may have to compute', () => {
    expect([request().isSlow, request([], null, exchangeType.CREATE_CHILD_SA).isSlow]).to.deep.equal([false, true]);
  });
});

/** Message IDs (RFC 7296 §2.2, §2.3), retransmission (§2.4) and the timers of an IKE SA. */
import { expect } from 'chai';
import { MessageWindow } from '../../lib/ike/message-window.js';
import { giveUpAfterMs, retransmitDelayMs } from '../../lib/ike/retransmission.js';
import { Timers } from '../../lib/ike/timers.js';
import { instant, messageId } from '../../lib/util/brands.js';

const request = (n: number): Uint8Array => Uint8Array.of(n);

describe('The message window', () => {
  it('numbers our requests from 0', () => {
    const window = new MessageWindow();
    expect([window.takeRequestId(), window.takeRequestId(), window.takeRequestId()]).to.deep.equal([0, 1, 2]);
  });

  it('takes the peer’s requests one after the other, each once', () => {
    const window = new MessageWindow();
    expect(window.classify(messageId(0))).to.equal('new');
    expect(window.classify(messageId(1))).to.equal('out-of-window');
    window.begin();
    expect(window.classify(messageId(0))).to.equal('in-progress');
    window.answer(request(0), [request(9)]);
    expect(window.classify(messageId(0))).to.equal('repeated');
    expect(window.classify(messageId(1))).to.equal('new');
    window.begin();
    window.answer(request(1), [request(8)]);
    expect(window.classify(messageId(0)), 'only the last answer is kept').to.equal('out-of-window');
    expect(window.classify(messageId(0xffff_ffff))).to.equal('out-of-window');
  });

  it('knows the very octets of the request that it answered last', () => {
    const window = new MessageWindow();
    expect(window.isLastRequest(request(0))).to.equal(false);
    expect(window.lastAnswer).to.deep.equal([]);
    window.begin();
    window.answer(request(0), [request(9), request(10)]);
    expect(window.isLastRequest(request(0))).to.equal(true);
    expect(window.isLastRequest(Uint8Array.of(0, 0))).to.equal(false);
    expect(window.lastAnswer).to.deep.equal([request(9), request(10)]);
  });

  it('takes a request anew that was not answered', () => {
    const window = new MessageWindow();
    window.begin();
    window.forget();
    expect(window.classify(messageId(0))).to.equal('new');
  });
});

describe('Retransmission', () => {
  it('waits half a second first where the round trip is not known, then longer each time, at most 10 seconds', () => {
    const delays = Array.from({ length: 12 }, (_, i) => retransmitDelayMs(i + 1, null));
    expect(delays[0]).to.equal(500);
    for (let i = 1; i < delays.length; i++) expect(delays[i] ?? 0).to.be.at.least(delays[i - 1] ?? 0);
    expect(delays.at(-1)).to.equal(10_000);
  });
  it('follows the round trip, within bounds', () => {
    expect(retransmitDelayMs(1, 1)).to.equal(150);
    expect(retransmitDelayMs(1, 50)).to.equal(200);
    expect(retransmitDelayMs(1, 5_000)).to.equal(500);
  });
  it('gives a MOBIKE responder five minutes at least (RFC 4555 §3.11)', () => {
    expect(giveUpAfterMs({ giveUpMs: 60_000 }, false)).to.equal(60_000);
    expect(giveUpAfterMs({ giveUpMs: 60_000 }, true)).to.equal(300_000);
    expect(giveUpAfterMs({ giveUpMs: 600_000 }, true)).to.equal(600_000);
    expect(giveUpAfterMs(null, false)).to.equal(30_000);
  });
});

describe('Timers', () => {
  it('run when due, earliest first, once', () => {
    const timers = new Timers();
    const ran: string[] = [];
    for (const [name, at] of [['c', 30], ['a', 10], ['b', 20]] as const) timers.set(name, instant(at), () => ran.push(name));
    expect(timers.next()).to.equal(10);
    timers.fire(instant(9));
    expect(ran).to.deep.equal([]);
    timers.fire(instant(20));
    expect(ran).to.deep.equal(['a', 'b']);
    expect(timers.next()).to.equal(30);
    timers.fire(instant(100));
    timers.fire(instant(100));
    expect(ran).to.deep.equal(['a', 'b', 'c']);
    expect(timers.next()).to.equal(null);
  });

  it('replace those of the same name, and run no cancelled one', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set('a', instant(1), () => ran.push('old'));
    timers.set('a', instant(5), () => ran.push('new'));
    expect([timers.has('a'), timers.dueAt('a'), timers.dueAt('b')]).to.deep.equal([true, 5, null]);
    timers.set('b', instant(2), () => ran.push('b'));
    timers.cancel('b');
    timers.fire(instant(10));
    expect(ran).to.deep.equal(['new']);
  });

  it('set by one that runs wait for the next time, so that the loop ends', () => {
    const timers = new Timers();
    let runs = 0;
    const again = (): void => {
      runs++;
      timers.set('again', instant(0), again);
    };
    timers.set('again', instant(0), again);
    timers.fire(instant(0));
    expect(runs).to.equal(1);
  });

  it('that one cancels while others run do not run', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set('first', instant(1), () => {
      ran.push('first');
      timers.clear();
    });
    timers.set('second', instant(2), () => ran.push('second'));
    timers.fire(instant(5));
    expect(ran).to.deep.equal(['first']);
  });
});

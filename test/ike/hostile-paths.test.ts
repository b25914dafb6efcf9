/** Answers and requests that lie about paths (RFC 4555 §3.7, §5): forged, repeated, late, and with another COOKIE2. */
import { expect } from 'chai';
import type { DatagramPath } from '../../lib/util/address.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { findNotify } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, path } from '../support/ike-end.js';
import { aloneOn, heard, home, second, testOf, third, verdicts } from '../support/path-news.js';

describe('What an attacker says of paths', () => {
  const begin = (): { end: IkeEnd; double: IkeDouble } => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.calledUp(end);
    end.paths.length = 0;
    return { end, double };
  };
  const seen = (on: DatagramPath): DatagramPath => ({ ...on, device: 'eth0' });

  it('another COOKIE2 ends the IKE SA, and every verdict is given before', () => {
    const { end, double } = begin();
    const id = end.command(aloneOn(second));
    end.command(testOf([home, third]));
    double.answer(double.hear(), [notify(notifyType.COOKIE2, new Uint8Array(16))], seen(second));
    expect(end.sas).to.have.lengthOf(0);
    expect(end.count('peer-misbehaved')).to.equal(1);
    expect(verdicts(end).sort()).to.deep.equal(['10.1.0.1 unknown', '10.2.0.1 unknown', '10.3.0.1 unknown']);
    expect(end.outputs.findIndex(({ kind }) => kind === 'closed')).to.be.greaterThan(end.outputs.map(({ kind }) => kind).lastIndexOf('path-tested'));
    expect(end.answer(id)).to.not.equal(null);
  });

  it('an answer that comes over another pair than it was asked on validates nothing', () => {
    const { end, double } = begin();
    end.command(aloneOn(second, 100));
    const request = double.hear();
    double.answer(request, request.payloads, seen(third));
    expect(verdicts(end)).to.deep.equal([]);
    expect(heard(end)).to.deep.equal(['10.3.0.1']);
    end.clock.now = waited(end.wakeAt);
    end.wake();
    expect(verdicts(end)).to.deep.equal(['10.2.0.1 lost']);
  });

  it('one answer repeated over other pairs, or over one pair again, tells nothing more', () => {
    const { end, double } = begin();
    end.command(testOf([home, second]));
    const request = double.hear();
    const [answer] = double.seal(exchangeType.INFORMATIONAL, request.header.messageId, true, request.payloads);
    if (answer === undefined) throw new Error('an answer');
    for (const on of [home, home, third, home, third]) double.say(answer, 4500, seen(on));
    expect(heard(end)).to.deep.equal(['10.1.0.1 0']);
    expect(verdicts(end)).to.deep.equal(['10.1.0.1 answered 0']);
  });

  it('forged late answers tell nothing', () => {
    const { end, double } = begin();
    end.command(testOf([home, second]));
    const request = double.hear();
    double.answer(request, request.payloads);
    const [late] = double.seal(exchangeType.INFORMATIONAL, request.header.messageId, true, request.payloads);
    if (late === undefined) throw new Error('an answer');
    for (let i = 28; i < late.length; i++) {
      const forged = late.slice();
      forged[i] = (forged[i] ?? 0) ^ 1;
      double.say(forged, 4500, seen(second));
    }
    expect(verdicts(end)).to.deep.equal(['10.1.0.1 answered 0']);
    double.say(late, 4500, seen(second));
    expect(verdicts(end), 'and do no harm').to.deep.equal(['10.1.0.1 answered 0', '10.2.0.1 answered 0']);
  });

  it('a request repeated from many places is heard once from each, and from few', () => {
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock() }));
    double.end.paths.length = 0;
    const id = double.nextId++;
    const [request] = double.seal(exchangeType.INFORMATIONAL, id, false, [notify(notifyType.COOKIE2, double.random.bytes(16))]);
    if (request === undefined) throw new Error('a request');
    for (let round = 0; round < 3; round++) for (let i = 1; i < 100; i++) double.say(request, 4500, path('10.1.0.2:4500', `10.9.0.${i}:4500`));
    expect(heard(double.end)).to.have.lengthOf(16);
    expect(findNotify(double.hearAnswer(id)?.payloads ?? [], notifyType.COOKIE2), 'each is answered').to.not.equal(null);
    expect(double.end.view.path.remote.address, 'and nothing moves').to.equal('10.1.0.1');
  });
});

function waited<T>(value: T | null): T {
  if (value === null) throw new Error('nothing to wait for');
  return value;
}

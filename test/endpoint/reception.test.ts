/** What anybody can send to the IKE ports: where it goes, what is answered, and that nothing of it breaks or fills the endpoint. */
import { expect } from 'chai';
import fc from 'fast-check';
import { destinationOf } from '../../lib/endpoint/demux.js';
import { maxUnprotectedAnswersPerSecond } from '../../lib/endpoint/limits.js';
import { messageId } from '../../lib/util/brands.js';
import { ikeSpi } from '../../lib/util/brands.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { decodeMessage, encodeMessage, type OutgoingHeader } from '../../lib/wire/message.js';
import { findNotify } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { Pair } from '../support/pair.js';
import { ip } from '../support/virtual-host.js';
import type { Flight } from '../support/virtual-network.js';

const stranger = { address: ip('198.51.100.7'), port: 500 };
const sunPort = { address: ip('10.1.0.2'), port: 500 };

const informational: OutgoingHeader = {
  spiI: ikeSpi('1111111111111111'), spiR: ikeSpi('2222222222222222'), majorVersion: 2, minorVersion: 0, exchangeType: exchangeType.INFORMATIONAL,
  initiator: true, version: false, response: false, reservedFlags: 0, messageId: messageId(7),
};

function quietPair(): Pair {
  const pair = new Pair({ seed: 1, moon: { peer: 'start = "never"' }, sun: { remote: null } });
  pair.world.run(100);
  return pair;
}

/** What sun sends to a stranger who sent it this. */
function answersTo(pair: Pair, bytes: Uint8Array, more: Partial<Flight> = {}): Flight[] {
  const before = pair.network.sent.length;
  pair.network.inject({ from: stranger, to: sunPort, bytes, ...more });
  pair.world.run(100);
  return pair.network.sent.slice(before);
}

describe('a datagram from a stranger', () => {
  it('for an IKE SA that is not here is answered by INVALID_IKE_SPI with everything copied', () => {
    // --> INFORMATIONAL {}      <-- INFORMATIONAL { N(INVALID_IKE_SPI) }
    const [answer, ...more] = answersTo(quietPair(), encodeMessage(informational, []));
    expect(more).to.have.length(0);
    const { header, payloads } = decodeMessage(answer?.bytes ?? new Uint8Array(0));
    expect(header).to.deep.include({ ...informational, initiator: false, response: true });
    expect(findNotify(payloads, notifyType.INVALID_IKE_SPI)).not.to.equal(null);
  });

  it('is not answered if it is a response, however wrong', () => {
    const pair = quietPair();
    expect(answersTo(pair, encodeMessage({ ...informational, response: true }, [notify(notifyType.INVALID_IKE_SPI)]))).to.have.length(0);
    expect(answersTo(pair, encodeMessage({ ...informational, response: true, majorVersion: 3 }, []))).to.have.length(0);
    expect(answersTo(pair, encodeMessage({ ...informational, response: true, exchangeType: exchangeType.IKE_SA_INIT }, []))).to.have.length(0);
  });

  it('of a later major version is told ours, and one of IKEv1 nothing', () => {
    const pair = quietPair();
    const [answer] = answersTo(pair, encodeMessage({ ...informational, majorVersion: 3 }, []));
    const { header, payloads } = decodeMessage(answer?.bytes ?? new Uint8Array(0));
    expect(header.majorVersion).to.equal(2);
    expect(findNotify(payloads, notifyType.INVALID_MAJOR_VERSION)?.data).to.deep.equal(Uint8Array.of(2));
    expect(answersTo(pair, encodeMessage({ ...informational, majorVersion: 1 }, []))).to.have.length(0);
  });

  it('is answered a few times a second and no more', () => {
    const pair = quietPair();
    const before = pair.network.sent.length;
    for (let n = 0; n < 500; n++) pair.network.inject({ from: stranger, to: sunPort, bytes: encodeMessage(informational, []) });
    pair.world.run(500);
    expect(pair.network.sent.length - before).to.equal(maxUnprotectedAnswersPerSecond);
  });

  it('with SPIs that begin nothing is dropped', () => {
    const init = { ...informational, exchangeType: exchangeType.IKE_SA_INIT, messageId: messageId(0) };
    const zero = ikeSpi('0000000000000000');
    const first = { ...init, spiR: zero };
    for (const header of [init, { ...first, messageId: messageId(1) }, { ...first, initiator: false }, { ...first, spiI: zero }]) {
      expect(destinationOf(encodeMessage(header, [])).kind).to.equal('drop');
    }
    expect(destinationOf(encodeMessage({ ...init, spiR: zero }, [])).kind).to.equal('init');
  });

  it('of any octets breaks nothing', () => {
    const pair = quietPair();
    const start = fc.constantFrom(
      new Uint8Array(0),
      encodeMessage({ ...informational, exchangeType: exchangeType.IKE_SA_INIT, messageId: messageId(0), spiR: ikeSpi('0000000000000000') }, []).slice(0, 24),
      encodeMessage(informational, []).slice(0, 24),
    );
    fc.assert(fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
      const bytes = Uint8Array.from([...head, 0, 0, 0, 28 + tail.length, ...tail].slice(0, head.length === 0 ? undefined : 28 + tail.length));
      pair.network.inject({ from: stranger, to: sunPort, bytes });
      pair.network.inject({ from: stranger, to: { ...sunPort, port: 4500 }, bytes });
      pair.world.run(100);
    }));
    expect(pair.sun.endpoint.ikeSaCount).to.equal(0);
  });
});

describe('a flood of IKE_SA_INIT requests', () => {
  /** A real request of moon's, which the network kept. */
  function recordedInit(pair: Pair): Uint8Array {
    pair.network.passes = () => false;
    pair.moon.command({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 500 });
    pair.world.run(600);
    pair.network.passes = () => true;
    const init = pair.network.sent.find(({ from }) => from.address === '10.1.0.1');
    expect(init).not.to.equal(undefined);
    return init?.bytes ?? new Uint8Array(0);
  }

  function withSpi(bytes: Uint8Array, n: number): Uint8Array {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(0, n + 1);
    return copy;
  }

  it('from one address makes three half-open SAs and otherwise cookies, which cost no memory', () => {
    const pair = quietPair();
    const init = recordedInit(pair);
    const before = pair.network.sent.length;
    for (let n = 0; n < 200; n++) pair.network.inject({ from: stranger, to: sunPort, bytes: withSpi(init, n) });
    pair.world.run(100);
    expect(pair.sun.endpoint.ikeSaCount).to.equal(3);
    const cookies = pair.network.sent.slice(before).filter(({ bytes }) => findNotify(decodeMessage(bytes).payloads, notifyType.COOKIE) !== null);
    expect(cookies).to.have.length(197);
    expect(cookies.every(({ bytes }) => bytes.length < init.length)).to.equal(true);
  });

  it('from everywhere makes thirty, and an honest peer still gets in', () => {
    const pair = quietPair();
    const init = recordedInit(pair);
    for (let n = 0; n < 300; n++) {
      pair.network.inject({ from: { address: ip(`198.51.${n >> 7}.${n & 127}`), port: 500 }, to: sunPort, bytes: withSpi(init, n) });
    }
    pair.world.run(100);
    expect(pair.sun.endpoint.ikeSaCount).to.equal(30);
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 5_000 }), pair.story().slice(-2000)).to.deep.include({ ok: true });
    pair.world.run(31_000);
    expect(pair.sun.endpoint.ikeSaCount).to.equal(1);
  });

  it('that repeats one request makes one SA, and each copy is answered the same', () => {
    const pair = quietPair();
    const init = recordedInit(pair);
    const answers = [1, 2, 3].flatMap(() => answersTo(pair, init));
    expect(pair.sun.endpoint.ikeSaCount).to.equal(1);
    expect(answers).to.have.length(3);
    expect(new Set(answers.map(({ bytes }) => bytes.join())).size).to.equal(1);
  });
});

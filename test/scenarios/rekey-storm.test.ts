/** Rekeys and deletes of every kind from both ends at random moments, on bad networks: RFC 7296 §2.8, §2.25 as a whole. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

interface Storm {
  readonly seed: number;
  readonly loss: number;
  readonly jitterMs: number;
  readonly delayMs: number;
  readonly rounds: number;
  readonly gapMs: number;
}

interface Outcome {
  readonly pair: Pair;
  readonly sent: number;
  readonly arrived: number;
  readonly unanswered: number;
}

describe('A storm of rekeys', () => {
  for (let seed = 1; seed <= 12; seed++) {
    it(`on a good network loses no packet and leaves one IKE SA and one Child SA (seed ${seed})`, () => {
      const outcome = run({ seed, loss: 0, jitterMs: 3, delayMs: 5, rounds: 25, gapMs: 30 });
      check(outcome, true);
    });
  }
  for (let seed = 101; seed <= 112; seed++) {
    it(`on a lossy, reordering network ends with one IKE SA and one Child SA that both know (seed ${seed})`, () => {
      const outcome = run({ seed, loss: 0.15, jitterMs: 20, delayMs: 5, rounds: 25, gapMs: 60 });
      check(outcome, false);
    });
  }
});

function run(storm: Storm): Outcome {
  const pair = new Pair({ seed: storm.seed, sun: { remote: null } });
  expect(pair.comeUp(), 'the tunnel comes up').to.equal(true);
  Object.assign(pair.network.behaviour, { delayMs: storm.delayMs, jitterMs: storm.jitterMs, loss: storm.loss });
  const before = pair.moon.arrivals.length + pair.sun.arrivals.length;
  let sent = 0;
  const stop = pair.world.every(8, () => {
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    pair.sun.sendInner('192.168.2.1', '192.168.1.1');
    sent += 2;
  });
  const answers: (() => unknown)[] = [];
  for (let round = 0; round < storm.rounds; round++) {
    for (const host of [pair.moon, pair.sun]) if (pair.world.random.fraction() < 0.7) answers.push(host.command(wish(pair, host)));
    pair.world.run(pair.world.random.fraction() * 2 * storm.gapMs);
  }
  Object.assign(pair.network.behaviour, { loss: 0, jitterMs: 0 });
  pair.world.run(3_000);
  stop();
  pair.world.run(90_000);
  const arrived = pair.moon.arrivals.length + pair.sun.arrivals.length - before;
  return { pair, sent, arrived, unanswered: answers.filter((answer) => answer() === null).length };
}

function wish(pair: Pair, host: VirtualHost): Parameters<VirtualHost['command']>[0] {
  const peer = host === pair.moon ? 'sun' : 'moon';
  return pair.world.random.fraction() < 0.7 ? { kind: 'rekey-child', peer, child: null, timeoutMs: 60_000 } : { kind: 'rekey-ike', peer, timeoutMs: 60_000 };
}

function check({ pair, sent, arrived, unanswered }: Outcome, nothingLost: boolean): void {
  const [moon] = pair.moon.sas('sun');
  const [sun] = pair.sun.sas('moon');
  const told = (): string => `\n${pair.story().split('\n').slice(-2000).join('\n')}`;
  expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length], `IKE SAs${told()}`).to.deep.equal([1, 1]);
  expect([moon?.spiI, moon?.spiR], 'the same IKE SA').to.deep.equal([sun?.spiI, sun?.spiR]);
  expect([moon?.children.length, sun?.children.length], `Child SAs${told()}`).to.deep.equal([1, 1]);
  expect([moon?.children[0]?.spiIn, moon?.children[0]?.spiOut], 'the same Child SA').to.deep.equal([sun?.children[0]?.spiOut, sun?.children[0]?.spiIn]);
  expect([pair.moon.counters().length, pair.sun.counters().length], 'SAs in the data plane').to.deep.equal([1, 1]);
  expect(unanswered, 'commands without an answer').to.equal(0);
  if (nothingLost) expect(arrived, `packets arrived, of those sent${told()}`).to.equal(sent);
}

/**
 * One conversation (a tunnel that comes up, rekeys of either SA by either end, a move, the end) in which the network does
 * something to single messages: repeats, drops, holds back, replays (RFC 7296 §2.1, §2.2, §2.3). Beside it stands another one.
 */
import { expect } from 'chai';
import { after } from '../../lib/util/brands.js';
import type { IkeCommand } from '../../lib/ike/io.js';
import { IkePair } from '../support/ike-pair.js';
import { path, type Flight, type IkeEnd } from '../support/ike-end.js';

const wishes: readonly (readonly [who: 'moon' | 'sun', command: IkeCommand])[] = [
  ['moon', { kind: 'rekey-child', name: null }], ['sun', { kind: 'rekey-ike' }], ['sun', { kind: 'rekey-child', name: null }], ['moon', { kind: 'rekey-ike' }],
  ['moon', { kind: 'move', path: path('10.2.0.1:4500', '10.1.0.2:4500'), cause: 'test', early: false }], ['sun', { kind: 'check-liveness' }],
];

/** What becomes of the message that left as the `index`th: the messages that arrive now. */
type Network = (flight: Flight, index: number) => readonly Flight[];

/** Plays the conversation over such a network until everything has come to rest; all that was sent. */
function play(network: Network): { readonly pair: IkePair; readonly sent: readonly Flight[] } {
  const pair = new IkePair({ moon: { ownAddresses: ['10.1.0.1', '10.2.0.1'] } });
  const sent: Flight[] = [];
  const carry = (): void => {
    for (let flight = next(pair); flight !== undefined; flight = next(pair)) {
      const arriving = network(flight, sent.length);
      if (sent.push(flight) > 2_000) throw new Error('they do not come to rest');
      for (const one of arriving) pair.deliver(one);
    }
  };
  const pass = (ms: number): void => {
    for (const until = after(pair.clock.now, ms); pair.clock.now < until; pair.clock.now = after(pair.clock.now, 100)) {
      carry();
      pair.moon.wake();
      pair.sun.wake();
    }
    carry();
  };
  pair.moon.initiate();
  pass(5_000);
  for (const [who, command] of wishes) {
    const end = pair[who];
    const sa = end.established.find((s) => s.view().children.length > 0);
    expect(sa, `${who} has the IKE SA for ${command.kind}\n${pair.story.join('\n')}`).to.not.equal(undefined);
    const id = end.command(command, sa);
    pass(10_000);
    expect(pair.said(end, id), `${command.kind}\n${pair.story.slice(-20).join('\n')}`).to.match(/^ok/);
  }
  pass(60_000);
  pair.expectOne();
  return { pair, sent };
}

function next(pair: IkePair): Flight | undefined {
  return pair.moon.outbox.shift() ?? pair.sun.outbox.shift();
}

/** IKE_SA_INIT may begin another IKE SA whenever it comes: to tell a late copy is the endpoint's. */
function isProtected(flight: Flight): boolean {
  return !flight.text.includes('IKE_SA_INIT');
}

function harmless(pair: IkePair): void {
  for (const end of [pair.moon, pair.sun]) {
    expect(end.count('ike-up'), end.name).to.equal(1);
    expect(end.count('ike-rekeyed'), end.name).to.equal(2);
    expect(end.count('child-rekeyed'), end.name).to.equal(2);
    for (const event of ['peer-misbehaved', 'auth-failed', 'ike-down', 'child-down']) expect(end.count(event), `${end.name}: ${event}`).to.equal(0);
  }
  expect(pair.sun.view.path.remote.address).to.equal('10.2.0.1');
  pair.expectNothingLeft();
}

describe('A conversation', () => {
  const { sent } = play((flight) => [flight]);

  it('is some dozens of messages long where nothing happens to them', () => {
    expect(sent.length).to.be.within(24, 60);
  });

  for (const times of [2, 3, 10]) {
    it(`in which every message arrives ${times} times goes as without`, () => {
      const { pair } = play((flight) => Array.from({ length: times }, () => flight));
      harmless(pair);
    });
  }

  it('in which any one message is lost goes as without', () => {
    for (let lost = 0; lost < sent.length; lost++) harmless(play((flight, index) => (index === lost ? [] : [flight])).pair);
  });

  for (const by of [1, 2, 5]) {
    it(`in which any one message is held back and comes after ${by} more goes as without`, () => {
      for (let held = 0; held < sent.length; held++) {
        let kept: Flight | null = null;
        harmless(play((flight, index) => {
          if (index === held) {
            kept = flight;
            return [];
          }
          const late = kept !== null && index === held + by ? [flight, kept] : [flight];
          return late;
        }).pair);
      }
    });
  }

  it('in which now and then all that came before comes again goes as without', () => {
    const before: Flight[] = [];
    harmless(play((flight, index) => {
      if (isProtected(flight)) before.push(flight);
      // What is repeated is answered again: were that repeated as well, it would never end.
      return index % 7 === 0 && index < 60 ? [flight, ...before] : [flight];
    }).pair);
  });

  it('that is over is not brought back by all of it coming again, from anywhere, nor is one that stands disturbed', () => {
    const { pair, sent: all } = play((flight) => [flight]);
    const told = (end: IkeEnd): string => JSON.stringify(end.sas.map((sa) => {
      const { spiI, spiR, state, path: used, children } = sa.view();
      return [spiI, spiR, state, used, children.map((child) => [child.spiIn, child.spiOut, child.state])];
    }));
    const before = [told(pair.moon), told(pair.sun)];
    for (const translate of [pair.translate, () => path('10.1.0.2:4500', '10.66.0.1:9')]) {
      pair.translate = translate;
      for (const flight of all) if (isProtected(flight)) pair.deliver(flight);
      pair.moon.outbox.length = 0;
      pair.sun.outbox.length = 0;
    }
    expect([told(pair.moon), told(pair.sun)]).to.deep.equal(before);
    for (const end of [pair.moon, pair.sun]) end.command({ kind: 'delete-ike', reason: 'test' });
    pair.translate = (p) => p;
    pair.settle();
    expect([pair.moon.sas.length, pair.sun.sas.length]).to.deep.equal([0, 0]);
    for (const flight of all) if (isProtected(flight)) pair.deliver(flight);
    expect([pair.moon.sas.length, pair.sun.sas.length, pair.moon.outbox.length, pair.sun.outbox.length]).to.deep.equal([0, 0, 0, 0]);
  });
});

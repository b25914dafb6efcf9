/**
 * An address that is lost in the middle of each exchange: whichever end speaks, whichever end loses it, before the request has left,
 * before it arrives, before its answer does, or after. The move gets everything through on the other pair (RFC 4555 §3.5, §3.6, §3.11).
 */
import { expect } from 'chai';
import type { IkeCommand } from '../../lib/ike/io.js';
import { unreachable } from '../../lib/util/unreachable.js';
import type { IkeEnd } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';
import { aloneOn, mirrored, moveTo, outbound, second, testOf, third, verdicts } from '../support/path-news.js';

const stages = ['before it has left', 'before it arrives', 'before its answer arrives', 'after it'] as const;

/** A request, as moon wishes for it; how many Child SAs there are afterwards, and whether there is an IKE SA. */
const requests: readonly { readonly what: string; readonly wish: () => IkeCommand; readonly children: number }[] = [
  { what: 'a new Child SA', wish: () => ({ kind: 'create-child', name: 'net' }), children: 2 },
  { what: 'a rekey of the Child SA', wish: () => ({ kind: 'rekey-child', name: null }), children: 1 },
  { what: 'a rekey of the IKE SA', wish: () => ({ kind: 'rekey-ike' }), children: 1 },
  { what: 'a Delete of the Child SA', wish: () => ({ kind: 'delete-child', name: 'net' }), children: 0 },
  { what: 'an address list', wish: () => ({ kind: 'announce-addresses' }), children: 1 },
  { what: 'a liveness check', wish: () => ({ kind: 'check-liveness' }), children: 1 },
  { what: 'a test of the path', wish: () => aloneOn(third, 400), children: 1 },
  { what: 'a large test of the path', wish: () => testOf([third], { alone: true, timeoutMs: 400, padToBytes: 1_400 }), children: 1 },
  { what: 'a test of several paths', wish: () => testOf([second, third], { timeoutMs: 400 }), children: 1 },
  { what: 'a move', wish: () => moveTo(third), children: 1 },
  { what: 'an early move', wish: () => moveTo(third, true), children: 1 },
];

function up(): IkePair {
  const own = (last: number): string[] => [1, 2, 3].map((net) => `10.${net}.0.${last}`);
  return IkePair.up({ moon: { ownAddresses: own(1) }, sun: { ownAddresses: own(2) } });
}

/** Sun's view of moon's paths. */
function turned(command: IkeCommand): IkeCommand {
  if (command.kind === 'move') return { ...command, path: mirrored(command.path) };
  if (command.kind === 'test-paths') return { ...command, paths: command.paths.map(mirrored) };
  return command;
}

/** Gives the command and lets the exchange go on to that stage; the id of the command. */
function begin(pair: IkePair, speaker: IkeEnd, command: IkeCommand, stage: typeof stages[number]): number {
  switch (stage) {
    case 'before it has left': {
      // The window is taken.
      speaker.command({ kind: 'check-liveness' });
      const id = speaker.command(command);
      speaker.outbox.length = 0;
      return id;
    }
    case 'before it arrives': {
      const id = speaker.command(command);
      speaker.outbox.length = 0;
      return id;
    }
    case 'before its answer arrives': {
      const id = speaker.command(command);
      for (const flight of speaker.outbox.splice(0)) pair.deliver(flight);
      pair.other(speaker).outbox.length = 0;
      return id;
    }
    case 'after it': {
      const id = speaker.command(command);
      pair.settle();
      return id;
    }
    default:
      return unreachable(stage);
  }
}

/** Nothing gets through but over the pair of the second addresses. */
function lose(pair: IkePair): void {
  pair.passes = (flight) => flight.path.local.address.startsWith('10.2.') && flight.path.remote.address.startsWith('10.2.');
}

for (const loser of ['moon', 'sun'] as const) {
  for (const early of [true, false]) {
    describe(`An address of ${loser}’s that is lost, left ${early ? 'early' : 'with the peer’s consent'}`, () => {
      for (const speaks of ['moon', 'sun'] as const) {
        for (const { what, wish, children } of requests) {
          for (const stage of stages) {
            it(`costs nothing in ${what} by ${speaks}, ${stage}`, () => {
              const pair = up();
              const speaker = pair[speaks];
              const id = begin(pair, speaker, speaks === 'moon' ? wish() : turned(wish()), stage);
              lose(pair);
              pair[loser].outbox.length = 0;
              const wayOut = moveTo(second, early);
              const moving = pair[loser].command(loser === 'moon' ? wayOut : turned(wayOut), pair[loser].established.at(-1));
              pair.advance(20_000);
              pair.passes = () => true;
              pair.advance(60_000);
              expect(pair.said(speaker, id), 'the command is answered').to.not.equal('nothing');
              expect(pair.said(pair[loser], moving), 'the move').to.match(/^ok/);
              expect([pair.moon.view.path.local.address, pair.sun.view.path.local.address]).to.deep.equal(['10.2.0.1', '10.2.0.2']);
              expect([pair.moon.view.path.remote.address, pair.sun.view.path.remote.address]).to.deep.equal(['10.2.0.2', '10.2.0.1']);
              pair.expectOne(children);
              expect([outbound(pair.moon), outbound(pair.sun)]).to.deep.equal([Array(children).fill('10.2.0.2'), Array(children).fill('10.2.0.1')]);
              expect(verdicts(speaker).length).to.be.at.most(2);
              pair.expectNothingLeft();
            });
          }
        }
      }
    });
  }
}

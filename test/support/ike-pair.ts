/** Two ends of IKE SAs and the network between them, message by message: what is on its way can be held, dropped, swapped and repeated. */
import { expect } from 'chai';
import { after, instant } from '../../lib/util/brands.js';
import type { IkeCommand } from '../../lib/ike/io.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { Clock, IkeEnd, reversed, type Flight, type IkeEndOptions } from './ike-end.js';

export interface IkePairOptions {
  readonly seed?: number;
  readonly moon?: Omit<IkeEndOptions, 'name' | 'clock' | 'seed'>;
  readonly sun?: Omit<IkeEndOptions, 'name' | 'clock' | 'seed'>;
}

export class IkePair {
  readonly clock: Clock = new Clock();
  readonly moon: IkeEnd;
  readonly sun: IkeEnd;
  /** Every message that was delivered, drawn. */
  readonly story: string[] = [];
  /** False: what leaves is lost. */
  passes: (flight: Flight) => boolean = () => true;
  /** Changes where a datagram seems to come from, as a NAT does. */
  translate: (path: DatagramPath, flight: Flight) => DatagramPath = (p) => p;

  constructor(options: IkePairOptions = {}) {
    const { seed = 1 } = options;
    this.moon = new IkeEnd({ name: 'moon', clock: this.clock, seed, ...options.moon });
    this.sun = new IkeEnd({ name: 'sun', clock: this.clock, seed, ...options.sun });
  }

  /** Both have one IKE SA with one Child SA. Moon began. */
  static up(options: IkePairOptions = {}): IkePair {
    const pair = new IkePair(options);
    pair.moon.initiate();
    pair.settle();
    pair.expectOne();
    pair.story.length = 0;
    return pair;
  }

  /** Delivers everything until nobody has anything to say at this moment. */
  settle(): void {
    for (let i = 0; ; i++) {
      const flight = this.moon.outbox.shift() ?? this.sun.outbox.shift();
      if (flight === undefined) return;
      if (i > 2_000) throw new Error(`the two do not come to rest:\n${this.story.slice(-20).join('\n')}`);
      this.deliver(flight);
    }
  }

  /** Lets time pass; what leaves is delivered at once. */
  advance(ms: number): void {
    const end = after(this.clock.now, ms);
    for (;;) {
      this.settle();
      const due = [this.moon.wakeAt, this.sun.wakeAt].filter((at) => at !== null).sort((a, b) => a - b)[0];
      if (due === undefined || due > end) break;
      this.clock.now = instant(Math.max(due, this.clock.now));
      this.moon.wake();
      this.sun.wake();
    }
    this.clock.now = end;
    this.settle();
  }

  /** Takes the oldest message of that end off the wire, whose drawing must fit. */
  take(from: IkeEnd, drawing: RegExp): Flight {
    const flight = from.outbox.shift();
    if (flight === undefined) throw new Error(`${from.name} has sent nothing; expected ${drawing.source}`);
    expect(flight.text, `${from.name} sends`).to.match(drawing);
    return flight;
  }

  /** Brings a message to the other end. */
  deliver(flight: Flight): void {
    if (!this.passes(flight)) {
      this.story.push(`${flight.from.name} --x ${flight.text}`);
      return;
    }
    this.story.push(`${flight.from.name} --> ${flight.text}`);
    this.other(flight.from).receive(this.translate(reversed(flight.path), flight), flight.bytes);
  }

  other(end: IkeEnd): IkeEnd {
    return end === this.moon ? this.sun : this.moon;
  }

  /** Gives the command, lets all messages through, and returns how it went. */
  ask(end: IkeEnd, command: IkeCommand): string {
    const id = end.command(command);
    this.settle();
    return this.said(end, id);
  }

  /** What was answered to a command: `ok: …` or `error: …`. */
  said(end: IkeEnd, id: number): string {
    const answer = end.answer(id);
    if (answer === null) return 'nothing';
    return answer.ok ? `ok: ${answer.detail}` : `error: ${answer.error}`;
  }

  /** One IKE SA, the same at both, with `children` Child SAs that fit together, keys and data planes included. */
  expectOne(children = 1): void {
    const told = this.story.slice(-30).join('\n');
    expect([this.moon.sas.length, this.sun.sas.length], `IKE SAs\n${told}`).to.deep.equal([1, 1]);
    const [m, s] = [this.moon.view, this.sun.view];
    expect([m.state, s.state], told).to.deep.equal(['ESTABLISHED', 'ESTABLISHED']);
    expect([m.spiI, m.spiR]).to.deep.equal([s.spiI, s.spiR]);
    const [mine, theirs] = [m.children, s.children];
    expect(mine.map(({ spiIn, spiOut }) => [spiIn, spiOut]).sort(), `Child SAs\n${told}`).to.deep.equal(theirs.map(({ spiIn, spiOut }) => [spiOut, spiIn]).sort());
    expect(mine.length, `Child SAs\n${told}`).to.equal(children);
    for (const child of mine) expect(child.state).to.equal('INSTALLED');
    for (const [a, b] of [[this.moon, this.sun], [this.sun, this.moon]] as const) {
      for (const { id, spiOut } of a.children) {
        expect(a.outbound.has(id), `${a.name} sends`).to.equal(true);
        expect(a.inbound.has(id), `${a.name} receives`).to.equal(true);
        expect(a.outboundKeys.get(spiOut), 'the same key at both ends').to.equal(b.inboundKeys.get(spiOut));
      }
      expect(a.outbound.size, `${a.name}: outbound halves`).to.equal(children);
    }
  }

  /** After the time that rekeyed Child SAs linger, the data planes hold what the IKE SAs do. */
  expectNothingLeft(): void {
    this.advance(60_000);
    for (const end of [this.moon, this.sun]) {
      expect([...end.inbound].sort(), `${end.name}: inbound halves`).to.deep.equal(end.children.map(({ id }) => id).sort());
      expect([...end.outbound].sort(), `${end.name}: outbound halves`).to.deep.equal(end.children.map(({ id }) => id).sort());
    }
  }

  /** Exchanges what is held by both at this moment, one message each, as crossing messages do. */
  cross(): void {
    const [a, b] = [this.moon.outbox.shift(), this.sun.outbox.shift()];
    if (a === undefined || b === undefined) throw new Error('both must have sent something');
    this.deliver(a);
    this.deliver(b);
  }
}

export const lowNonce: Uint8Array = new Uint8Array(32);
export const highNonce: Uint8Array = new Uint8Array(32).fill(0xff);

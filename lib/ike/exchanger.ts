/**
 * Carries the exchanges of one IKE SA: queues ours behind the window, numbers, protects, fragments and
 * repeats them, and answers the peer's once and for all (RFC 7296 §2.1–§2.4, RFC 7383).
 */
import { assert, present } from '../util/assert.js';
import type { DatagramPath } from '../util/address.js';
import { after, earlier, type ChildSaId, type Instant, type MessageId } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';
import { decodeIkeHeader, type IkeHeader } from '../wire/ike-header.js';
import { decodeMessage } from '../wire/message.js';
import { decodeInnerPayloads, type Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { drawMessage } from './drawing.js';
import { ikeDatagramLimit, Reassembler } from './fragmentation.js';
import { MessageSealer, openMessage, type OpenedMessage } from './message-protection.js';
import { MessageWindow } from './message-window.js';
import { giveUpAfterMs, retransmitDelayMs } from './retransmission.js';

/** Requests of ours that may wait for the window; an operator's script can't fill memory with them. */
export const maxQueuedRequests = 256;

/** What an exchange changes: tells which of the peer's requests collide with it (RFC 7296 §2.25). */
export type Subject =
  | { readonly kind: 'ike-rekey' }
  | { readonly kind: 'ike-delete' }
  | { readonly kind: 'child'; readonly child: ChildSaId | null }
  | { readonly kind: 'none' };

/** An exchange of ours while it has the window. */
export interface Exchange {
  /** For the log, as `rekey of net`. */
  readonly name: string;
  readonly exchangeType: number;
  readonly subject: Subject;
  /** The window is free: send now or, after work, later; or finish at once where there is nothing left to do. */
  begin(): void;
  /** The answer, authenticated where the exchange is. Must finish the exchange, now or after work. */
  answered(payloads: readonly Payload[], path: DatagramPath, bytes: Uint8Array): void;
  /** The IKE SA closes before the answer came. */
  abandoned(reason: string): void;
  /** What to do instead on the IKE SA that follows, where this one ends before the answer; absent: nothing. */
  renewal?(): Intent;
}

/** Makes the exchange when its turn comes, on the IKE SA that has the turn (a successor, perhaps); null: no longer needed. */
export type Intent = (exchanger: Exchanger) => Exchange | null;

/** The peer's request, ready to be processed; `respond` answers it. */
export interface Request {
  readonly header: IkeHeader;
  readonly payloads: readonly Payload[];
  readonly path: DatagramPath;
}

/** What a datagram turned out to be. `malformed`: authenticated, and yet it does not parse. */
export type Received =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'malformed'; readonly response: boolean; readonly reason: string }
  | { readonly kind: 'nothing' };

interface Sent {
  readonly messageId: MessageId;
  readonly datagrams: readonly Uint8Array[];
  readonly firstAt: Instant;
  /** Null: the IKE SA's own path, as it is at each repeat. */
  readonly path: DatagramPath | null;
  attempts: number;
  answered: boolean;
}

const nothing = { kind: 'nothing' } as const;

export class Exchanger {
  readonly association: Association;
  /** Called when a request of ours stayed unanswered for too long. */
  readonly #onSilence: (reason: string) => void;
  readonly #window = new MessageWindow();
  readonly #requests = new Reassembler();
  readonly #responses = new Reassembler();
  #queue: Intent[] = [];
  #delayed: { readonly at: Instant; readonly intent: Intent }[] = [];
  #active: Exchange | null = null;
  #sent: Sent | null = null;
  #sealer: MessageSealer | null = null;
  #processing: { readonly header: IkeHeader; readonly path: DatagramPath; readonly datagram: Uint8Array } | null = null;
  #firstFragment: Uint8Array | null = null;

  constructor(association: Association, onSilence: (reason: string) => void) {
    this.association = association;
    this.#onSilence = onSilence;
  }

  /** The exchange of ours that has the window. */
  get active(): Exchange | null {
    return this.#active;
  }

  /** Since when a request of ours has no answer. */
  get unansweredSince(): Instant | null {
    return this.#sent === null || this.#sent.answered ? null : this.#sent.firstAt;
  }

  enqueue(intent: Intent): void {
    if (this.#queue.length >= maxQueuedRequests) {
      this.#drop(intent);
      return;
    }
    this.#queue.push(intent);
    this.pump();
  }

  /** Before everything that waits. */
  enqueueFirst(intent: Intent): void {
    const last = this.#queue.length >= maxQueuedRequests ? this.#queue.pop() : undefined;
    this.#queue.unshift(intent);
    if (last !== undefined) this.#drop(last);
    this.pump();
  }

  /** Not before `at`: what the peer could not do just now (RFC 7296 §2.25, TEMPORARY_FAILURE). */
  enqueueAt(at: Instant, intent: Intent): void {
    if (this.#delayed.length >= maxQueuedRequests) {
      this.#drop(intent);
      return;
    }
    this.#delayed.push({ at, intent });
    this.#armDelayed();
  }

  /** What has not had its turn goes to a successor, and what has no answer yet where it must be said there as well. */
  handOver(successor: Exchanger): void {
    const queue = this.#queue;
    const delayed = this.#delayed;
    this.#queue = [];
    this.#delayed = [];
    this.association.timers.cancel('delayed requests');
    const again = this.#active?.renewal?.();
    if (again !== undefined) successor.enqueue(again);
    for (const { at, intent } of delayed) successor.enqueueAt(at, intent);
    for (const intent of queue) successor.enqueue(intent);
  }

  /** Starts the next exchange where the window is free and the IKE SA can speak. */
  pump(): void {
    while (this.#active === null && this.association.phase.kind !== 'closed') {
      const intent = this.#queue.shift();
      if (intent === undefined) return;
      const exchange = intent(this);
      if (exchange === null) continue;
      this.#active = exchange;
      exchange.begin();
    }
  }

  /** Sends the request of the active exchange, protected; along `path` where it is not the IKE SA's own. */
  send(exchange: Exchange, payloads: readonly Payload[], path: DatagramPath | null = null): void {
    assert(this.#active === exchange, 'only the exchange that has the window sends');
    const id = this.#window.takeRequestId();
    this.#transmitFirst(id, this.#seal(exchange.exchangeType, id, false, payloads), path);
  }

  /** Sends IKE_SA_INIT, which is not protected and may be tried again with the same Message ID (RFC 7296 §2.6, §2.7). */
  sendPlain(exchange: Exchange, id: MessageId, bytes: Uint8Array): void {
    assert(this.#active === exchange, 'only the exchange that has the window sends');
    this.#transmitFirst(id, [bytes], null);
  }

  /** The answer is believed: the request is not repeated while the exchange works on it. */
  stopRepeating(): void {
    if (this.#sent !== null) this.#sent.answered = true;
    this.association.timers.cancel('retransmit');
  }

  /** Takes the Message ID that an IKE_SA_INIT of ours uses. */
  takeInitId(): MessageId {
    return this.#window.takeRequestId();
  }

  /** The exchange is over; the next one has the window. */
  finish(exchange: Exchange): void {
    if (this.#active !== exchange) return;
    this.#active = null;
    this.#sent = null;
    this.association.timers.cancel('retransmit');
    this.pump();
  }

  /** Answers the request that is being processed, protected, to where it came from. */
  respond(payloads: readonly Payload[]): void {
    const { header, path, datagram } = present(this.#processing, 'a request is being processed');
    const datagrams = this.#seal(header.exchangeType, header.messageId, true, payloads);
    this.#answer(path, datagram, datagrams);
  }

  /** Answers IKE_SA_INIT. */
  respondPlain(bytes: Uint8Array): void {
    const { path, datagram } = present(this.#processing, 'a request is being processed');
    this.#answer(path, datagram, [bytes]);
  }

  /** The request under way gets no answer; its sender may send another with the same Message ID. */
  ignoreRequest(): void {
    this.#processing = null;
    this.#window.forget();
  }

  /** The request under way is an IKE_SA_INIT that the endpoint has decoded. */
  beginInit(header: IkeHeader, path: DatagramPath, datagram: Uint8Array): void {
    this.#window.begin();
    this.#processing = { header, path, datagram };
  }

  /** @throws DecodeError for a datagram that is no IKE message at all */
  receive(path: DatagramPath, bytes: Uint8Array): Received {
    const header = decodeIkeHeader(bytes);
    // RFC 7296 §3.1: the Initiator flag tells who began the IKE SA, whoever sends.
    if (header.initiator === this.association.initiator) return nothing;
    return header.response ? this.#receiveResponse(header, path, bytes) : this.#receiveRequest(header, path, bytes);
  }

  /** The outstanding request once more, now, along the association's path (RFC 4555 §3.5: after a move). */
  repeatNow(): void {
    if (this.#sent === null || this.#sent.answered) return;
    this.#sent.attempts = 0;
    this.#repeat();
  }

  /** Nothing more is sent; what waits is told why. */
  close(reason: string): void {
    const active = this.#active;
    this.#active = null;
    this.#sent = null;
    const waiting = [...this.#queue, ...this.#delayed.map((d) => d.intent)];
    this.#queue = [];
    this.#delayed = [];
    active?.abandoned(reason);
    for (const intent of waiting) intent(this)?.abandoned(reason);
  }

  #receiveRequest(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    switch (this.#window.classify(header.messageId)) {
      case 'repeated':
        if (this.#isRepeat(bytes)) for (const datagram of this.#window.lastAnswer) this.#transmit(path, datagram);
        return nothing;
      case 'in-progress':
      case 'out-of-window':
        return nothing;
      case 'new':
        break;
    }
    const opened = this.#open(bytes, header, this.#requests);
    if (opened === null) return nothing;
    const payloads = parse(opened);
    this.#window.begin();
    this.#processing = { header, path, datagram: this.#firstFragment ?? bytes };
    this.#firstFragment = null;
    this.association.lastHeardAt = this.association.now;
    if (payloads instanceof DecodeError) return { kind: 'malformed', response: false, reason: payloads.message };
    this.association.log('trace', `<-- ${drawMessage(header.exchangeType, false, header.messageId, payloads)}`);
    return { kind: 'request', request: { header, payloads, path } };
  }

  #receiveResponse(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    const sent = this.#sent;
    const active = this.#active;
    if (sent === null || active === null || sent.answered) return nothing;
    if (header.messageId !== sent.messageId || header.exchangeType !== active.exchangeType) return nothing;
    if (this.association.keys === null) {
      // IKE_SA_INIT: nothing is authenticated yet, so the exchange itself decides whether to believe it.
      active.answered(decodeMessage(bytes).payloads, path, bytes);
      return nothing;
    }
    const opened = this.#open(bytes, header, this.#responses);
    if (opened === null) return nothing;
    sent.answered = true;
    this.association.timers.cancel('retransmit');
    this.association.lastHeardAt = this.association.now;
    // A repeated request makes the sample ambiguous (Karn).
    if (sent.attempts === 1) this.association.rttMs = this.association.now - sent.firstAt;
    const payloads = parse(opened);
    if (payloads instanceof DecodeError) return { kind: 'malformed', response: true, reason: payloads.message };
    this.association.log('trace', `<-- ${drawMessage(header.exchangeType, true, header.messageId, payloads)}`);
    active.answered(payloads, path, bytes);
    return nothing;
  }

  /** A true repeat is bit-identical (RFC 7296 §2.1), or split anew (RFC 7383 §2.5.2); of several fragments the first one counts (§2.6.1). */
  #isRepeat(bytes: Uint8Array): boolean {
    if (this.#window.isLastRequest(bytes)) return true;
    const { keys, initiator } = this.association;
    const opened = keys === null ? null : openMessage(initiator ? keys.fromResponder : keys.fromInitiator, bytes);
    return opened !== null && (opened.fragment === null || opened.fragment.number === 1);
  }

  /** Null: not authentic, or a fragment with others missing. */
  #open(bytes: Uint8Array, header: IkeHeader, reassembler: Reassembler): OpenedMessage | null {
    const { keys, initiator } = this.association;
    if (keys === null) return null;
    const opened = openMessage(initiator ? keys.fromResponder : keys.fromInitiator, bytes);
    if (opened === null) {
      this.association.log('debug', 'a message that claims to be of this IKE SA is not authentic and was dropped');
      return null;
    }
    if (opened.fragment?.number === 1 && !header.response) this.#firstFragment = bytes.slice();
    return reassembler.add(header.messageId, opened);
  }

  #seal(exchangeType: number, id: MessageId, response: boolean, payloads: readonly Payload[]): Uint8Array[] {
    const { association } = this;
    const keys = association.establishedKeys;
    this.#sealer ??= new MessageSealer(association.initiator ? keys.fromInitiator : keys.fromResponder, association.env.random);
    const limit = association.traits.fragmentation ? ikeDatagramLimit(association.path, association.env.settings.fragmentSize) : null;
    association.log('trace', `--> ${drawMessage(exchangeType, response, id, payloads)}`);
    const fields = { spiI: association.spiI, spiR: association.spiR, exchangeType, initiator: association.initiator, response, messageId: id };
    return this.#sealer.seal(fields, payloads, limit);
  }

  #answer(path: DatagramPath, request: Uint8Array, datagrams: readonly Uint8Array[]): void {
    this.#processing = null;
    this.#window.answer(request, datagrams);
    for (const datagram of datagrams) this.#transmit(path, datagram);
  }

  #transmitFirst(id: MessageId, datagrams: readonly Uint8Array[], path: DatagramPath | null): void {
    this.#sent = { messageId: id, datagrams, firstAt: this.association.now, path, attempts: 0, answered: false };
    this.#repeat();
  }

  #repeat(): void {
    const sent = this.#sent;
    if (sent === null) return;
    const { association } = this;
    const mobikeResponder = association.traits.mobike && !association.traits.mobikeInitiator;
    const patienceMs = giveUpAfterMs(association.peer, mobikeResponder);
    const givenUpAt = after(sent.firstAt, patienceMs);
    if (association.now >= givenUpAt) {
      this.#onSilence(`the peer did not answer for ${Math.round(patienceMs / 1000)} s`);
      return;
    }
    sent.attempts++;
    for (const datagram of sent.datagrams) this.#transmit(sent.path ?? association.path, datagram);
    const due = earlier(after(association.now, retransmitDelayMs(sent.attempts, association.rttMs)), givenUpAt) ?? givenUpAt;
    association.timers.set('retransmit', due, () => {
      this.#repeat();
    });
  }

  #transmit(path: DatagramPath, bytes: Uint8Array): void {
    this.association.outputs.push({ kind: 'transmit', path, bytes });
  }

  #drop(intent: Intent): void {
    this.association.log('warn', 'too many requests wait for their turn: one is dropped');
    intent(this)?.abandoned('too many requests wait for their turn');
  }

  #armDelayed(): void {
    const next = this.#delayed.reduce<Instant | null>((least, d) => (least === null || d.at < least ? d.at : least), null);
    if (next === null) return;
    this.association.timers.set('delayed requests', next, () => {
      const due = this.#delayed.filter((d) => d.at <= this.association.now);
      this.#delayed = this.#delayed.filter((d) => d.at > this.association.now);
      this.#armDelayed();
      for (const { intent } of due) this.enqueue(intent);
    });
  }
}

function parse(opened: OpenedMessage): Payload[] | DecodeError {
  try {
    return decodeInnerPayloads(opened.first, opened.plaintext);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

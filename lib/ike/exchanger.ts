/**
 * Carries the exchanges of one IKE SA: queues ours behind the window, numbers, protects, fragments and
 * repeats them, and answers the peer's once and for all (RFC 7296 §2.1–§2.4, RFC 7383).
 */
import { assert } from '../util/assert.js';
import { addressFamily, samePath, type DatagramPath } from '../util/address.js';
import { after, earlier, type ChildSaId, type Instant, type MessageId } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';
import type { FillTeller } from '../util/fill.js';
import { decodeIkeHeader, type IkeHeader } from '../wire/ike-header.js';
import { decodeMessage } from '../wire/message.js';
import type { Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { drawMessage } from './drawing.js';
import { octetsOfIke, Reassembler } from './fragmentation.js';
import { MessageChannel, parse } from './message-channel.js';
import { MessageWindow } from './message-window.js';
import { PeerRequests, type Received } from './peer-requests.js';
import { giveUpAfterMs, retransmitDelayMs } from './retransmission.js';
import { SentRequest, type CopyWatcher, type Hearing, type Route } from './sent-request.js';

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

const nothing = { kind: 'nothing' } as const;

export class Exchanger {
  readonly association: Association;
  /** Called when a request of ours stayed unanswered for too long. */
  readonly #onSilence: (reason: string) => void;
  readonly #window = new MessageWindow();
  readonly #channel: MessageChannel;
  readonly #peerRequests: PeerRequests;
  readonly #responses: Reassembler;
  #queue: Intent[] = [];
  #delayed: { readonly at: Instant; readonly intent: Intent }[] = [];
  #active: Exchange | null = null;
  /** Our newest request, answered or not. */
  #sent: SentRequest | null = null;
  /** The one before: answers to copies of it may still be on their way. */
  #before: SentRequest | null = null;

  constructor(association: Association, onSilence: (reason: string) => void) {
    this.association = association;
    this.#onSilence = onSilence;
    this.#channel = new MessageChannel(association);
    this.#responses = new Reassembler(association.env.fragmentRoom);
    this.#peerRequests = new PeerRequests(association, this.#channel, this.#window);
  }

  /** The exchange of ours that has the window. */
  get active(): Exchange | null {
    return this.#active;
  }

  /** Since when a request of ours has no answer over the IKE SA's own path. */
  get unansweredSince(): Instant | null {
    const sent = this.#outstanding;
    return sent === null || sent.away ? null : sent.firstAt;
  }

  /** Our newest request has left from different addresses of ours (RFC 4555 §3.6). */
  get fromSeveralSources(): boolean {
    return this.#sent?.fromSeveralSources ?? false;
  }

  get #outstanding(): SentRequest | null {
    return this.#sent === null || this.#sent.answered ? null : this.#sent;
  }

  fills(tell: FillTeller): void {
    tell('requests waiting for the window', this.#queue.length, maxQueuedRequests);
    tell('requests put off', this.#delayed.length, maxQueuedRequests);
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

  /** Sends the request of the active exchange, protected. */
  send(exchange: Exchange, payloads: readonly Payload[], route: Route = {}): void {
    assert(this.#active === exchange, 'only the exchange that has the window sends');
    const id = this.#window.takeRequestId();
    const { exchangeType } = exchange;
    const message = { exchangeType, id, response: false, payloads };
    const pieces = route.whole === true ? () => this.#channel.seal(message) : null;
    this.#transmitFirst(new SentRequest({ messageId: id, exchangeType, payloads, datagrams: this.#channel.seal(message, pieces !== null), pieces }), route);
  }

  /** What those payloads lack for an IP packet of that size; negative: they are too large already. */
  missingOctets(payloads: readonly Payload[], path: DatagramPath, ipPacketBytes: number): number {
    return this.#channel.missingOctets(payloads, octetsOfIke(ipPacketBytes, addressFamily(path.local.address)));
  }

  /** Sends IKE_SA_INIT, which is not protected and may be tried again with the same Message ID (RFC 7296 §2.6, §2.7). */
  sendPlain(exchange: Exchange, id: MessageId, bytes: Uint8Array): void {
    assert(this.#active === exchange, 'only the exchange that has the window sends');
    this.#transmitFirst(new SentRequest({ messageId: id, exchangeType: exchange.exchangeType, payloads: [], datagrams: [bytes], pieces: null }), {});
  }

  /** A copy of the request that has no answer goes over `path` now, where it may; null: there is none, or it may not. */
  copyTo(path: DatagramPath, watcher: CopyWatcher, desperate: boolean): SentRequest | null {
    const sent = this.#outstanding;
    if (sent === null || this.association.keys === null || !sent.takes(path)) return null;
    const atHome = !sent.away && samePath(path, this.association.path);
    if (sent.isBoundToPath && !desperate && !atHome) return null;
    sent.breakUp();
    this.#transmit(sent, path);
    sent.watch(path, watcher);
    return sent;
  }

  /** `watcher` hears what becomes of the copies of the newest request on that path. */
  watch(path: DatagramPath, watcher: CopyWatcher): SentRequest | null {
    this.#sent?.watch(path, watcher);
    return this.#sent;
  }

  /** The newest request went over that pair alone: its answer proves who is there (RFC 4555 §3.7). */
  askedOnlyOver(path: DatagramPath): boolean {
    return this.#sent?.isOnlyOver(path) ?? false;
  }

  /** Copies of the newest request went over that pair, too. */
  askedOver(path: DatagramPath): boolean {
    return this.#sent?.wentOver(path) ?? false;
  }

  /** The answer is believed: the request is not repeated while the exchange works on it. */
  stopRepeating(): void {
    this.#settle();
  }

  /** Takes the Message ID that an IKE_SA_INIT of ours uses. */
  takeInitId(): MessageId {
    return this.#window.takeRequestId();
  }

  /** The exchange is over; the next one has the window. */
  finish(exchange: Exchange): void {
    if (this.#active !== exchange) return;
    this.#active = null;
    this.#settle();
    this.pump();
  }

  /** Answers the request that is being processed, protected, to where it came from. */
  respond(payloads: readonly Payload[]): void {
    this.#peerRequests.respond(payloads);
  }

  /** Answers IKE_SA_INIT. */
  respondPlain(bytes: Uint8Array): void {
    this.#peerRequests.respondPlain(bytes);
  }

  /** Datagrams of the answer that was given last. */
  get lastAnswer(): readonly Uint8Array[] {
    return this.#window.lastAnswer;
  }

  /** The request under way gets no answer; its sender may send another with the same Message ID. */
  ignoreRequest(): void {
    this.#peerRequests.ignore();
  }

  /** The request under way is an IKE_SA_INIT that the endpoint has decoded. */
  beginInit(header: IkeHeader, path: DatagramPath, datagram: Uint8Array): void {
    this.#peerRequests.beginInit(header, path, datagram);
  }

  /** @throws DecodeError for a datagram that is no IKE message at all */
  receive(path: DatagramPath, bytes: Uint8Array): Received {
    const header = decodeIkeHeader(bytes);
    // RFC 7296 §3.1: the Initiator flag tells who began the IKE SA, whoever sends.
    if (header.initiator === this.association.initiator) return nothing;
    return header.response ? this.#receiveResponse(header, path, bytes) : this.#peerRequests.receive(header, path, bytes);
  }

  /** The outstanding request once more, now, along the association's path (RFC 4555 §3.5: after a move). */
  repeatNow(): void {
    const sent = this.#outstanding;
    if (sent === null) return;
    sent.bringHome(this.association.now);
    sent.attempts = 0;
    this.#repeat();
  }

  /** Nothing more is sent; what waits is told why. */
  close(reason: string): void {
    const active = this.#active;
    this.#active = null;
    this.#settle();
    for (const sent of [this.#before, this.#sent]) sent?.forget();
    const waiting = [...this.#queue, ...this.#delayed.map((d) => d.intent)];
    this.#queue = [];
    this.#delayed = [];
    this.#responses.clear();
    this.#peerRequests.close();
    active?.abandoned(reason);
    for (const intent of waiting) intent(this)?.abandoned(reason);
  }

  #receiveResponse(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    const sent = this.#outstanding;
    const active = this.#active;
    if (sent === null || active === null || header.messageId !== sent.messageId) return this.#receiveLate(header, path, bytes);
    if (header.exchangeType !== active.exchangeType) return nothing;
    if (this.association.keys === null) {
      // IKE_SA_INIT: nothing is authenticated yet, so the exchange itself decides whether to believe it.
      active.answered(decodeMessage(bytes).payloads, path, bytes);
      return nothing;
    }
    const piece = this.#channel.open(bytes);
    const opened = piece === null ? null : this.#responses.add(header.messageId, piece);
    if (opened === null) return nothing;
    this.#settle();
    this.association.lastHeardAt = this.association.now;
    const hearing = sent.hear(path, this.association.now);
    if (hearing.rttMs !== null && samePath(hearing.path, this.association.path)) this.association.rttMs = hearing.rttMs;
    const payloads = parse(opened);
    if (payloads instanceof DecodeError) return { kind: 'malformed', response: true, reason: payloads.message };
    this.association.log('trace', `<-- ${drawMessage(header.exchangeType, true, header.messageId, payloads)}`);
    active.answered(payloads, path, bytes);
    this.#tell(sent, hearing);
    return nothing;
  }

  /** An answer to one more copy of a request that was answered: it tells of its path, and is opened for that where it can be new. */
  #receiveLate(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    const sent = [this.#sent, this.#before].find((s) => s?.messageId === header.messageId && s.exchangeType === header.exchangeType);
    if (sent === undefined || sent === null || !sent.answered || !sent.awaits(path) || this.#channel.open(bytes) === null) return nothing;
    this.association.lastHeardAt = this.association.now;
    this.#tell(sent, sent.hear(path, this.association.now));
    return nothing;
  }

  #tell(sent: SentRequest, { path, rttMs, validated, watchers }: Hearing): void {
    const { association } = this;
    const sample = sent.isSlow ? null : rttMs;
    association.heardOver(path, sample);
    for (const watcher of watchers) watcher.answered(sample, validated);
  }

  /** The newest request needs no repeats any more. */
  #settle(): void {
    if (this.#sent !== null) this.#sent.answered = true;
    this.association.timers.cancel('retransmit');
  }

  #transmitFirst(sent: SentRequest, route: Route): void {
    const { association } = this;
    this.#before?.forget();
    this.#before = this.#sent;
    if (this.#before !== null) this.#before.overtakenAt = association.now;
    this.#sent = sent;
    sent.depart(association.now);
    const first = route.first ?? this.#pathsOf(sent);
    sent.away = !first.some((path) => samePath(path, association.path));
    for (const path of first) this.#transmit(sent, path);
    this.#armRepeat(sent, route.patienceMs ?? retransmitDelayMs(1, association.rttMs));
  }

  #repeat(): void {
    const sent = this.#outstanding;
    if (sent === null) return;
    const { association } = this;
    sent.bringHome(association.now);
    if (association.now >= this.#givenUpAt(sent)) {
      this.#onSilence(`the peer did not answer for ${Math.round(this.#patienceMs / 1000)} s`);
      return;
    }
    sent.attempts++;
    for (const path of this.#pathsOf(sent)) this.#transmit(sent, path);
    this.#armRepeat(sent, retransmitDelayMs(sent.attempts, association.rttMs));
  }

  /** While the peer is asked to another pair, either may lead nowhere: both are tried, one after the other with what is bound to its path. */
  #pathsOf({ fansOut, attempts }: SentRequest): DatagramPath[] {
    const { path, askedMove } = this.association;
    if (askedMove === null) return [path];
    if (fansOut) return [path, askedMove.path];
    return [attempts % 2 === 0 ? path : askedMove.path];
  }

  #armRepeat(sent: SentRequest, delayMs: number): void {
    const { now, timers } = this.association;
    const givenUpAt = this.#givenUpAt(sent);
    timers.set('retransmit', earlier(after(now, delayMs), givenUpAt) ?? givenUpAt, () => {
      this.#repeat();
    });
  }

  #givenUpAt(sent: SentRequest): Instant {
    return after(sent.firstAt, this.#patienceMs);
  }

  get #patienceMs(): number {
    const { peer, traits } = this.association;
    return giveUpAfterMs(peer, traits.mobike && !traits.mobikeInitiator);
  }

  #transmit(sent: SentRequest, path: DatagramPath): void {
    sent.noteCopy(path, this.association.now);
    const { birthPath, introduction, outputs } = this.association;
    const before = samePath(path, birthPath) ? [] : introduction;
    for (const bytes of [...before, ...sent.datagrams]) outputs.push({ kind: 'transmit', path, bytes, whole: sent.isWhole });
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

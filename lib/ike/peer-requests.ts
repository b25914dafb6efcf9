/** The peer's requests: each is processed once, and answered as often as it comes, to where it came from (RFC 7296 §2.1–§2.3, RFC 7383 §2.6). */
import { present } from '../util/assert.js';
import { samePath, type DatagramPath } from '../util/address.js';
import { bytesEqual } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import type { IkeHeader } from '../wire/ike-header.js';
import type { Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { drawMessage } from './drawing.js';
import { Reassembler } from './fragmentation.js';
import { parse, type MessageChannel } from './message-channel.js';
import type { OpenedMessage } from './message-protection.js';
import type { MessageWindow } from './message-window.js';

/** Paths over which copies of one request are noticed; a peer that tests its paths sends a copy over each. */
export const maxPathsPerRequest = 16;

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

const nothing = { kind: 'nothing' } as const;

export class PeerRequests {
  readonly #association: Association;
  readonly #channel: MessageChannel;
  readonly #window: MessageWindow;
  readonly #fragments: Reassembler;
  #processing: { readonly header: IkeHeader; readonly datagram: Uint8Array } | null = null;
  /** Of the request under way or answered last: the paths it came over, each of which gets the answer. */
  #paths: DatagramPath[] = [];
  #firstFragment: Uint8Array | null = null;

  constructor(association: Association, channel: MessageChannel, window: MessageWindow) {
    this.#association = association;
    this.#channel = channel;
    this.#window = window;
    this.#fragments = new Reassembler(association.env.fragmentRoom);
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#fragments.clear();
  }

  receive(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    switch (this.#window.classify(header.messageId)) {
      case 'repeated':
        this.#repeated(path, bytes);
        return nothing;
      case 'in-progress':
        // The copy that came first may have come over a path that the answer can't take.
        if (this.#processing !== null && bytesEqual(this.#processing.datagram, bytes)) this.#heard(path);
        return nothing;
      case 'out-of-window':
        return nothing;
      case 'new':
        return this.#new(header, path, bytes);
    }
  }

  /** The request under way is an IKE_SA_INIT that the endpoint has decoded. */
  beginInit(header: IkeHeader, path: DatagramPath, datagram: Uint8Array): void {
    this.#begin(header, path, datagram);
  }

  /** Answers the request that is being processed, protected. */
  respond(payloads: readonly Payload[]): void {
    const { exchangeType, messageId: id } = this.#current().header;
    this.#answer(this.#channel.seal({ exchangeType, id, response: true, payloads }));
  }

  /** Answers IKE_SA_INIT. */
  respondPlain(bytes: Uint8Array): void {
    this.#answer([bytes]);
  }

  /** The request under way gets no answer; its sender may send another with the same Message ID. */
  ignore(): void {
    this.#processing = null;
    this.#window.forget();
  }

  #new(header: IkeHeader, path: DatagramPath, bytes: Uint8Array): Received {
    const association = this.#association;
    const opened = this.#open(header, bytes);
    if (opened === null) return nothing;
    this.#begin(header, path, this.#firstFragment ?? bytes);
    this.#firstFragment = null;
    const payloads = parse(opened);
    association.lastHeardAt = association.now;
    if (payloads instanceof DecodeError) return { kind: 'malformed', response: false, reason: payloads.message };
    association.log('trace', `<-- ${drawMessage(header.exchangeType, false, header.messageId, payloads)}`);
    return { kind: 'request', request: { header, payloads, path } };
  }

  /** Null: not authentic, or a fragment with others missing. */
  #open(header: IkeHeader, bytes: Uint8Array): OpenedMessage | null {
    const opened = this.#channel.open(bytes);
    if (opened === null) return null;
    if (opened.fragment?.number === 1) this.#firstFragment = bytes.slice();
    return this.#fragments.add(header.messageId, opened);
  }

  #begin(header: IkeHeader, path: DatagramPath, datagram: Uint8Array): void {
    this.#window.begin();
    this.#processing = { header, datagram };
    this.#paths = [];
    this.#heard(path);
  }

  /** A true repeat is bit-identical (RFC 7296 §2.1), or split anew (RFC 7383 §2.5.2); of several fragments the first one counts (§2.6.1). */
  #repeated(path: DatagramPath, bytes: Uint8Array): void {
    if (!this.#window.isLastRequest(bytes)) {
      const opened = this.#channel.open(bytes);
      if (opened === null || (opened.fragment !== null && opened.fragment.number !== 1)) return;
    }
    this.#heard(path);
    this.#sendTo(path);
  }

  /** Once for each path: anybody who has seen a copy can repeat it from anywhere. */
  #heard(path: DatagramPath): void {
    if (this.#paths.length >= maxPathsPerRequest || this.#paths.some((known) => samePath(known, path))) return;
    this.#paths.push(path);
    this.#association.heardOver(path, null);
  }

  #answer(datagrams: readonly Uint8Array[]): void {
    this.#window.answer(this.#current().datagram, datagrams);
    this.#processing = null;
    for (const path of this.#paths) this.#sendTo(path);
  }

  #sendTo(path: DatagramPath): void {
    for (const bytes of this.#window.lastAnswer) this.#association.outputs.push({ kind: 'transmit', path, bytes, whole: false });
  }

  #current(): { readonly header: IkeHeader; readonly datagram: Uint8Array } {
    return present(this.#processing, 'a request is being processed');
  }
}

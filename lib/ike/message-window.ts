/** Message IDs with a window of one in each direction, and the last response for repeats (RFC 7296 §2.1–§2.3). */
import { bytesEqual } from '../util/bytes.js';
import { messageId, type MessageId } from '../util/brands.js';

/** What a request's Message ID says of it. */
export type RequestClass = 'new' | 'repeated' | 'in-progress' | 'out-of-window';

interface Answered {
  readonly messageId: MessageId;
  /** The request's datagram, or its first fragment: a true repeat is bit-identical (RFC 7296 §2.1). */
  readonly request: Uint8Array;
  readonly datagrams: readonly Uint8Array[];
}

export class MessageWindow {
  #nextRequest = 0;
  #expected = 0;
  #inProgress = false;
  #answered: Answered | null = null;

  /** The Message ID for our next request; counts on. */
  takeRequestId(): MessageId {
    return messageId(this.#nextRequest++);
  }

  classify(id: MessageId): RequestClass {
    if (id === this.#expected) return this.#inProgress ? 'in-progress' : 'new';
    return this.#answered?.messageId === id ? 'repeated' : 'out-of-window';
  }

  /** The request is being worked on: its repeats wait for the answer. */
  begin(): void {
    this.#inProgress = true;
  }

  /** The request will not be answered: the next one with its Message ID is new. */
  forget(): void {
    this.#inProgress = false;
  }

  /** The request was answered with `datagrams`. */
  answer(request: Uint8Array, datagrams: readonly Uint8Array[]): void {
    this.#answered = { messageId: messageId(this.#expected), request, datagrams };
    this.#expected++;
    this.#inProgress = false;
  }

  /** What to send again for a repeat, to be asked after `classify` said so. */
  get lastAnswer(): readonly Uint8Array[] {
    return this.#answered?.datagrams ?? [];
  }

  /** The very octets that were answered last. */
  isLastRequest(request: Uint8Array): boolean {
    return this.#answered !== null && bytesEqual(this.#answered.request, request);
  }
}

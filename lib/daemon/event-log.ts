/** What happened, for `mhtun events`: the last events, and whoever follows the next. */
import type { EndpointEvent } from '../endpoint/io.js';
import type { EventDocument } from '../control/messages.js';

/** Events kept for one who asks later. */
export const maxKeptEvents = 1000;

export class EventLog {
  readonly #kept: EventDocument[] = [];
  readonly #followers = new Set<(event: EventDocument) => void>();

  /** @param time ISO 8601 */
  add(time: string, { event, peer, fields }: EndpointEvent): EventDocument {
    const document = { ...fields, time, event, peer };
    this.#kept.push(document);
    if (this.#kept.length > maxKeptEvents) this.#kept.shift();
    for (const follower of this.#followers) follower(document);
    return document;
  }

  kept(): readonly EventDocument[] {
    return [...this.#kept];
  }

  /** Returns what ends it. */
  follow(follower: (event: EventDocument) => void): () => void {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }
}

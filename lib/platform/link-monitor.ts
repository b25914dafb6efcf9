/**
 * The links and addresses of this host, now and each time they change. The kernel's messages only say that something
 * changed; the state is then read anew, so a lost message (ENOBUFS) costs nothing and the two can't disagree.
 */
import type { HostState } from '../path/host-state.js';
import { DecodeError, PlatformError } from '../util/errors.js';
import { NetlinkClient, netlinkProtocol, watchGroups, type NetlinkGroups } from './netlink.js';
import { linkGroups, readHostState } from './rtnetlink-link.js';

/**
 * How long further changes are waited for before the state is read: a link that comes up brings a handful of messages,
 * and a path must not wait noticeably for its link.
 */
const settleMs = 5;
/** When the kernel could not answer. */
const retryMs = 500;

export interface LinkMonitor {
  state(): HostState;
  close(): void;
}

/** @param changed called from the event loop when the state is another than before. @throws PlatformError */
export function startLinkMonitor(changed: (state: HostState) => void): LinkMonitor {
  return new NetlinkMonitor(changed);
}

class NetlinkMonitor implements LinkMonitor {
  readonly #client: NetlinkClient;
  readonly #groups: NetlinkGroups;
  readonly #changed: (state: HostState) => void;
  #state: HostState;
  #text: string;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(changed: (state: HostState) => void) {
    this.#changed = changed;
    this.#client = new NetlinkClient(netlinkProtocol.route);
    // First the groups, then the state: what changes in between is not missed.
    this.#groups = watchGroups(netlinkProtocol.route, linkGroups, () => this.#later());
    this.#state = readHostState(this.#client);
    this.#text = JSON.stringify(this.#state);
  }

  state(): HostState {
    return this.#state;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#groups.close();
    this.#client.close();
  }

  /** Null: the kernel is short of something; it is asked again. */
  #tryToRead(): HostState | null {
    try {
      return readHostState(this.#client);
    } catch (error) {
      if (!(error instanceof PlatformError) && !(error instanceof DecodeError)) throw error;
      this.#timer = setTimeout(() => this.#read(), retryMs);
      return null;
    }
  }

  #later(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.#read(), settleMs);
  }

  #read(): void {
    this.#timer = null;
    const state = this.#tryToRead();
    if (state === null) return;
    const text = JSON.stringify(state);
    if (text === this.#text) return;
    this.#state = state;
    this.#text = text;
    this.#changed(state);
  }
}

/**
 * The state of this host's links, now and each time it changes. What is lost is believed as soon as the kernel says so; whatever else
 * it says only means that something changed, which is then read anew. So a lost message (ENOBUFS) costs nothing, and the two can't
 * disagree for long. How often there is reading is bounded by what reading costs.
 */
import { performance } from 'node:perf_hooks';
import type { HostState } from '../path/host-state.js';
import { DecodeError, PlatformError } from '../util/errors.js';
import { HostReader, type Way } from './host-reader.js';
import type { LocalUse } from './interfaces.js';
import { newsOf, type LinkNews } from './link-news.js';
import type { NetlinkMessage } from './netlink-codec.js';
import { NetlinkClient, netlinkProtocol, watchGroups, type NetlinkGroups, type Told } from './netlink.js';
import { ReadingBudget } from './reading-budget.js';
import type { NextHop } from './rtnetlink-lookup.js';
import { SignalWatch } from './signal-watch.js';

/**
 * How long further changes are waited for before the state is read: a link that comes up brings a handful of messages,
 * and a path must not wait noticeably for its link.
 */
const settleMs = 5;
/** Whoever takes something away still holds the kernel's lock for a while, and asking would wait for him; the loss is known already. */
const settleAfterLossMs = 30;
/** When the kernel could not answer. */
const retryMs = 500;
/** A node timer must not sleep longer; looking once too often is harmless. */
const longestSleepMs = 2 ** 31 - 1;

/** Multicast groups (linux/rtnetlink.h): links, addresses, routes and rules of both families, neighbours. */
const groups: readonly number[] = [1, 3, 5, 7, 8, 9, 11, 19];
/** Next hops as objects of their own, whose end takes routes along in silence. Linux 5.3. */
const nextHopGroup = 32;

export interface LinkMonitor {
  state(): HostState;
  /** Read anew, whatever the kernel has told; nobody else is told. @throws PlatformError */
  refresh(): HostState;
  /** As the kernel would route now; null: nowhere. @throws PlatformError */
  nextHops(ways: readonly Way[]): (NextHop | null)[];
  close(): void;
}

export interface LinkMonitorOptions {
  /** Firewall mark of what will be sent. */
  readonly mark: number;
  /** The addresses whose ways are of interest. */
  uses(state: HostState): readonly LocalUse[];
  /** Called from the event loop: something is lost, a gateway does not answer or does so again, or a signal has changed. */
  told(state: HostState): void;
  /** Called from the event loop after each reading: the state may be another than before, and packets may be routed otherwise. */
  read(state: HostState): void;
}

/** @throws PlatformError */
export function startLinkMonitor(options: LinkMonitorOptions): LinkMonitor {
  return new NetlinkMonitor(options);
}

class NetlinkMonitor implements LinkMonitor {
  readonly #client: NetlinkClient;
  readonly #reader: HostReader;
  readonly #groups: NetlinkGroups;
  readonly #signals: SignalWatch;
  readonly #options: LinkMonitorOptions;
  #state: HostState = { links: [], addresses: [], uplinks: [] };
  #stale: 'nothing' | 'routes' | 'all' = 'all';
  #timer: NodeJS.Timeout | null = null;
  #expiryTimer: NodeJS.Timeout | null = null;
  readonly #budget = new ReadingBudget(performance.now());
  #closed = false;

  constructor(options: LinkMonitorOptions) {
    this.#options = options;
    this.#client = new NetlinkClient(netlinkProtocol.route);
    this.#reader = new HostReader(this.#client, options.mark);
    this.#signals = new SignalWatch(() => {
      this.#state = { ...this.#state, links: this.#signals.follow(this.#state.links) };
      options.told(this.#state);
    });
    // First the groups, then the state: what changes in between is not missed.
    this.#groups = this.#watch();
    this.#state = this.#read();
  }

  state(): HostState {
    return this.#state;
  }

  refresh(): HostState {
    this.#stale = 'all';
    this.#state = this.#read();
    return this.#state;
  }

  nextHops(ways: readonly Way[]): (NextHop | null)[] {
    return this.#reader.nextHops(ways);
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#timer, this.#expiryTimer]) if (timer !== null) clearTimeout(timer);
    this.#timer = null;
    this.#expiryTimer = null;
    this.#groups.close();
    this.#signals.close();
    this.#client.close();
  }

  #watch(): NetlinkGroups {
    const told = (news: Told): void => this.#hear(news);
    try {
      return watchGroups(netlinkProtocol.route, [...groups, nextHopGroup], told);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return watchGroups(netlinkProtocol.route, groups, told);
    }
  }

  #hear({ messages, lost }: Told): void {
    if (this.#closed) return;
    const before = this.#state;
    if (lost) this.#stale = 'all';
    for (const message of messages) {
      const news = decoded(message);
      if (news === 'nonsense') this.#stale = 'all';
      else if (news !== null) this.#believe(news);
    }
    if (this.#state !== before) this.#options.told(this.#state);
    if (this.#stale !== 'nothing') this.#readIn(this.#state === before ? settleMs : settleAfterLossMs);
  }

  #believe(news: LinkNews): void {
    const { links, addresses, uplinks } = this.#state;
    switch (news.kind) {
      case 'link-lost':
        this.#stale = 'all';
        if (!links.some((link) => link.index === news.index && link.up)) return;
        this.#state = { links: links.map((link) => (link.index === news.index ? { ...link, up: false } : link)), addresses, uplinks };
        return;
      case 'address-lost': {
        this.#stale = 'all';
        const device = links.find((link) => link.index === news.index)?.name;
        const left = addresses.filter((own) => own.device !== device || own.address !== news.address);
        if (left.length < addresses.length) this.#state = { links, addresses: left, uplinks };
        return;
      }
      case 'neighbour':
        if (this.#reader.hear(news.neighbour)) this.#state = { links, addresses, uplinks: this.#reader.refreshed(uplinks) };
        return;
      case 'links':
        this.#stale = 'all';
        return;
      case 'routes':
        if (this.#stale === 'nothing') this.#stale = 'routes';
    }
  }

  #readIn(ms: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => this.#readLate(), Math.max(ms, this.#budget.waitMs(performance.now())));
  }

  #readLate(): void {
    this.#timer = null;
    const from = performance.now();
    try {
      this.#state = this.#read();
    } catch (error) {
      // The kernel is short of something; it is asked again.
      if (!(error instanceof PlatformError) && !(error instanceof DecodeError)) throw error;
      this.#stale = 'all';
      this.#readIn(retryMs);
      return;
    }
    this.#options.read(this.#state);
    const now = performance.now();
    this.#budget.spend(now, now - from);
  }

  /** Only what is stale. */
  #read(): HostState {
    let state = this.#state;
    if (this.#stale === 'all') {
      const { links, addresses, expiringInSeconds } = this.#reader.links();
      state = { links: this.#signals.follow(links), addresses, uplinks: [] };
      this.#lookAgainIn(expiringInSeconds);
    }
    const uplinks = this.#reader.uplinks(this.#options.uses(state));
    this.#stale = 'nothing';
    return { ...state, uplinks };
  }

  /** Time alone changes an address as well. */
  #lookAgainIn(seconds: number | null): void {
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer);
    this.#expiryTimer = null;
    if (seconds === null) return;
    this.#expiryTimer = setTimeout(() => {
      this.#expiryTimer = null;
      this.#stale = 'all';
      this.#readIn(0);
    }, Math.min(seconds * 1000, longestSleepMs));
    this.#expiryTimer.unref();
  }
}

function decoded(message: NetlinkMessage): LinkNews | null | 'nonsense' {
  try {
    return newsOf(message);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return 'nonsense';
  }
}

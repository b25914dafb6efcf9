/** How strong the signals of this host's Wi-Fi links are, asked for now and then; nothing is asked where there is no Wi-Fi. */
import type { HostLink } from '../path/host-state.js';
import { DecodeError, PlatformError } from '../util/errors.js';
import { NetlinkClient, netlinkProtocol } from './netlink.js';
import { decodeFamily, decodeSignal, familyRequest, interfaceRequest, isClient, stationsPayload } from './nl80211-codec.js';

/** A person who walks away from an access point changes it by some decibels in that time. */
const intervalMs = 10_000;
/** Less is noise. */
const stepDb = 3;

export class SignalWatch {
  readonly #changed: () => void;
  #indexes: readonly number[] = [];
  #signals = new Map<number, number>();
  /** Links for which there has been a question, answered or not. */
  #asked: ReadonlySet<number> = new Set();
  #client: NetlinkClient | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param changed called from the event loop when a signal is clearly another than before */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The same links with the signal of each, as it was last asked for. */
  follow(links: readonly HostLink[]): HostLink[] {
    this.#indexes = links.filter((link) => link.kind === 'wireless' && link.up).map((link) => link.index);
    const isNew = this.#indexes.some((index) => !this.#asked.has(index));
    if (this.#indexes.length === 0) this.close();
    else if (isNew || this.#timer === null) this.#look();
    return links.map((link) => ({ ...link, signalDbm: this.#signals.get(link.index) ?? null }));
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#client?.close();
    this.#client = null;
  }

  /** True where a signal has clearly changed. */
  #look(): boolean {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#look()) this.#changed();
    }, intervalMs);
    this.#timer.unref();
    const before = this.#signals;
    this.#asked = new Set(this.#indexes);
    this.#signals = this.#ask();
    let changed = false;
    for (const index of this.#indexes) {
      const was = before.get(index);
      const is = this.#signals.get(index);
      if (was === is) continue;
      if (was !== undefined && is !== undefined && Math.abs(was - is) < stepDb) this.#signals.set(index, was);
      else changed = true;
    }
    return changed;
  }

  #ask(): Map<number, number> {
    const out = new Map<number, number>();
    try {
      this.#client ??= new NetlinkClient(netlinkProtocol.generic);
      const family = decodeFamily(this.#client.askAll([familyRequest()])[0] ?? null);
      if (family === null) return out;
      for (const index of this.#indexes) {
        if (!isClient(family, this.#client.askAll([interfaceRequest(family, index)])[0] ?? null)) continue;
        const [signal] = this.#client.dump(family, stationsPayload(index)).flatMap((message) => decodeSignal(family, message) ?? []);
        if (signal !== undefined) out.set(index, signal);
      }
    } catch (error) {
      // A signal is a courtesy of the driver.
      if (!(error instanceof PlatformError) && !(error instanceof DecodeError)) throw error;
    }
    return out;
  }
}

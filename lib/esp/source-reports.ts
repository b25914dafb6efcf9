/**
 * What the control plane hears of where a Child SA's packets come from, at the pace the interface
 * promises: activity on a path, and a source other than the one we send to. What the pace holds back
 * is told when its time comes, so that the last word is always heard.
 */
import type { DatagramPath } from '../util/address.js';
import { samePath, sameSocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { after, earlier } from '../util/brands.js';
import { activityIntervalMs, maxActivityPaths, newSourceIntervalMs } from './limits.js';

/** `inbound-activity` of one Child SA. */
export class ActivityReports {
  /** The path heard last comes last. */
  #entries: ActivityEntry[] = [];
  #last: ActivityEntry | null = null;

  /** `now`: tell it; `later`: when `nextDue` says; `known`: that was said before. */
  seen(now: Instant, path: DatagramPath): 'now' | 'later' | 'known' {
    let entry = this.#last;
    if (entry === null || (entry.path !== path && !samePath(entry.path, path))) entry = this.#entryOf(path);
    if (entry.toldAt !== null && now < entry.toldAt + activityIntervalMs) {
      if (entry.pending) return 'known';
      entry.pending = true;
      return 'later';
    }
    entry.toldAt = now;
    entry.pending = false;
    return 'now';
  }

  /** The paths whose time has come. @param all it is time for every one that waits */
  due(now: Instant, all: boolean): readonly DatagramPath[] {
    const paths: DatagramPath[] = [];
    for (const entry of this.#entries) {
      if (!entry.pending || entry.toldAt === null || (!all && now < entry.toldAt + activityIntervalMs)) continue;
      entry.toldAt = now;
      entry.pending = false;
      paths.push(entry.path);
    }
    return paths;
  }

  nextDue(): Instant | null {
    let at: Instant | null = null;
    for (const entry of this.#entries) {
      if (entry.pending && entry.toldAt !== null) at = earlier(at, after(entry.toldAt, activityIntervalMs));
    }
    return at;
  }

  #entryOf(path: DatagramPath): ActivityEntry {
    const entry = this.#entries.find((one) => samePath(one.path, path)) ?? { path, toldAt: null, pending: false };
    this.#entries = [...this.#entries.filter((one) => one !== entry), entry].slice(-maxActivityPaths);
    this.#last = entry;
    return entry;
  }
}

/** `new-source` of one Child SA. */
export class NewSourceReports {
  #toldAt: Instant | null = null;
  #pending: DatagramPath | null = null;

  /** A packet that advanced the right edge came in on `path`; we send to `current`. True where it is to be told now. */
  seen(now: Instant, path: DatagramPath, current: DatagramPath): boolean {
    if (path === current || sameSocketAddress(path.remote, current.remote)) {
      this.#pending = null;
      return false;
    }
    if (this.#toldAt !== null && now < this.#toldAt + newSourceIntervalMs) {
      this.#pending = path;
      return false;
    }
    this.#toldAt = now;
    return true;
  }

  /** The source to tell of now, if any. */
  due(now: Instant): DatagramPath | null {
    if (this.#pending === null || this.#toldAt === null || now < this.#toldAt + newSourceIntervalMs) return null;
    const path = this.#pending;
    this.#pending = null;
    this.#toldAt = now;
    return path;
  }

  nextDue(): Instant | null {
    return this.#pending === null || this.#toldAt === null ? null : after(this.#toldAt, newSourceIntervalMs);
  }

  /** The path was switched: what was held back is past. */
  forget(): void {
    this.#pending = null;
  }
}

interface ActivityEntry {
  readonly path: DatagramPath;
  toldAt: Instant | null;
  pending: boolean;
}

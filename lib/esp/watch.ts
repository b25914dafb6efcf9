/**
 * What the control plane hears of a watched Child SA besides: which path its peer uses, that packets leave, and that nothing comes in
 * any more, each at the pace the interface promises.
 */
import type { DatagramPath } from '../util/address.js';
import { samePath } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { after, earlier } from '../util/brands.js';
import { inboundPathIntervalMs, outboundActivityIntervalMs } from './limits.js';

export class Watch {
  #silentMs: number | null = null;
  #watched = false;
  /** Inbound path: as told, and when; one that waits for its time. */
  #path: DatagramPath | null = null;
  #pathToldAt: Instant | null = null;
  #pathPending: DatagramPath | null = null;
  #outboundToldAt: Instant | null = null;
  #outboundPending = false;
  /** Something came in last; null: nothing since silence was told. */
  #heardAt: Instant | null = null;

  set(silentMs: number | null): void {
    this.#watched = true;
    this.#silentMs = silentMs;
    this.#heardAt = null;
  }

  /** An authenticated packet came in. True where its path is to be told now. */
  received(now: Instant, path: DatagramPath, advanced: boolean): boolean {
    if (!this.#watched) return false;
    this.#heardAt = now;
    if (!advanced) return false;
    if (this.#path !== null && (path === this.#path || samePath(path, this.#path))) {
      this.#pathPending = null;
      return false;
    }
    if (this.#pathToldAt !== null && now < this.#pathToldAt + inboundPathIntervalMs) {
      this.#pathPending = path;
      return false;
    }
    this.#tell(now, path);
    return true;
  }

  /** A packet left. True where that is to be told now. */
  sent(now: Instant): boolean {
    if (!this.#watched) return false;
    if (this.#outboundToldAt !== null && now < this.#outboundToldAt + outboundActivityIntervalMs) {
      this.#outboundPending = true;
      return false;
    }
    this.#outboundToldAt = now;
    this.#outboundPending = false;
    return true;
  }

  /** The path to tell of now, if any. */
  duePath(now: Instant): DatagramPath | null {
    const path = this.#pathPending;
    if (path === null || this.#pathToldAt === null || now < this.#pathToldAt + inboundPathIntervalMs) return null;
    this.#tell(now, path);
    return path;
  }

  dueOutbound(now: Instant): boolean {
    return this.#outboundPending && this.sent(now);
  }

  dueSilence(now: Instant): boolean {
    if (this.#heardAt === null || this.#silentMs === null || now < this.#heardAt + this.#silentMs) return false;
    this.#heardAt = null;
    return true;
  }

  nextDue(): Instant | null {
    const path = this.#pathPending === null || this.#pathToldAt === null ? null : after(this.#pathToldAt, inboundPathIntervalMs);
    const outbound = this.#outboundPending && this.#outboundToldAt !== null ? after(this.#outboundToldAt, outboundActivityIntervalMs) : null;
    const silence = this.#heardAt === null || this.#silentMs === null ? null : after(this.#heardAt, this.#silentMs);
    return earlier(earlier(path, outbound), silence);
  }

  #tell(now: Instant, path: DatagramPath): void {
    this.#path = path;
    this.#pathPending = null;
    this.#pathToldAt = now;
  }
}

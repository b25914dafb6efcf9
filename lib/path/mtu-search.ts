/**
 * How large a packet gets through a path (RFC 8899): padded tests from the link's own size down, by halves between what arrived and
 * what did not; the find confirmed now and then; a black hole (RFC 8899 §4.3) found and left. Sizes are octets of the IP packet.
 */
import type { AddressFamily } from '../util/address.js';
import { after, earlier, type Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';

/** RFC 8200 §5 for IPv6; IKE is sent in packets of this size in any case (RFC 7383 §2.5.1). */
const basePlpmtuBytes = 1280;
/** RFC 8899 §5.1.2, MIN_PLPMTU: RFC 1122 §3.3.2 for IPv4, RFC 8200 §5 for IPv6. */
const minPlpmtuBytes: Readonly<Record<AddressFamily, number>> = { 4: 576, 6: 1280 };
/** RFC 8899 §5.1.2, MAX_PROBES. */
const maxProbes = 3;
/** RFC 8899 §5.1.1, PMTU_RAISE_TIMER. */
const raiseMs = 600_000;
/** RFC 8899 §5.1.1, CONFIRMATION_TIMER: black holes are rare, and the path manager asks earlier when it sees a sign of one. */
const confirmMs = 300_000;
/** The search ends when it is this exact: an ESP packet is padded to 4 octets. */
const granularityBytes = 4;
/** Between two probes, so that a search never fills a slow link. */
const paceMs = 1_000;
/** A sign of a black hole is looked into at most so often. */
const suspicionMs = 30_000;

type Phase =
  /** `low` got through, or is taken for granted; `high` is the least known not to. */
  | { readonly kind: 'searching'; readonly low: number; readonly high: number; readonly size: number; readonly lost: number }
  | { readonly kind: 'found'; readonly raiseAt: Instant; readonly confirmAt: Instant }
  | { readonly kind: 'confirming'; readonly lost: number; readonly raiseAt: Instant };

export class MtuSearch {
  readonly #family: AddressFamily;
  #linkMtu: number;
  #phase: Phase;
  /** The largest that got through; null: none did yet. */
  #found: number | null = null;
  #probedAt: Instant | null = null;
  #confirmedAt: Instant | null = null;

  constructor(family: AddressFamily, linkMtu: number) {
    this.#family = family;
    this.#linkMtu = Math.max(linkMtu, minPlpmtuBytes[family]);
    this.#phase = this.#start();
  }

  /** The largest packet that got through; null: not known. */
  get mtu(): number | null {
    return this.#found;
  }

  /** Nothing but confirming and raising is left to do. */
  get done(): boolean {
    return this.#phase.kind === 'found';
  }

  set linkMtu(bytes: number) {
    const mtu = Math.max(bytes, minPlpmtuBytes[this.#family]);
    if (mtu === this.#linkMtu) return;
    this.#linkMtu = mtu;
    if (this.#found !== null && this.#found > mtu) this.#found = null;
    this.#phase = this.#start();
  }

  /** When the next probe is due. `thrifty`: one search, no raising, and confirming only on suspicion. */
  dueAt(now: Instant, thrifty: boolean): Instant | null {
    const paced = this.#probedAt === null ? now : after(this.#probedAt, paceMs);
    const phase = this.#phase;
    if (phase.kind !== 'found') return paced;
    if (thrifty) return null;
    const raise = this.#found === null || this.#found < this.#linkMtu ? phase.raiseAt : null;
    const due = earlier(raise, phase.confirmAt);
    return due === null || due < paced ? paced : due;
  }

  /** The size to probe now; called when it is due. */
  begin(now: Instant): number {
    this.#probedAt = now;
    if (this.#phase.kind === 'found') {
      const raise = this.#phase.raiseAt <= now && (this.#found ?? 0) < this.#linkMtu;
      this.#phase = raise ? this.#start() : { kind: 'confirming', lost: 0, raiseAt: this.#phase.raiseAt };
    }
    return this.#phase.kind === 'searching' ? this.#phase.size : (this.#found ?? this.#base);
  }

  /** A sign that large packets vanish while small ones arrive: confirm now. */
  suspect(now: Instant): void {
    if (this.#phase.kind !== 'found' || (this.#confirmedAt !== null && now < after(this.#confirmedAt, suspicionMs))) return;
    this.#phase = { kind: 'confirming', lost: 0, raiseAt: this.#phase.raiseAt };
  }

  answered(now: Instant, size: number): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'searching':
        if (size !== phase.size) return;
        this.#found = size;
        this.#search(now, size, phase.high);
        return;
      case 'confirming':
        this.#found ??= size;
        this.#rest(now, phase.raiseAt);
        return;
      case 'found':
        return;
      default:
        unreachable(phase);
    }
  }

  /** `tooBig`: our own host refused the size (EMSGSIZE), so that asking again is no use. */
  lost(now: Instant, size: number, tooBig: boolean): void {
    const phase = this.#phase;
    if (phase.kind === 'found') return;
    const lost = tooBig ? maxProbes : phase.lost + 1;
    if (phase.kind === 'confirming') {
      if (lost < maxProbes) this.#phase = { ...phase, lost };
      else this.#blackHole(now, size);
      return;
    }
    if (size !== phase.size) return;
    if (lost < maxProbes) this.#phase = { ...phase, lost };
    else if (size <= phase.low) this.#lower(now, size);
    else this.#search(now, phase.low, size);
  }

  get #base(): number {
    return Math.min(basePlpmtuBytes, this.#linkMtu);
  }

  /** The link's size first: where nothing is in the way, that is all. */
  #start(): Phase {
    return { kind: 'searching', low: this.#found ?? this.#base, high: this.#linkMtu + 1, size: this.#linkMtu, lost: 0 };
  }

  /** Between what got through and what did not. */
  #search(now: Instant, low: number, high: number): void {
    if (this.#found === null) {
      // The base is proven before anything is built on it (RFC 8899 §5.2, Base).
      this.#phase = { kind: 'searching', low, high, size: low, lost: 0 };
    } else if (high - low <= granularityBytes) {
      this.#rest(now);
    } else {
      this.#phase = { kind: 'searching', low, high, size: (low + high) >> 1, lost: 0 };
    }
  }

  /** Even the base does not get through (RFC 8899 §5.2, Error). */
  #lower(now: Instant, size: number): void {
    const least = minPlpmtuBytes[this.#family];
    if (size > least) this.#phase = { kind: 'searching', low: least, high: size, size: least, lost: 0 };
    else this.#rest(now);
  }

  #blackHole(now: Instant, size: number): void {
    this.#found = null;
    this.#confirmedAt = now;
    const low = Math.min(this.#base, size);
    this.#phase = { kind: 'searching', low, high: size, size: low, lost: 0 };
  }

  #rest(now: Instant, raiseAt: Instant = after(now, raiseMs)): void {
    this.#confirmedAt = now;
    this.#phase = { kind: 'found', raiseAt, confirmAt: after(now, confirmMs) };
  }
}

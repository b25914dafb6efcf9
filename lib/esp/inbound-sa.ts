/** The inbound half of a Child SA: keys, anti-replay window, and how a packet is opened (RFC 4303 §3.4). */
import type { Protection } from '../crypto/algorithm.js';
import { createProtection } from '../crypto/protection.js';
import type { EspSpi, Instant } from '../util/brands.js';
import { espHeaderBytes, espSequenceOf, parseEspTrailer } from '../wire/esp-packet.js';
import type { DropReason, InstallInbound } from './data-plane.js';
import { FragmentTracker } from './fragments.js';
import { LifetimeMeter } from './lifetime.js';
import { esnResyncFailures, esnResyncIntervalMs, esnResyncTries, maxSequence64 } from './limits.js';
import { Pacer } from './pacing.js';
import { ReplayWindow } from './replay-window.js';
import { SelectorSet } from './selectors.js';

const two32 = 0x1_0000_0000;
const nothing = new Uint8Array(0);

export class InboundSa {
  readonly spi: EspSpi;
  readonly selectors: SelectorSet;
  readonly lifetime: LifetimeMeter;
  /** Whether the packet opened last moved the window's right edge. */
  advanced = false;
  /** Of the packet opened last: Next Header, and how many octets of plaintext come before the padding. */
  nextHeader = 0;
  payloadBytes = 0;
  readonly #window: ReplayWindow;
  readonly #esn: boolean;
  readonly #protection: Protection;
  /** SPI and sequence number, as AEAD takes them with ESN: the high half in between (RFC 4106 §5). */
  readonly #associated: Uint8Array;
  /** The high half that an HMAC covers after the ciphertext (RFC 4303 §2.8); empty otherwise. */
  readonly #suffix: Uint8Array;
  readonly #resyncPacer = new Pacer(esnResyncIntervalMs);
  #failures = 0;
  #fragments: FragmentTracker | null = null;

  constructor(command: InstallInbound) {
    const { keying } = command;
    this.spi = command.spi;
    this.selectors = new SelectorSet(command.selectors);
    this.lifetime = new LifetimeMeter(command.lifetime);
    this.#window = new ReplayWindow(command.replayWindow, keying.esn);
    this.#esn = keying.esn;
    this.#protection = createProtection(keying.encr, keying.integ, keying.encrKey.expose(), keying.integKey.expose());
    const aead = this.#protection.aead;
    this.#associated = new Uint8Array(aead && keying.esn ? 12 : 8);
    this.#suffix = !aead && keying.esn ? new Uint8Array(4) : nothing;
  }

  get fragments(): FragmentTracker | null {
    return this.#fragments;
  }

  /** Made when the first fragment comes: most SAs never see one. */
  needFragments(): FragmentTracker {
    this.#fragments ??= new FragmentTracker();
    return this.#fragments;
  }

  /** Plaintext with padding, or why not. Only an authenticated packet changes the window. RFC 4303 §3.4. */
  open(now: Instant, datagram: Uint8Array): Uint8Array | DropReason {
    const { ivBytes, icvBytes, blockBytes } = this.#protection;
    const cipherBytes = datagram.length - espHeaderBytes - ivBytes - icvBytes;
    if (cipherBytes < blockBytes || cipherBytes % blockBytes !== 0) return 'malformed';
    const sequence = this.#window.infer(espSequenceOf(datagram));
    if (!this.#window.check(sequence)) return 'replayed';
    const plaintext = this.#openAs(sequence, datagram);
    if (plaintext === null) return this.#esn ? this.#resynchronise(now, sequence, datagram) : 'auth-failed';
    return this.#accept(sequence, plaintext);
  }

  wipe(): void {
    this.#protection.wipe();
    this.#fragments = null;
  }

  #openAs(sequence: number, datagram: Uint8Array): Uint8Array | null {
    const ivEnd = espHeaderBytes + this.#protection.ivBytes;
    this.#setAssociated(sequence, datagram);
    return this.#protection.open(datagram.subarray(espHeaderBytes, ivEnd), this.#associated, datagram.subarray(ivEnd), this.#suffix);
  }

  #setAssociated(sequence: number, datagram: Uint8Array): void {
    const associated = this.#associated;
    const lowAt = associated.length - 4;
    for (let i = 0; i < 4; i++) {
      associated[i] = datagram[i] ?? 0;
      associated[lowAt + i] = datagram[4 + i] ?? 0;
    }
    if (!this.#esn) return;
    const high = Math.floor(sequence / two32);
    const target = this.#suffix.length > 0 ? this.#suffix : associated;
    const at = this.#suffix.length > 0 ? 0 : 4;
    target[at] = high >>> 24;
    target[at + 1] = high >>> 16;
    target[at + 2] = high >>> 8;
    target[at + 3] = high;
  }

  #accept(sequence: number, plaintext: Uint8Array): Uint8Array | DropReason {
    this.#failures = 0;
    this.advanced = this.#window.update(sequence);
    const trailer = parseEspTrailer(plaintext);
    if (trailer === null) return 'bad-padding';
    this.nextHeader = trailer.nextHeader;
    this.payloadBytes = trailer.payloadLength;
    return plaintext;
  }

  /** After a loss of 2^32 packets the inferred high half is too low for ever: try the next ones (RFC 4303 App. A3). */
  #resynchronise(now: Instant, sequence: number, datagram: Uint8Array): Uint8Array | DropReason {
    this.#failures++;
    if (this.#failures < esnResyncFailures || !this.#resyncPacer.allows(now)) return 'auth-failed';
    for (let ahead = 1; ahead <= esnResyncTries; ahead++) {
      const candidate = sequence + ahead * two32;
      if (candidate > maxSequence64) break;
      const plaintext = this.#openAs(candidate, datagram);
      if (plaintext !== null) return this.#accept(candidate, plaintext);
    }
    return 'auth-failed';
  }
}

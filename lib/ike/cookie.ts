/** Stateless cookies against floods of forged IKE_SA_INIT requests (RFC 7296 §2.6). */
import type { RandomBytes } from '../crypto/algorithm.js';
import { constantTimeEqual } from '../crypto/constant-time.js';
import { sha256 } from '../crypto/hash.js';
import { addressBytes, type SocketAddress } from '../util/address.js';
import { concat, fromHex, uint32 } from '../util/bytes.js';
import type { IkeSpi, Instant } from '../util/brands.js';

/** A secret lives so long; the one before it is still accepted, so a cookie is good for one to two minutes. */
const cookieSecretLifetimeMs = 60_000;

interface Secret {
  readonly version: number;
  readonly bytes: Uint8Array;
}

export class CookieSecret {
  readonly #random: RandomBytes;
  #current: Secret;
  #previous: Secret | null = null;
  #madeAt: Instant;

  constructor(now: Instant, random: RandomBytes) {
    this.#random = random;
    this.#madeAt = now;
    this.#current = { version: 1, bytes: random(32) };
  }

  /** Version | hash(Ni | IPi | port | SPIi | secret): the port as well, since a NAT has many hosts behind one address. */
  make(now: Instant, ni: Uint8Array, from: SocketAddress, spiI: IkeSpi): Uint8Array {
    this.#rotate(now);
    return cookie(this.#current, ni, from, spiI);
  }

  check(now: Instant, given: Uint8Array, ni: Uint8Array, from: SocketAddress, spiI: IkeSpi): boolean {
    this.#rotate(now);
    const secrets = this.#previous === null ? [this.#current] : [this.#current, this.#previous];
    return secrets.some((secret) => constantTimeEqual(given, cookie(secret, ni, from, spiI)));
  }

  #rotate(now: Instant): void {
    if (now - this.#madeAt < cookieSecretLifetimeMs) return;
    this.#previous = now - this.#madeAt < 2 * cookieSecretLifetimeMs ? this.#current : null;
    this.#current = { version: this.#current.version + 1, bytes: this.#random(32) };
    this.#madeAt = now;
  }
}

function cookie(secret: Secret, ni: Uint8Array, from: SocketAddress, spiI: IkeSpi): Uint8Array {
  const version = uint32(secret.version);
  return concat(version, sha256(concat(ni, addressBytes(from.address), uint32(from.port), fromHex(spiI), version, secret.bytes)));
}

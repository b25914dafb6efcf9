/** Hashes of parts put one after the other. */
import { defaultProvider } from './providers/default.js';

/** For NAT detection (RFC 7296 §2.23) and certificate key hashes only: nothing here may rest on its strength. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return defaultProvider.hash('sha1', parts);
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return defaultProvider.hash('sha256', parts);
}

export function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return defaultProvider.hash('sha384', parts);
}

export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return defaultProvider.hash('sha512', parts);
}

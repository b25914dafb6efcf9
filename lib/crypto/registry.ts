/** Finds an algorithm by its transform (RFC 7296 §3.3.2) or by its keyword. */
import type { EncrAlgorithm, IntegAlgorithm, KeAlgorithm, PrfAlgorithm } from './algorithm.js';
import { aesCbc } from './encr/aes-cbc.js';
import { aesGcm16 } from './encr/aes-gcm.js';
import { chacha20Poly1305 } from './encr/chacha20-poly1305.js';
import { hmacSha256Integ, hmacSha384Integ, hmacSha512Integ } from './integ/hmac-sha2.js';
import { x25519 } from './ke/curve25519.js';
import { x448 } from './ke/curve448.js';
import { ecp256, ecp384, ecp521 } from './ke/ecp.js';
import { modp2048, modp3072, modp4096 } from './ke/modp.js';
import { lookUpKeyword } from './keywords.js';
import { hmacSha256Prf, hmacSha384Prf, hmacSha512Prf } from './prf/hmac-sha2.js';
import { defaultProvider } from './providers/default.js';
import type { Provider } from './providers/provider.js';

/** Every algorithm there is. Null: we don't have it. */
export interface Registry {
  readonly encrs: readonly EncrAlgorithm[];
  readonly integs: readonly IntegAlgorithm[];
  readonly prfs: readonly PrfAlgorithm[];
  readonly kes: readonly KeAlgorithm[];
  /** @param keyLengthBits the Key Length attribute, null where the transform has none */
  encr(id: number, keyLengthBits: number | null): EncrAlgorithm | null;
  integ(id: number): IntegAlgorithm | null;
  prf(id: number): PrfAlgorithm | null;
  ke(id: number): KeAlgorithm | null;
  /** By keyword; aliases as in `keywords.ts`. */
  encrByName(name: string): EncrAlgorithm | null;
  integByName(name: string): IntegAlgorithm | null;
  prfByName(name: string): PrfAlgorithm | null;
  keByName(name: string): KeAlgorithm | null;
}

export function createRegistry(provider: Provider): Registry {
  const encrs = [
    ...([128, 192, 256] as const).map((bits) => aesGcm16(provider, bits)),
    chacha20Poly1305(provider),
    ...([128, 192, 256] as const).map((bits) => aesCbc(provider, bits)),
  ];
  const integs = [hmacSha256Integ, hmacSha384Integ, hmacSha512Integ].map((make) => make(provider));
  const prfs = [hmacSha256Prf, hmacSha384Prf, hmacSha512Prf].map((make) => make(provider));
  const kes = [x25519, x448, ecp256, ecp384, ecp521, modp2048, modp3072, modp4096].map((make) => make(provider));
  return {
    encrs,
    integs,
    prfs,
    kes,
    encr: (id, keyLengthBits) => encrs.find((a) => a.transformId === id && a.keyLengthBits === keyLengthBits) ?? null,
    integ: (id) => byId(integs, id),
    prf: (id) => byId(prfs, id),
    ke: (id) => byId(kes, id),
    encrByName: (name) => byName(encrs, name),
    integByName: (name) => byName(integs, name),
    prfByName: (name) => byName(prfs, name),
    keByName: (name) => byName(kes, name),
  };
}

/** What the program runs with. */
export const defaultRegistry: Registry = createRegistry(defaultProvider);

function byId<T extends { readonly transformId: number }>(algorithms: readonly T[], id: number): T | null {
  return algorithms.find((algorithm) => algorithm.transformId === id) ?? null;
}

function byName<T extends { readonly name: string }>(algorithms: readonly T[], name: string): T | null {
  const canonical = lookUpKeyword(name)?.name;
  return algorithms.find((algorithm) => algorithm.name === canonical) ?? null;
}

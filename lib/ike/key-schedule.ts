/** Keys of IKE SAs and Child SAs (RFC 7296 §2.14, §2.17, §2.18). */
import type { IntegAlgorithm, PrfAlgorithm, Protection } from '../crypto/algorithm.js';
import type { EncrAlgorithm } from '../crypto/algorithm.js';
import { SecretKey } from '../crypto/key.js';
import { prfPlus } from '../crypto/prf-plus.js';
import { createProtection } from '../crypto/protection.js';
import type { IkeSuite } from '../crypto/suite.js';
import { concat, fromHex } from '../util/bytes.js';
import type { IkeSpi } from '../util/brands.js';
import type { KeyLogEntry } from './io.js';

/** What an IKE SA is protected with. */
export interface IkeKeys {
  readonly suite: IkeSuite;
  readonly skD: SecretKey;
  readonly skPi: SecretKey;
  readonly skPr: SecretKey;
  /** Those three without the PPK, until it is known which count (RFC 8784 §3); else null. */
  readonly unmixed: { readonly skD: SecretKey; readonly skPi: SecretKey; readonly skPr: SecretKey } | null;
  /** Seals what the initiator sends and opens it at the responder. */
  readonly fromInitiator: Protection;
  readonly fromResponder: Protection;
}

/** What the keys of an IKE SA are made of. `rekeyed` names the IKE SA that it follows (RFC 7296 §2.18). */
export interface IkeKeyInput {
  readonly suite: IkeSuite;
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly shared: SecretKey;
  readonly rekeyed: { readonly prf: PrfAlgorithm; readonly skD: SecretKey } | null;
}

/** SKEYSEED and the seven keys from it (RFC 7296 §2.14). Wipes `shared`. */
export function deriveIkeKeys(input: IkeKeyInput, keyLog: ((entry: KeyLogEntry) => void) | null): IkeKeys {
  const { suite, spiI, spiR, ni, nr, shared, rekeyed } = input;
  const skeyseed =
    rekeyed === null
      ? suite.prf.prf(concat(ni, nr), shared.expose())
      : rekeyed.prf.prf(rekeyed.skD.expose(), shared.expose(), ni, nr);
  shared.wipe();
  const integBytes = suite.integ?.keyBytes ?? 0;
  const lengths = [suite.prf.outputBytes, integBytes, integBytes, suite.encr.keymatBytes, suite.encr.keymatBytes, suite.prf.outputBytes, suite.prf.outputBytes];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const stream = prfPlus(suite.prf, skeyseed, concat(ni, nr, fromHex(spiI), fromHex(spiR)), total);
  skeyseed.fill(0);
  const cut = cutter(stream);
  const skD = new SecretKey(cut(suite.prf.outputBytes));
  const skAi = cut(integBytes);
  const skAr = cut(integBytes);
  const skEi = cut(suite.encr.keymatBytes);
  const skEr = cut(suite.encr.keymatBytes);
  const skPi = new SecretKey(cut(suite.prf.outputBytes));
  const skPr = new SecretKey(cut(suite.prf.outputBytes));
  keyLog?.({ kind: 'ike', spiI, spiR, encr: suite.encr.name, integ: suite.integ?.name ?? null, skEi: skEi.slice(), skEr: skEr.slice(), skAi: skAi.slice(), skAr: skAr.slice() });
  const keys: IkeKeys = {
    suite,
    skD,
    skPi,
    skPr,
    unmixed: null,
    fromInitiator: createProtection(suite.encr, suite.integ, skEi, skAi),
    fromResponder: createProtection(suite.encr, suite.integ, skEr, skAr),
  };
  stream.fill(0);
  return keys;
}

export function wipeIkeKeys(keys: IkeKeys): void {
  keys.skD.wipe();
  keys.skPi.wipe();
  keys.skPr.wipe();
  if (keys.unmixed !== null) for (const key of Object.values(keys.unmixed)) key.wipe();
  keys.fromInitiator.wipe();
  keys.fromResponder.wipe();
}

/** Keys of one direction of a Child SA. */
export interface ChildDirectionKeys {
  readonly encrKey: SecretKey;
  readonly integKey: SecretKey;
}

/** What the keys of a Child SA are made of; `shared` null without a key exchange of its own. */
export interface ChildKeyInput {
  readonly prf: PrfAlgorithm;
  readonly skD: SecretKey;
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | null;
  readonly shared: SecretKey | null;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}

/** KEYMAT, initiator's direction first (RFC 7296 §2.17). Wipes `shared`. */
export function deriveChildKeys(input: ChildKeyInput): { readonly fromInitiator: ChildDirectionKeys; readonly fromResponder: ChildDirectionKeys } {
  const { prf, skD, encr, integ, shared, ni, nr } = input;
  const integBytes = integ?.keyBytes ?? 0;
  const seed = shared === null ? concat(ni, nr) : concat(shared.expose(), ni, nr);
  const stream = prfPlus(prf, skD.expose(), seed, 2 * (encr.keymatBytes + integBytes));
  shared?.wipe();
  seed.fill(0);
  const cut = cutter(stream);
  const direction = (): ChildDirectionKeys => ({ encrKey: new SecretKey(cut(encr.keymatBytes)), integKey: new SecretKey(cut(integBytes)) });
  const keys = { fromInitiator: direction(), fromResponder: direction() };
  stream.fill(0);
  return keys;
}

function cutter(stream: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => stream.subarray(at, (at += length));
}

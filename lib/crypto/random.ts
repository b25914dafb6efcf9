/** The system's random source. */
import { randomFillSync } from 'node:crypto';
import type { RandomBytes } from './algorithm.js';

/** Octets from the operating system's generator, fit for keys. */
export const systemRandom: RandomBytes = (length) => randomFillSync(new Uint8Array(length));

/** The system's random source. */
import { randomFillSync } from 'node:crypto';
import { secretOctets } from '../util/bytes.js';
import type { RandomBytes } from './algorithm.js';

/** Octets from the operating system's generator, fit for keys. */
export const systemRandom: RandomBytes = (length) => randomFillSync(secretOctets(length));

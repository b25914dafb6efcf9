/** Monotonic time. */
import { performance } from 'node:perf_hooks';
import { instant, type Instant } from '../util/brands.js';
import type { Clock } from './interfaces.js';

/** Milliseconds since the process began; never goes back, whatever happens to the wall clock. */
export const systemClock: Clock = {
  now(): Instant {
    return instant(performance.now());
  },
};

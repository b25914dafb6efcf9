/** Paths as policies see them. */
import type { Contender } from '../../lib/path/policies/policy.js';

/** A wired path that does well, but for what is named. */
export function contender(fields: Partial<Contender> = {}): Contender {
  return { class: 'primary', cost: 0, order: 0, rttMs: 20, rttVarMs: 1, jitterMs: 1, loss: 0, lossError: 0.02, signalDbm: null, ...fields };
}

/** The class gate: limits on RTT, loss and jitter. A path past one of them is used only when none is within. */
import type { Gate } from './io.js';
import { showMs, showPercent, type Contender } from './policies/policy.js';

/** Which limit the path is past, with the numbers; null: it is within, as far as is known. */
export function pastGate(gate: Gate, { rttMs, loss, lossError, jitterMs }: Contender): string | null {
  if (gate.rttMs !== null && rttMs !== null && rttMs > gate.rttMs) return `RTT ${showMs(rttMs)}, over ${showMs(gate.rttMs)}`;
  if (gate.loss !== null && loss !== null && loss - lossError > gate.loss) return `loss ${showPercent(loss)}, over ${showPercent(gate.loss)}`;
  if (gate.jitterMs !== null && jitterMs !== null && jitterMs > gate.jitterMs) return `jitter ${showMs(jitterMs)}, over ${showMs(gate.jitterMs)}`;
  return null;
}

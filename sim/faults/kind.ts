/** What a kind of fault is. */
import type { Fault } from '../plan.js';
import type { Stage } from '../stage.js';

export interface FaultKind {
  /** How often it is drawn, in proportion to the others. */
  readonly rate: number;
  /** Longest that it lasts, in milliseconds; 0: it is a blow. */
  readonly mostMs: number;
  /** What packets can't be sure to get over while it lasts: its link, or anything; an attacker, a rekey or a clock must do no harm at all. */
  readonly harms: 'link' | 'everything' | 'nothing';
  /** An IKE SA, or its Child SAs, may be lost by it: traffic may stand still until a peer has given up. */
  readonly fatal?: boolean;
  /** Lets it happen; returns what undoes it, or null where there is nothing to undo. */
  readonly strike: (stage: Stage, fault: Fault) => (() => void) | null;
}

/** Between two numbers, by the fault's amount. */
export function within(fault: Fault, low: number, high: number): number {
  return low + fault.amount * (high - low);
}

/** An attempt at an IKE SA: the name that both ends have for it, and what did not fit in it. */
import type { IkeSpi } from '../util/brands.js';

/**
 * The first eight hex digits of the initiator's SPI, which both ends know from the first message on and captures of packets show. The
 * responder's is no part of it: whoever is refused in IKE_SA_INIT never has one (RFC 7296 §2.6).
 */
export function attemptIdOf(spiI: IkeSpi): string {
  return spiI.slice(0, 8);
}

/** Of what two ends must agree on. `refusal`: the peer refused, and says no more than a Notify. */
export type MisfitPart =
  | 'IKE proposals' | 'identity' | 'authentication method' | 'shared secret' | 'certificate'
  | 'ESP proposals' | 'traffic selectors' | 'virtual address' | 'EAP' | 'PPK' | 'MOBIKE' | 'NAT' | 'uniqueness' | 'refusal';

/** What did not fit, for this end's own people: never for the wire. Nothing secret is in it. */
export interface Misfit {
  readonly part: MisfitPart;
  /** What was expected and what came, in a clause. */
  readonly problem: string;
  /** What the other end offered or said, a line each; empty: nothing is known of it. */
  readonly offered: readonly string[];
  /** What this end has, a line each, with the place in its configuration. */
  readonly wanted: readonly string[];
  /** Name of the peer whose block came nearest; null: none is near. */
  readonly peer: string | null;
  /** What of it came nearest, in a clause; null: nothing to add. */
  readonly nearest: string | null;
  /** What to change: the key, its value, and at which end. */
  readonly remedy: string;
}

/** In one line, for the log. */
export function misfitInWords({ problem, nearest, remedy }: Misfit): string {
  return [problem, ...(nearest === null ? [] : [`nearest: ${nearest}`]), remedy].join('; ');
}

/** Lines of one list, and letters of one line: what a peer says is cut to it, since it is kept. */
export const maxMisfitLines = 16;
export const maxMisfitLineLength = 240;

/** The list as it is kept. */
export function misfitLines(lines: readonly string[]): string[] {
  const kept = lines.slice(0, maxMisfitLines).map(cut);
  return lines.length > maxMisfitLines ? [...kept.slice(0, -1), `and ${lines.length - maxMisfitLines + 1} more`] : kept;
}

/** What a peer calls itself, or anything else that it makes as long as it likes. */
export function cut(text: string): string {
  return text.length <= maxMisfitLineLength ? text : `${text.slice(0, maxMisfitLineLength - 1)}…`;
}

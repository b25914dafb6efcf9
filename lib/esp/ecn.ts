/**
 * Explicit congestion notification through the tunnel (RFC 6040) and DSCP (RFC 4301 §5.1.2.1): the
 * outer field of a packet that enters and the inner field of one that leaves.
 */

/** The ECN codepoints (RFC 3168 §5). */
export const ecn = { notEct: 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** Normal mode: ECN is copied (RFC 6040 §4.1); DSCP is copied where asked for, else 0. */
export function outerTos(innerTos: number, copyDscp: boolean): number {
  return copyDscp ? innerTos : innerTos & 3;
}

/** The inner ECN of a packet that leaves the tunnel; null: drop it (RFC 6040 §4.2, figure 4). */
export function decapsulatedEcn(inner: number, outer: number): number | null {
  if (outer === ecn.ce) {
    // Congestion was marked on a packet whose end points can't be told: only a loss will tell them.
    return inner === ecn.notEct ? null : ecn.ce;
  }
  if (outer === ecn.ect1 && inner === ecn.ect0) return ecn.ect1;
  return inner;
}

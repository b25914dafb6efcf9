/** How full a bounded table or queue is: what is asked when something was refused for want of room, and watched at every step in simulation. */
export interface Fill {
  /** What it holds, in words: one name for all tables of a kind. */
  readonly table: string;
  readonly size: number;
  /** No more than so many, ever. */
  readonly limit: number;
}

/** Of each kind the one that is fullest. */
export function fullest(fills: Iterable<Fill>): Fill[] {
  const byTable = new Map<string, Fill>();
  for (const fill of fills) {
    const known = byTable.get(fill.table);
    if (known === undefined || fill.size * known.limit > known.size * fill.limit) byTable.set(fill.table, fill);
  }
  return [...byTable.values()];
}

/** How full a bounded table or queue is: what is asked when something was refused for want of room, and watched at every step in simulation. */
export interface Fill {
  /** What it holds, in words: one name for all tables of a kind. */
  readonly table: string;
  readonly size: number;
  /** No more than so many, ever. */
  readonly limit: number;
}

export type FillTeller = (table: string, size: number, limit: number) => void;

/** Something with bounded tables. */
export interface Holder {
  /** Tells of each table; of several of a kind, for each. */
  fills(tell: FillTeller): void;
}

/** Of each kind the table that is fullest. */
export function fullest(holder: Holder): Fill[] {
  const byTable = new Map<string, Fill>();
  holder.fills((table, size, limit) => {
    const known = byTable.get(table);
    if (known === undefined || size * known.limit > known.size * limit) byTable.set(table, { table, size, limit });
  });
  return [...byTable.values()];
}

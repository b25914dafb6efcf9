/** What the readers of other programs' configurations make: the tables of ours, and a remark for whatever has no place in them. */
import { escapeUnprintable } from '../wire/printable.js';

/** Where something stands in a file that is read. */
export interface Place {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** One thing that is not taken over, or not as it stands. */
export interface Remark extends Place {
  /** What stands there, cut short; of a secret its name alone. */
  readonly says: string;
  /** Why it is not taken over, and what to do instead. */
  readonly message: string;
}

export type DraftValue = string | number | boolean | readonly string[];
/** Keys as the configuration has them. */
export type DraftTable = Map<string, DraftValue>;

/** A table of ours with what it was made of. */
export interface DraftPart {
  readonly place: Place;
  readonly says: string;
  readonly table: DraftTable;
}

export interface DraftPeer extends DraftPart {
  readonly children: readonly DraftPart[];
}

export interface Draft {
  readonly endpoint: DraftTable;
  readonly peers: readonly DraftPeer[];
}

/** A value of another program's file. */
export interface SettingValue extends Place {
  readonly text: string;
}

/** The remarks on one import, each once however often what it is about is inherited. */
export class Remarks {
  readonly #seen = new Set<string>();
  readonly #list: Remark[] = [];

  /** Line by line, the files in the order in which they came up. */
  get list(): readonly Remark[] {
    const order = new Map<string, number>();
    for (const { file } of this.#list) if (!order.has(file)) order.set(file, order.size);
    return [...this.#list].sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line);
  }

  add(place: Place, says: string, message: string): void {
    const remark = { file: place.file, line: place.line, says: short(says), message: escapeUnprintable(message) };
    const key = JSON.stringify(remark);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#list.push(remark);
  }

  /** Quotes the value: not for what may be a secret. */
  value(key: string, value: SettingValue, message: string): void {
    this.add(value, `${key} = ${value.text}`, message);
  }
}

/** `swanctl.conf:12: vips = 0.0.0.0: …`. */
export function formatRemark({ file, line, says, message }: Remark): string {
  return `${file}:${line}: ${says}: ${message}`;
}

function short(text: string): string {
  return escapeUnprintable(text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);
}

/** Letters of a line that a remark quotes. */
const maxShown = 60;

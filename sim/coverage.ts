/** Which kinds of fault fired how often, and which kinds of message were sent while each was on. */
import { faultNames } from './faults/kinds.js';
import type { FaultName } from './faults/names.js';

export class Coverage {
  /** `fault` alone: how often it fired; `message|fault`: messages sent while it was on. */
  readonly #counts = new Map<string, number>();

  fired(fault: FaultName): void {
    this.#add(fault, 1);
  }

  sent(message: string, on: Iterable<FaultName>): void {
    this.#add(`${message}|`, 1);
    for (const fault of on) this.#add(`${message}|${fault}`, 1);
  }

  addAll(counts: readonly (readonly [string, number])[]): void {
    for (const [name, count] of counts) this.#add(name, count);
  }

  all(): [string, number][] {
    return [...this.#counts];
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  #add(name: string, count: number): void {
    this.#counts.set(name, this.count(name) + count);
  }
}

/** A line for each kind of fault: how often it fired, and how many messages of each kind met it. */
export function showCoverage(coverage: Coverage): string {
  const messages = coverage.all().map(([name]) => name).filter((name) => name.endsWith('|')).map((name) => name.slice(0, -1)).sort();
  const head = `${'fault'.padEnd(22)}${'fired'.padStart(8)}  ${messages.join('  ')}`;
  const lines = faultNames.map((fault) => {
    const cells = messages.map((message) => String(coverage.count(`${message}|${fault}`)).padStart(message.length));
    return `${fault.padEnd(22)}${String(coverage.count(fault)).padStart(8)}  ${cells.join('  ')}`;
  });
  return [head, ...lines].join('\n');
}

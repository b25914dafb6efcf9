/** `ip` in one namespace, kept running, so that a change to a link, an address or a rule is made at once when it is ordered. */
import { LabError } from './exec.js';
import type { Lab } from './lab.js';
import { OrderTaker } from './orders.js';

export type Family = 4 | 6;

export class IpShell {
  readonly #lab: Lab;
  readonly #space: string;
  readonly #shells = new Map<Family, OrderTaker>();

  constructor(lab: Lab, space: string) {
    this.#lab = lab;
    this.#space = space;
  }

  /** Runs lines as `ip` takes them after its name. @throws LabError when one of them fails */
  async run(lines: readonly string[], family: Family = 4): Promise<void> {
    const said = await this.try(lines, family);
    if (said !== '') throw new LabError(`ip -${family} in ${this.#space}: ${lines.join('; ')}: ${said}`);
  }

  /** The same, and what was said against it in place of an error. */
  async try(lines: readonly string[], family: Family = 4): Promise<string> {
    let shell = this.#shells.get(family);
    if (shell === undefined) {
      shell = new OrderTaker(this.#lab, ['ip', '-n', this.#space, '-o', `-${family}`, '-force', '-batch', '-']);
      this.#shells.set(family, shell);
    }
    // It answers nothing to what succeeds, so it is asked for a line at the end; it complains before it gets there.
    await shell.ask([...lines, 'link show dev lo']);
    return shell.complaints().trim();
  }
}

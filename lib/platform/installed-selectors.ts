/**
 * What Child SAs that stand protect beyond the configuration: a selector `dynamic` is known only then, and so are its routes.
 * Read from the commands on their way to the data plane.
 */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import { rangeContains, type AddressRange } from '../util/address-range.js';
import { addressFamily } from '../util/address.js';
import type { ChildSaId } from '../util/brands.js';
import type { ProtectedPair } from './protection-plan.js';

export class InstalledSelectors {
  readonly #pairs = new Map<ChildSaId, readonly ProtectedPair[]>();

  /**
   * What was narrowed from a configured selector lies within it, and has its routes: only the rest is remembered.
   * @returns whether there is more or less of it than before
   */
  follow(commands: readonly DataPlaneCommand[], configured: readonly ProtectedPair[]): boolean {
    let changed = false;
    for (const command of commands) {
      if (command.kind === 'remove-outbound') {
        changed = this.#pairs.delete(command.child) || changed;
      } else if (command.kind === 'install-outbound') {
        const remotes = command.selectors.remote.map((selector) => selector.range);
        const beyond = remotes.filter((remote) => !configured.some((pair) => contains(pair.remote, remote)));
        if (beyond.length === 0) continue;
        this.#pairs.set(command.child, pairsOf(command.selectors.local.map((selector) => selector.range), beyond));
        changed = true;
      }
    }
    return changed;
  }

  pairs(): ProtectedPair[] {
    return [...this.#pairs.values()].flat();
  }
}

function pairsOf(local: readonly AddressRange[], remotes: readonly AddressRange[]): ProtectedPair[] {
  return remotes.map((remote) => ({ remote, local: local.filter((range) => addressFamily(range.start) === addressFamily(remote.start)) }));
}

function contains(outer: AddressRange, inner: AddressRange): boolean {
  return rangeContains(outer, inner.start) && rangeContains(outer, inner.end);
}

/** What a scenario is: who may play it, in which lab, with which values in its configuration, and what must be seen. */
import type { SiteName } from './lab/addressing.js';
import type { Pair } from './lab/party.js';
import type { Stage } from './lab/stage.js';
import type { Variables } from './lab/template.js';
import type { TopologyOptions } from './lab/topology.js';

export interface Variant {
  readonly name: string;
  readonly pairs: readonly Pair[];
  readonly values?: Variables;
}

export interface Scenario {
  /** The scenario whose templates it takes, where it has none of its own. */
  readonly templates?: string;
  readonly topology?: Partial<TopologyOptions> | ((variant: Variant) => Partial<TopologyOptions>);
  readonly variants: readonly Variant[];
  /** Values for the templates of one site beyond the usual ones (`usualValues` in lab/stage.ts) and the variant's. */
  readonly values?: (site: SiteName, variant: Variant) => Variables;
  /** Settings of strongswan.conf below `charon`. */
  readonly charon?: Readonly<Record<string, string>> | ((variant: Variant) => Readonly<Record<string, string>>);
  /** What lies beside the configuration of one site, whoever plays it, by its path. */
  readonly files?: (site: SiteName, variant: Variant) => Readonly<Record<string, string>>;
  /** `kernel`: it needs a kernel with ESP and runs in a user-mode one. */
  readonly needs?: 'kernel';
  /** Both daemons run when this begins. Throws when something is not as it must be. */
  readonly play: (stage: Stage) => Promise<void>;
}

/** mhtun in both roles, against both strongSwans. */
export const bothRoles: readonly Pair[] = [
  { moon: 'mhtun', sun: 'strongswan-6.0' },
  { moon: 'strongswan-6.0', sun: 'mhtun' },
  { moon: 'mhtun', sun: 'strongswan-5.9' },
  { moon: 'strongswan-5.9', sun: 'mhtun' },
];

/** mhtun with itself too. */
export const everyPair: readonly Pair[] = [...bothRoles, { moon: 'mhtun', sun: 'mhtun' }];

export const initiatorOnly: readonly Pair[] = bothRoles.filter((pair) => pair.moon === 'mhtun');
export const responderOnly: readonly Pair[] = bothRoles.filter((pair) => pair.sun === 'mhtun');

/** For a list of variants of which each need not meet every peer: both roles, the peers' versions taking turns. */
export function alternating(index: number): readonly Pair[] {
  return index % 2 === 0 ? bothRoles.slice(0, 1).concat(bothRoles.slice(3, 4)) : bothRoles.slice(1, 3);
}

/** A scenario without variants. */
export function once(pairs: readonly Pair[]): readonly Variant[] {
  return [{ name: '', pairs }];
}

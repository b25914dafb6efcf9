/** What a new IKE SA with a peer is for, and so how it begins. */
import { IkeSa, type InitiateOptions } from '../ike/ike-sa.js';
import type { IkeEnvironment } from '../ike/io.js';
import type { IkePeer } from '../ike/peer.js';
import type { Trigger } from '../ike/trigger.js';
import { sameAddresses } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { StartPair } from './address-pairs.js';
import { maxIkeSas } from './limits.js';
import { newLineage, type Lineage, type SaDriver, type SaEntry } from './sa-driver.js';

export type Purpose =
  /** None stands. `alone`: none is ending either. */
  | { readonly kind: 'connect'; readonly alone: boolean; readonly trigger: Trigger | null }
  /** What stands is silent, and goes with its success. */
  | { readonly kind: 'replace' }
  /** To authenticate anew: what stands carries the traffic until this one does. */
  | { readonly kind: 'renew'; readonly old: SaEntry };

/** @param renews the SA to authenticate anew; one that is gone meanwhile is just lacking */
export function purposeOf(standing: readonly SaEntry[], renews: Lineage | null, trigger: Trigger | null): Purpose {
  const alive = standing.filter((entry) => entry.view().state !== 'DELETING');
  const old = alive.findLast(({ lineage }) => lineage === renews);
  if (old !== undefined) return { kind: 'renew', old };
  return alive.length > 0 ? { kind: 'replace' } : { kind: 'connect', alone: standing.length === 0, trigger };
}

/** Where the old one is, the new one shall be: the first try is likely to do, and nothing moves. */
export function samePathFirst(pairs: readonly StartPair[], old: SaEntry): StartPair[] {
  const { path } = old.view();
  const isSame = (pair: StartPair): boolean => sameAddresses(pair.natPath, path);
  return [...pairs.filter(isSame), ...pairs.filter((pair) => !isSame(pair))];
}

/** An IKE SA to begin. */
export interface Beginning {
  readonly peer: IkePeer;
  readonly pair: StartPair;
  readonly purpose: Purpose;
}

/** Null: no more IKE SAs are possible now. */
export function begin(now: Instant, sas: SaDriver, environment: IkeEnvironment, { peer, pair, purpose }: Beginning): SaEntry | null {
  const { path, natPath } = pair;
  if (sas.size >= maxIkeSas) return null;
  const ikeSa = IkeSa.initiate(now, environment, { peer, path, natPath, ...termsOf(purpose, peer) });
  const renews = purpose.kind === 'renew' ? purpose.old.lineage : null;
  return sas.add(now, ikeSa, newLineage(now, ikeSa, purpose.kind === 'replace', renews), peer.name);
}

/**
 * INITIAL_CONTACT (RFC 7296 §2.4) is true as far as this end knows where nothing stands, or only what is silent and goes with its
 * success; never where an old one carries on until the new one is there.
 */
function termsOf(purpose: Purpose, peer: IkePeer): Pick<InitiateOptions, 'initialContact' | 'children' | 'trigger'> {
  const all = peer.children.map(({ name }) => name);
  if (purpose.kind !== 'renew') return { initialContact: purpose.kind === 'replace' || purpose.alone, children: all, trigger: purpose.kind === 'connect' ? purpose.trigger : null };
  const there = new Set(purpose.old.view().children.map(({ name }) => name));
  return { initialContact: false, children: all.filter((name) => there.has(name)) };
}

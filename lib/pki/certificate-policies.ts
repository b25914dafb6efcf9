/** Certificate policies along a path (RFC 5280 §6.1), without mappings: a certificate with a critical one is refused by its extensions. */
import type { Certificate } from './certificate.js';
import { anyPolicy } from './extensions.js';

/**
 * What is wrong; null: nothing. `path` from the one below the anchor to the end entity.
 * @param wanted one of these must hold all the way down; empty: none has to, unless a CA asks for it
 */
export function breachOfPolicies(path: readonly Certificate[], wanted: readonly string[]): string | null {
  let valid: ReadonlySet<string> | 'any' = 'any';
  let explicitAfter = wanted.length > 0 ? 0 : Number.MAX_SAFE_INTEGER;
  let anyUntil = Number.MAX_SAFE_INTEGER;
  for (const { extensions } of path) {
    const stated: ReadonlySet<string> = new Set(extensions.policies ?? []);
    const statesAny = stated.has(anyPolicy) && anyUntil > 0;
    if (!statesAny) valid = both(valid, stated);
    explicitAfter = Math.min(Math.max(0, explicitAfter - 1), extensions.requirePolicyAfter ?? Number.MAX_SAFE_INTEGER);
    anyUntil = Math.min(Math.max(0, anyUntil - 1), extensions.inhibitAnyPolicyAfter ?? Number.MAX_SAFE_INTEGER);
  }
  if (explicitAfter > 0 || hold(valid, wanted)) return null;
  return wanted.length === 0 ? 'its authority asks for a certificate policy, and none holds along the chain' : `none of the certificate policies ${wanted.join(', ')} holds along the chain`;
}

/** A policy beside "any" stays one only as itself. */
function both(valid: ReadonlySet<string> | 'any', stated: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...stated].filter((oid) => oid !== anyPolicy && (valid === 'any' || valid.has(oid))));
}

function hold(valid: ReadonlySet<string> | 'any', wanted: readonly string[]): boolean {
  if (valid === 'any') return true;
  return wanted.length === 0 ? valid.size > 0 : wanted.some((oid) => valid.has(oid));
}

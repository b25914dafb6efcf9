/** Both providers of primitives, each with its registry: what holds for one must hold for the other. */
import { nobleProvider } from '../../lib/crypto/providers/noble.js';
import { opensslProvider } from '../../lib/crypto/providers/openssl.js';
import type { Provider } from '../../lib/crypto/providers/provider.js';
import { createRegistry, type Registry } from '../../lib/crypto/registry.js';

export interface NamedRegistry {
  readonly name: string;
  readonly provider: Provider;
  readonly registry: Registry;
}

export const providers: readonly NamedRegistry[] = [opensslProvider, nobleProvider].map((provider) => ({
  name: provider.name,
  provider,
  registry: createRegistry(provider),
}));

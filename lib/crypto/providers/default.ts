/** The provider that the program runs with. */
import { nobleProvider } from './noble.js';
import { opensslProvider } from './openssl.js';
import { combineProviders, type Provider } from './provider.js';

/** OpenSSL, and noble for what this Node's OpenSSL lacks. */
export const defaultProvider: Provider = combineProviders(opensslProvider, nobleProvider);

/**
 * The provider that the program runs with: OpenSSL, and noble for what this Node's OpenSSL lacks. Where it lacks nothing,
 * as is usual, noble is not even loaded: that would take a tenth of a second of every start.
 */
import { opensslProvider } from './openssl.js';
import { combineProviders, primitives, type Provider } from './provider.js';

const lacksNothing = primitives.every((primitive) => opensslProvider.has(primitive));

export const defaultProvider: Provider = lacksNothing ? opensslProvider : combineProviders(opensslProvider, (await import('./noble.js')).nobleProvider);

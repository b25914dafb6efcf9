/** Limits of what the gateway remembers; docs/limits.md explains them. */

/** Addresses kept for identities that are not there: some megabytes in the store, and more callers than one gateway has. */
export const maxRememberedLeases = 65_536;
/** Octets of a store that is read: the most remembered, each with an identity of the longest sort. */
export const maxStoreBytes: number = 64 * 1024 * 1024;

/** `start`: when a peer is called. */
import type { TableReader } from './table-reader.js';
import type { PeerConfig } from './types.js';
import { wordKind } from './value.js';

/** A peer with addresses is kept up, one without is waited for. */
export function readStart(table: TableReader): PeerConfig['start'] {
  const addresses = table.has('addresses');
  const start = table.optional('start', wordKind(['now', 'traffic', 'never']), addresses ? 'now' : 'never');
  if (start !== 'never' && !addresses) table.problem('start', `"${start}" needs addresses to call; without them it is "never"`);
  return start;
}

/** It is called again whenever its SAs are gone. */
export function isKeptUp(peer: TableReader): boolean {
  return startOf(peer) === 'now';
}

/** This end calls it, by itself or when a packet wants through. */
export function isCalled(peer: TableReader): boolean {
  return ['now', 'traffic'].includes(startOf(peer));
}

/** Says nothing of what is wrong: `readStart` does. */
function startOf(peer: TableReader): string {
  return peer.optional('start', { expected: '', parse: ({ node }) => (node.kind === 'string' ? node.value : null) }, peer.has('addresses') ? 'now' : 'never');
}

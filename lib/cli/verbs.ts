/** Every verb, in the order of `--help`. A verb is loaded when it is named: none has to wait for what others need. */
import type { Verb } from './verb.js';

export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  up: async () => (await import('./up.js')).up,
  down: async () => (await import('./down.js')).down,
  status: async () => (await import('./status.js')).status,
  paths: async () => (await import('./paths.js')).paths,
  explain: async () => (await import('./explain.js')).explainVerb,
  initiate: async () => (await import('./initiate.js')).initiate,
  terminate: async () => (await import('./terminate.js')).terminate,
  rekey: async () => (await import('./rekey.js')).rekey,
  move: async () => (await import('./move.js')).move,
  reload: async () => (await import('./reload.js')).reload,
  events: async () => (await import('./events.js')).events,
  check: async () => (await import('./check.js')).check,
  psk: async () => (await import('./psk.js')).psk,
  pki: async () => (await import('./pki.js')).pki,
  import: async () => (await import('./import.js')).importVerb,
  export: async () => (await import('./export.js')).exportVerb,
};

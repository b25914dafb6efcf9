/** What the endpoint shows of a peer to whoever asks. */
import type { IkeSaView } from '../ike/io.js';
import type { AuthTerm } from './auth-term.js';
import type { PeerLocation } from './address-pairs.js';
import type { PathsLook } from './path-desk.js';

export interface PeerLook {
  readonly name: string;
  readonly sas: readonly (IkeSaView & PathsLook & { readonly term: AuthTerm | null })[];
  readonly locations: readonly PeerLocation[];
  /** Why no IKE SA is established; null: one is. */
  readonly downReason: string | null;
}

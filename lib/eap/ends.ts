/** Both ends of EAP as IKE asks for them, which knows their types alone. */
import { EapAuthenticator, type EapAuthenticatorOptions } from './authenticator.js';
import { EapPeer, type EapPeerOptions } from './peer.js';

export interface EapEnds {
  peer(options: EapPeerOptions): EapPeer;
  authenticator(options: EapAuthenticatorOptions): EapAuthenticator;
}

export const eapEnds: EapEnds = {
  peer: (options) => new EapPeer(options),
  authenticator: (options) => new EapAuthenticator(options),
};

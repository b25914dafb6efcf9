/** A gateway that lets people in by EAP, and one of them: what their configurations say of proofs. */
import { SecretKey } from '../../lib/crypto/key.js';
import type { EapMethodName, PasswordSecret } from '../../lib/eap/method.js';
import { ntPasswordHash } from '../../lib/eap/mschapv2-values.js';
import type { IkePeer, OwnProof, PeerProof } from '../../lib/ike/peer.js';
import { utf8 } from '../../lib/util/bytes.js';
import { authority, credentialOf, issue, trustOf, type Issued } from './test-pki.js';

export const lab: Issued = authority('O=Lab, CN=Lab CA');
export const gateway: Issued = issue('CN=sun', lab, { names: ['dns:sun'] });

export function secretOf(password: string): PasswordSecret {
  return { password: new SecretKey(utf8(password)), ntHash: ntPasswordHash(utf8(password)) };
}

export function usersOf(passwords: Readonly<Record<string, string>>): ReadonlyMap<string, PasswordSecret> {
  return new Map(Object.entries(passwords).map(([name, password]) => [name, secretOf(password)]));
}

export interface ClientOptions {
  readonly user?: string;
  readonly password?: string;
  readonly methods?: readonly EapMethodName[];
}

/** Of moon, who calls. */
export function clientProofs({ user = 'carol', password = 'Ar3etTnp', methods = ['mschapv2'] }: ClientOptions = {}): Pick<IkePeer, 'localAuth' | 'remoteAuth'> {
  const localAuth: OwnProof = { kind: 'eap', methods, user, secret: secretOf(password) };
  return { localAuth, remoteAuth: { kind: 'pubkey', trust: trustOf([lab]) } };
}

export interface GatewayOptions {
  readonly users?: Readonly<Record<string, string>>;
  readonly methods?: readonly EapMethodName[];
  readonly pattern?: string | null;
}

/** Of sun. */
export function gatewayProofs({ users = { carol: 'Ar3etTnp' }, methods = ['mschapv2'], pattern = null }: GatewayOptions = {}): Pick<IkePeer, 'localAuth' | 'remoteAuth'> {
  const remoteAuth: PeerProof = { kind: 'eap', methods, users: usersOf(users), pattern };
  return { localAuth: { kind: 'pubkey', credentials: [credentialOf(gateway)], sha1: false }, remoteAuth };
}

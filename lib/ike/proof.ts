/** How both ends prove who they are in IKE_AUTH (RFC 7296 §2.15): a shared secret at once, signatures as work, since they may take long. */
import { constantTimeEqual } from '../crypto/constant-time.js';
import { chooseScheme, encodeDigitalSignature, olderMethodOf, type OlderMethod, type SignatureScheme } from '../crypto/signature.js';
import { sha1 } from '../crypto/hash.js';
import type { SecretKey } from '../crypto/key.js';
import type { Certificate } from '../pki/certificate.js';
import type { Credential } from '../pki/trust.js';
import { assert, present } from '../util/assert.js';
import { bytesEqual } from '../util/bytes.js';
import { sameDistinguishedName } from '../wire/distinguished-name.js';
import { authMethod, certEncoding } from '../wire/iana.js';
import { findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import { authPayload } from '../wire/payloads/auth.js';
import type { IdPayload } from '../wire/payloads/id.js';
import type { Association } from './association.js';
import { sharedKeyAuth, signedOctets, type SignedOctets } from './authentication.js';
import type { IkePeer, OwnProof, PeerProof } from './peer.js';

/** What goes out: our certificates, and AUTH. */
export type OwnProofResult =
  | { readonly ok: true; readonly certificates: readonly Payload[]; readonly auth: Payload }
  | { readonly ok: false; readonly reason: string };

/** Proves our identity `id` to the peer; `done` is called at once or when the work is done. */
export function proveSelf(association: Association, { localAuth: proof, remoteAuth }: IkePeer, id: IdPayload, done: (result: OwnProofResult) => void): void {
  const signed = signedBy(association, id, association.initiator);
  const { prf } = association.establishedKeys.suite;
  if (proof.kind === 'psk') {
    done({ ok: true, certificates: [], auth: authPayload(authMethod.SHARED_KEY, sharedKeyAuth(prf, proof.secret, signed)) });
    return;
  }
  assert(proof.kind === 'pubkey', 'who proves itself by EAP sends no AUTH before it is done');
  const choice = chooseCredential(association, proof, remoteAuth);
  if (choice === null) {
    done({ ok: false, reason: 'the peer can check no signature of any key of this end (SIGNATURE_HASH_ALGORITHMS): give it a key of another kind' });
    return;
  }
  const { credential, how } = choice;
  association.work({ kind: 'sign', key: credential.key, how, octets: signedOctets(prf, signed) }, (result) => {
    assert(result.kind === 'signed', 'a signature was asked for');
    const auth = 'method' in how ? authPayload(how.method, result.signature) : authPayload(authMethod.DIGITAL_SIGNATURE, encodeDigitalSignature(how, result.signature));
    done({ ok: true, certificates: certificatesOf(credential), auth });
  });
}

/** Judges what the peer shows for `id`; `done` is told why it is not believed, or null. */
export function judgePeer(
  association: Association, proof: PeerProof, payloads: readonly Payload[], id: IdPayload, done: (problem: string | null) => void,
): void {
  const auth = findPayload(payloads, 'auth');
  const signed = signedBy(association, id, !association.initiator);
  const { prf } = association.establishedKeys.suite;
  if (proof.kind === 'psk') {
    if (auth?.method !== authMethod.SHARED_KEY) done('it does not authenticate with a shared secret, as is configured for it');
    else done(constantTimeEqual(auth.data, sharedKeyAuth(prf, proof.secret, signed)) ? null : 'it did not prove the shared secret: the secrets differ');
    return;
  }
  if (proof.kind === 'eap') {
    done('it does not authenticate by EAP, as is configured for it');
    return;
  }
  if (auth === null || !signatureMethods.has(auth.method)) {
    done('it does not authenticate with a signature, as is configured for it');
    return;
  }
  const certificates = payloadsOf(payloads, 'cert').map(({ encoding, data }) => ({ encoding, data }));
  const identity = { type: id.idType, data: id.data };
  const evidence = { identity, certificates, method: auth.method, auth: auth.data, octets: signedOctets(prf, signed) };
  association.work({ kind: 'judge-proof', evidence, trust: proof.trust }, (result) => {
    assert(result.kind === 'proof-judged', 'a judgement was asked for');
    done(result.problem);
  });
}

/** Whose certificates the peer is asked for. */
export function authoritiesFor(proof: PeerProof): Uint8Array[] {
  return proof.kind === 'pubkey' ? proof.trust.anchors.map(({ spki }) => sha1(spki)) : [];
}

/** AUTH of either end when EAP is done: under the key that the method made, else under that end's own SK_p (RFC 7296 §2.16). */
export function eapAuth(association: Association, msk: SecretKey | null, id: IdPayload, byInitiator: boolean): Uint8Array {
  const signed = signedBy(association, id, byInitiator);
  return sharedKeyAuth(association.establishedKeys.suite.prf, msk ?? signed.skP, signed);
}

const signatureMethods: ReadonlySet<number> = new Set([
  authMethod.RSA, authMethod.ECDSA_SHA256_P256, authMethod.ECDSA_SHA384_P384, authMethod.ECDSA_SHA512_P521, authMethod.DIGITAL_SIGNATURE,
]);

function signedBy(association: Association, id: IdPayload, byInitiator: boolean): SignedOctets {
  const keys = association.establishedKeys;
  const handshake = present(association.handshake, 'IKE_SA_INIT is kept until IKE_AUTH is done');
  const [ni, nr] = association.nonces;
  const otherNonce = present(byInitiator ? nr : ni, 'both nonces are known');
  return byInitiator ? { message: handshake.request, otherNonce, id, skP: keys.skPi } : { message: handshake.response, otherNonce, id, skP: keys.skPr };
}

interface Choice {
  readonly credential: Credential;
  readonly how: SignatureScheme | OlderMethod;
}

/** Of an authority that the peer asked for, if there is one; else the first that it can check. */
function chooseCredential({ signatureWishes: { hashes, authorities } }: Association, proof: Extract<OwnProof, { kind: 'pubkey' }>, remote: PeerProof): Choice | null {
  const known = remote.kind === 'pubkey' ? remote.trust.anchors : [];
  const possible = proof.credentials.flatMap((credential) => {
    const { kind } = credential.key.publicKey;
    const how = hashes === null ? olderMethodOf(kind, proof.sha1) : chooseScheme(kind, hashes);
    return how === null ? [] : [{ credential, how }];
  });
  return possible.find(({ credential }) => isOfOne(credential, authorities, known)) ?? possible[0] ?? null;
}

/** One of the authorities issued one of its certificates. A hash is all that names it: whose it is, a certificate tells that is sent along or believed here. */
function isOfOne({ chain }: Credential, authorities: readonly Uint8Array[], known: readonly Certificate[]): boolean {
  return [...chain.slice(1), ...known].some(({ spki, subject }) =>
    chain.some(({ issuer }) => sameDistinguishedName(issuer, subject)) && authorities.some((hash) => bytesEqual(hash, sha1(spki))));
}

function certificatesOf({ chain, key }: Credential): Payload[] {
  if (chain.length === 0) return [{ kind: 'cert', critical: false, encoding: certEncoding.RAW_PUBLIC_KEY, data: key.publicKey.spki }];
  return chain.map(({ der }) => ({ kind: 'cert', critical: false, encoding: certEncoding.X509_SIGNATURE, data: der }));
}

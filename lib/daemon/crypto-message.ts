/** Key exchange jobs as they cross to another thread and back: plain octets, since a secret does not survive a structured clone (by design). */
import { SecretKey } from '../crypto/key.js';
import type { CryptoJob, CryptoJobResult } from '../crypto/work.js';
import { secretCopy } from '../util/bytes.js';
import { unreachable } from '../util/unreachable.js';

export type JobMessage =
  | { readonly kind: 'ke-generate'; readonly id: number; readonly group: number }
  | { readonly kind: 'ke-derive'; readonly id: number; readonly group: number; readonly privateKey: Uint8Array<ArrayBuffer>; readonly peerPublic: Uint8Array };

export type ResultMessage =
  | { readonly kind: 'ke-generated'; readonly id: number; readonly privateKey: Uint8Array<ArrayBuffer>; readonly publicValue: Uint8Array }
  | { readonly kind: 'ke-derived'; readonly id: number; readonly secret: Uint8Array<ArrayBuffer> | null };

/** `secrets` are to be transferred, not copied: nothing of them is left on the sender's side. */
export interface Parcel<Message> {
  readonly message: Message;
  readonly secrets: readonly ArrayBuffer[];
}

export function packJob(id: number, job: CryptoJob): Parcel<JobMessage> {
  switch (job.kind) {
    case 'ke-generate':
      return { message: { ...job, id }, secrets: [] };
    case 'ke-derive': {
      const privateKey = secretCopy(job.privateKey.expose());
      return { message: { kind: job.kind, id, group: job.group, privateKey, peerPublic: job.peerPublic }, secrets: [privateKey.buffer] };
    }
    default:
      return unreachable(job);
  }
}

/** Wipes what it was given. */
export function unpackJob(message: JobMessage): CryptoJob {
  if (message.kind === 'ke-generate') return { kind: message.kind, group: message.group };
  return { kind: message.kind, group: message.group, privateKey: takeSecret(message.privateKey), peerPublic: message.peerPublic };
}

/** Wipes the result, which is needed no more here. */
export function packResult(id: number, result: CryptoJobResult): Parcel<ResultMessage> {
  switch (result.kind) {
    case 'ke-generated': {
      const privateKey = secretCopy(result.pair.privateKey.expose());
      result.pair.privateKey.wipe();
      return { message: { kind: result.kind, id, privateKey, publicValue: result.pair.publicValue }, secrets: [privateKey.buffer] };
    }
    case 'ke-derived': {
      const secret = result.secret === null ? null : secretCopy(result.secret.expose());
      result.secret?.wipe();
      return { message: { kind: result.kind, id, secret }, secrets: secret === null ? [] : [secret.buffer] };
    }
    default:
      return unreachable(result);
  }
}

/** Wipes what it was given. */
export function unpackResult(message: ResultMessage): CryptoJobResult {
  if (message.kind === 'ke-derived') return { kind: message.kind, secret: message.secret === null ? null : takeSecret(message.secret) };
  return { kind: message.kind, pair: { privateKey: takeSecret(message.privateKey), publicValue: message.publicValue } };
}

function takeSecret(bytes: Uint8Array): SecretKey {
  const key = new SecretKey(bytes);
  bytes.fill(0);
  return key;
}

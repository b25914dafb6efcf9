/** Jobs as they cross to another thread and back: plain octets, since a secret does not survive a structured clone (by design). */
import type { KeyObject } from 'node:crypto';
import { privateKeyFromObject } from '../crypto/asymmetric-key.js';
import { SecretKey } from '../crypto/key.js';
import type { PkiJob, PkiJobResult, SlowJob, SlowJobResult } from '../pki/work.js';
import { present } from '../util/assert.js';
import { secretCopy } from '../util/bytes.js';
import { unreachable } from '../util/unreachable.js';

export type JobMessage =
  | { readonly kind: 'ke-generate'; readonly id: number; readonly group: number }
  | { readonly kind: 'ke-derive'; readonly id: number; readonly group: number; readonly privateKey: Uint8Array<ArrayBuffer>; readonly peerPublic: Uint8Array }
  /** A key as Node passes it on: nothing of it is copied into the message. */
  | Omit<Extract<PkiJob, { kind: 'sign' }>, 'key'> & { readonly id: number; readonly key: KeyObject }
  | Extract<PkiJob, { kind: 'judge-proof' }> & { readonly id: number };

export type ResultMessage =
  | { readonly kind: 'ke-generated'; readonly id: number; readonly privateKey: Uint8Array<ArrayBuffer>; readonly publicValue: Uint8Array }
  | { readonly kind: 'ke-derived'; readonly id: number; readonly secret: Uint8Array<ArrayBuffer> | null }
  | PkiJobResult & { readonly id: number };

/** `secrets` are to be transferred, not copied: nothing of them is left on the sender's side. */
export interface Parcel<Message> {
  readonly message: Message;
  readonly secrets: readonly ArrayBuffer[];
}

export function packJob(id: number, job: SlowJob): Parcel<JobMessage> {
  switch (job.kind) {
    case 'ke-generate':
      return { message: { ...job, id }, secrets: [] };
    case 'ke-derive': {
      const privateKey = secretCopy(job.privateKey.expose());
      return { message: { kind: job.kind, id, group: job.group, privateKey, peerPublic: job.peerPublic }, secrets: [privateKey.buffer] };
    }
    case 'sign':
      return { message: { ...job, id, key: job.key.expose() }, secrets: [] };
    case 'judge-proof':
      return { message: { ...job, id }, secrets: [] };
    default:
      return unreachable(job);
  }
}

/** Wipes what it was given. */
export function unpackJob(message: JobMessage): SlowJob {
  switch (message.kind) {
    case 'ke-generate':
      return { kind: message.kind, group: message.group };
    case 'ke-derive':
      return { kind: message.kind, group: message.group, privateKey: takeSecret(message.privateKey), peerPublic: message.peerPublic };
    case 'sign':
      return { ...message, key: present(privateKeyFromObject(message.key), 'the key was good on the other side') };
    case 'judge-proof':
      return message;
    default:
      return unreachable(message);
  }
}

/** Wipes the result, which is needed no more here. */
export function packResult(id: number, result: SlowJobResult): Parcel<ResultMessage> {
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
    case 'signed':
    case 'proof-judged':
      return { message: { ...result, id }, secrets: [] };
    default:
      return unreachable(result);
  }
}

/** Wipes what it was given. */
export function unpackResult(message: ResultMessage): SlowJobResult {
  switch (message.kind) {
    case 'ke-generated':
      return { kind: message.kind, pair: { privateKey: takeSecret(message.privateKey), publicValue: message.publicValue } };
    case 'ke-derived':
      return { kind: message.kind, secret: message.secret === null ? null : takeSecret(message.secret) };
    case 'signed':
    case 'proof-judged':
      return message;
    default:
      return unreachable(message);
  }
}

function takeSecret(bytes: Uint8Array): SecretKey {
  const key = new SecretKey(bytes);
  bytes.fill(0);
  return key;
}

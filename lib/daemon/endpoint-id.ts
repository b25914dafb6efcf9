/**
 * 16 octets that name this endpoint to its peers, the same at each start: made of the host's machine id, the identity and the
 * interface, so that two endpoints of one host differ.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EndpointConfig } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import { utf8 } from '../util/bytes.js';

export const endpointIdBytes = 16;

export interface EndpointId {
  readonly bytes: Uint8Array;
  /** False: drawn at random, and another one at the next start. */
  readonly stable: boolean;
}

/** @param machineId the content of `/etc/machine-id`; null where there is none */
export function endpointIdOf(endpoint: Pick<EndpointConfig, 'id' | 'interface'>, machineId: string | null, random: RandomBytes): EndpointId {
  const id = machineId?.trim() ?? '';
  // `uninitialized` stands there during a system's first boot.
  if (!/^[0-9a-f]{32}$/.test(id)) return { bytes: random(endpointIdBytes), stable: false };
  // The machine id is nobody else's business: as the key of an HMAC it can't be found again from the result.
  const hmac = createHmac('sha256', utf8(id)).update(utf8(`mhtun endpoint\0${endpoint.interface}\0${endpoint.id.type}\0`)).update(endpoint.id.data);
  return { bytes: new Uint8Array(hmac.digest().subarray(0, endpointIdBytes)), stable: true };
}

/** Null: this system has none. */
export function readMachineId(): string | null {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The next one.
    }
  }
  return null;
}

/** Why somebody is not believed, in words that say which end has to change what (RFC 7296 §2.15). */
import { authMethod } from '../wire/iana.js';
import type { Misfit } from './attempt.js';
import { blockOf, type IkePeer } from './peer.js';

/** @param who as he calls himself @param method of his AUTH payload; null: there was none @param problem why he is not believed */
export function proofMisfit(peer: IkePeer, who: string, method: number | null, problem: string): Misfit {
  const { kind } = peer.remoteAuth;
  const shown = method === null ? 'eap' : method === authMethod.SHARED_KEY ? 'psk' : 'pubkey';
  const common = {
    problem: `${who}, of ${blockOf(peer)}, is not believed: ${problem}`, offered: [`it proves itself by ${proofNames[shown]}`],
    wanted: [`${proofNames[kind]}, as auth (or remote_auth) of ${blockOf(peer)} has it`],
    peer: peer.name, nearest: null,
  };
  if (shown !== kind) {
    const remedy = `at the other end, set local_auth (or auth) = "${words[kind]}"; or here, set remote_auth (or auth) = "${words[shown]}" in ${blockOf(peer)}`;
    return { ...common, part: 'authentication method', remedy };
  }
  if (kind === 'psk') return { ...common, part: 'shared secret', remedy: `give psk (or psk_file) the same value in ${blockOf(peer)} here and in the block for this end there` };
  return { ...common, part: 'certificate', remedy: `look at cert, key and id at the other end, and at ca, crl, peer_cert and peer_key for ${blockOf(peer)} here` };
}

/** The two ends have no post-quantum secret in common (RFC 8784), and one of them wants one. */
export function ppkMisfit(peer: IkePeer, problem: string): Misfit {
  return {
    part: 'PPK', problem, offered: [], wanted: [`ppk_required = ${peer.ppk?.required === true} (${blockOf(peer)})`], peer: peer.name, nearest: null,
    remedy: `give both ends the same ppk under the same ppk_id, here in ${blockOf(peer)}; or set ppk_required = false here, and go without`,
  };
}

const proofNames = { psk: 'a shared secret', pubkey: 'a signature', eap: 'EAP' } as const;
/** Of the configuration. */
const words = { psk: 'psk', pubkey: 'pubkey', eap: 'eap-mschapv2' } as const;

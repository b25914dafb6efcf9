/** An IKE SA that both ends have authenticated begins its life (RFC 7296 §1.2, §2.4, RFC 4555 §3.4). */
import { formatIkeSuite } from '../crypto/suite.js';
import { addressBytes, addressFamily, formatSocketAddress, addressFromBytes, type DatagramPath, type IpAddress } from '../util/address.js';
import { after } from '../util/brands.js';
import { notifyType } from '../wire/iana.js';
import { formatIdentity, type Identity } from '../wire/identity.js';
import { findNotify, notifiesOf, type Payload } from '../wire/payload.js';
import { notify, type NotifyPayload } from '../wire/payloads/notify.js';
import type { Association } from './association.js';
import { blockOf } from './peer.js';
import { auditPpk } from './ppk.js';
import { followsNewSource } from './traffic-path.js';

/** The rekey comes up to this part early, so that both ends rarely rekey at one moment (RFC 7296 §2.8). */
const rekeyJitter = 0.1;
/** More addresses than any host has uplinks; a longer list is cut. */
export const maxPeerAddresses = 32;

/** Both ends are authenticated: the rekey clock starts, and the world hears of it. */
export function establish(association: Association, remoteId: Identity, initialContact: boolean): void {
  const peer = association.knownPeer;
  association.remoteId = remoteId;
  association.handshake = null;
  association.enter({ kind: 'established', since: association.now });
  association.rekeyAt = after(association.now, peer.ikeRekeyMs * (1 - rekeyJitter * association.fraction()));
  association.outputs.push({ kind: 'authenticated', peer, remoteId, initialContact });
  association.event('ike-up', describeIkeSa(association));
  auditPpk(association);
}

/** Whether both ends do MOBIKE (RFC 4555 §3.1); without it the tunnel stays where it is. */
export function agreeOnMobike(association: Association, payloads: readonly Payload[]): boolean {
  const peer = association.knownPeer;
  const isOffered = findNotify(payloads, notifyType.MOBIKE_SUPPORTED) !== null;
  if (peer.mobike && !isOffered) {
    association.log('info', association.note({
      part: 'MOBIKE', problem: `${peer.name} does no MOBIKE: the tunnel can’t move to another pair of addresses`, offered: [], wanted: [`mobike = true (${blockOf(peer)})`],
      peer: peer.name, nearest: null, remedy: 'at the other end, set mobike = true in the block for this end; or mobike = false here, if that is how it should be',
    }));
  }
  return peer.mobike && isOffered;
}

/** What events say of an IKE SA. */
export function describeIkeSa(association: Association): Readonly<Record<string, string | boolean>> {
  return {
    initiator: association.initiator,
    spi_i: `0x${association.spiI}`,
    spi_r: `0x${association.spiR}`,
    local: formatSocketAddress(association.path.local),
    remote: formatSocketAddress(association.path.remote),
    local_id: association.localId === null ? '' : formatIdentity(association.localId),
    remote_id: association.remoteId === null ? '' : formatIdentity(association.remoteId),
    suite: formatIkeSuite(association.establishedKeys.suite),
    ppk: association.traits.ppk,
  };
}

/** Our own addresses but the one the message leaves from (RFC 4555 §3.4, §3.6). @param explicitNone say so when there are none */
export function additionalAddresses(association: Association, explicitNone: boolean, path: DatagramPath | null = null): NotifyPayload[] {
  const source = (path ?? association.path).local.address;
  const others = association.env.ownAddresses().filter((own) => own.address !== source);
  const unique = [...new Set(others.map((own) => own.address))].slice(0, maxPeerAddresses);
  if (unique.length === 0) return explicitNone ? [notify(notifyType.NO_ADDITIONAL_ADDRESSES)] : [];
  const { ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS } = notifyType;
  return unique.map((address) => notify(addressFamily(address) === 4 ? ADDITIONAL_IP4_ADDRESS : ADDITIONAL_IP6_ADDRESS, addressBytes(address)));
}

/** Takes over where the peer says it is (RFC 4555 §3.4, §3.6): the list, and the address that it came from. False: it says nothing of it. */
export function notePeerAddresses(association: Association, payloads: readonly Payload[], path: DatagramPath): boolean {
  const list = peerAddressList(payloads);
  if (list === null) return false;
  // RFC 4555 §3.4: what a NAT shows is no address of the peer's.
  association.peerAddresses = followsNewSource(association) ? list : [path.remote.address, ...list];
  return true;
}

/** The peer's other addresses; null where the payloads say nothing of them. */
function peerAddressList(payloads: readonly Payload[]): IpAddress[] | null {
  const list: IpAddress[] = [];
  let said = false;
  for (const n of notifiesOf(payloads)) {
    if (n.notifyType === notifyType.NO_ADDITIONAL_ADDRESSES) said = true;
    const size = n.notifyType === notifyType.ADDITIONAL_IP4_ADDRESS ? 4 : n.notifyType === notifyType.ADDITIONAL_IP6_ADDRESS ? 16 : 0;
    if (size === 0) continue;
    said = true;
    if (n.data.length === size && list.length < maxPeerAddresses) list.push(addressFromBytes(n.data));
  }
  return said ? list : null;
}

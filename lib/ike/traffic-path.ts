/** Which address pair our own ESP takes: the IKE SA's, as a rule; another while a move is under way, or while we lean (RFC 4555 §3.5). */
import { samePath, type DatagramPath } from '../util/address.js';
import type { ChildSaId } from '../util/brands.js';
import type { Association } from './association.js';
import type { ChildSa } from './child-sa.js';

/** The next packet of every Child SA, those that `stays` holds back not among them, leaves by the traffic's path. */
export function switchPath(association: Association, stays: (child: ChildSa) => boolean = () => false): void {
  const children = sending(association, stays);
  if (children.length > 0) association.dataPlane({ kind: 'switch-path', children, path: association.trafficPath, reportNewSource: followsNewSource(association) });
}

/** Our own ESP takes that pair from now on; null: the IKE SA's. A dummy shows the peer at once. */
export function divertTraffic(association: Association, path: DatagramPath | null): void {
  const before = association.trafficPath;
  association.diverted = path === null || samePath(path, association.path) ? null : path;
  if (samePath(before, association.trafficPath)) return;
  switchPath(association);
  const children = sending(association, () => false);
  if (children.length > 0) association.dataPlane({ kind: 'send-dummy', children });
}

/** The IKE SA and its traffic are on `path`. */
export function settleOn(association: Association, path: DatagramPath): void {
  association.diverted = association.trafficPath;
  association.path = path;
  divertTraffic(association, null);
}

/** A peer that is really behind a NAT may turn up elsewhere at any time: its ESP tells (RFC 3948 §3.1.1, RFC 7296 §2.23). */
export function followsNewSource(association: Association): boolean {
  const { natRemote, fakesNat, saysBehindNat } = association.traits;
  return fakesNat ? saysBehindNat : natRemote;
}

function sending(association: Association, stays: (child: ChildSa) => boolean): ChildSaId[] {
  return [...association.children.values()].filter((child) => child.sends && !stays(child)).map((child) => child.id);
}

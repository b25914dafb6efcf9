/** Who somebody says he is, held against who is expected: the block that comes nearest, and what would make it fit (RFC 7296 §2.15, §3.5). */
import type { DatagramPath } from '../util/address.js';
import { editDistance } from '../util/nearest.js';
import { formatIdentity, sameIdentity, type Identity } from '../wire/identity.js';
import { cut, misfitLines, type Misfit } from './attempt.js';
import { blockOf, type IkePeer, type PeerDirectory } from './peer.js';

/** Blocks whose identities are compared with that of a caller. */
export const maxIdentitiesCompared = 64;

/** A caller for whom no block is. @param wanted whom he asked for; null: for nobody */
export function callerMisfit(directory: PeerDirectory, path: DatagramPath, remoteId: Identity, wanted: Identity | null): Misfit {
  const who = quoted(remoteId);
  const compared = directory.candidates(path).slice(0, maxIdentitiesCompared);
  const fits = compared.find((peer) => directory.accepts(peer, remoteId));
  const offered = misfitLines([`it is ${who}`, ...(wanted === null ? [] : [`it wants to talk to ${quoted(wanted)}`])]);
  const lists = { offered, wanted: misfitLines(compared.map((peer) => `id = ${idOf(peer)}, talking to ${quoted(peer.localId)} (${blockOf(peer)})`)) };
  if (fits !== undefined && wanted !== null) return { part: 'identity', ...lists, ...wrongOwnName(fits, who, wanted) };
  const problem = `no peer is configured with the identity ${who}${wanted === null ? '' : ` for our identity ${quoted(wanted)}`}`;
  const self = compared.find((peer) => sameIdentity(peer.localId, remoteId));
  if (self !== undefined) {
    const remedy = `two ends need two names: give one of them another id in [endpoint], and name that as id of its peer block at the other`;
    return { part: 'identity', problem: `${problem}: that is what this end calls itself`, ...lists, peer: null, nearest: null, remedy };
  }
  const nearest = nearestBlock(compared, directory.expectedFrom(path), remoteId);
  if (nearest === null) {
    const remedy = `here, add a [[peer]] with id = ${who}, or set id in [endpoint] at the other end to the id of a peer block of this end`;
    return { part: 'identity', problem, ...lists, peer: null, nearest: null, remedy };
  }
  return {
    part: 'identity', problem, ...lists, peer: nearest.name,
    nearest: `${blockOf(nearest)} expects id ${idOf(nearest)}; the caller said ${who}`,
    remedy: `at the other end, set id in [endpoint] (or local_id of its peer block) to ${idOf(nearest)}; or here, set id of ${blockOf(nearest)} to ${who}`,
  };
}

/** The one we called is somebody else. */
export function calleeMisfit(peer: IkePeer, remoteId: Identity): Misfit {
  const who = quoted(remoteId);
  return {
    part: 'identity', problem: `the peer is ${who}, which is not the identity configured for ${peer.name}`, offered: misfitLines([`it is ${who}`]),
    wanted: [`id = ${idOf(peer)} (${blockOf(peer)})`], peer: peer.name, nearest: null,
    remedy: `set id of ${blockOf(peer)} here to ${who} if that is who it should be, or id at the other end to ${idOf(peer)}`,
  };
}

/** As the block spells it. */
export function idOf({ id }: IkePeer): string {
  switch (id.kind) {
    case 'exact':
      return quoted(id.identity);
    case 'pattern':
      return `"${id.pattern}"`;
    case 'any':
      return '"%any"';
  }
}

export function quoted(identity: Identity): string {
  return `"${cut(formatIdentity(identity))}"`;
}

function wrongOwnName(peer: IkePeer, who: string, wanted: Identity): Pick<Misfit, 'problem' | 'peer' | 'nearest' | 'remedy'> {
  return {
    problem: `${who} wants to talk to ${quoted(wanted)}, and no peer block of this end has that name`,
    peer: peer.name,
    nearest: `${blockOf(peer)}, for which this end is ${quoted(peer.localId)}`,
    remedy: `at the other end, set id of its peer block to ${quoted(peer.localId)}; or here, set id in [endpoint] (or local_id of ${blockOf(peer)}) to ${quoted(wanted)}`,
  };
}

/** By spelling; else the only one there is, or the only one that is expected from there. */
function nearestBlock(blocks: readonly IkePeer[], near: readonly IkePeer[], remoteId: Identity): IkePeer | null {
  const said = formatIdentity(remoteId);
  let best: { readonly peer: IkePeer; readonly distance: number } | null = null;
  for (const peer of blocks) {
    if (peer.id.kind !== 'exact') continue;
    const distance = editDistance(said, formatIdentity(peer.id.identity));
    if (distance < Math.max(2, said.length / 2) && (best === null || distance < best.distance)) best = { peer, distance };
  }
  const [only, ...more] = near.length > 0 ? near : blocks;
  return best?.peer ?? (more.length === 0 ? (only ?? null) : null);
}

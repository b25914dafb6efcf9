/** Shared secrets of strongSwan's files, and which of them a pair of identities uses. Nothing here quotes one. */
import { parseAddress } from '../util/address.js';
import { toHex, utf8 } from '../util/bytes.js';
import { formatIdentity, parseIdentity } from '../wire/identity.js';
import type { Place, Remarks } from './model.js';
import { readIdentity } from './strongswan-values.js';

export interface SharedSecret {
  readonly place: Place;
  /** How a remark calls it. */
  readonly says: string;
  /** In our spelling. */
  readonly psk: string;
  /** Who has it, as `ownerOf` names them; none: everybody. */
  readonly owners: ReadonlySet<string>;
}

/** As our `psk` has it: octets after `0x` and `0s`, other text as it stands. */
export function literalSecret(text: string): string {
  return /^0[xs]/.test(text) ? `0x${toHex(utf8(text))}` : text;
}

/** Null, and a remark where it is worth one, where the secret belongs to nobody that we can name. */
export function ownersOf(texts: readonly string[], place: Place, says: string, remarks: Remarks): ReadonlySet<string> | null {
  const known = texts.map((text) => readIdentity(text)).filter((text) => text !== null);
  if (known.length < texts.length) remarks.add(place, says, 'one of its identities is none that mhtun can spell');
  return texts.length > 0 && known.length === 0 ? null : new Set(known.map(ownerOf));
}

/** One spelling for one identity. @param id in ours */
function ownerOf(id: string): string {
  const identity = parseIdentity(id);
  return identity === null || id === anybody ? id : `${identity.type} ${formatIdentity(identity)}`.toLowerCase();
}

const anybody = '%any';

/** Finds secrets, and remembers which were asked for. */
export class SecretStore {
  readonly #secrets: readonly SharedSecret[];
  readonly #byOwner = new Map<string, SharedSecret[]>();
  readonly #used = new Set<SharedSecret>();

  constructor(secrets: readonly SharedSecret[]) {
    this.#secrets = secrets;
    for (const secret of secrets) {
      for (const owner of secret.owners.size === 0 ? [''] : secret.owners) {
        const list = this.#byOwner.get(owner);
        if (list === undefined) this.#byOwner.set(owner, [secret]);
        else list.push(secret);
      }
    }
  }

  /**
   * The secret that fits best, in our spelling: one that names both ends before one that names the peer, that before one that
   * anybody has.
   * @param remotes the identity of the peer, and the addresses that it may be known by
   */
  find(local: string | null, remotes: readonly string[]): string | null {
    const own = local === null ? null : ownerOf(local);
    const theirs = remotes.map(ownerOf);
    const found = this.#ofPeer(theirs, own) ?? this.#ofPeer([anybody], own) ?? this.#ofThisEnd(own, theirs.includes(anybody)) ?? this.#byOwner.get('')?.[0];
    if (found === undefined) return null;
    this.#used.add(found);
    return found.psk;
  }

  remarkUnused(remarks: Remarks): void {
    for (const secret of this.#secrets) if (!this.#used.has(secret)) remarks.add(secret.place, secret.says, 'nothing that is taken over uses this secret');
  }

  #ofPeer(theirs: readonly string[], own: string | null): SharedSecret | undefined {
    const candidates = theirs.flatMap((owner) => this.#byOwner.get(owner) ?? []);
    return candidates.find(({ owners }) => own !== null && owners.has(own)) ?? candidates[0];
  }

  /** One that names this end alone; where the peer may be anybody, one that names this end among others. */
  #ofThisEnd(own: string | null, isAnybody: boolean): SharedSecret | undefined {
    if (own === null) return undefined;
    return this.#byOwner.get(own)?.find(({ owners }) => isAnybody || owners.size === 1);
  }
}

/** The addresses among hosts, without their ports. */
export function plainAddresses(hosts: readonly string[]): readonly string[] {
  return hosts.map((host) => host.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1')).filter((host) => parseAddress(host) !== null);
}

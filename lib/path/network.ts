/**
 * What tells one network of this host from another: link, prefix, gateway, family; and what it is good for. The id stays the same
 * over restarts and changes of the address within the network.
 */
import type { AddressFamily, IpAddress } from '../util/address.js';
import type { Prefix } from '../util/address-range.js';

/** Stable name of a network as this host sees it: `n-` and 16 hex digits. */
export type NetworkId = string;

/** `secondary`: where no primary path works; `backup`: where neither does; `never`: not by itself. */
export type NetworkClass = 'primary' | 'secondary' | 'backup' | 'never';

/** What kind of link leads there, as far as the system says. */
export type LinkKind = 'wired' | 'wireless' | 'mobile' | 'other';

/**
 * How far packets get: `beyond` the network; on the `link` alone and where single routes lead, for want of a default route over it; or
 * there is one and its gateway does not answer (`gateway-silent`). A hint: whether a path works is for its test to say.
 */
export type NetworkReach = 'beyond' | 'link' | 'gateway-silent';

export interface LocalNetwork {
  readonly id: NetworkId;
  /** As the user named it (`[[network]]`); null: not named. */
  readonly name: string | null;
  readonly interface: string;
  readonly linkKind: LinkKind;
  readonly prefix: Prefix;
  /** The last that was known; null: none. */
  readonly gateway: IpAddress | null;
  readonly reach: NetworkReach;
  readonly family: AddressFamily;
  readonly class: NetworkClass;
  /** Relative price of an octet; lower is preferred. */
  readonly cost: number;
  readonly metered: boolean;
  /** Octets of the link's largest packet. */
  readonly linkMtu: number;
  /** Of a wireless link, where the kernel tells. */
  readonly signalDbm: number | null;
}

/** Which networks a rule is about; null: of whatever kind. All that is given must hold. */
export interface NetworkMatch {
  /** Name of the link, with `*` and `?`. */
  readonly interface: string | null;
  /** The own address is in it. */
  readonly prefix: Prefix | null;
  readonly gateway: IpAddress | null;
  readonly family: AddressFamily | null;
}

/** What the user says of some networks (`[[network]]`); null: as the kind of the link suggests. The first rule that matches counts. */
export interface NetworkRule {
  readonly name: string;
  readonly match: NetworkMatch;
  readonly class: NetworkClass | null;
  readonly cost: number | null;
  readonly metered: boolean | null;
}

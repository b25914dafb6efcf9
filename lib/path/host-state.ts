/** Links and addresses of this host as the platform reads them: what the link model makes candidates of. */
import type { IpAddress } from '../util/address.js';
import type { Prefix } from '../util/address-range.js';
import type { LinkKind } from './network.js';

/** An address of this host and the link that carries it. */
export interface HostAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** What is reached over the link directly. */
  readonly network: Prefix;
  readonly device: string;
  readonly scope: 'global' | 'link' | 'host';
  readonly deprecated: boolean;
  /** Nobody has renewed it, and its preferred lifetime is over in some seconds (RFC 4862 §5.5.4; a DHCP lease has one as well). */
  readonly expiring: boolean;
  readonly temporary: boolean;
  readonly tentative: boolean;
}

export interface HostLink {
  readonly index: number;
  readonly name: string;
  /** Administratively up and with carrier. */
  readonly up: boolean;
  readonly loopback: boolean;
  /** TUN, TAP, GRE, IPIP, VTI, XFRM, WireGuard and the like. */
  readonly tunnel: boolean;
  readonly kind: LinkKind;
  readonly mtu: number;
  /** Of Wi-Fi, where the kernel tells. */
  readonly signalDbm: number | null;
}

/** A packet from this address over this link gets beyond it: there is a default route. */
export interface HostUplink {
  readonly address: IpAddress;
  readonly device: string;
  /** Null: the link needs none, as between two. */
  readonly gateway: IpAddress | null;
  /** False: neighbour discovery has asked for the gateway in vain. */
  readonly gatewayAnswers: boolean;
}

/** As it is now. */
export interface HostState {
  readonly links: readonly HostLink[];
  readonly addresses: readonly HostAddress[];
  readonly uplinks: readonly HostUplink[];
}

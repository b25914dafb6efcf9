/** The addresses on the TUN interface: those of the configuration, and those that peers have lent this host. */
import type { Config } from '../config/types.js';
import type { InnerAddress } from '../endpoint/io.js';
import { addressFamily } from '../util/address.js';
import { PlatformError } from '../util/errors.js';
import { hasNoIpv6, refused, type NetlinkClient } from './netlink.js';
import { addAddress, removeAddress } from './rtnetlink-link.js';

type Addresses = Config['endpoint']['address'];

export class TunAddresses {
  readonly #client: NetlinkClient;
  readonly #tun: { readonly name: string; readonly index: number };
  #configured: Addresses = [];
  #lent: Addresses = [];

  constructor(client: NetlinkClient, tun: { readonly name: string; readonly index: number }) {
    this.#client = client;
    this.#tun = tun;
  }

  /** Puts on what is new; what is no longer in the list goes with `drop`. @throws PlatformError after taking the new ones off again */
  configure(addresses: Addresses): { drop(): void } {
    const before = this.#configured;
    const added = addresses.filter((item) => !has(before, item));
    try {
      this.#add(added);
    } catch (error) {
      this.#remove(added);
      throw error;
    }
    this.#configured = addresses;
    return {
      drop: () => {
        this.#remove(before.filter((item) => !has(addresses, item)));
      },
    };
  }

  /** All that is lent from now on. What is on the interface by the configuration stays there by it. @throws PlatformError */
  lend(lent: readonly InnerAddress[]): void {
    const before = this.#lent;
    const own = this.#configured.map(({ address }) => address);
    const addresses = [...new Set(lent.map(({ address }) => address))].filter((address) => !own.includes(address));
    this.#lent = addresses.map((address) => ({ address, length: addressFamily(address) === 4 ? 32 : 128 }));
    this.#remove(before.filter((item) => !has(this.#lent, item)));
    this.#add(this.#lent.filter((item) => !has(before, item)));
  }

  #add(addresses: Addresses): void {
    for (const { address, length } of addresses) {
      const refusal = addAddress(this.#client, this.#tun.index, address, length);
      if (refusal === null) continue;
      const text = `can't put ${address}/${length} on ${this.#tun.name}`;
      if (addressFamily(address) === 6 && hasNoIpv6(refusal)) throw new PlatformError(`${text}: IPv6 is switched off`, refusal.errno, noIpv6Advice);
      throw refused(text, refusal);
    }
  }

  #remove(addresses: Addresses): void {
    for (const { address, length } of addresses) removeAddress(this.#client, this.#tun.index, address, length);
  }
}

const noIpv6Advice = 'Switch it on (sysctl net.ipv6.conf.all.disable_ipv6 = 0), or take the IPv6 addresses out of "address".';

function has(list: Addresses, item: Addresses[number]): boolean {
  return list.some((other) => other.address === item.address && other.length === item.length);
}

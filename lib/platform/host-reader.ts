/** Reads the state of the host from the kernel, in parts: links with their addresses, and the ways that lead on from them. */
import type { HostLink, HostUplink } from '../path/host-state.js';
import { addressFamily, parseAddress, type AddressFamily, type IpAddress } from '../util/address.js';
import { present } from '../util/assert.js';
import { DeviceTypes } from './device-type.js';
import type { LocalUse } from './interfaces.js';
import type { NetlinkClient } from './netlink.js';
import { readAddresses, readLinks, type AddressesRead } from './rtnetlink-link.js';
import { decodeNeighbour, decodeNextHop, neighbourRequest, routeRequest, type Neighbour, type NextHop } from './rtnetlink-lookup.js';

export interface LinksRead extends AddressesRead {
  readonly links: readonly HostLink[];
}

/** An own address, where to from it, and the link that it must leave by. */
export interface Way {
  readonly local: IpAddress;
  readonly device: string;
  readonly remote: IpAddress;
}

/**
 * Somewhere in the Internet, to ask for the route to: addresses of AS112 (RFC 7534), which belong to nobody in particular and are routed
 * as any other. Nothing is sent there.
 */
const elsewhere: Readonly<Record<AddressFamily, IpAddress>> = { 4: anAddress('192.175.48.1'), 6: anAddress('2620:4f:8000::1') };

export class HostReader {
  readonly #client: NetlinkClient;
  readonly #mark: number;
  readonly #types = new DeviceTypes();
  #indexes: ReadonlyMap<string, number> = new Map();
  /** Gateways in use: whether each has been asked for in vain. */
  #gateways = new Map<string, boolean>();

  /** @param mark firewall mark of what will be sent */
  constructor(client: NetlinkClient, mark: number) {
    this.#client = client;
    this.#mark = mark;
  }

  /** @throws PlatformError */
  links(): LinksRead {
    const links = readLinks(this.#client, (index, name) => this.#types.typeOf(index, name));
    this.#types.sweep();
    this.#indexes = new Map(links.map((link) => [link.name, link.index]));
    return { links, ...readAddresses(this.#client, links) };
  }

  /** Of these addresses, in the state that `links` has read. @throws PlatformError */
  uplinks(uses: readonly LocalUse[]): HostUplink[] {
    const ways = uses.map(({ address, device }) => ({ local: address, device, remote: elsewhere[addressFamily(address)] }));
    const hops = this.nextHops(ways);
    const found = uses.flatMap(({ address, device }, i) => {
      const hop = hops[i] ?? null;
      return hop === null ? [] : [{ address, device, gateway: hop.gateway }];
    });
    this.#askNeighbours(found);
    return found.map((item) => ({ ...item, gatewayAnswers: !this.#isSilent(item) }));
  }

  /** Where each of them goes first; null: nowhere. @throws PlatformError */
  nextHops(ways: readonly Way[]): (NextHop | null)[] {
    const devices = ways.map((way) => this.#indexes.get(way.device) ?? 0);
    // From the own address, for rules that ask for it; and from any, which alone keeps IPv6 to the device, as a socket bound to it does.
    const questions = ways.flatMap(({ local, remote }, i) => [local, null].map((source) => routeRequest({
      destination: remote, source, device: devices[i] ?? 0, mark: this.#mark,
    })));
    const answers = this.#client.askAll(questions);
    return ways.map((_way, i) => {
      const device = devices[i] ?? 0;
      return decodeNextHop(answers[2 * i] ?? null, device) ?? decodeNextHop(answers[2 * i + 1] ?? null, device);
    });
  }

  /** True where that changes whether a gateway in use answers. */
  hear(neighbour: Neighbour): boolean {
    const key = `${neighbour.device} ${neighbour.address}`;
    const silent = this.#gateways.get(key);
    if (silent === undefined) return false;
    this.#note(key, neighbour);
    return silent !== this.#gateways.get(key);
  }

  /** The same uplinks, with what has been heard of their gateways since. */
  refreshed(uplinks: readonly HostUplink[]): HostUplink[] {
    return uplinks.map((item) => ({ ...item, gatewayAnswers: !this.#isSilent(item) }));
  }

  #askNeighbours(uplinks: readonly Pick<HostUplink, 'device' | 'gateway'>[]): void {
    const before = this.#gateways;
    this.#gateways = new Map();
    const questions = uplinks.flatMap((item) => {
      const key = this.#keyOf(item);
      if (item.gateway === null || key === null || this.#gateways.has(key)) return [];
      this.#gateways.set(key, before.get(key) ?? false);
      return [{ key, request: neighbourRequest(this.#indexes.get(item.device) ?? 0, item.gateway) }];
    });
    const answers = this.#client.askAll(questions.map(({ request }) => request));
    questions.forEach(({ key }, i) => {
      const answer = answers[i] ?? null;
      this.#note(key, answer === null ? null : decodeNeighbour(answer));
    });
  }

  /** One who is asked for again after he did not answer has not answered yet. */
  #note(key: string, neighbour: Neighbour | null): void {
    if (neighbour?.state !== 'asking') this.#gateways.set(key, neighbour?.state === 'silent');
  }

  #isSilent(uplink: Pick<HostUplink, 'device' | 'gateway'>): boolean {
    return this.#gateways.get(this.#keyOf(uplink) ?? '') === true;
  }

  #keyOf({ device, gateway }: Pick<HostUplink, 'device' | 'gateway'>): string | null {
    const index = this.#indexes.get(device);
    return index === undefined || gateway === null ? null : `${index} ${gateway}`;
  }
}

function anAddress(text: string): IpAddress {
  return present(parseAddress(text), 'an address');
}

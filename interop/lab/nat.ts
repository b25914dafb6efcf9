/** A NAT in front of a site: a namespace of its own that masquerades, forwards the two IKE ports inwards if asked, and can forget. */
import { addressLines, siteIndex, type SiteName } from './addressing.js';
import type { Plug } from './air.js';
import { shell } from './exec.js';
import type { Lab, Namespace } from './lab.js';

export class Nat {
  readonly space: Namespace;
  /** The host behind it, its address towards the host, and its address towards the world. */
  readonly inner: string;
  readonly gateway: string;
  readonly outer: string;
  #ports = 0;

  private constructor(space: Namespace, inner: string, gateway: string, outer: string) {
    this.space = space;
    this.inner = inner;
    this.gateway = gateway;
    this.outer = outer;
  }

  /** @param lay lays a cable from this end to the router, which has a device of the site's name then */
  static async build(lab: Lab, site: SiteName, lay: (near: Plug) => Promise<void>): Promise<Nat> {
    const space = await lab.namespace(`nat-${site}`);
    const index = siteIndex(site);
    const nat = new Nat(space, `172.20.${index}.2`, `172.20.${index}.1`, `10.1.${index}.2`);
    await lay({ space, device: 'outside' });
    await shell([
      `ip netns exec ${space.name} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
      ...addressLines(space.name, 'outside', `${nat.outer}/24`, null),
      `ip -n ${space.name} route add default via 10.1.${index}.1`,
    ]);
    await nat.#load(true);
    return nat;
  }

  /** The NAT forgets every mapping and gives new ports from now on, as one does that was restarted. */
  async rebind(): Promise<void> {
    this.#ports += 1;
    await this.#load(true);
    await this.space.must(['conntrack', '-F']);
  }

  /** The source port is always changed: a NAT that keeps 4500 would hide half of what it does. */
  async #load(forward: boolean): Promise<void> {
    const low = 20_000 + (this.#ports % portRanges) * 5_000;
    const rules = [
      'table ip nat',
      'delete table ip nat',
      'table ip nat {',
      '  chain out { type nat hook postrouting priority srcnat;',
      `    oifname "outside" meta l4proto { udp, tcp } masquerade to :${low}-${low + 4_999}`,
      '    oifname "outside" masquerade',
      '  }',
      '  chain in { type nat hook prerouting priority dstnat;',
      ...(forward ? [`    iifname "outside" udp dport { 500, 4500 } dnat to ${this.inner}`] : []),
      '  }',
      '}',
    ];
    await this.space.must(['nft', '-f', '-'], { input: `${rules.join('\n')}\n` });
  }
}

/** Ranges of ports that take turns. */
const portRanges = 8;

/** Addresses inside, lent and asked for, between whole hosts: what `[[pool]]` and `virtual` make of callers (RFC 7296 §2.19). */
import { expect } from 'chai';
import { addressFromBytes } from '../../lib/util/address.js';
import { configOf, VirtualHost, type Arrival } from '../support/virtual-host.js';
import { VirtualNetwork } from '../support/virtual-network.js';
import { World } from '../support/world.js';

const secret = 'a secret of more than twenty characters';

class Stage {
  readonly world: World;
  readonly network: VirtualNetwork;
  readonly gateway: VirtualHost;

  /** @param pools TOML before the peers. @param peers of the gateway */
  constructor(pools: string, peers: string) {
    this.world = new World(1);
    this.network = new VirtualNetwork(this.world);
    this.gateway = this.host('gateway', '10.0.0.1', `[endpoint]\nid = "gateway"\n${pools}\n${peers}`);
  }

  host(name: string, address: string, text: string): VirtualHost {
    return new VirtualHost({ name, network: this.network, config: configOf(text), addresses: [{ address, device: 'eth0' }] });
  }

  caller(n: number, id: string, lines = 'virtual = true', remote = '10.60.0.0/16'): VirtualHost {
    const peer = `[[peer]]\nname = "gateway"\nid = "gateway"\naddresses = ["10.0.0.1"]\npsk = "${secret}"\n${lines}\n`;
    return this.host(id, `10.0.1.${n}`, `[endpoint]\nid = "${id}"\n${peer}[[peer.child]]\nname = "net"\nlocal = ["dynamic"]\nremote = ["${remote}"]\n`);
  }
}

const clients = '[[pool]]\nname = "clients"\nrange = "10.77.0.0/24"\ndns = ["10.77.0.1"]\n';

function block(name: string, id: string, lines = 'pools = ["clients"]', local = '10.60.0.0/16'): string {
  return `[[peer]]\nname = "${name}"\nid = "${id}"\npsk = "${secret}"\n${lines}\n[[peer.child]]\nname = "net"\nlocal = ["${local}"]\nremote = ["dynamic"]\n`;
}

/** `SOURCE → DESTINATION` of an IPv4 packet. */
function ends({ packet }: Arrival): string {
  return `${addressFromBytes(packet.subarray(12, 16))} → ${addressFromBytes(packet.subarray(16, 20))}`;
}

describe('addresses that a gateway lends', () => {
  it('give a caller an address of the pool, selectors of that address alone, and a way through', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const caller = stage.caller(1, 'carol');
    stage.world.run(3_000);
    expect(caller.lent).to.deep.equal(['10.77.0.2']);
    expect(stage.gateway.sas('carol').map(({ virtual }) => virtual.remote)).to.deep.equal([['10.77.0.2']]);
    caller.sendInner('10.77.0.2', '10.60.0.9');
    caller.sendInner('10.77.0.3', '10.60.0.9');
    stage.gateway.sendInner('10.60.0.9', '10.77.0.2');
    stage.world.run(500);
    expect(stage.gateway.arrivals.map(ends)).to.deep.equal(['10.77.0.2 → 10.60.0.9']);
    // The other packet was answered with ICMP: there is no way for it.
    expect(caller.arrivals.map(ends)).to.deep.equal(['10.60.0.9 → 10.77.0.3', '10.60.0.9 → 10.77.0.2']);
  });
});

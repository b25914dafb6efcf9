/** One block for many callers who prove who they are by certificates: leases and uniqueness go by identity. */
import { expect } from 'chai';
import { configOf, VirtualHost } from '../support/virtual-host.js';
import { VirtualNetwork } from '../support/virtual-network.js';
import { authority, issue, keyPemOf, pemOf, type Issued } from '../support/test-pki.js';
import { World } from '../support/world.js';

const lab = authority('O=Lab, CN=Lab CA');
const certificates = ['gateway.example.net', 'carol.example.net', 'dave.example.net', 'erin.example.org'].map((name): [string, Issued] => [
  name, issue(`O=Lab, CN=${name}`, lab, { names: [`dns:${name}`] }),
]);
const files = Object.fromEntries(certificates.flatMap(([name, issued]) => [
  [`/etc/mhtun/${name}.pem`, pemOf(issued)], [`/etc/mhtun/${name}.key`, keyPemOf(issued)],
]));
const known = { ...files, '/etc/mhtun/ca.pem': pemOf(lab) };

function proof(name: string): string {
  return `auth = "pubkey"\ncert = "${name}.pem"\nkey = "${name}.key"\nca = ["ca.pem"]\n`;
}

class Stage {
  readonly world = new World(1);
  readonly network = new VirtualNetwork(this.world);
  readonly gateway: VirtualHost;

  constructor(lines: string) {
    const pool = '[[pool]]\nname = "clients"\nrange = "10.77.0.0/24"\n';
    const peer = `[[peer]]\nname = "road"\nid = "*.example.net"\npools = ["clients"]\n${proof('gateway.example.net')}${lines}\n`;
    const child = '[[peer.child]]\nname = "net"\nlocal = ["10.60.0.0/16"]\nremote = ["dynamic"]\n';
    this.gateway = this.#host('gateway.example.net', '10.0.0.1', pool + peer + child);
  }

  caller(n: number, name: string): VirtualHost {
    const peer = `[[peer]]\nname = "gateway"\nid = "gateway.example.net"\naddresses = ["10.0.0.1"]\nvirtual = true\n${proof(name)}`;
    return this.#host(name, `10.0.1.${n}`, `${peer}[[peer.child]]\nname = "net"\nlocal = ["dynamic"]\nremote = ["10.60.0.0/16"]\n`);
  }

  /** Who has which address, at the gateway. */
  get lent(): string[] {
    return this.gateway.sas('road').map(({ path, virtual }) => `${path.remote.address} ${virtual.remote.join()}`).sort();
  }

  #host(name: string, address: string, text: string): VirtualHost {
    const config = configOf(`[endpoint]\nid = "${name}"\n${text}`, known);
    return new VirtualHost({ name, network: this.network, config, addresses: [{ address, device: 'eth0' }] });
  }
}

describe('A block for many callers with certificates', () => {
  it('lends each an address, and refuses who is not of its pattern', () => {
    const stage = new Stage('');
    stage.caller(1, 'carol.example.net');
    stage.world.run(2_000);
    stage.caller(2, 'dave.example.net');
    const erin = stage.caller(3, 'erin.example.org');
    stage.world.run(3_000);
    expect(stage.lent).to.deep.equal(['10.0.1.1 10.77.0.1', '10.0.1.2 10.77.0.2']);
    expect(erin.lent).to.deep.equal([]);
    expect(stage.gateway.endpoint.lending.toRemember().map(({ identity }) => identity)).to.deep.equal(['carol.example.net', 'dave.example.net']);
  });

  it('replaces the older of one identity alone, who keeps the address', () => {
    const stage = new Stage('unique = "replace"');
    const first = stage.caller(1, 'carol.example.net');
    const dave = stage.caller(2, 'dave.example.net');
    stage.world.run(3_000);
    first.crash();
    const second = stage.caller(3, 'carol.example.net');
    stage.world.run(5_000);
    expect(second.lent).to.deep.equal(first.lent);
    expect(stage.lent).to.have.length(2);
    expect(dave.sas('gateway')).to.have.length(1);
    expect(stage.gateway.endpoint.lending.uses().map(({ used }) => used)).to.deep.equal([2]);
  });

  it('keeps one IKE SA of an identity where unique = "keep", with its address, and leaves nothing of another', () => {
    const stage = new Stage('unique = "keep"');
    const first = stage.caller(1, 'carol.example.net');
    stage.world.run(3_000);
    const before = stage.lent;
    // Another host, which says that there is no other (INITIAL_CONTACT), and proves to be carol.
    stage.caller(3, 'carol.example.net');
    stage.world.run(5_000);
    expect(stage.lent).to.have.length(1);
    expect(stage.lent[0]?.split(' ')[1]).to.equal(before[0]?.split(' ')[1]);
    expect(first.lent).to.deep.equal(['10.77.0.1']);
    expect(stage.gateway.endpoint.lending.uses().map(({ used }) => used)).to.deep.equal([1]);
  });

  it('lends each IKE SA an address of its own where unique = "never", though the identity is one', () => {
    const stage = new Stage('unique = "never"');
    stage.caller(1, 'carol.example.net');
    stage.world.run(3_000);
    stage.caller(2, 'carol.example.net');
    stage.world.run(3_000);
    expect(new Set(stage.lent.map((line) => line.split(' ')[1])), stage.lent.join()).to.have.length(2);
    expect(stage.gateway.endpoint.lending.toRemember()).to.deep.equal([]);
  });
});

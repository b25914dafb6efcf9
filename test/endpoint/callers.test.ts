/** One host and many callers: peers told apart by identity, one block for many, and two that claim to be the same. */
import { expect } from 'chai';
import { configOf, VirtualHost } from '../support/virtual-host.js';
import { VirtualNetwork } from '../support/virtual-network.js';
import { World } from '../support/world.js';

const secret = 'a secret of more than twenty characters';

function peerText(name: string, id: string, lines: string, psk = secret): string {
  return `[[peer]]\nname = "${name}"\nid = "${id}"\npsk = "${psk}"\n${lines}\n`;
}

function childText(local: string, remote: string): string {
  return `[[peer.child]]\nname = "net"\nlocal = ["${local}"]\nremote = ["${remote}"]\n`;
}

class Stage {
  readonly world: World;
  readonly network: VirtualNetwork;
  readonly gateway: VirtualHost;

  constructor(seed: number, peers: string) {
    this.world = new World(seed);
    this.network = new VirtualNetwork(this.world);
    this.gateway = this.host('gateway', '10.0.0.1', `[endpoint]\nid = "gateway"\n${peers}`);
  }

  host(name: string, address: string, text: string): VirtualHost {
    return new VirtualHost({ name, network: this.network, config: configOf(text), addresses: [{ address, device: 'eth0' }] });
  }

  /** A host that calls the gateway as `id` and has 10.50.0.n behind it. */
  caller(n: number, id: string, psk = secret, lines = ''): VirtualHost {
    const peer = peerText('gateway', 'gateway', `addresses = ["10.0.0.1"]\n${lines}`, psk);
    return this.host(id, `10.0.1.${n}`, `[endpoint]\nid = "${id}"\n${peer}${childText(`10.50.0.${n}/32`, '10.60.0.0/16')}`);
  }
}

const narrow = childText('10.60.0.0/16', '10.50.0.0/16');

describe('a host with many callers', () => {
  it('serves many under one block, each with selectors of its own, and both ways', () => {
    const stage = new Stage(1, peerText('road', '%any', 'unique = "never"') + narrow);
    const callers = [1, 2, 3, 4, 5, 6].map((n) => stage.caller(n, `carol${n}`));
    stage.world.run(8_000);
    expect(stage.gateway.sas('road').map(({ children }) => children.length)).to.deep.equal([1, 1, 1, 1, 1, 1]);
    callers.forEach((caller, i) => {
      caller.sendInner(`10.50.0.${i + 1}`, '10.60.0.9');
      stage.gateway.sendInner('10.60.0.9', `10.50.0.${i + 1}`);
    });
    stage.world.run(500);
    expect(stage.gateway.arrivals).to.have.length(6);
    expect(callers.map(({ arrivals }) => arrivals.length)).to.deep.equal([1, 1, 1, 1, 1, 1]);
  });

  it('keeps one that shares the secret from throwing out another', () => {
    const stage = new Stage(1, peerText('road', '*', 'unique = "never"') + narrow);
    const first = stage.caller(1, 'carol');
    stage.world.run(2_000);
    stage.caller(2, 'carol');
    stage.world.run(3_000);
    expect(stage.gateway.sas('road')).to.have.length(2);
    expect(first.sas('gateway')[0]?.children).to.have.length(1);
  });

  it('takes each caller for the peer of its identity, with the secret of that peer', () => {
    const peers = ['carol', 'dave'].map((name, i) => peerText(name, name, '', `${secret} ${name}`) + childText('10.60.0.0/16', `10.50.0.${i + 1}/32`)).join('');
    const stage = new Stage(1, peers);
    stage.caller(1, 'carol', `${secret} carol`);
    stage.caller(2, 'dave', `${secret} dave`);
    const eve = stage.caller(3, 'eve', `${secret} carol`);
    stage.world.run(4_000);
    expect(stage.gateway.sas('carol')).to.have.length(1);
    expect(stage.gateway.sas('dave')).to.have.length(1);
    expect(eve.sas('gateway')).to.have.length(0);
    expect(eve.eventNames()).to.include('auth-failed');
    expect(stage.gateway.eventNames()).to.include('auth-failed');
  });

  it('drops the older SA of an identity that calls from elsewhere', () => {
    const stage = new Stage(1, peerText('carol', 'carol', '') + narrow);
    stage.caller(1, 'carol').crash();
    const before = stage.caller(2, 'carol');
    stage.world.run(3_000);
    before.crash();
    stage.caller(3, 'carol');
    stage.world.run(3_000);
    expect(stage.gateway.sas('carol').map(({ path }) => path.remote.address)).to.deep.equal(['10.0.1.3']);
    expect(stage.gateway.counters()).to.have.length(1);
  });

  it('refuses a second SA of an identity where unique = "keep", unless the caller says that it has no other', () => {
    const stage = new Stage(1, peerText('carol', 'carol', 'unique = "keep"') + narrow);
    const caller = stage.caller(1, 'carol');
    stage.world.run(3_000);
    const [first] = stage.gateway.sas('carol');
    caller.crash();
    stage.caller(2, 'carol');
    stage.world.run(3_000);
    // The second host had no IKE SA, said so (INITIAL_CONTACT), and proved to be carol.
    expect(stage.gateway.sas('carol')).to.have.length(1);
    expect(stage.gateway.sas('carol')[0]?.spiI).not.to.equal(first?.spiI);
  });
});

/** Addresses inside, lent and asked for, between whole hosts: what `[[pool]]` and `virtual` make of callers (RFC 7296 §2.19). */
import { expect } from 'chai';
import { addressFromBytes } from '../../lib/util/address.js';
import type { RememberedLease } from '../../lib/gateway/lease-book.js';
import { formatSelector } from '../../lib/wire/traffic-selector.js';
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

  host(name: string, address: string, text: string, remembered: readonly RememberedLease[] = []): VirtualHost {
    return new VirtualHost({ name, network: this.network, config: configOf(text), addresses: [{ address, device: 'eth0' }], remembered });
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

  it('are told with what goes with them, in events at both ends', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const caller = stage.caller(1, 'carol');
    stage.world.run(3_000);
    const given = caller.events.find(({ event }) => event === 'address-assigned');
    expect(given?.fields).to.deep.include({ addresses: ['10.77.0.2'], dns: ['10.77.0.1'], domains: [] });
    expect(caller.logs.join('\n')).to.include('nothing is changed on this host; where systemd-resolved runs: resolvectl dns INTERFACE 10.77.0.1');
    caller.ask({ kind: 'shutdown' });
    stage.world.run(1_000);
    const told = stage.gateway.events.filter(({ event }) => event.startsWith('lease-')).map(({ event, peer, fields }) => [event, peer, fields['addresses'], fields['remote_id']]);
    expect(told).to.deep.equal([['lease-given', 'carol', ['10.77.0.2'], 'carol'], ['lease-released', 'carol', ['10.77.0.2'], 'carol']]);
    expect(stage.gateway.endpoint.lending.uses().map(({ used, kept }) => [used, kept])).to.deep.equal([[0, 1]]);
  });

  it('are each caller’s own under one block for many, who share a secret, and go with the caller', () => {
    const stage = new Stage(clients, block('road', '%any', 'pools = ["clients"]'));
    const callers = [1, 2, 3].map((n) => stage.caller(n, `carol${n}`));
    stage.world.run(5_000);
    expect(callers.map(({ lent }) => lent.join()).sort()).to.deep.equal(['10.77.0.2', '10.77.0.3', '10.77.0.4']);
    callers.forEach((caller) => {
      caller.sendInner(caller.lent[0] ?? '', '10.60.0.9');
      stage.gateway.sendInner('10.60.0.9', caller.lent[0] ?? '');
      // Nobody sends from an address of another.
      caller.sendInner(callers.find((other) => other !== caller)?.lent[0] ?? '', '10.60.0.9');
    });
    stage.world.run(500);
    expect(stage.gateway.arrivals.map(ends).sort()).to.deep.equal(['10.77.0.2 → 10.60.0.9', '10.77.0.3 → 10.60.0.9', '10.77.0.4 → 10.60.0.9']);
    expect(stage.gateway.endpoint.lending.toRemember()).to.deep.equal([]);
    callers[1]?.ask({ kind: 'shutdown' });
    stage.world.run(1_000);
    expect(stage.gateway.endpoint.lending.uses().map(({ used, kept }) => [used, kept])).to.deep.equal([[2, 0]]);
  });

  it('are two, where two hosts share a secret and say they are the same', () => {
    const stage = new Stage(clients, block('road', '*', 'pools = ["clients"]'));
    const callers = [1, 2].map((n) => stage.caller(n, 'carol'));
    stage.world.run(5_000);
    expect(callers.map(({ lent }) => lent.join()).sort()).to.deep.equal(['10.77.0.2', '10.77.0.3']);
  });

  it('are the same for a caller who crashed and calls anew, while the gateway has the old IKE SA still', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const before = stage.caller(1, 'carol');
    stage.world.run(3_000);
    before.crash();
    const again = stage.caller(2, 'carol');
    stage.world.run(3_000);
    expect(again.lent).to.deep.equal(before.lent);
    expect(stage.gateway.sas('carol')).to.have.length(1);
    stage.gateway.sendInner('10.60.0.9', '10.77.0.2');
    stage.world.run(500);
    expect(again.arrivals.map(ends)).to.deep.equal(['10.60.0.9 → 10.77.0.2']);
  });

  it('are the same after a restart of the gateway that remembers', () => {
    const blocks = block('carol', 'carol') + block('dave', 'dave');
    const stage = new Stage(clients, blocks);
    const callers = ['carol', 'dave'].map((name, n) => stage.caller(n + 1, name));
    stage.world.run(3_000);
    const before = callers.map(({ lent }) => lent.join());
    const remembered = stage.gateway.endpoint.lending.toRemember();
    stage.gateway.crash();
    for (const caller of callers) caller.crash();
    const next = stage.host('gateway', '10.0.0.1', `[endpoint]\nid = "gateway"\n${clients}\n${blocks}`, remembered);
    // In another order.
    const dave = stage.caller(4, 'dave');
    stage.world.run(3_000);
    const carol = stage.caller(3, 'carol');
    stage.world.run(3_000);
    expect([carol.lent.join(), dave.lent.join()]).to.deep.equal(before);
    expect(next.endpoint.lending.uses().map(({ used }) => used)).to.deep.equal([2]);
  });

  it('that are used up are said at both ends, and the caller gets one when there is one', () => {
    const stage = new Stage('[[pool]]\nname = "clients"\nrange = "10.77.0.8/32"\n', block('carol', 'carol') + block('dave', 'dave'));
    const carol = stage.caller(1, 'carol');
    stage.world.run(3_000);
    const dave = stage.caller(2, 'dave');
    stage.world.run(3_000);
    expect(dave.lent).to.deep.equal([]);
    expect(dave.endpoint.look(dave.clock.now())[0]?.downReason).to.contain('INTERNAL_ADDRESS_FAILURE');
    expect(stage.gateway.logs.join('\n')).to.contain('no address for dave: every address of clients is in use');
    carol.ask({ kind: 'terminate', peer: 'gateway', child: null });
    expect(carol.lent).to.deep.equal([]);
    stage.world.run(180_000);
    expect(dave.lent).to.deep.equal(['10.77.0.8']);
  });

  it('assigned by hand are that caller’s, of both families', () => {
    const two = `${clients}static = { carol = "10.77.0.99" }\n[[pool]]\nname = "six"\nrange = "fd77::/112"\n`;
    const lines = 'pools = ["clients", "six"]';
    const stage = new Stage(two, block('carol', 'carol', lines, '10.60.0.0/16", "fd60::/64') + block('dave', 'dave', lines, '10.60.0.0/16", "fd60::/64'));
    const dave = stage.caller(2, 'dave', 'virtual = true', '10.60.0.0/16", "fd60::/64');
    const carol = stage.caller(1, 'carol', 'virtual = true', '10.60.0.0/16", "fd60::/64');
    stage.world.run(3_000);
    expect(carol.lent[0]).to.equal('10.77.0.99');
    expect([...carol.lent.slice(1), ...dave.lent].sort()).to.deep.equal(['10.77.0.2', 'fd77::1', 'fd77::2']);
    const sas = carol.sas('gateway')[0]?.children[0];
    expect(sas?.localTs.map(formatSelector)).to.deep.equal(carol.lent.map((one) => `${one}/${one.includes(':') ? 128 : 32}`));
  });

  it('stay on the caller’s interface while he calls anew, and go when he is told to stop', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const caller = stage.caller(1, 'carol');
    stage.world.run(3_000);
    const seen: string[] = [];
    stage.gateway.ask({ kind: 'terminate', peer: 'carol', child: null });
    for (let i = 0; i < 20; i++) {
      stage.world.run(200);
      seen.push(caller.lent.join());
    }
    expect(new Set(seen)).to.deep.equal(new Set(['10.77.0.2']));
    expect(caller.sas('gateway')).to.have.length(1);
    caller.ask({ kind: 'terminate', peer: 'gateway', child: null });
    expect(caller.lent).to.deep.equal([]);
  });

  it('begin with a packet where the caller waits for one', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const caller = stage.caller(1, 'carol', 'virtual = true\nstart = "traffic"');
    stage.world.run(3_000);
    expect(caller.lent).to.deep.equal([]);
    caller.sendInner('192.168.7.7', '10.60.0.9');
    stage.world.run(3_000);
    expect(caller.lent).to.deep.equal(['10.77.0.2']);
    expect(stage.gateway.arrivals, 'the packet was from another address').to.have.length(0);
  });

  it('stay where they are when the pools are changed while callers are there', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const carol = stage.caller(1, 'carol');
    stage.world.run(3_000);
    const other = clients.replace('10.77.0.0/24', '10.88.0.0/24').replace('10.77.0.1', '10.88.0.1');
    const config = configOf(`[endpoint]\nid = "gateway"\n${other}\n${block('carol', 'carol')}${block('dave', 'dave')}`);
    expect(stage.gateway.ask({ kind: 'reload', config })).to.deep.equal({ ok: true, detail: '1 new, 0 gone, 0 changed, 1 kept' });
    const dave = stage.caller(2, 'dave');
    stage.world.run(3_000);
    expect([carol.lent.join(), dave.lent.join()]).to.deep.equal(['10.77.0.2', '10.88.0.2']);
    carol.ask({ kind: 'terminate', peer: 'gateway', child: null });
    expect(carol.ask({ kind: 'initiate', peer: 'gateway', child: null, timeoutMs: null })).to.include({ ok: true });
    expect(carol.lent).to.deep.equal(['10.88.0.3']);
  });

  it('stay over reauthentication, and packets go through all the while', () => {
    const stage = new Stage(clients, block('carol', 'carol'));
    const caller = stage.caller(1, 'carol', 'virtual = true\nreauth = "60s"');
    stage.world.run(3_000);
    const [first] = caller.sas('gateway');
    for (let i = 0; i < 100; i++) {
      caller.sendInner('10.77.0.2', '10.60.0.9');
      stage.gateway.sendInner('10.60.0.9', '10.77.0.2');
      stage.world.run(1_000);
      expect(caller.lent).to.deep.equal(['10.77.0.2']);
    }
    expect(caller.sas('gateway')[0]?.spiI).not.to.equal(first?.spiI);
    expect([stage.gateway.arrivals.length, caller.arrivals.length]).to.deep.equal([100, 100]);
    stage.world.run(20_000);
    expect(stage.gateway.endpoint.lending.uses().map(({ used }) => used)).to.deep.equal([1]);
  });

  it('of one pool are reached whichever block their callers are of, and what nobody has is refused', () => {
    const stage = new Stage(clients, ['carol', 'dave', 'erin'].map((name) => block(name, name)).join(''));
    const callers = ['erin', 'dave', 'carol'].map((name, n) => stage.caller(n + 1, name));
    stage.world.run(3_000);
    for (const { lent: [address = ''] } of callers) stage.gateway.sendInner('10.60.0.9', address);
    stage.world.run(500);
    for (const caller of callers) expect(caller.arrivals.map(ends)).to.deep.equal([`10.60.0.9 → ${caller.lent[0] ?? ''}`]);
    expect(stage.gateway.arrivals).to.have.length(0);
    stage.gateway.sendInner('10.60.0.9', '10.77.0.200');
    expect(stage.gateway.arrivals.map(ends)).to.deep.equal(['10.77.0.200 → 10.60.0.9']);
  });
});

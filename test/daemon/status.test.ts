/** The status document out of a standing tunnel: every field that scripts rely on. */
import { expect } from 'chai';
import { peerStatuses } from '../../lib/daemon/status.js';
import { present } from '../../lib/util/assert.js';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

const two = [{ address: '10.1.0.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }] as const;

function statusOf(host: VirtualHost): ReturnType<typeof peerStatuses> {
  return peerStatuses({
    now: host.world.now,
    peers: host.endpoint.look(host.world.now),
    wallClock: (at) => new Date(at).toISOString(),
    counters: new Map(host.counters().map((item) => [item.child, item])),
  });
}

describe('the status', () => {
  it('of a standing tunnel says what stands, from both ends alike', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two, peer: 'child_rekey = "1h"\nike_rekey = "4h"' }, sun: { remote: null } });
    expect(pair.comeUp()).to.equal(true);
    pair.world.run(500);
    expect(pair.ping()).to.equal(true);
    const moon = present(statusOf(pair.moon)[0]?.ike_sas[0], 'moon has an IKE SA');
    const sun = present(statusOf(pair.sun)[0]?.ike_sas[0], 'sun has an IKE SA');
    expect(moon).to.deep.include({
      state: 'ESTABLISHED', initiator: true, local_id: 'moon', remote_id: 'sun', local: '10.1.0.1:4500', remote: '10.1.0.2:4500', mobike: true, established_s: 1.5,
    });
    expect(moon.spi_i).to.match(/^0x[0-9a-f]{16}$/);
    expect([sun.spi_i, sun.spi_r, sun.suite]).to.deep.equal([moon.spi_i, moon.spi_r, moon.suite]);
    expect(moon.suite).to.match(/^[a-z0-9]+-prfsha\d+-[a-z0-9]+$/);
    expect(moon.rekey_in_s).to.be.within(12_000, 14_400);

    const [child] = moon.child_sas;
    expect(child).to.deep.include({
      name: 'net', state: 'INSTALLED', local_ts: ['192.168.1.0/24'], remote_ts: ['192.168.2.0/24'],
      packets_in: 1, bytes_in: 100, packets_out: 1, bytes_out: 100, replay_dropped: 0, auth_failed: 0,
    });
    expect([child?.spi_in, child?.spi_out]).to.deep.equal([sun.child_sas[0]?.spi_out, sun.child_sas[0]?.spi_in]);
    expect(child?.rekey_in_s).to.be.within(3_000, 3_600);
    expect(moon.paths.map(({ local, remote, interface: device, state }) => [local, remote, device, state])).to.deep.equal([
      ['10.1.0.1', '10.1.0.2', 'eth0', 'active'], ['10.2.0.1', '10.1.0.2', 'eth1', 'standby'],
    ]);
    expect(new Set(moon.paths.map(({ id }) => id)).size).to.equal(2);
  });

  it('of a peer that is called shows the attempt', () => {
    const pair = new Pair({ seed: 1, sun: { remote: null } });
    pair.sun.crash();
    pair.world.run(200);
    const [sa] = statusOf(pair.moon)[0]?.ike_sas ?? [];
    expect(sa).to.deep.include({ state: 'CONNECTING', spi_r: '0x0000000000000000', remote_id: '', suite: '', established_s: 0, rekey_in_s: 0, child_sas: [] });
  });

  it('of a peer without anything is its name alone', () => {
    const pair = new Pair({ seed: 1, moon: { peer: 'start = "never"' }, sun: { remote: null } });
    const [sun] = statusOf(pair.moon);
    expect(sun).to.deep.include({ name: 'sun', ike_sas: [] });
    expect(sun?.down_reason).to.match(/^nothing was tried: start = "never" in peer block "sun" \(mhtun.toml:\d+\)/);
  });
});

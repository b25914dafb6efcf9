/** Exercises (`exercise.ts`) of what is asked of the kernel and heard from it over netlink. */
import { expect } from 'chai';
import { startLinkMonitor } from '../../lib/platform/link-monitor.js';
import { NetlinkClient, netlinkProtocol } from '../../lib/platform/netlink.js';
import { routeProblem } from '../../lib/platform/route-lookup.js';
import { ip, sh, until } from './host.js';

export const netlinkExercises: Readonly<Record<string, () => Promise<void> | void>> = {
  'route-lookup'() {
    sh('ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up');
    sh('ip addr add 10.1.0.1/24 dev v0 && ip addr add 10.3.0.1/24 dev v1 && ip addr add fd00:1::1/64 dev v0 nodad');
    sh('ip route add unreachable 10.4.0.0/16 && ip route add 10.5.0.0/16 dev v0 table 77 && ip rule add fwmark 5 lookup 77');
    const client = new NetlinkClient(netlinkProtocol.route);
    const index = Number(/^(\d+):/.exec(sh('ip -o link show v0'))?.[1]);
    const ask = (source: string, destination: string, mark = 0, device = index): string | null =>
      routeProblem(client, { source: ip(source), destination: ip(destination), device, mark });
    expect(ask('10.1.0.1', '10.1.0.2')).to.equal(null);
    expect(ask('10.1.0.1', '10.2.0.2')).to.equal('EHOSTUNREACH');
    expect(ask('10.1.0.1', '10.3.0.2'), 'a route over another link is none').to.equal('EHOSTUNREACH');
    expect(ask('10.1.0.1', '10.4.0.2')).to.equal('EHOSTUNREACH');
    expect(ask('10.1.0.1', '10.5.0.2')).to.equal('EHOSTUNREACH');
    expect(ask('10.1.0.1', '10.5.0.2', 5), 'a rule for our mark').to.equal(null);
    expect(ask('fd00:1::1', 'fd00:1::2')).to.equal(null);
    expect(ask('fd00:1::1', 'fd00:2::2')).to.equal('ENETUNREACH');
    expect(ask('10.1.0.1', '10.1.0.2', 0, 9999)).to.equal('ENODEV');
    sh('ip route add default via 10.1.0.9');
    expect(ask('10.1.0.1', '10.2.0.2')).to.equal(null);
    client.close();
  },

  async 'link-monitor'() {
    sh('ip link add v0 type veth peer name v1');
    const states: string[] = [];
    const monitor = startLinkMonitor((state) => {
      states.push(state.links.map((link) => `${link.name}${link.up ? '+' : '-'}`).join(' ') + ' ' + state.addresses.map((own) => own.address).join(' '));
    });
    expect(monitor.state().links.find((link) => link.name === 'lo')?.loopback).to.equal(true);
    sh('ip link set v0 up; ip link set v1 up; ip addr add 10.1.0.1/24 dev v0');
    await until(() => states.some((text) => text.includes('v0+') && text.includes('10.1.0.1')));
    sh('ip tuntap add mode tun t0');
    await until(() => monitor.state().links.some((link) => link.name === 't0' && link.tunnel));
    sh('ip link del v0');
    await until(() => !monitor.state().links.some((link) => link.name === 'v0') && !monitor.state().addresses.some((own) => own.address === '10.1.0.1'));
    // More changes than a socket buffer holds, while nobody reads: what counts in the end is right.
    sh('for i in $(seq 1 250); do for j in 1 2 3 4; do echo "addr add 10.$j.$i.1/32 dev lo"; done; done > /tmp/$$.batch; ip -batch /tmp/$$.batch; rm /tmp/$$.batch');
    await until(() => monitor.state().addresses.filter((own) => own.device === 'lo' && own.address.startsWith('10.')).length === 1000);
    monitor.close();
    monitor.close();
  },
};

/** Exercises (`exercise.ts`) of what is asked of the kernel and heard from it over netlink. */
import { expect } from 'chai';
import { startLinkMonitor, type LinkMonitor } from '../../lib/platform/link-monitor.js';
import { ip, sh } from './host.js';

export const netlinkExercises: Readonly<Record<string, () => Promise<void> | void>> = {
  'route-lookup'() {
    sh('ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up');
    sh('ip addr add 10.1.0.1/24 dev v0 && ip addr add 10.3.0.1/24 dev v1 && ip addr add fd00:1::1/64 dev v0 nodad');
    sh('ip route add unreachable 10.4.0.0/16 && ip route add 10.5.0.0/16 dev v0 table 77 && ip rule add fwmark 5 lookup 77');
    const monitorOf = (mark: number): LinkMonitor => startLinkMonitor({ mark, uses: () => [], told: () => undefined, read: () => undefined });
    const ask = (local: string, remote: string, mark = 0, device = 'v0'): string | null => {
      const monitor = monitorOf(mark);
      const [hop] = monitor.nextHops([{ local: ip(local), device, remote: ip(remote) }]);
      monitor.close();
      return hop === null ? 'nowhere' : null;
    };
    expect(ask('10.1.0.1', '10.1.0.2')).to.equal(null);
    expect(ask('10.1.0.1', '10.2.0.2')).to.equal('nowhere');
    expect(ask('10.1.0.1', '10.3.0.2'), 'a route over another link is none').to.equal('nowhere');
    expect(ask('10.1.0.1', '10.4.0.2')).to.equal('nowhere');
    expect(ask('10.1.0.1', '10.5.0.2')).to.equal('nowhere');
    expect(ask('10.1.0.1', '10.5.0.2', 5), 'a rule for our mark').to.equal(null);
    expect(ask('fd00:1::1', 'fd00:1::2')).to.equal(null);
    expect(ask('fd00:1::1', 'fd00:2::2')).to.equal('nowhere');
    expect(ask('10.1.0.1', '10.1.0.2', 0, 'v9')).to.equal('nowhere');
    sh('ip route add default via 10.1.0.9');
    expect(ask('10.1.0.1', '10.2.0.2')).to.equal(null);
  },
};

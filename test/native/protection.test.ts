import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { skipBecause } from '../support/skip.js';
import { Namespaces, whyNoNamespaces, whyNoOtherUser, type Program } from './namespaces.js';

/**
 * moon (10.1.0.1, inside 192.168.1.1) and sun (10.1.0.2, inside 192.168.2.1) on one cable. sun also answers for
 * 198.51.100.7, which stands for the rest of the world. What arrives at either end in clear is counted before any filter.
 */
class Lab {
  readonly spaces = new Namespaces();
  readonly moon = this.spaces.add('moon');
  readonly sun = this.spaces.add('sun');

  constructor() {
    this.spaces.cable(this.moon, 'e0', this.sun, 'e0');
    this.spaces.run(this.moon, 'ip addr add 10.1.0.1/24 dev e0; ip addr add 192.168.1.1/32 dev lo; ip route add default via 10.1.0.2');
    this.spaces.run(this.sun, 'ip addr add 10.1.0.2/24 dev e0; ip addr add 192.168.2.1/32 dev lo; ip addr add 198.51.100.7/32 dev lo; ip route add default via 10.1.0.1');
    this.spaces.run(this.sun, 'ip route add 192.168.1.0/24 via 10.1.0.1; sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.e0.rp_filter=0');
    // Seen in clear on sun's cable; and let in by moon's own filter.
    this.spaces.run(this.sun, 'nft "add table ip t; add chain ip t c { type filter hook prerouting priority -400; }; add counter ip t n; add rule ip t c iifname e0 ip saddr { 192.168.1.0/24, 10.9.0.0/24 } counter name n"');
    this.spaces.run(this.moon, 'nft "add table ip t; add chain ip t c { type filter hook input priority 0; }; add counter ip t n; add rule ip t c iifname e0 ip saddr { 192.168.2.0/24, 198.51.100.7 } counter name n"');
  }

  up(where: string, toml: string, ...tunnel: string[]): Program {
    return this.spaces.start(where, 'platform-program.ts', [toml, ...tunnel]);
  }

  pings(where: string, from: string, to: string): boolean {
    return this.spaces.attempt(where, `ping -c 1 -W 1 -I ${from} ${to}`).code === 0;
  }

  counted(where: string): number {
    return Number(/packets (\d+)/.exec(this.spaces.run(where, 'nft list counter ip t n'))?.[1]);
  }

  /** All that a platform makes. */
  traces(): string {
    return this.spaces.run(this.moon, 'ip rule; ip -6 rule; ip route show table all proto 77; ip -6 route show table all proto 77; nft list tables; ip -o link show type tun').replace(/^\s+/gm, '');
  }
}

const moonToml = toml('192.168.1.0/24', '192.168.2.0/24');
const ready = (line: Readonly<Record<string, unknown>>): boolean => line['kind'] === 'ready';
const failed = (line: Readonly<Record<string, unknown>>): boolean => line['kind'] === 'failed';

describe('the protection of a host', function () {
  this.timeout(90_000);
  let lab: Lab;

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
  });
  beforeEach(() => {
    lab = new Lab();
  });
  afterEach(async () => {
    await lab.spaces.dispose();
  });

  it('lets nothing protected leave in clear, and leaves nothing behind', async () => {
    const before = lab.traces();
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(true);
    const clear = lab.counted(lab.sun);
    const platform = lab.up(lab.moon, moonToml);
    await platform.line(ready);
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(false);
    expect(lab.pings(lab.moon, '10.1.0.1', '192.168.2.1')).to.equal(false);
    expect(lab.counted(lab.sun)).to.equal(clear);
    // What is not protected is none of its business.
    expect(lab.pings(lab.moon, '10.1.0.1', '198.51.100.7')).to.equal(true);
    platform.signal('SIGTERM');
    expect(await platform.exitCode()).to.equal(0);
    expect(lab.traces()).to.equal(before);
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(true);
  });

  it('stands after a kill -9, and the next start takes over what was left', async () => {
    const before = lab.traces();
    const killed = lab.up(lab.moon, moonToml);
    await killed.line(ready);
    const clear = lab.counted(lab.sun);
    await killed.kill();
    expect(lab.traces()).to.contain('unreachable 192.168.2.0/24');
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(false);
    expect(lab.counted(lab.sun)).to.equal(clear);
    // With another selector: what was left of the old one goes.
    const platform = lab.up(lab.moon, toml('192.168.1.0/24', '192.168.3.0/24'));
    await platform.line(ready);
    expect(lab.traces()).not.to.contain('192.168.2.0/24');
    platform.signal('SIGTERM');
    expect(await platform.exitCode()).to.equal(0);
    expect(lab.traces()).to.equal(before);
  });

  it('stays closed on exit where the configuration says so, until a next start and end', async () => {
    const before = lab.traces();
    const blocking = lab.up(lab.moon, toml('192.168.1.0/24', '192.168.2.0/24', 'on_exit = "block"'));
    await blocking.line(ready);
    blocking.signal('SIGTERM');
    expect(await blocking.exitCode()).to.equal(0);
    const clear = lab.counted(lab.sun);
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(false);
    expect(lab.counted(lab.sun)).to.equal(clear);
    expect(lab.traces()).to.contain('mhtun-mh0').and.not.to.contain('dev mh0');
    const open = lab.up(lab.moon, moonToml);
    await open.line(ready);
    open.signal('SIGTERM');
    expect(await open.exitCode()).to.equal(0);
    expect(lab.traces()).to.equal(before);
  });

  it('drops clear packets from a protected source, but for IKE and ESP to the host itself', async () => {
    lab.spaces.run(lab.sun, 'ip route add 192.168.1.1/32 via 10.1.0.1 src 192.168.2.1');
    const send = (port: number): string => lab.spaces.run(lab.sun, `python3 -c "import socket; s=socket.socket(2,2); s.bind(('192.168.2.1',0)); s.sendto(b'x'*40,('10.1.0.1',${port}))"`);
    send(9999);
    const before = lab.counted(lab.moon);
    expect(before).to.be.greaterThan(0);
    const platform = lab.up(lab.moon, moonToml);
    await platform.line(ready);
    send(9999);
    lab.pings(lab.sun, '192.168.2.1', '192.168.1.1');
    expect(lab.counted(lab.moon)).to.equal(before);
    send(500);
    const datagram = await platform.line((line) => line['kind'] === 'datagram');
    expect(datagram).to.deep.include({ length: 40 });
    expect(lab.counted(lab.moon)).to.equal(before + 1);
  });

  it('carries everything through a full tunnel without a loop, and leaves local networks alone', async () => {
    const moon = lab.up(lab.moon, toml('10.9.0.0/24', '0.0.0.0/0', 'address = ["10.9.0.1/32"]'), '1', '10.1.0.2');
    const sun = lab.up(lab.sun, toml('0.0.0.0/0', '10.9.0.0/24'), '2', '10.1.0.1');
    await Promise.all([moon.line(ready), sun.line(ready)]);
    const clear = lab.counted(lab.sun);
    // The host's own packets take the inner address.
    expect(lab.spaces.attempt(lab.moon, 'ping -c 3 -i 0.2 -W 2 198.51.100.7').output).to.match(/ 0% packet loss/);
    expect(lab.counted(lab.sun)).to.equal(clear);
    expect(lab.spaces.run(lab.moon, 'ip route get 198.51.100.7')).to.contain('dev mh0').and.to.contain('src 10.9.0.1');
    expect(lab.spaces.run(lab.moon, 'ip route get 10.1.0.2')).to.contain('dev e0');
    expect(lab.spaces.run(lab.moon, 'ip route get 198.51.100.7 mark 4500')).to.contain('dev e0');
    // In clear, over the local network, both ways.
    expect(lab.pings(lab.moon, '10.1.0.1', '10.1.0.2')).to.equal(true);
    expect(lab.pings(lab.sun, '10.1.0.2', '10.1.0.1')).to.equal(true);
    // The world, in clear, does not get in.
    const let_in = lab.counted(lab.moon);
    lab.pings(lab.sun, '198.51.100.7', '10.1.0.1');
    expect(lab.counted(lab.moon)).to.equal(let_in);
  });

  it('passes a strict reverse path check, and gives the kernel back as it was', async () => {
    const setting = 'cat /proc/sys/net/ipv4/conf/all/src_valid_mark';
    lab.spaces.run(lab.moon, 'sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.all.src_valid_mark=0');
    lab.spaces.run(lab.sun, 'ip addr add 203.0.113.2/32 dev lo');
    // The peer is beyond a router: only the default route, which the tunnel replaces, leads there.
    const moon = lab.up(lab.moon, toml('10.9.0.0/24', '0.0.0.0/0', 'address = ["10.9.0.1/32"]'), '1', '203.0.113.2');
    const sun = lab.up(lab.sun, toml('0.0.0.0/0', '10.9.0.0/24', 'listen = ["203.0.113.2"]'), '2', '10.1.0.1');
    await Promise.all([moon.line(ready), sun.line(ready)]);
    expect(lab.spaces.attempt(lab.moon, 'ping -c 3 -i 0.2 -W 2 198.51.100.7').output).to.match(/ 0% packet loss/);
    expect(lab.spaces.run(lab.moon, setting)).to.equal('1\n');
    moon.signal('SIGTERM');
    expect(await moon.exitCode()).to.equal(0);
    expect(lab.spaces.run(lab.moon, setting)).to.equal('0\n');
  });

  it('carries outer fragments through the filter when the outer network is narrow', async () => {
    lab.spaces.run(lab.moon, 'ip link set e0 mtu 1300');
    lab.spaces.run(lab.sun, 'ip link set e0 mtu 1300');
    const moon = lab.up(lab.moon, toml('10.9.0.0/24', '0.0.0.0/0', 'address = ["10.9.0.1/32"]\nmtu = 1400'), '1', '10.1.0.2');
    const sun = lab.up(lab.sun, toml('0.0.0.0/0', '10.9.0.0/24', 'mtu = 1400'), '2', '10.1.0.1');
    await Promise.all([moon.line(ready), sun.line(ready)]);
    expect(lab.spaces.attempt(lab.moon, 'ping -c 3 -i 0.2 -W 2 -M do -s 1372 198.51.100.7').output).to.match(/ 0% packet loss/);
  });

  it('keeps two instances apart', async () => {
    const first = lab.up(lab.moon, moonToml);
    await first.line(ready);
    const clash = lab.up(lab.moon, toml('192.168.1.0/24', '192.168.7.0/24', 'interface = "mh1"\nport = 1500\nnat_port = 14500'));
    const reason = await clash.line(failed);
    expect(reason['message']).to.contain('the routing table 4500 is in use by another mhtun (interface mh0)');
    expect(await clash.exitCode()).to.equal(1);
    const second = lab.up(lab.moon, toml('192.168.1.0/24', '192.168.7.0/24', 'interface = "mh1"\nport = 1500\nnat_port = 14500\nroutes = { table = 4600, mark = 4600 }'));
    await second.line(ready);
    second.signal('SIGTERM');
    expect(await second.exitCode()).to.equal(0);
    expect(lab.spaces.run(lab.moon, 'ip route get 192.168.2.1')).to.contain('dev mh0');
    expect(lab.traces()).to.contain('mhtun-mh0').and.not.to.contain('mh1');
  });

  it('follows own addresses: the source of its routes, and where IKE may come in', async () => {
    lab.spaces.run(lab.moon, 'ip addr del 192.168.1.1/32 dev lo');
    const platform = lab.up(lab.moon, moonToml);
    await platform.line(ready);
    expect(lab.traces()).to.match(/^192\.168\.2\.0\/24 dev mh0 table 4500 scope link metric 100/m);
    lab.spaces.run(lab.moon, 'ip addr add 192.168.1.9/32 dev lo; ip addr add 10.2.0.1/24 dev e0');
    const line = await platform.line((item) => item['kind'] === 'addresses');
    expect(line['addresses']).to.deep.equal(['10.1.0.1 e0', '10.2.0.1 e0']);
    expect(lab.traces()).to.match(/^192\.168\.2\.0\/24 dev mh0 table 4500 scope link src 192\.168\.1\.9 metric 100/m);
    expect(lab.spaces.run(lab.moon, 'nft list table inet mhtun-mh0')).to.contain('ip daddr 10.2.0.1 udp dport 500');
    lab.spaces.run(lab.moon, 'ip addr del 192.168.1.9/32 dev lo; ip addr del 10.2.0.1/24 dev e0');
    await platform.line((item) => item['kind'] === 'addresses');
    // What is gone is told first; routes follow.
    await pause(200);
    expect(lab.traces()).to.match(/^192\.168\.2\.0\/24 dev mh0 table 4500 scope link metric 100/m);
  });

  it('applies the difference when the configuration is read again, and says what needs a new start', async () => {
    const platform = lab.up(lab.moon, moonToml);
    await platform.line(ready);
    platform.say({ toml: toml('192.168.1.0/24', '192.168.8.0/24', 'address = ["10.9.0.1/32"]') });
    await platform.line((item) => item['kind'] === 'reconfigured');
    expect(lab.traces()).to.contain('192.168.8.0/24 dev mh0').and.not.to.contain('192.168.2.0/24');
    expect(lab.spaces.run(lab.moon, 'ip addr show mh0')).to.contain('10.9.0.1/32');
    platform.say({ toml: toml('192.168.1.0/24', '192.168.8.0/24', 'interface = "mh7"') });
    expect((await platform.line(failed))['message']).to.contain('interface can\'t change while it runs');
    platform.say({ toml: moonToml });
    await platform.line((item) => item['kind'] === 'reconfigured');
    expect(lab.spaces.run(lab.moon, 'ip addr show mh0')).not.to.contain('10.9.0.1');
    platform.say({ toml: `[[network]]\nname = "office"\nmatch = { gateway = "10.1.0.2" }\n${moonToml}` });
    expect((await platform.line((item) => item['kind'] === 'addresses'))['addresses']).to.deep.equal(['10.1.0.1 e0 office']);
  });

  it('does without IPv6 where the kernel has it switched off, and says so', async () => {
    lab.spaces.run(lab.moon, 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1');
    const platform = lab.up(lab.moon, moonToml.replace('remote = ["192.168.2.0/24"]', 'remote = ["192.168.2.0/24", "fd77::/64", "::/0"]'));
    expect((await platform.line((line) => line['level'] === 'warn'))['message']).to.match(/can't add the route/);
    await platform.line(ready);
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(false);
    platform.signal('SIGTERM');
    expect(await platform.exitCode()).to.equal(0);
    const refused = lab.up(lab.moon, toml('fd99::/64', 'fd77::/64', 'address = ["fd99::1/64"]'));
    expect((await refused.line(failed))['message']).to.equal('can\'t put fd99::1/64 on mh0: IPv6 is switched off');
  });

  it('says that the interface was deleted, and protects all the same until the end', async () => {
    const before = lab.traces();
    const platform = lab.up(lab.moon, moonToml);
    await platform.line(ready);
    const clear = lab.counted(lab.sun);
    lab.spaces.run(lab.moon, 'ip link del mh0');
    expect((await platform.line(failed))['message']).to.equal('the interface mh0 is gone');
    expect(lab.pings(lab.moon, '192.168.1.1', '192.168.2.1')).to.equal(false);
    expect(lab.counted(lab.sun)).to.equal(clear);
    platform.signal('SIGTERM');
    expect(await platform.exitCode()).to.equal(0);
    expect(lab.traces()).to.equal(before);
  });

  it('says what the system lacks and what to do, and leaves nothing behind', async function () {
    const reason = whyNoOtherUser();
    if (reason !== null) skipBecause(this, reason);
    const before = lab.traces();
    lab.spaces.run(lab.moon, 'ip tuntap add mode tun mh9');
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['interface = "mh9"', '', /^EBUSY .*mh9.*another "interface"/],
      ['', 'mount -t tmpfs none /dev/net; ', /^ENOENT .*\/dev\/net\/tun.*modprobe tun/],
      ['', 'exec setpriv --reuid 65534 --regid 65534 --clear-groups ', /^(EPERM|EACCES) .*(root|CAP_NET_ADMIN)/],
      // The last, since it holds the port for a while.
      ['', 'python3 -c "import socket,time; s=socket.socket(2,2); s.bind((\'10.1.0.1\',500)); time.sleep(15)" >/dev/null 2>&1 & sleep 0.5; ', /^EADDRINUSE .*port 500 on 10\.1\.0\.1.*stop it/],
    ];
    for (const [more, prelude, expected] of cases) {
      const program = lab.spaces.start(lab.moon, 'platform-program.ts', [toml('192.168.1.0/24', '192.168.2.0/24', more)], { prelude });
      const line = await program.line(failed);
      expect(`${String(line['errno'])} ${String(line['message'])} ${String(line['advice'])}`).to.match(expected);
      expect(await program.exitCode()).to.equal(1);
    }
    lab.spaces.run(lab.moon, 'ip link del mh9');
    expect(lab.traces()).to.equal(before);
  });
});

function toml(local: string, remote: string, more = ''): string {
  return `[endpoint]\nid = "moon"\n${more}\n[[peer]]\nname = "sun"\nid = "sun"\nstart = "never"\naddresses = ["10.1.0.2"]\npsk = "0123456789abcdef0123456789"\n[[peer.child]]\nname = "net"\nlocal = ["${local}"]\nremote = ["${remote}"]\n`;
}

/** A host whose best route is not over the uplink in question: what goes and comes there all the same, and what is said when it can't. */
import { expect } from 'chai';
import { skipBecause } from '../support/skip.js';
import { Namespaces, whyNoNamespaces, type Program } from './namespaces.js';

describe('a second uplink', function () {
  this.timeout(60_000);

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
  });

  for (const plane of ['typescript', 'native']) {
    it(`carries datagrams both ways though the best route is over the first, with a strict reverse path filter too: ${plane}`, async () => {
      const lab = new Lab();
      try {
        const moon = await lab.program(lab.moon, plane);
        const sun = await lab.program(lab.sun, plane);
        for (const [i, address] of [[0, '10.1.0.1'], [1, '10.2.0.1']] as const) {
          moon.say({ remote: '10.9.0.1', length: 100 + i, whole: false, device: `eth${i}` });
          await sun.line((line) => line['kind'] === 'ike' && line['remote'] === address);
          sun.say({ remote: address, length: 200 + i, whole: false });
          await moon.line((line) => line['kind'] === 'ike' && line['local'] === address && line['length'] === 200 + i);
        }
        expect(lab.filters()).to.equal('1 2 2');
        moon.signal('SIGTERM');
        expect(await moon.exitCode()).to.equal(0);
        expect(lab.filters(), 'as it was before').to.equal('1 1 1');
      } finally {
        await lab.dispose();
      }
    });

    it(`says that nothing leads there any more when its route goes, and only then: ${plane}`, async () => {
      const lab = new Lab();
      try {
        const moon = await lab.program(lab.moon, plane);
        for (const i of [0, 1]) moon.say({ remote: '10.9.0.1', length: 100, whole: false, device: `eth${i}` });
        // A better route over the same link is no loss, nor is one to elsewhere.
        lab.run(lab.moon, 'ip route add 10.9.0.0/24 via 10.2.0.254 dev eth1; ip route add 10.8.0.0/24 via 10.2.0.254 dev eth1; ip route del default dev eth1 metric 200; ip route del 10.8.0.0/24 dev eth1');
        lab.run(lab.moon, 'sleep 0.2; ip route del 10.9.0.0/24 via 10.2.0.254 dev eth1');
        const refused = await moon.line((line) => line['kind'] === 'refused');
        expect(refused).to.deep.equal({ kind: 'refused', errno: 'ENETUNREACH', device: 'eth1', remote: '10.9.0.1' });
        moon.say({ remote: '', length: 0, whole: false });
        expect((await moon.line((line) => line['kind'] === 'rest'))['errors']).to.deep.equal(['ENETUNREACH']);
      } finally {
        await lab.dispose();
      }
    });
  }
});

/** moon has two links to a router, sun is behind that. */
class Lab {
  readonly #spaces = new Namespaces();
  readonly moon = this.#spaces.add('moon');
  readonly sun = this.#spaces.add('sun');
  readonly #router = this.#spaces.add('router');

  constructor() {
    this.run(this.#router, 'sysctl -qw net.ipv4.ip_forward=1');
    for (const i of [0, 1]) {
      this.#spaces.cable(this.moon, `eth${i}`, this.#router, `r${i}`);
      this.run(this.moon, `ip addr add 10.${i + 1}.0.1/24 dev eth${i}; ip route add default via 10.${i + 1}.0.254 dev eth${i} metric ${(i + 1) * 100}`);
      this.run(this.#router, `ip addr add 10.${i + 1}.0.254/24 dev r${i}`);
    }
    this.run(this.moon, 'sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1 net.ipv4.conf.eth1.rp_filter=1');
    this.#spaces.cable(this.sun, 'eth0', this.#router, 'r9');
    this.run(this.sun, 'ip addr add 10.9.0.1/24 dev eth0; ip route add default via 10.9.0.254');
    this.run(this.#router, 'ip addr add 10.9.0.254/24 dev r9');
  }

  async program(space: string, plane: string): Promise<Program> {
    const program = this.#spaces.start(space, 'datagram-program.ts', [plane]);
    await program.line((line) => line['kind'] === 'ready');
    return program;
  }

  filters(): string {
    return this.run(this.moon, 'cd /proc/sys/net/ipv4/conf; cat all/rp_filter eth0/rp_filter eth1/rp_filter').trim().replaceAll('\n', ' ');
  }

  run(space: string, commands: string): string {
    return this.#spaces.run(space, commands);
  }

  dispose(): Promise<void> {
    return this.#spaces.dispose();
  }
}

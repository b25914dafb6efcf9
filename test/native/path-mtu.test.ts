/** Datagrams over a router whose far side is narrower than the host's link: fragments arrive, and what must not be cut is lost. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { skipBecause } from '../support/skip.js';
import { Namespaces, whyNoNamespaces, type Program } from './namespaces.js';

/** Octets of IP and UDP headers, and of the non-ESP marker. */
const overhead = { 4: 20 + 8 + 4, 6: 40 + 8 + 4 } as const;

describe('a path narrower than its link', function () {
  this.timeout(60_000);

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
  });

  for (const plane of ['typescript', 'native'] as const) {
    for (const family of [4, 6] as const) {
      it(`carries large IKE messages in fragments, and loses a probe that is too large without a word: ${plane}, IPv${family}`, async () => {
        const lab = new Lab();
        try {
          const from = await lab.host('moon', plane);
          const to = await lab.host('sun', plane);
          const send = (ipBytes: number, whole: boolean): void => from.say({ remote: `${family === 4 ? '10.2.0.' : 'fd02::'}2`, length: ipBytes - overhead[family], whole });
          const arrives = async (ipBytes: number): Promise<void> => {
            await to.line((line) => line['kind'] === 'ike' && line['length'] === ipBytes - overhead[family]);
          };
          // The far side takes 1400 octets.
          send(1400, true);
          await arrives(1400);
          send(1404, true);
          // The host learns from the router; over IPv6, where only the sender cuts, what it sent before is lost.
          await pause(300);
          send(1500, false);
          await arrives(1500);
          // What the host has learnt does not count for a probe: it finds out itself.
          send(1404, true);
          // More than our own link takes.
          send(1504, true);
          send(2000, false);
          await arrives(2000);
          send(1396, true);
          await arrives(1396);
          // What follows a probe leaves in fragments again.
          send(1600, false);
          await arrives(1600);
          to.say({ remote: '', length: 0, whole: false });
          const rest = await to.line((line) => line['kind'] === 'rest');
          expect(rest['lengths']).to.deep.equal([1400, 1500, 2000, 1396, 1600].map((bytes) => bytes - overhead[family]));
          from.say({ remote: '', length: 0, whole: false });
          expect((await from.line((line) => line['kind'] === 'rest'))['errors']).to.deep.equal([]);
        } finally {
          await lab.dispose();
        }
      });
    }
  }
});

/** moon – router – sun; the router's link to sun has an MTU of 1400 octets. */
class Lab {
  readonly #spaces = new Namespaces();
  readonly #router = this.#spaces.add('router');
  #hosts = 0;

  constructor() {
    this.#spaces.run(this.#router, 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
  }

  async host(name: string, plane: string): Promise<Program> {
    const i = ++this.#hosts;
    const space = this.#spaces.add(name);
    const mtu = i === 1 ? 1500 : 1400;
    this.#spaces.cable(space, 'eth0', this.#router, `r${i}`);
    this.#spaces.run(this.#router, `ip link set r${i} mtu ${mtu}; ip addr add 10.${i}.0.254/24 dev r${i}; ip addr add fd0${i}::fe/64 dev r${i} nodad`);
    this.#spaces.run(space, `ip link set eth0 mtu ${mtu}; ip addr add 10.${i}.0.2/24 dev eth0; ip addr add fd0${i}::2/64 dev eth0 nodad`);
    this.#spaces.run(space, `ip route add default via 10.${i}.0.254; ip -6 route add default via fd0${i}::fe`);
    const program = this.#spaces.start(space, 'datagram-program.ts', [plane]);
    await program.line((line) => line['kind'] === 'ready');
    return program;
  }

  dispose(): Promise<void> {
    return this.#spaces.dispose();
  }
}

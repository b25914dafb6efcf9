/** `inactivity`: what nobody uses is closed, and the next packet brings it up again. */
import { expect } from 'chai';
import { Pair, type SideOptions } from '../support/pair.js';

const waits = { remote: null } as const;
const child = (name: string, local: string, remote: string, lines = ''): string => `[[peer.child]]\nname = "${name}"\nlocal = ["${local}"]\nremote = ["${remote}"]\n${lines}\n`;
const moon: SideOptions = { peer: 'start = "traffic"', children: child('net', '192.168.1.0/24', '192.168.2.0/24', 'inactivity = "30s"') };

const send = (pair: Pair): void => {
  pair.moon.sendInner('192.168.1.1', '192.168.2.1');
};

function started(options: { readonly moon?: SideOptions; readonly sun?: SideOptions } = {}): Pair {
  const pair = new Pair({ seed: 1, moon: { ...moon, ...options.moon }, sun: { ...waits, ...options.sun } });
  send(pair);
  expect(pair.comeUp(), pair.story()).to.equal(true);
  return pair;
}

describe('A Child SA with inactivity', () => {
  it('is closed with its IKE SA when nobody used it, and the next packet brings both up again', () => {
    const pair = started();
    pair.world.run(29_000);
    expect(pair.isUp()).to.equal(true);
    pair.world.run(3_000);
    expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length], pair.story()).to.deep.equal([0, 0]);
    expect(JSON.stringify(pair.moon.events.filter(({ event }) => event.endsWith('-down')))).to.contain('nobody used it for 30 s');
    pair.world.run(60_000);
    expect(pair.isUp(), 'nobody calls by himself').to.equal(false);
    const before = pair.sun.arrivals.length;
    send(pair);
    expect(pair.comeUp(), pair.story()).to.equal(true);
    pair.world.run(500);
    expect(pair.sun.arrivals.length, 'the packet that woke it').to.equal(before + 1);
  });

  for (const [way, from] of [['out', 'moon'], ['in', 'sun']] as const) {
    it(`stays as long as packets go ${way}, and rekeys do not count as use`, () => {
      const pair = started({ moon: { peer: 'start = "traffic"\nchild_rekey = "10s"\nike_rekey = "25s"\ndpd = "5s"' } });
      for (let time = 0; time < 8; time++) {
        if (from === 'moon') send(pair);
        else pair.sun.sendInner('192.168.2.1', '192.168.1.1');
        pair.world.run(20_000);
        expect(pair.isUp(), `after ${time}`).to.equal(true);
      }
      pair.world.run(12_000);
      expect(pair.isUp(), pair.story()).to.equal(false);
    });
  }

  it('goes alone where another one is in use', () => {
    const two = (a: readonly [string, string], b: readonly [string, string], lines: string): string => child('net', a[0], a[1], lines) + child('more', b[0], b[1]);
    const pair = started({
      moon: { children: two(['192.168.1.0/24', '192.168.2.0/24'], ['10.8.0.0/16', '10.9.0.0/16'], 'inactivity = "30s"') },
      sun: { children: two(['192.168.2.0/24', '192.168.1.0/24'], ['10.9.0.0/16', '10.8.0.0/16'], '') },
    });
    pair.world.run(2_000);
    expect(pair.moon.sas('sun')[0]?.children.map(({ name }) => name).sort()).to.deep.equal(['more', 'net']);
    pair.world.run(32_000);
    for (const [host, peer] of [[pair.moon, 'sun'], [pair.sun, 'moon']] as const) {
      expect(host.sas(peer).flatMap((sa) => sa.children.map(({ name }) => name)), pair.story()).to.deep.equal(['more']);
    }
    send(pair);
    pair.world.run(2_000);
    expect(pair.moon.sas('sun')[0]?.children.map(({ name }) => name).sort()).to.deep.equal(['more', 'net']);
  });

  it('is closed by the end that was called as well', () => {
    const pair = started({
      moon: { children: child('net', '192.168.1.0/24', '192.168.2.0/24') }, sun: { children: child('net', '192.168.2.0/24', '192.168.1.0/24', 'inactivity = "10s"') },
    });
    pair.world.run(12_000);
    expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length]).to.deep.equal([0, 0]);
  });
});

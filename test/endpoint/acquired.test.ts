/** `start = "traffic"`: what is set up is what the packet needs (RFC 7296 §2.9). */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';

const child = (name: string, local: string, remote: string): string => `[[peer.child]]\nname = "${name}"\nlocal = ["${local}"]\nremote = ["${remote}"]\n`;

describe('A packet that asks for a tunnel', () => {
  for (const [to, granted] of [['192.168.2.1', '192.168.2.0/24'], ['192.168.9.1', '192.168.9.0/24']] as const) {
    it(`gets the part that it is in from a peer who grants one of several (to ${to})`, () => {
      const sun = child('nine', '192.168.9.0/24', '192.168.1.0/24') + child('two', '192.168.2.0/24', '192.168.1.0/24');
      const pair = new Pair({ seed: 1, moon: { peer: 'start = "traffic"', children: child('all', '192.168.1.0/24', '192.168.0.0/16') }, sun: { remote: null, children: sun } });
      pair.moon.sendInner('192.168.1.1', to);
      expect(pair.comeUp(), pair.story()).to.equal(true);
      pair.world.run(500);
      expect(pair.sun.arrivals, 'the packet itself').to.have.lengthOf(1);
      expect(pair.moon.events.find(({ event }) => event === 'child-up')?.fields['remote_ts']).to.deep.equal([granted]);
    });
  }
});

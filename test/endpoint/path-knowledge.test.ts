/** What is known of paths goes with the tunnel, not with one IKE SA. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';

describe('What is known of paths', () => {
  for (const lateMs of [0, 5, 12, 19]) {
    it(`outlives IKE rekeys of both ends that cross, the second ${lateMs} ms after the first (RFC 7296 §2.8.1)`, () => {
      const pair = new Pair({ seed: 4 });
      expect(pair.comeUp()).to.equal(true);
      pair.world.run(5_000);
      const before = pair.world.now;
      const first = pair.moon.command({ kind: 'rekey-ike', peer: 'sun', timeoutMs: 5_000 });
      pair.world.run(lateMs);
      const second = pair.sun.command({ kind: 'rekey-ike', peer: 'moon', timeoutMs: 5_000 });
      pair.world.run(3_000);
      expect([first()?.ok, second()?.ok]).to.deep.equal([true, true]);
      for (const host of [pair.moon, pair.sun]) {
        const since = host.logs.filter((line) => Number.parseInt(line, 10) >= before);
        expect(since.filter((line) => line.includes('CREATE_CHILD_SA')).length).to.be.greaterThan(1);
        expect(since.filter((line) => line.includes('→ untested'))).to.deep.equal([]);
      }
    });
  }
});

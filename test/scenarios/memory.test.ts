/** What a long life leaves behind: nothing. Objects are counted after a full collection, in virtual time. */
import { expect } from 'chai';
import { queryObjects } from 'node:v8';
import { SecretKey } from '../../lib/crypto/key.js';
import { InboundSa } from '../../lib/esp/inbound-sa.js';
import { IkeSa } from '../../lib/ike/ike-sa.js';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

/** Everything is an Object; the others say by their names what it is that stays. */
const kinds = { IkeSa, InboundSa, SecretKey, Object } as const;
const rekeys = 60;

describe('The memory of two hosts', function () {
  this.timeout(60_000);

  for (const kind of ['rekey-child', 'rekey-ike'] as const) {
    it(`holds nothing of the SAs that ${kind} has replaced`, () => {
      const pair = new Pair({ seed: 1 });
      expect(pair.comeUp()).to.equal(true);
      run(pair, kind);
      const before = count();
      run(pair, kind);
      const after = count();
      // One object a rekey would be `rekeys` more; some of the engine's own come and go.
      for (const [name, number] of Object.entries(after)) expect(number, name).to.be.lessThan((before[name] ?? 0) + rekeys / 4);
    });
  }
});

/** By each end in turn, with traffic; then what the stage itself has noted down goes. */
function run(pair: Pair, kind: 'rekey-child' | 'rekey-ike'): void {
  const turn: readonly (readonly [VirtualHost, string])[] = [[pair.moon, 'sun'], [pair.sun, 'moon']];
  for (let i = 0; i < rekeys; i++) {
    for (const [host, peer] of turn.slice(i % 2, i % 2 + 1)) {
      const asked = kind === 'rekey-ike' ? { kind, peer, timeoutMs: 10_000 } : { kind, peer, child: null, timeoutMs: 10_000 };
      expect(host.ask(asked).ok).to.equal(true);
    }
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    pair.sun.sendInner('192.168.2.1', '192.168.1.1');
    pair.world.run(500);
  }
  // What is kept for a while, as an answer that may be asked for again, is gone then.
  pair.world.run(120_000);
  for (const host of [pair.moon, pair.sun]) {
    host.forgetLogs();
    host.events.length = 0;
    host.arrivals.length = 0;
  }
  pair.network.sent.length = 0;
}

function count(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, queryObjects(kind, { format: 'count' })]));
}

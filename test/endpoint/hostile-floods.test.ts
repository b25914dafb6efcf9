/** A hundred thousand datagrams that are no good, beside a tunnel that stands: nothing of them is kept, and the tunnel stands on. */
import { expect } from 'chai';
import { queryObjects } from 'node:v8';
import { IkeSa } from '../../lib/ike/ike-sa.js';
import { maxUnprotectedAnswersPerSecond } from '../../lib/endpoint/limits.js';
import { ikeSpi, messageId } from '../../lib/util/brands.js';
import { concat, uint32 } from '../../lib/util/bytes.js';
import { exchangeType, notifyType, payloadType } from '../../lib/wire/iana.js';
import { decodeMessage, encodeMessage, type OutgoingHeader } from '../../lib/wire/message.js';
import { findNotify, maxPayloadsPerMessage } from '../../lib/wire/payload.js';
import { manyUnknown } from '../support/lies.js';
import { Pair } from '../support/pair.js';
import { ip } from '../support/virtual-host.js';
import type { SeededRandom } from '../support/world.js';

const each = 10_000;
const zero = ikeSpi('0000000000000000');
const init: OutgoingHeader = {
  spiI: ikeSpi('1111111111111111'), spiR: zero, majorVersion: 2, minorVersion: 0, exchangeType: exchangeType.IKE_SA_INIT,
  initiator: true, version: false, response: false, reservedFlags: 0, messageId: messageId(0),
};
const marker = new Uint8Array(4);

interface Target {
  readonly random: SeededRandom;
  /** Header of a request on the IKE SA that stands, but for its Message ID. */
  readonly known: OutgoingHeader;
  readonly espSpi: number;
}

/** Octets with the length field that they should have. */
function whole(header: Uint8Array, rest: Uint8Array): Uint8Array {
  return concat(header.slice(0, 24), uint32(28 + rest.length), rest);
}

const floods: readonly { readonly what: string; readonly port: 500 | 4500; readonly make: (target: Target, n: number) => Uint8Array }[] = [
  { what: 'random octets', port: 500, make: ({ random }) => random.bytes(random.below(60)) },
  { what: 'datagrams shorter than a header', port: 500, make: ({ known }, n) => encodeMessage(known, []).slice(0, n % 28) },
  { what: 'length fields beyond the datagram', port: 500, make: ({ random }) => whole(encodeMessage(init, []), random.bytes(30)).subarray(0, 40) },
  { what: 'IKE_SA_INIT requests of random payloads', port: 500, make: ({ random }, n) =>
    whole(encodeMessage({ ...init, spiI: ikeSpi((n + 1).toString(16).padStart(16, '0')) }, manyUnknown(1)([])), random.bytes(40)) },
  { what: 'IKE_SA_INIT requests of too many payloads', port: 500, make: (_, n) =>
    encodeMessage({ ...init, spiI: ikeSpi((n + 1).toString(16).padStart(16, '0')) }, manyUnknown(maxPayloadsPerMessage + 1)([])) },
  { what: 'IKE_SA_INIT requests without a payload', port: 500, make: (_, n) => encodeMessage({ ...init, spiI: ikeSpi((n + 1).toString(16).padStart(16, '0')) }, []) },
  { what: 'requests on IKE SAs that are not here', port: 500, make: ({ random }) =>
    encodeMessage({ ...init, exchangeType: exchangeType.INFORMATIONAL, spiR: ikeSpi('2222222222222222'), messageId: messageId(random.below(9)) }, []) },
  { what: 'SK payloads that are not authentic, on the IKE SA that stands', port: 4500, make: ({ random, known }) =>
    concat(marker, encodeMessage({ ...known, messageId: messageId(random.below(4)) }, [{ kind: 'sk', critical: false, nextPayload: payloadType.N, body: random.bytes(60) }])) },
  { what: 'fragments that are not authentic, on the IKE SA that stands', port: 4500, make: ({ random, known }, n) => concat(marker, encodeMessage({ ...known, messageId: messageId(random.below(4)) }, [
    { kind: 'skf', critical: false, nextPayload: n % 100 === 0 ? payloadType.N : 0, fragmentNumber: 1 + (n % 100), totalFragments: 100 + (n % 29), body: random.bytes(60) },
  ])) },
  { what: 'ESP of SPI 0 to 255, unknown ones, and the one that stands', port: 4500, make: ({ random, espSpi }, n) =>
    concat(uint32([n % 256, 0x4000_0000 + n, espSpi][n % 3] ?? 1), random.bytes(60)) },
];

describe('a flood of', function () {
  this.timeout(60_000);
  const pair = new Pair({ seed: 5, sun: { remote: null } });
  const { sun, network, world } = pair;
  const quiet = (): void => {
    for (const host of [pair.moon, sun]) {
      host.forgetLogs();
      host.events.length = 0;
      host.arrivals.length = 0;
    }
    network.sent.length = 0;
  };

  before(() => {
    expect(pair.comeUp()).to.equal(true);
    world.run(1_000);
  });

  for (const { what, port, make } of floods) {
    it(`${what} leaves nothing behind, and the tunnel stands`, () => {
      // Its Message IDs are the first ones: what is sent below falls into its window.
      expect(pair.moon.ask({ kind: 'rekey-ike', peer: 'sun', timeoutMs: 10_000 })).to.deep.include({ ok: true });
      world.run(40_000);
      const [sa] = sun.sas('moon');
      const [child] = sa?.children ?? [];
      if (sa === undefined || child === undefined) throw new Error('the tunnel stands');
      const known = { ...init, exchangeType: exchangeType.INFORMATIONAL, spiI: sa.spiI, spiR: ikeSpi(sa.spiR ?? zero) };
      const target = { random: world.random, known, espSpi: child.spiIn };
      flood(100);
      const before = measure();
      flood(each);
      const after = measure();
      expect(sun.endpoint.ikeSaCount).to.equal(1);
      expect(after.ikeSas).to.equal(before.ikeSas);
      // Some objects of the engine's own come and go; one for a datagram would be ten thousand.
      expect(after.objects).to.be.lessThan(before.objects + each / 20);
      expect(after.heap).to.be.lessThan(before.heap + 3e6);
      expect(sun.sas('moon')[0]?.path).to.deep.equal(sa.path);
      expect(pair.ping(), 'packets pass').to.equal(true);

      function flood(count: number): void {
        for (let n = 0; n < count; n++) {
          // Many sources, so that no limit on one of them helps.
          const from = { address: ip(`198.51.${(n >> 8) & 127}.${n & 255}`), port: 1 + (n % 60_000) };
          network.inject({ from, to: { address: ip('10.1.0.2'), port }, bytes: make(target, n) });
          if (n % 500 === 499) {
            world.run(20);
            expect(sun.endpoint.ikeSaCount, 'also meanwhile').to.equal(1);
            quiet();
          }
        }
        world.run(31_000);
        quiet();
      }
    });
  }

  it('IKE of other major versions is answered a few times a second for later ones, and never for earlier ones', () => {
    for (const majorVersion of [0, 1, 3, 7, 15]) {
      quiet();
      const bytes = encodeMessage({ ...init, majorVersion }, []);
      for (let n = 0; n < 200; n++) network.inject({ from: { address: ip('198.51.100.7'), port: 500 }, to: { address: ip('10.1.0.2'), port: 500 }, bytes });
      world.run(900);
      const answers = network.sent.filter(({ to }) => to.address === ip('198.51.100.7'));
      expect(answers, `version ${majorVersion}`).to.have.length(majorVersion > 2 ? maxUnprotectedAnswersPerSecond : 0);
      const said = answers.map((answer) => findNotify(decodeMessage(answer.bytes).payloads, notifyType.INVALID_MAJOR_VERSION)?.data[0]);
      expect(new Set(said)).to.deep.equal(new Set(majorVersion > 2 ? [2] : []));
      world.run(5_000);
    }
    expect(pair.ping()).to.equal(true);
  });
});

function measure(): { readonly ikeSas: number; readonly objects: number; readonly heap: number } {
  const ikeSas = queryObjects(IkeSa, { format: 'count' });
  const objects = queryObjects(Object, { format: 'count' });
  return { ikeSas, objects, heap: process.memoryUsage().heapUsed };
}

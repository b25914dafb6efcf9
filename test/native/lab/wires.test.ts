/** The lab's cables with a length and the stream that measures with them, in namespaces of their own. */
import { expect } from 'chai';
import { sleep } from '../../../interop/lab/exec.js';
import { Lab } from '../../../interop/lab/lab.js';
import { Stream, type StreamEnd, type StreamReport } from '../../../interop/lab/stream.js';
import { buildTopology, type Topology, type TopologyOptions } from '../../../interop/lab/topology.js';

describe('the wires of the lab', function () {
  this.timeout(60_000);

  it('delay every packet by half the round trip and keep the order, on both uplinks and in both families', async () => {
    await inLab({ uplinks: 2, nat: [], delay: { rttMs: 20 } }, async (lab, topology) => {
      for (const at of [0, 1] as const) {
        for (const family of [4, 6] as const) {
          const report = await streamOf(lab, topology, at, family, async () => sleep(500));
          for (const way of [report.out, report.back]) {
            expect(way.sent).to.be.greaterThan(400);
            expect(way).to.include({ lost: 0, duplicates: 0, reordered: 0, refused: 0 });
            expect(way.tookMinMs).to.be.at.least(10);
            expect(way.tookMedianMs).to.be.at.most(10.5);
          }
        }
      }
    });
  });

  it('add jitter without changing the order, and lose the share they are asked to', async () => {
    await inLab({ uplinks: 1, nat: [], delay: { rttMs: 10, jitterMs: 4, loss: 0.2 } }, async (lab, topology) => {
      const { out } = await streamOf(lab, topology, 0, 4, async () => sleep(2000));
      expect(out.lost / out.sent).to.be.within(0.12, 0.28);
      expect(out.reordered).to.equal(0);
      expect(out.tookMedianMs).to.be.within(6, 9.5);
    });
    // A machine that is busy with something else loses packets of its own.
  }).retries(2);

  it('leave silence in one direction to the router, which tells nobody', async () => {
    await inLab({ uplinks: 2, nat: [], delay: { rttMs: 20 } }, async (lab, topology) => {
      const report = await streamOf(lab, topology, 1, 4, async () => {
        await topology.silence(2, 'back');
        await sleep(200);
        await topology.restore(2);
        await sleep(200);
      });
      expect(report.out).to.include({ lost: 0, refused: 0 });
      expect(report.back.refused).to.equal(0);
      expect(report.back.lost).to.be.within(150, 300);
      // The gap is as long as what is missing in it.
      expect(report.back.gapMs).to.be.closeTo(report.back.lost, 20);
    });
  }).retries(2);
});

async function inLab(options: TopologyOptions, act: (lab: Lab, topology: Topology) => Promise<void>): Promise<void> {
  const lab = new Lab('wires-test');
  try {
    await act(lab, await buildTopology(lab, options));
  } finally {
    await lab.close();
  }
}

/** A stream between the two hosts themselves, over one uplink, while `act` goes on. */
async function streamOf(lab: Lab, { moon, sun }: Topology, at: 0 | 1, family: 4 | 6, act: () => Promise<void>): Promise<StreamReport> {
  const end = (site: typeof moon): StreamEnd => ({ space: site.host, address: site.uplinks[at]?.[family === 4 ? 'address4' : 'address6'] ?? '' });
  const stream = await Stream.between(lab, end(moon), end(sun));
  // The neighbours have to be found first.
  await sleep(300);
  const from = await stream.now();
  await act();
  const until = await stream.now();
  await sleep(100);
  const report = await stream.report(from, until);
  await stream.stop();
  return report;
}

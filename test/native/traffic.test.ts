/** The programs that benchmarks send with, and the probe, over real interfaces. */
import { expect } from 'chai';
import { sendStretch } from '../../bench/figures/datagrams.js';
import { streamWhile } from '../../bench/figures/stream.js';
import { allSubjects, chosen } from '../../bench/tunnels/subjects.js';
import { pingOnce } from '../../interop/lab/ping.js';
import { sleep } from '../../interop/lab/exec.js';
import { skipBecause } from '../support/skip.js';
import { whyNoNamespaces } from './namespaces.js';

describe('what the benchmarks send with', function () {
  this.timeout(120_000);

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
  });

  it('counts every datagram, and the pauses of a flow', async () => {
    const tunnel = await open('wire');
    try {
      const { sent, received, late } = await sendStretch(tunnel, 64, 2000, 300);
      expect(sent).to.be.within(100, 601);
      expect({ received, late }).to.deep.equal({ received: sent, late: 0 });
      const { megabitsPerSecond, pausesMs, retransmitted } = await streamWhile(tunnel, () => sleep(300));
      expect(megabitsPerSecond).to.be.greaterThan(10);
      expect(pausesMs).to.have.length(10);
      expect(pausesMs).to.deep.equal([...pausesMs].sort((a, b) => b - a));
      expect(retransmitted).to.be.a('number');
    } finally {
      await tunnel.close();
    }
  });

  it('includes a probe that is a tunnel', async function () {
    const [subject] = chosen(allSubjects, 'probe', '');
    const obstacle = await subject?.prepare();
    if (typeof obstacle === 'string') skipBecause(this, obstacle);
    const tunnel = await open('probe');
    try {
      expect(await pingOnce(tunnel.moon.host, tunnel.sun.inner4)).to.equal(3);
      expect((await streamWhile(tunnel, () => sleep(300))).megabitsPerSecond).to.be.greaterThan(10);
    } finally {
      await tunnel.close();
    }
  });
});

async function open(name: string): Promise<Awaited<ReturnType<(typeof allSubjects)[number]['open']>>> {
  const [subject] = chosen(allSubjects, name, '');
  if (subject === undefined) throw new Error(name);
  return subject.open({ suite: 'aes128gcm16' });
}

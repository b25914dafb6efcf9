/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, type Scenario } from '../../scenario.js';
import { Mhtun } from '../../lab/mhtun.js';

export const scenario: Scenario = {
  variants: [
    { name: 'initiator', pairs: everyPair.filter((pair) => pair.moon === 'mhtun') },
    { name: 'responder', pairs: everyPair.filter((pair) => pair.sun === 'mhtun') },
  ],
  async play(stage) {
    await stage.connect();
    const mover = stage.variant.name === 'initiator' ? stage.moon : stage.sun;
    if (!(mover instanceof Mhtun)) throw new Error('this scenario moves mhtun only');
    const other = mover === stage.moon ? stage.sun : stage.moon;
    const ping = stage.ping();
    await ping.firstReply(3000);
    for (const number of [2, 1, 2] as const) {
      const local = mover.site.uplinks[number - 1]?.address4 ?? '';
      const remote = other.site.uplinks[number - 1]?.address4 ?? '';
      const outcome = await mover.move(local, remote);
      if (stage.variant.name === 'responder' && !outcome.ok) {
        ensure(outcome.text !== '', 'move failed without a reason');
        stage.notes.push(`the peer does not follow: ${outcome.text.slice(0, 100)}`);
        await stage.reaches();
        break;
      }
      succeeded(outcome, `move to ${local}`);
      stage.notes.push(`move ${outcome.tookMs.toFixed(0)} ms`);
      const { local: now } = await stage.ike(mover);
      ensure(now.startsWith(`${local}:`), `the SA is at ${now}, not at ${local}`);
      const left = number === 1 ? 2 : 1;
      await stage.topology.silence(left);
      await stage.reaches();
      await stage.topology.restore(left);
    }
    const statistics = await ping.stop();
    stage.notes.push(`${statistics.lost} of ${statistics.sent} pings lost, longest gap ${statistics.longestGapMs} ms`);
    ensure(statistics.longestGapMs < 1000, `a silence of ${statistics.longestGapMs} ms`);
    await stage.settled(1, 1);
  },
};

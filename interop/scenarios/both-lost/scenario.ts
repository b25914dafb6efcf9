/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { bringLinkUp, takeLinkDown } from '../../lab/uplink-events.js';
import { everyPair, type Scenario } from '../../scenario.js';
import type { Stage } from '../../lab/stage.js';

export const scenario: Scenario = {
  variants: ['links', 'silent'].map((name) => ({ name, pairs: everyPair })),
  topology: { delay: { rttMs: 20 } },
  values: () => ({ dpd: '2s' }),
  charon: { retransmit_timeout: '4.0', retransmit_tries: '5', retransmit_base: '1.8' },
  async play(stage) {
    await stage.connect();
    const stream = await stage.stream();
    const before = await stage.ike(stage.moon);
    await lose(stage);
    await sleep(lostForMs);
    const from = await stream.now();
    await comeBack(stage);
    const until = await stream.flows(60_000, from);
    stage.notes.push(`flows ${(Number(until - from) / 1e9).toFixed(1)} s after the second uplink was back`);
    await stage.sameIkeSa(before, 'both uplinks lost');
    ensure((await stage.uplinkOf(stage.moon)).number === 2, 'moon is not on its second uplink');
    await stage.reaches();
  },
};

const lostForMs = 25_000;

async function lose(stage: Stage): Promise<void> {
  if (stage.variant.name === 'silent') for (const number of [1, 2] as const) await stage.topology.silence(number);
  else for (const uplink of stage.topology.moon.uplinks) await takeLinkDown(stage.topology.moon, uplink);
}

async function comeBack(stage: Stage): Promise<void> {
  const second = stage.topology.moon.uplinks[1];
  ensure(second !== undefined, 'there is no second uplink');
  if (stage.variant.name === 'silent') await stage.topology.restore(2);
  else if (second !== undefined) await bringLinkUp(stage.topology.moon, second);
}

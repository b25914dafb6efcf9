/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  topology: { uplinks: 1, delay: { rttMs: 20 } },
  // strongSwan takes any address that it has, not the one that its configuration names.
  values: (site) => (site === 'moon' ? { local_addresses: ['%any'] } : {}),
  async play(stage) {
    await stage.connect();
    const stream = await stage.stream();
    const { moon } = stage.topology;
    await moon.ip.run([`addr del ${oldAddress}/24 dev eth0`]);
    await moon.ip.run([`addr del fd01:1::2/64 dev eth0`], 6);
    await sleep(3000);
    await stage.outage(stream, 'another address after 3 s without one', () =>
      moon.ip.run([
        `addr add ${newAddress}/24 dev eth0`,
        'route replace default via 10.1.1.1 dev eth0 metric 100',
        'route replace default via 10.1.1.1 dev eth0 table 1001',
        `rule add from ${newAddress} lookup 1001 priority 30001`,
      ]), 40_000);
    const { local } = await stage.ike(stage.moon);
    ensure(local.startsWith(`${newAddress}:`), `moon is at ${local}`);
    await stage.reaches();
  },
};

const oldAddress = '10.1.1.2';
const newAddress = '10.1.1.77';

/** See README.md. */
import { ensure, LabError } from '../../lab/exec.js';
import { getThrough, lendingValues, lentAddresses } from '../../lab/lent.js';
import { pingUntil } from '../../lab/ping.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, initiatorOnly, type Scenario } from '../../scenario.js';

const lending = { pools: [{ name: 'clients', range: '10.77.0.0/24', dns: '10.77.0.1' }], families: [4] } as const;

export const scenario: Scenario = {
  topology: (variant) => (variant.name === 'behind-nat' ? { nat: ['moon'], uplinks: 1 } : {}),
  variants: [
    { name: 'open', pairs: everyPair },
    { name: 'behind-nat', pairs: [...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }] },
  ],
  values: (site) => lendingValues(site, lending),
  async play(stage) {
    const { moon, sun } = stage.topology;
    succeeded(await stage.moon.initiate(), 'initiate');
    await stage.settled(1, 1);
    const [address] = await lentAddresses(stage);
    if (address === undefined) throw new LabError('moon was lent no address');
    await getThrough(stage, [address]);
    const rules = [
      'table ip lent {',
      '  chain out { type nat hook postrouting priority srcnat;',
      `    ip saddr ${moon.net4} ip daddr ${sun.net4} snat to ${address}`,
      '  }',
      '}',
    ];
    await moon.host.must(['nft', '-f', '-'], { input: `${rules.join('\n')}\n` });
    ensure((await pingUntil(moon.lan, sun.machine4, 3, 4)) === 3, 'alice does not reach bob');
    // Bob answers moon's address: alice's own is not known to him.
    ensure((await pingUntil(sun.lan, address, 3, 4)) === 3, 'bob does not reach moon');
  },
};

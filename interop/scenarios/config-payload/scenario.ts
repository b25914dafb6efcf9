/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import { addressesOf, getThrough, hangUp, lendingValues, lentAddresses } from '../../lab/lent.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

const lending = { pools: [{ name: 'clients', range: '10.77.0.0/24', dns: '10.77.0.1' }], families: [4] } as const;

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => lendingValues(site, lending),
  async play(stage) {
    const { moon } = stage.topology;
    const before = await addressesOf(moon.host);
    succeeded(await stage.moon.initiate(), 'initiate');
    await stage.settled(1, 1);
    const first = await lentAddresses(stage);
    ensure(first.length === 1 && (first[0] ?? '').startsWith('10.77.0.'), `moon was lent ${first.join()}`);
    await getThrough(stage, first);
    succeeded(await stage.moon.rekeyIke(), 'rekey of the IKE SA');
    await stage.settled(1, 1);
    await getThrough(stage, first);
    await hangUp(stage.moon);
    await stage.settled(0, 0);
    await eventually('no address is left on moon', async () => ((await addressesOf(moon.host)).some((address) => !before.includes(address)) ? null : true), 3000);
    succeeded(await stage.moon.initiate(), 'the second call');
    await stage.settled(1, 1);
    const second = await lentAddresses(stage);
    ensure(second.join() === first.join(), `moon was lent ${first.join()} at first, ${second.join()} then`);
    await getThrough(stage, second);
  },
};

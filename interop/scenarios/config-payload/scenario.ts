/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import { addressesOf, getThrough, hangUp, lendingValues, lentAddresses } from '../../lab/lent.js';
import { Mhtun } from '../../lab/mhtun.js';
import { succeeded, type Stage } from '../../lab/stage.js';
import { everyPair, initiatorOnly, type Scenario } from '../../scenario.js';

const lending = { pools: [{ name: 'clients', range: '10.77.0.0/24', dns: '10.77.0.1' }], families: [4] } as const;

const toSelf = { moon: 'mhtun', sun: 'mhtun' } as const;

/** The status of mhtun tells who has which address. */
async function shown(stage: Stage, addresses: readonly string[]): Promise<void> {
  for (const party of stage.parties) {
    if (!(party instanceof Mhtun)) continue;
    const said = await party.order(['status']);
    const key = party === stage.moon ? 'virtual' : 'assigned';
    ensure(said.text.includes(`"${key}":${JSON.stringify(addresses)}`), `${party.site.name} does not show "${key}" ${addresses.join()}: ${said.text}`);
    if (party === stage.sun) ensure(said.text.includes('"total":253,"used":1,"kept":0'), `sun does not show its pool: ${said.text}`);
  }
}

export const scenario: Scenario = {
  variants: [
    { name: 'net', pairs: everyPair },
    { name: 'all', pairs: [...initiatorOnly, toSelf] },
  ],
  values: (site, variant) => {
    const values = lendingValues(site, lending);
    if (variant.name === 'net') return values;
    return site === 'moon' ? { ...values, remote_ts: ['0.0.0.0/0'] } : { ...values, local_ts: ['0.0.0.0/0'] };
  },
  async play(stage) {
    const { moon } = stage.topology;
    const before = await addressesOf(moon.host);
    succeeded(await stage.moon.initiate(), 'initiate');
    await stage.settled(1, 1);
    const first = await lentAddresses(stage);
    ensure(first.length === 1 && (first[0] ?? '').startsWith('10.77.0.'), `moon was lent ${first.join()}`);
    await getThrough(stage, first);
    await shown(stage, first);
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

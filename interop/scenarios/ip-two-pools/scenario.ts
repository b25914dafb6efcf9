/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { getThrough, lendingValues, lentAddresses } from '../../lab/lent.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, responderOnly, type Scenario } from '../../scenario.js';

const four = { name: 'four', range: '10.77.0.0/24', dns: '10.77.0.1' };
const six = { name: 'six', range: 'fd77::/112', dns: 'fd77::1' };
/** Its only address is the resolver's. */
const empty = { name: 'empty', range: '10.78.0.4/32', dns: '10.78.0.4' };

export const scenario: Scenario = {
  variants: [
    { name: 'families', pairs: everyPair },
    { name: 'second', pairs: [...responderOnly, { moon: 'mhtun', sun: 'mhtun' }] },
  ],
  values: (site, variant) => {
    const both = variant.name === 'families';
    const values = lendingValues(site, both ? { pools: [four, six], families: [4, 6] } : { pools: [empty, four], families: [4] });
    const nets = { moon: ['192.168.1.0/24', 'fd10:1::/64'], sun: ['192.168.2.0/24', 'fd10:2::/64'] };
    if (!both) return values;
    return site === 'moon' ? { ...values, remote_ts: nets.sun } : { ...values, local_ts: nets.sun };
  },
  async play(stage) {
    succeeded(await stage.moon.initiate(), 'initiate');
    await stage.settled(1, 1);
    const lent = await lentAddresses(stage);
    if (stage.variant.name === 'families') ensure(lent.length === 2, `moon was lent ${lent.join()}, not one of each family`);
    ensure(lent.every((address) => /^(10\.77\.0\.|fd77::)/.test(address)), `moon was lent ${lent.join()}`);
    await getThrough(stage, lent);
    succeeded(await stage.moon.rekeyChild(), 'rekey of the Child SA');
    await stage.settled(1, 1);
    ensure((await lentAddresses(stage)).join() === lent.join(), 'the rekey changed the addresses');
    await getThrough(stage, lent);
  },
};

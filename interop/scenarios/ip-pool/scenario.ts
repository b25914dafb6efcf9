/** See README.md. */
import { ensure, LabError } from '../../lab/exec.js';
import { addressesOf, getThrough, hangUp, lendingValues, lentAddresses, secondCaller } from '../../lab/lent.js';
import { childrenOf } from '../../lab/party.js';
import { pingUntil } from '../../lab/ping.js';
import { failedSaying, succeeded, type Stage } from '../../lab/stage.js';
import { bothRoles, everyPair, responderOnly, type Scenario, type Variant } from '../../scenario.js';
import type { SiteName } from '../../lab/addressing.js';
import type { Variables } from '../../lab/template.js';

const pool = { name: 'clients', range: '10.77.0.0/24', dns: '10.77.0.1' };
/** Its only address is the resolver's. */
const empty = { name: 'clients', range: '10.77.0.4/32', dns: '10.77.0.4' };
const toSelf = { moon: 'mhtun', sun: 'mhtun' } as const;

export const scenario: Scenario = {
  variants: [
    { name: 'returns', pairs: [...responderOnly, toSelf] },
    { name: 'static', pairs: [...responderOnly, toSelf] },
    { name: 'used-up', pairs: everyPair },
    { name: 'two', pairs: [...bothRoles, toSelf] },
  ],
  values: valuesOf,
  async play(stage) {
    if (stage.variant.name === 'used-up') await playUsedUp(stage);
    else if (stage.variant.name === 'two') await playTwo(stage);
    else await playLent(stage);
  },
};

function valuesOf(site: SiteName, variant: Variant): Variables {
  const usedUp = variant.name === 'used-up';
  const values = lendingValues(site, { pools: [usedUp ? empty : pool], families: [4] });
  if (site === 'moon') return values;
  // Whoever has the secret may call.
  if (variant.name === 'two') return { ...values, peer_id: '%any' };
  // A pool that strongSwan does not have has nothing to give, either.
  if (usedUp) return { ...values, swan_lending: 'pools = nowhere', swan_pools: '' };
  return variant.name === 'static' ? { ...values, pools: `${String(values['pools'])}static = { moon = "10.77.0.200" }\n` } : values;
}

async function playLent(stage: Stage): Promise<void> {
  succeeded(await stage.moon.initiate(), 'initiate');
  await stage.settled(1, 1);
  const first = await lentAddresses(stage);
  await getThrough(stage, first);
  const expected = stage.variant.name === 'static' ? '10.77.0.200' : '10.77.0.2';
  ensure(first.join() === expected, `moon was lent ${first.join()}, not ${expected}`);
  // Whoever begins now gets no lower one: what was lent before is kept for moon.
  await stage.moon.kill();
  await stage.moon.start();
  await again(stage, first, 'moon was killed');
  // The store is written a second after a change.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await stage.moon.kill();
  await stage.sun.kill();
  await Promise.all([stage.moon.start(), stage.sun.start()]);
  await again(stage, first, 'both were killed');
}

async function playTwo(stage: Stage): Promise<void> {
  const { moon, sun } = stage.topology;
  const alice = await secondCaller(stage, lendingValues('moon', { pools: [], families: [4] }));
  succeeded(await stage.moon.initiate(), 'moon calls');
  await stage.settled(1, 1);
  const first = await lentAddresses(stage);
  await getThrough(stage, first);
  await alice.start();
  succeeded(await alice.initiate(), 'alice calls');
  const [second] = childrenOf(await alice.sas()).flatMap(({ localTs }) => localTs.map((selector) => selector.replace('/32', '')));
  if (second === undefined) throw new LabError('alice was lent no address');
  ensure(!first.includes(second), `both were lent ${second}`);
  // Both at once, each by his own.
  const answered = await Promise.all([
    pingUntil(moon.host, sun.machine4, 5, 5, 56, first[0] ?? ''), pingUntil(moon.lan, sun.machine4, 5, 5, 56, second),
    pingUntil(sun.lan, first[0] ?? '', 5, 5), pingUntil(sun.lan, second, 5, 5),
  ]);
  ensure(answered.every((count) => count === 5), `of 5 pings each way were answered: ${answered.join(', ')}`);
  await hangUp(stage.moon);
  ensure((await pingUntil(moon.lan, sun.machine4, 3, 4, 56, second)) === 3, 'alice does not get through after moon has gone');
  await alice.stop();
}

async function again(stage: Stage, first: readonly string[], what: string): Promise<void> {
  succeeded(await stage.moon.initiate(), `initiate after ${what}`);
  await stage.settled(1, 1);
  const now = await lentAddresses(stage);
  ensure(now.join() === first.join(), `moon was lent ${first.join()}, and ${now.join()} after ${what}`);
  await getThrough(stage, now);
}

async function playUsedUp(stage: Stage): Promise<void> {
  const { moon } = stage.topology;
  const before = await addressesOf(moon.host);
  failedSaying(await stage.moon.initiate(), /INTERNAL_ADDRESS_FAILURE|INT_ADDR_FAIL/, 'initiate');
  if (stage.moon.kind === 'mhtun') await stage.settled(0, 0);
  ensure((await addressesOf(moon.host)).every((address) => before.includes(address)), 'moon has an address that it was not lent');
  if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, /no address for moon: every address of clients is in use/);
}

/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import type { IkeSa } from '../../lab/party.js';
import type { Stage } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

/** The IKE SA is another one, at both ends, so many times over, and no ping is lost meanwhile. */
export async function authenticatedAnew(stage: Stage, times: number, withinMs: number): Promise<void> {
  await stage.connect();
  await stage.losingNothing(async () => {
    for (let time = 0; time < times; time++) {
      const before = await stage.ike(stage.moon);
      await eventually('another IKE SA at both ends, and the old one gone', async () => {
        const sas = await Promise.all([stage.moon.sas(), stage.sun.sas()]);
        const isNew = (sa: IkeSa | undefined): boolean => sa?.established === true && sa.spiI !== before.spiI && sa.children.length === 1;
        return sas.every(([sa, ...others]) => isNew(sa) && others.length === 0) ? true : null;
      }, withinMs);
      await stage.settled(1, 1);
    }
  }, stage.parties.every(({ kind }) => kind === 'mhtun') ? 0 : 2 * times);
  for (const party of stage.parties) ensure((await party.sas()).length === 1, `${party.site.name} keeps an old IKE SA`);
}

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => (site === 'moon' ? { term: 'reauth = "12s"', connection: '    reauth_time = 12s' } : { term: '', connection: '' }),
  charon: { make_before_break: 'yes' },
  async play(stage) {
    await authenticatedAnew(stage, 2, 25_000);
  },
};

/** See README.md. */
import { everyPair, once, type Scenario } from '../../scenario.js';
import { authenticatedAnew } from '../reauth-mbb/scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => (site === 'sun' ? { term: 'auth_lifetime = "15s"', connection: '    reauth_time = 15s' } : { term: '', connection: '' }),
  charon: { make_before_break: 'yes' },
  async play(stage) {
    await authenticatedAnew(stage, 1, 25_000);
  },
};

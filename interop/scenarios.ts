/** Every scenario by its name, in the order in which they are played. */
import type { Scenario } from './scenario.js';
import { scenario as psk } from './scenarios/psk/scenario.js';

export const scenarios: ReadonlyMap<string, Scenario> = new Map([['psk', psk]]);

/** The policies by the names that the configuration has for them. */
import type { PolicyName } from '../io.js';
import { cost } from './cost.js';
import { first } from './first.js';
import type { Policy } from './policy.js';
import { priority } from './priority.js';
import { rtt } from './rtt.js';
import { score } from './score.js';

export const policies: Readonly<Record<PolicyName, Policy>> = { first, priority, rtt, score, cost };

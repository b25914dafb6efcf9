/** Fault rates and topology as somebody else may want them: a JSON file for `npm run sim -- --profile FILE`. docs/simulator.md describes it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nearestWord } from '../lib/util/nearest.js';
import { faultKinds, faultNames, isFaultName } from './faults/kinds.js';
import type { FaultName } from './faults/names.js';

export interface Profile {
  /** Most links of a side. */
  readonly links: number;
  /** Share of moon's links that are behind a NAT. */
  readonly nat: number;
  /** Share of the runs in which neither end does MOBIKE. */
  readonly plainPeer: number;
  /** Share of the runs in which one or two more hosts have tunnels with sun. */
  readonly guests: number;
  /** Faults come so many times as often as usual. */
  readonly intensity: number;
  /** How often each kind is drawn, in proportion; 0: never. */
  readonly rates: ReadonlyMap<FaultName, number>;
}

const share = z.number().min(0).max(1);
const shape = z.strictObject({
  links: z.int().min(1).max(4).default(3),
  nat: share.default(0.2),
  plainPeer: share.default(0.1),
  guests: share.default(0.2),
  intensity: z.number().positive().max(100).default(1),
  rates: z.record(z.string(), z.number().min(0)).default({}),
});

export const usualProfile: Profile = profileOf({});

/** @throws Error with what is wrong, and the nearest name there is */
export function readProfile(path: string): Profile {
  return profileOf(JSON.parse(readFileSync(path, 'utf8')));
}

export function profileOf(value: unknown): Profile {
  const { rates, ...rest } = shape.parse(value);
  for (const name of Object.keys(rates)) {
    if (isFaultName(name)) continue;
    const meant = nearestWord(name, faultNames);
    throw new Error(`rates: no fault is called ${name}${meant === null ? '' : `; is it ${meant}?`}`);
  }
  return { ...rest, rates: new Map(faultNames.map((name) => [name, rates[name] ?? faultKinds[name].rate])) };
}

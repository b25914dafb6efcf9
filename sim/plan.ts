/** What one seed stands for: a topology, settings, a length, and faults with their times. Plain data, so that it can be kept, shrunk and played again. */
import { z } from 'zod';
import { SeededRandom } from '../test/support/world.js';
import { faultKinds, faultNames, isFaultName } from './faults/kinds.js';
import type { FaultName } from './faults/names.js';
import type { Profile } from './profile.js';

/** Everybody but sun calls sun. */
export type Caller = 'moon' | 'mars' | 'venus';
export type Side = Caller | 'sun';
const everySide = ['moon', 'sun', 'mars', 'venus'] as const;

export function sidesOf({ links }: Topology): Side[] {
  return everySide.filter((side) => links[side] > 0);
}

export function callersOf({ links }: Topology): Caller[] {
  return (['moon', 'mars', 'venus'] as const).filter((side) => links[side] > 0);
}

export function peersOf(topology: Topology, side: Side): Side[] {
  return side === 'sun' ? callersOf(topology) : ['sun'];
}

/** Whom an operator of `side` means. */
export function otherSide(side: Side): Side {
  return side === 'sun' ? 'moon' : 'sun';
}

/** Who calls where an operator of `side` wants the tunnel. */
export function callerFor(side: Side): Caller {
  return side === 'sun' ? 'moon' : side;
}

/** One thing that goes wrong. What the fields mean is for its kind to say; each kind uses what it needs. */
export interface Fault {
  readonly kind: FaultName;
  /** Milliseconds from the beginning. */
  readonly at: number;
  /** How long it lasts; 0: a blow. */
  readonly forMs: number;
  readonly side: Side;
  /** Index of one of the side's links. */
  readonly link: number;
  /** How hard, from 0 to 1. */
  readonly amount: number;
}

export interface Topology {
  /** Links of each side; each has an IPv4 address, and an IPv6 address where `ipv6`. None: there is no such side, but for moon and sun. */
  readonly links: Readonly<Record<Side, number>>;
  readonly ipv6: boolean;
  /** Links of moon behind a NAT of their own. */
  readonly nats: readonly number[];
  /** sun calls, too. */
  readonly bothCall: boolean;
  /** Both do MOBIKE. */
  readonly mobike: boolean;
  /** Child SAs of the peer: one or two. */
  readonly children: number;
  readonly delayMs: number;
  /** mars and venus have no networks of their own behind the first Child SA: sun lends each an address. */
  readonly lent: boolean;
}

/** Its first Child SA is from an address that sun lends it. */
export function isLent({ lent }: Topology, side: Side): boolean {
  return lent && (side === 'mars' || side === 'venus');
}

export interface Lifetimes {
  readonly ikeS: number;
  readonly childS: number;
}

/** Packets go for `onMs`, then none for `offMs`, and so on. */
export interface Traffic {
  readonly onMs: number;
  readonly offMs: number;
}

/** How often paths are tested while packets flow: `probe_busy`, `probe_standby`. */
export interface Probes {
  readonly busyMs: number;
  readonly standbyMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly lengthMs: number;
  readonly topology: Topology;
  readonly lifetimes: Lifetimes;
  readonly probes: Probes;
  readonly traffic: Traffic;
  readonly faults: readonly Fault[];
}

/** Everything stands still so long before the end, and from the start: what came up before the first fault is a tunnel. */
const leadMs = 3_000;
const shortestMs = 30_000;
const longestMs = 1_200_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const usualProbes: Probes = { busyMs: 500, standbyMs: 5_000 };

/** The same seed and profile give the same plan. */
export function drawPlan(seed: number, profile: Profile): Plan {
  const random = new SeededRandom(seed);
  const between = (low: number, high: number): number => low + random.fraction() * (high - low);
  const chance = (share: number): boolean => random.fraction() < share;
  // Short ones are more likely: most of what goes wrong does so soon, and each begins anew.
  const lengthMs = Math.round(random.below(100) === 0 ? hourMs : shortestMs * (longestMs / shortestMs) ** (random.fraction() ** 5));
  const links = { moon: 1 + random.below(profile.links), sun: 1 + random.below(profile.links), mars: 0, venus: 0 };
  const topology = {
    links,
    ipv6: chance(0.4),
    nats: Array.from({ length: links.moon }, (_, link) => link).filter(() => chance(profile.nat)),
    bothCall: chance(0.4),
    mobike: !chance(profile.plainPeer),
    children: chance(0.3) ? 2 : 1,
    delayMs: Math.round(between(1, 80)),
    lent: false,
  };
  if (chance(profile.guests)) {
    links.mars = 1 + random.below(2);
    links.venus = random.below(2);
    topology.lent = chance(0.5);
  }
  // Some in each run, whatever its length.
  const scaled = (least: number, low: number, high: number): number => Math.round(Math.max(least, (lengthMs / 1000) * between(low, high)));
  const lifetimes = { ikeS: scaled(12, 0.15, 1.5), childS: scaled(6, 0.05, 0.8) };
  const pauses = { onMs: Math.round(between(15_000, 45_000)), offMs: Math.round(between(10_000, 120_000)) };
  const traffic = chance(0.3) && lengthMs < 2 * minuteMs ? { onMs: lengthMs, offMs: 0 } : pauses;
  const probes = chance(0.3) ? usualProbes : { busyMs: Math.round(between(1_000, 4_000)), standbyMs: Math.round(between(5_000, 20_000)) };
  const names = faultNames.filter((name) => rateOf(profile, name) > 0);
  const favoured = names.filter(() => chance(0.3));
  const faults: Fault[] = [];
  let at = leadMs + between(0, 3_000);
  const pace = between(300, 6_000) / profile.intensity;
  while (at < lengthMs - leadMs && faults.length < maxFaults) {
    faults.push(drawFault({ random, at, lengthMs, topology, kind: pick(random, favoured.length === 0 ? names : favoured, profile) }));
    at += between(0, 2 * pace);
  }
  return { seed, lengthMs, topology, lifetimes, probes, traffic, faults };
}

const maxFaults = 400;

interface Draw {
  readonly random: SeededRandom;
  readonly at: number;
  readonly lengthMs: number;
  readonly topology: Topology;
  readonly kind: FaultName;
}

function drawFault({ random, at, lengthMs, topology, kind }: Draw): Fault {
  const sides = sidesOf(topology);
  const side = sides[random.below(sides.length)] ?? 'moon';
  const link = random.below(topology.links[side]);
  const amount = random.fraction();
  const most = Math.min(faultKinds[kind].mostMs, lengthMs - leadMs - at);
  // Short ones are more likely: most of what breaks does so at the edges.
  const forMs = most <= 0 ? 0 : Math.round(Math.min(most, 20 * (most / 20) ** random.fraction()));
  return { kind, at: Math.round(at), forMs, side, link, amount };
}

function pick(random: SeededRandom, names: readonly FaultName[], profile: Profile): FaultName {
  const total = names.reduce((sum, name) => sum + rateOf(profile, name), 0);
  let left = random.fraction() * total;
  for (const name of names) {
    left -= rateOf(profile, name);
    if (left < 0) return name;
  }
  return names[0] ?? 'loss';
}

function rateOf(profile: Profile, name: FaultName): number {
  return profile.rates.get(name) ?? 0;
}

const linkCount = z.int().min(0).max(4);
const shape = z.strictObject({
  seed: z.int(),
  lengthMs: z.number().positive(),
  topology: z.strictObject({
    links: z.strictObject({ moon: z.int().min(1).max(4), sun: z.int().min(1).max(4), mars: linkCount.default(0), venus: linkCount.default(0) }),
    ipv6: z.boolean(),
    nats: z.array(z.int()),
    bothCall: z.boolean(),
    mobike: z.boolean(),
    children: z.int().min(1).max(2),
    delayMs: z.number().positive(),
    lent: z.boolean().default(false),
  }),
  lifetimes: z.strictObject({ ikeS: z.int().positive(), childS: z.int().positive() }),
  probes: z.strictObject({ busyMs: z.int().positive(), standbyMs: z.int().positive() }),
  traffic: z.strictObject({ onMs: z.number().positive(), offMs: z.number().min(0) }),
  faults: z.array(z.strictObject({
    kind: z.string().refine(isFaultName, 'no fault is called so'),
    at: z.number().min(0), forMs: z.number().min(0), side: z.enum(everySide), link: z.int().min(0), amount: z.number().min(0).max(1),
  })),
});

/** A plan that was written down. @throws Error with what is wrong with it */
export function parsePlan(text: string): Plan {
  const { faults, ...rest } = shape.parse(JSON.parse(text));
  return { ...rest, faults: faults.flatMap(({ kind, ...fault }) => (isFaultName(kind) ? [{ kind, ...fault }] : [])) };
}

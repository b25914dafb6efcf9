/** Plays a plan: two whole hosts in virtual time, traffic between them, every fault at its time; and holds what happens against what must always be so. */
import type { VirtualHost } from '../test/support/virtual-host.js';
import { Coverage } from './coverage.js';
import { callersOf, peersOf, sidesOf, type Caller, type Fault, type Plan, type Side } from './plan.js';
import { faultKinds } from './faults/kinds.js';
import type { FaultName } from './faults/names.js';
import { callAll, quieten } from './faults/operators.js';
import { Harm } from './harm.js';
import { Ledger } from './ledger.js';
import { Emptiness, findOverfull } from './room.js';
import { childNetworks, dpdS, giveUpS, Stage } from './stage.js';
import { Tap } from './tap.js';

export interface Outcome {
  readonly plan: Plan;
  /** What must never be, in the order it was found; at most `maxFailures`. */
  readonly failures: readonly string[];
  /** Of everything that was sent and when. */
  readonly traceHash: string;
  readonly coverage: Coverage;
  readonly sent: number;
  readonly arrived: number;
  /** What both hosts logged, by time. */
  readonly story: () => string;
}

const maxFailures = 20;
/** What is sent so soon after a blow was sent under it. */
const blowMs = 1_000;
const trafficEveryMs = 500;
const lookEveryMs = 500;
/** When all faults have stopped both ends come to rest within so long. */
const convergeMs = 30_000;
/** Half-open IKE SAs and old inbound Child SAs are kept for no longer. */
const settleMs = 60_000;
/** In which each table of what is on its way is seen empty; a test of a path that leads nowhere takes seconds, and there may be several of those. */
const restMs = 3_000;
const mostRestMs = 30_000;
const restLookMs = 100;
/** The last rekeys are under traffic. */
const lastRekeyMs = 5_000;
/** Somebody who has had a path for so long uses it. */
const findsPathMs = 13_000;
/** Then something arrives in so long, whatever else is wrong: one on a path that loses half is allowed bad luck, if not that of years. */
const leastFlowMs = 8_000;
/** After the loss of an SA the other end has to find out first; and it gives a MOBIKE initiator time. */
const flowsAgainAfterLossMs = (dpdS + giveUpS) * 1_000 + 20_000;

export function play(plan: Plan): Outcome {
  return new Simulation(plan).run();
}

class Simulation {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #ledger: Ledger;
  readonly #tap: Tap;
  readonly #failures: string[] = [];
  readonly #coverage = new Coverage();
  readonly #active = new Map<Fault, () => void>();
  /** When each kind that does not last struck last. */
  readonly #blows = new Map<FaultName, number>();
  readonly #harm: Harm;
  /** Since when there has been traffic that could arrive. */
  #flowSince = 0;
  #lossAt = -Infinity;
  #flowing = true;
  #converging = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#stage = new Stage(plan);
    this.#harm = new Harm(plan.topology);
    const report = (failure: string): void => {
      this.#fail(failure);
    };
    this.#stage.onLeak = (side, destination) => {
      report(`what is for ${destination} would leave ${side} in clear`);
    };
    this.#stage.onStep = (side, machine) => {
      findOverfull(machine, (words) => {
        report(`${side}: ${words}`);
      });
    };
    this.#ledger = new Ledger(this.#stage, report);
    this.#tap = new Tap(this.#stage, report, (message) => {
      this.#coverage.sent(message, this.#on());
    });
  }

  run(): Outcome {
    const { world } = this.#stage;
    for (const side of sidesOf(this.#plan.topology)) this.#stage.boot(side);
    for (const fault of this.#plan.faults) {
      world.schedule(fault.at, () => {
        this.#strike(fault);
      });
    }
    const stopTraffic = world.every(trafficEveryMs, () => {
      if (this.#flowing) this.#ledger.sendAll();
    });
    this.#pause();
    const stopLooking = world.every(lookEveryMs, () => {
      this.#look();
    });
    this.#guarded(() => {
      world.run(this.#plan.lengthMs);
      this.#converging = true;
      this.#flow(true);
      for (const fault of [...this.#active.keys()]) this.#undo(fault);
      callAll(this.#stage);
      this.#converge();
    });
    stopTraffic();
    stopLooking();
    return {
      plan: this.#plan,
      failures: this.#failures,
      traceHash: this.#tap.digest(),
      coverage: this.#coverage,
      sent: this.#ledger.sent,
      arrived: this.#ledger.arrivals,
      story: () => story(this.#stage),
    };
  }

  /** Traffic goes, and pauses, by turns. */
  #pause(): void {
    const { world } = this.#stage;
    const { onMs, offMs } = this.#plan.traffic;
    if (offMs === 0) return;
    const turn = (): void => {
      if (this.#converging) return;
      this.#flow(!this.#flowing);
      world.schedule(this.#flowing ? onMs : offMs, turn);
    };
    world.schedule(onMs, turn);
  }

  #flow(on: boolean): void {
    this.#flowing = on;
    this.#flowSince = this.#stage.world.now;
  }

  /** An exception is a failure as any other. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  #on(): Set<FaultName> {
    const kinds = new Set([...this.#active.keys()].map(({ kind }) => kind));
    for (const [kind, at] of this.#blows) if (this.#stage.world.now - at < blowMs) kinds.add(kind);
    return kinds;
  }

  #strike(fault: Fault): void {
    const kind = faultKinds[fault.kind];
    this.#coverage.fired(fault.kind);
    this.#harm.note(this.#stage.world.now, fault);
    if (kind.fatal === true) this.#lossAt = this.#stage.world.now;
    const undo = kind.strike(this.#stage, fault);
    if (undo === null) {
      this.#blows.set(fault.kind, this.#stage.world.now);
      return;
    }
    this.#active.set(fault, undo);
    this.#stage.world.schedule(fault.forMs, () => {
      this.#undo(fault);
    });
  }

  #undo(fault: Fault): void {
    const undo = this.#active.get(fault);
    if (undo === undefined) return;
    this.#active.delete(fault);
    undo();
    this.#harm.note(this.#stage.world.now, fault);
    if (faultKinds[fault.kind].fatal === true) this.#lossAt = this.#stage.world.now;
  }

  #look(): void {
    this.#ledger.look();
    for (const problem of leaseProblems(this.#stage.host('sun'), false)) this.#fail(problem);
    const { world } = this.#stage;
    for (const fault of this.#active.keys()) this.#harm.note(world.now, fault);
    if (this.#failures.length > 0 || !this.#flowing) return;
    for (const caller of callersOf(this.#plan.topology)) {
      const pathSince = this.#harm.pathSince(caller);
      const since = Math.max(pathSince, this.#flowSince);
      const patience = since - this.#lossAt < flowsAgainAfterLossMs ? flowsAgainAfterLossMs : findsPathMs;
      if (world.now - since < patience) continue;
      for (const [from, to] of bothWays(caller)) {
        const last = this.#ledger.lastArrival(from, to);
        if (last !== null && world.now - last <= leastFlowMs) continue;
        this.#fail(`nothing arrives from ${from} at ${to}, though there has been a path for ${Math.round((world.now - pathSince) / 1000)} s`);
      }
    }
  }

  /** One IKE SA with its Child SAs within half a minute; and nothing else a minute later, when lifetimes no longer make new ones. */
  #converge(): void {
    const { world } = this.#stage;
    if (!world.runUntil(() => this.#unsettled().length === 0, convergeMs)) {
      this.#fail(`not at rest ${convergeMs / 1000} s after the last fault: ${this.#unsettled().join('; ')}`);
      return;
    }
    quieten(this.#stage);
    world.run(lastRekeyMs);
    this.#flow(false);
    world.run(settleMs - lastRekeyMs);
    this.#flow(true);
    const left = [...this.#neverEmpty(), ...this.#unsettled(), ...this.#leftOver()];
    this.#ledger.look();
    if (left.length > 0) this.#fail(`${settleMs / 1000} s after everything was at rest: ${left.join('; ')}`);
    for (const [from, to] of callersOf(this.#plan.topology).flatMap(bothWays)) {
      const last = this.#ledger.lastArrival(from, to);
      if (last === null || world.now - last > 1_000) this.#fail(`at rest, but nothing arrives from ${from} at ${to}`);
    }
  }

  /** What is still kept of what is long over, at hosts at rest; takes a moment. */
  #neverEmpty(): string[] {
    const watches = sidesOf(this.#plan.topology).flatMap((side) => this.#stage.host(side) ?? []).map((host) => new Emptiness(host));
    const { world } = this.#stage;
    const began = world.now;
    const isFull = (): boolean => watches.some((watch) => watch.neverEmpty().length > 0);
    while (world.now - began < restMs || (world.now - began < mostRestMs && isFull())) {
      world.run(restLookMs);
      for (const watch of watches) watch.look();
    }
    return watches.flatMap((watch) => watch.neverEmpty());
  }

  /** What is not yet as it has to be in the end. */
  #unsettled(): string[] {
    return callersOf(this.#plan.topology).flatMap((caller) => this.#unsettledWith(caller));
  }

  #unsettledWith(caller: Caller): string[] {
    const wanted = childNetworks.slice(0, this.#plan.topology.children).map(({ name }) => name).join();
    const spis = new Set<string>();
    const out: string[] = [];
    for (const [side, peer] of bothWays(caller)) {
      const sas = this.#stage.host(side)?.sas(peer) ?? [];
      if (sas.length !== 1) out.push(`${side} has ${sas.length} IKE SAs with ${peer}`);
      for (const sa of sas) {
        spis.add(`${sa.spiI} ${sa.spiR}`);
        const standing = [...new Set(sa.children.map(({ name }) => name))].sort((a, b) => b.localeCompare(a)).join();
        if (standing !== wanted) out.push(`${side} has the Child SAs ${standing} with ${peer}`);
      }
    }
    if (spis.size > 1) out.push(`the IKE SAs of ${caller} and sun are not the same`);
    return out;
  }

  /** SAs, and leases, beside those that have to be. */
  #leftOver(): string[] {
    return [...leaseProblems(this.#stage.host('sun'), true), ...this.#leftOverSas()];
  }

  #leftOverSas(): string[] {
    return sidesOf(this.#plan.topology).flatMap((side) => {
      const host = this.#stage.host(side);
      if (host === null) return [];
      const peers = peersOf(this.#plan.topology, side);
      const wanted = peers.length * this.#plan.topology.children;
      const sas = peers.flatMap((peer) => host.sas(peer));
      const children = sas.flatMap((sa) => sa.children).length;
      const out: string[] = [];
      if (host.endpoint.ikeSaCount !== peers.length) out.push(`${side} has ${host.endpoint.ikeSaCount} IKE SAs of any kind`);
      if (children !== wanted) out.push(`${side} has ${children} Child SAs`);
      if (host.counters().length !== wanted) out.push(`the data plane of ${side} has ${host.counters().length} Child SAs`);
      return out;
    });
  }

  #fail(failure: string): void {
    if (this.#failures.length < maxFailures) this.#failures.push(`${(this.#stage.world.now / 1000).toFixed(3)} s: ${failure}`);
  }
}

/** An address is lent to one alone, however many IKE SAs he has; at rest nothing is lent to nobody. */
function leaseProblems(host: VirtualHost | null, atRest: boolean): string[] {
  if (host === null) return [];
  const holders = new Map<string, Set<string>>();
  for (const { name, sas } of host.endpoint.look(host.clock.now())) {
    for (const address of sas.flatMap(({ virtual }) => virtual.remote)) holders.set(address, (holders.get(address) ?? new Set()).add(name));
  }
  const twice = [...holders].filter(([, names]) => names.size > 1).map(([address, names]) => `${address} is lent to ${[...names].join(' and ')} at once`);
  const used = host.endpoint.lending.uses().reduce((sum, pool) => sum + pool.used, 0);
  return used > holders.size && atRest ? [...twice, `${used} addresses are lent, and ${holders.size} are in use`] : twice;
}

function bothWays(caller: Caller): [Side, Side][] {
  return [[caller, 'sun'], ['sun', caller]];
}

function story(stage: Stage): string {
  const lines = stage.allHosts().flatMap((host) => host.logs);
  const at = (line: string): number => Number.parseInt(line, 10);
  return lines.map((line, order) => ({ line, order })).sort((a, b) => at(a.line) - at(b.line) || a.order - b.order).map(({ line }) => line).join('\n');
}

export function describeFault({ kind, at, forMs, side, link, amount }: Fault): string {
  return `${(at / 1000).toFixed(3).padStart(9)} s ${kind.padEnd(22)} ${side} link ${link}${forMs > 0 ? ` for ${(forMs / 1000).toFixed(2)} s` : ''} (${amount.toFixed(2)})`;
}

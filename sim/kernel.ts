/** Routes, rules and filter of one simulated host, as its kernel keeps them over the life and death of the program; and where a packet goes by them. */
import type { Config } from '../lib/config/types.js';
import { protectedPairs } from '../lib/platform/configured-protection.js';
import { planProtection, type FilterPlan, type Protection } from '../lib/platform/protection-plan.js';
import { mainTable, routeKey, ruleKey, type Route, type Rule } from '../lib/platform/rtnetlink-route.js';
import { addressFamily, type IpAddress } from '../lib/util/address.js';
import { prefixRange, rangeContains, type Prefix } from '../lib/util/address-range.js';

/** `nowhere`: its sender is told that it cannot be reached. `clear`: it leaves as it is, by the default route. */
export type Way = 'tunnel' | 'nowhere' | 'clear';

export class Kernel {
  readonly #changed: () => void;
  #routes: readonly Route[] = [];
  #rules: readonly Rule[] = [];
  #filter: FilterPlan | null = null;
  #tun = 1;

  /** @param changed after every single change between `up` and `down`, with which nothing may open */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** From `up` to `down`, whatever becomes of the program in between. */
  get protects(): boolean {
    return this.#filter !== null;
  }

  /** The program makes its interface, and what has to stand; what an earlier one left is taken over. */
  up(config: Config): void {
    this.#tun++;
    this.apply(config);
  }

  /** In the order in which the program does it: it adds before it removes. */
  apply(config: Config): void {
    const plan = planOf(config, this.#tun);
    const wasUp = this.protects;
    this.#filter = plan.filter;
    const step = (change: () => void): void => {
      change();
      if (wasUp) this.#changed();
    };
    for (const route of plan.routes) step(() => { this.#routes = [...this.#routes.filter((other) => !takesPlaceOf(route, other)), route]; });
    for (const rule of plan.rules) step(() => { this.#rules = [...this.#rules.filter((other) => ruleKey(other) !== ruleKey(rule)), rule]; });
    const rules = new Set(plan.rules.map(ruleKey));
    for (const rule of this.#rules.filter((r) => !rules.has(ruleKey(r)))) step(() => { this.#rules = this.#rules.filter((r) => r !== rule); });
    const routes = new Set(plan.routes.map(routeKey));
    for (const route of this.#routes.filter((r) => !routes.has(routeKey(r)))) step(() => { this.#routes = this.#routes.filter((r) => r !== route); });
    this.#changed();
  }

  /** The program is gone without a word, its interface with it, and every route over that. */
  crash(): void {
    this.#routes = this.#routes.filter(({ device }) => device !== this.#tun);
    if (this.protects) this.#changed();
  }

  /** The program has ended as it should. */
  down(): void {
    this.#routes = [];
    this.#rules = [];
    this.#filter = null;
  }

  wayOf(destination: IpAddress): Way {
    const family = addressFamily(destination);
    const rules = this.#rules.filter((rule) => rule.family === family).sort((a, b) => a.priority - b.priority);
    for (const { table } of rules) {
      // All that the main table has here beside the default route is behind no tunnel.
      if (table === mainTable) continue;
      const route = this.#routeIn(table, destination);
      if (route?.kind === 'unicast') return 'tunnel';
      if (route?.kind === 'unreachable') return 'nowhere';
    }
    return 'clear';
  }

  /** A packet in clear from outside with this source gets in. */
  admits(source: IpAddress): boolean {
    const range = this.#filter?.ranges.find((each) => addressFamily(each.range.start) === addressFamily(source) && rangeContains(each.range, source));
    return range?.verdict !== 'protected';
  }

  /** The longest prefix, then the least metric. */
  #routeIn(table: number, destination: IpAddress): Route | undefined {
    const family = addressFamily(destination);
    const leadsThere = (to: Prefix): boolean => addressFamily(to.address) === family && rangeContains(prefixRange(to), destination);
    return this.#routes
      .filter((route) => route.table === table && leadsThere(route.destination))
      .sort((a, b) => b.destination.length - a.destination.length || a.metric - b.metric)[0];
  }
}

function planOf(config: Config, tun: number): Protection {
  const { endpoint } = config;
  return planProtection({
    pairs: protectedPairs(config, []), tun: { name: 'mhtun0', index: tun }, state: { links: [], addresses: [], uplinks: [] }, usable: [],
    ports: [endpoint.port, endpoint.natPort], routing: endpoint.routes,
  });
}

/** As the kernel replaces: of the same destination and metric in the same table. */
function takesPlaceOf(route: Route, other: Route): boolean {
  return other.table === route.table && other.metric === route.metric
    && other.destination.address === route.destination.address && other.destination.length === route.destination.length;
}

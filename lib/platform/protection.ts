/**
 * Puts a planned protection into the kernel and takes it out again. What is there of ours is compared with what should be:
 * so a start after a kill -9 adopts or removes what was left, and a change touches only what differs. Routes of ours are
 * known by their protocol number in our two tables, rules by that and our mark, the filter by its name.
 */
import type { HostState } from '../path/host-state.js';
import { addressFamily } from '../util/address.js';
import { formatPrefix } from '../util/address-range.js';
import { PlatformError } from '../util/errors.js';
import { removeFilter, replaceFilter } from './inbound-filter.js';
import type { PlatformLog } from './interfaces.js';
import { hasNoIpv6, netlinkProtocol, NetlinkClient, refused, type NetlinkRefusal } from './netlink.js';
import type { FilterPlan, Protection } from './protection-plan.js';
import { addRoute, addRule, mainTable, ourRoutes, ourRules, removeRoute, removeRule, routeKey, ruleKey, type Route, type Rule } from './rtnetlink-route.js';

export interface Territory {
  readonly tun: { readonly name: string; readonly index: number };
  /** Null: no routes and rules of ours. */
  readonly routing: { readonly table: number; readonly mark: number } | null;
}

export class ProtectionKeeper {
  readonly #route: NetlinkClient;
  #filter: NetlinkClient | null = null;
  readonly #territory: Territory;
  readonly #log: PlatformLog;
  #filterText = '';
  #filterMissing = false;

  /** @throws PlatformError when another instance lives in our tables */
  constructor(territory: Territory, state: HostState, log: PlatformLog) {
    this.#territory = territory;
    this.#log = log;
    this.#route = new NetlinkClient(netlinkProtocol.route);
    try {
      this.#refuseForeigners(state);
    } catch (error) {
      this.#route.close();
      throw error;
    }
  }

  /** Makes it so. Adds before it removes: nothing is open in between. @throws PlatformError */
  apply(plan: Protection): void {
    this.#applyFilter(plan.filter);
    const routesNow = this.#ourRoutes();
    const rulesNow = this.#ourRules();
    for (const route of missing(plan.routes, routesNow, routeKey)) this.#addRoute(route);
    for (const rule of missing(plan.rules, rulesNow, ruleKey)) this.#addRule(rule);
    for (const rule of missing(rulesNow, plan.rules, ruleKey)) this.#tolerate('remove a rule', removeRule(this.#route, rule));
    // Replacing a route has removed the one before it: what is no longer there is no problem.
    for (const route of missing(this.#ourRoutes(), plan.routes, routeKey)) this.#tolerate('remove a route', removeRoute(this.#route, route));
  }

  /**
   * Takes everything out; with `block`, the routes that lead nowhere, their rules and the filter stay and the next start takes them over.
   */
  close(block: boolean): void {
    try {
      if (!block) {
        this.#tolerate('remove the filter', this.#netfilter((client) => client.change(removeFilter(this.#territory.tun.name))));
        for (const rule of this.#ourRules()) this.#tolerate('remove a rule', removeRule(this.#route, rule));
      }
      for (const route of this.#ourRoutes()) {
        if (block && route.kind !== 'unicast') continue;
        this.#tolerate('remove a route', removeRoute(this.#route, route));
      }
    } finally {
      this.#route.close();
      this.#filter?.close();
    }
  }

  /** The rest of what an earlier instance left in tables it used with our mark. */
  #ourRoutes(): Route[] {
    const { routing } = this.#territory;
    if (routing === null) return [];
    const tables = new Set([routing.table, routing.table + 1]);
    for (const rule of this.#ourRules()) if (rule.table !== mainTable) tables.add(rule.table);
    return ourRoutes(this.#route).filter((route) => tables.has(route.table));
  }

  #ourRules(): Rule[] {
    const { routing } = this.#territory;
    if (routing === null) return [];
    return ourRules(this.#route).filter((rule) => rule.mark === routing.mark);
  }

  /** A route of our kind through an interface that lives and is not ours belongs to another instance that runs. */
  #refuseForeigners(state: HostState): void {
    const { routing, tun } = this.#territory;
    if (routing === null) return;
    const foreign = this.#ourRoutes().find((route) => route.device !== null && route.device !== tun.index);
    if (foreign === undefined) return;
    const name = state.links.find((link) => link.index === foreign.device)?.name ?? String(foreign.device);
    throw new PlatformError(
      `the routing table ${foreign.table} is in use by another mhtun (interface ${name})`,
      'EBUSY',
      `Give this one its own: routes = { table = ${routing.table + 10}, mark = ${routing.mark + 10} } in [endpoint].`,
    );
  }

  #addRoute(route: Route): void {
    const refusal = addRoute(this.#route, route);
    if (refusal === null) return;
    const text = `can't add the route ${route.kind === 'unicast' ? '' : `${route.kind} `}${formatPrefix(route.destination)} to table ${route.table}`;
    // Without IPv6 in the kernel or on the interface nothing of it can leave in clear either.
    if (addressFamily(route.destination.address) === 6 && hasNoIpv6(refusal)) return this.#warn(text, refusal);
    throw refused(text, refusal);
  }

  #addRule(rule: Rule): void {
    const refusal = addRule(this.#route, rule);
    if (refusal === null || refusal.errno === 'EEXIST') return;
    const text = `can't add the rule for table ${rule.table}`;
    if (rule.family === 6 && hasNoIpv6(refusal)) return this.#warn(text, refusal);
    throw refused(text, refusal);
  }

  #applyFilter(plan: FilterPlan): void {
    const text = JSON.stringify(plan);
    if (text === this.#filterText || this.#filterMissing) return;
    const refusal = this.#netfilter((client) => client.change(replaceFilter(plan)));
    if (refusal === null) {
      this.#filterText = text;
      return;
    }
    this.#filterMissing = true;
    this.#warn('can\'t make the nf_tables filter: clear packets that come from outside with a protected source are not dropped (RFC 4301 §5.2)', refusal);
  }

  /** nf_tables may be missing from the kernel; then so may netfilter's netlink. To close such a socket takes 20 ms: it is kept. */
  #netfilter(use: (client: NetlinkClient) => NetlinkRefusal | null): NetlinkRefusal | null {
    try {
      this.#filter ??= new NetlinkClient(netlinkProtocol.netfilter);
      return use(this.#filter);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return { errno: error.errno, text: null, index: 0 };
    }
  }

  #tolerate(doing: string, refusal: NetlinkRefusal | null): void {
    if (refusal === null || gone.has(refusal.errno) || this.#filterMissing) return;
    this.#warn(`can't ${doing}`, refusal);
  }

  #warn(message: string, refusal: NetlinkRefusal): void {
    this.#log('warn', message, { errno: refusal.errno, ...(refusal.text === null ? {} : { kernel: refusal.text }) });
  }
}

// What the kernel says of that which is not there.
const gone: ReadonlySet<string> = new Set(['ESRCH', 'ENOENT', 'ENODEV']);

function missing<T>(wanted: readonly T[], there: readonly T[], key: (item: T) => string): T[] {
  const keys = new Set(there.map(key));
  return wanted.filter((item) => !keys.has(key(item)));
}

/** One run of a scenario: its lab, the two parties in it, and the questions that scenarios ask of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretsIn, type Secret } from '../../scripts/secret-search.js';
import type { Scenario, Variant } from '../scenario.js';
import { otherSite, type SiteName } from './addressing.js';
import { startCapture } from './capture.js';
import type { PeerHost } from './engine.js';
import { ensure, eventually, LabError } from './exec.js';
import { projectRoot, type Lab } from './lab.js';
import { controlSocket, Mhtun } from './mhtun.js';
import { childrenOf, type ChildSa, type IkeSa, type Outcome, type Pair, type Party } from './party.js';
import { Ping, pingUntil, type PingOptions, type PingStatistics } from './ping.js';
import { longestGapMs, lostBothWays, Stream, type StreamOptions, type StreamReport } from './stream.js';
import { StrongSwan } from './strongswan.js';
import type { StrongSwanVersion } from './images.js';
import { fill, type Variables } from './template.js';
import { buildTopology, type Site, type Topology, type Uplink } from './topology.js';
import { uplinkOf } from './uplink-events.js';

/** Where the scenarios are, each in a folder of its name. */
export const scenarioFolder: string = join(projectRoot, 'interop', 'scenarios');

/** What every party of the lab proves itself by, unless its scenario says otherwise. */
export const labSecret = 'a secret that only the lab knows, 0123456789';

export interface StageOptions {
  readonly scenario: Pick<Scenario, 'topology' | 'values' | 'charon' | 'files'>;
  /** Folder with templates of its own; what is not there is taken from scenarios/usual. */
  readonly templates: string;
  readonly variant: Variant;
  readonly pair: Pair;
  readonly engine: PeerHost | null;
  readonly images: ReadonlyMap<StrongSwanVersion, string>;
  readonly keys: boolean;
  /** A measurement: nothing is captured and little is logged. */
  readonly quiet?: boolean;
  /** mhtun's, where not the usual one. */
  readonly logLevel?: string;
  /** Neither is started. */
  readonly idle?: boolean;
  /** More variables for mhtun. */
  readonly environment?: (at: SiteName) => Readonly<Record<string, string>>;
}

export class Stage {
  readonly lab: Lab;
  readonly topology: Topology;
  readonly moon: Party;
  readonly sun: Party;
  readonly variant: Variant;
  /** Figures worth telling beside "passed". */
  readonly notes: string[] = [];

  private constructor(lab: Lab, topology: Topology, moon: Party, sun: Party, variant: Variant) {
    this.lab = lab;
    this.topology = topology;
    this.moon = moon;
    this.sun = sun;
    this.variant = variant;
  }

  /** mhtun at both ends, for a measurement or a trial. */
  static openQuiet(lab: Lab, options: Pick<StageOptions, 'scenario' | 'templates' | 'logLevel' | 'idle' | 'environment'>): Promise<Stage> {
    const pair = { moon: 'mhtun', sun: 'mhtun' } as const;
    return Stage.open(lab, { variant: { name: '', pairs: [] }, pair, engine: null, images: new Map(), keys: false, quiet: true, ...options });
  }

  /** Lays the lab and starts both daemons. */
  static async open(lab: Lab, options: StageOptions): Promise<Stage> {
    const wanted = options.scenario.topology;
    const own = typeof wanted === 'function' ? wanted(options.variant) : wanted;
    const topology = await buildTopology(lab, { uplinks: 2, nat: [], ...own });
    if (options.quiet !== true) for (const site of [topology.moon, topology.sun]) startCapture(site.host, site.name);
    const moon = makeParty(lab, topology, 'moon', options);
    const sun = makeParty(lab, topology, 'sun', options);
    const stage = new Stage(lab, topology, moon, sun, options.variant);
    if (options.idle !== true) await Promise.all([moon.start(), sun.start()]);
    return stage;
  }

  /** The end that mhtun plays; its initiating one where it plays both. */
  get mhtun(): Mhtun {
    for (const party of [this.moon, this.sun]) if (party instanceof Mhtun) return party;
    throw new LabError('mhtun plays neither end here');
  }

  /** The other end than `mhtun`. */
  get peer(): Party {
    return this.moon === this.mhtun ? this.sun : this.moon;
  }

  get strongSwan(): StrongSwan {
    for (const party of [this.sun, this.moon]) if (party instanceof StrongSwan) return party;
    throw new LabError('strongSwan plays neither end here');
  }

  get parties(): readonly Party[] {
    return [this.moon, this.sun];
  }

  /** moon brings the tunnel up, and a ping goes through each way. */
  async connect(child = 'net'): Promise<void> {
    succeeded(await this.moon.initiate(child), 'initiate');
    await this.reaches();
  }

  /** alice and bob hear each other. */
  async reaches(family: 4 | 6 = 4): Promise<void> {
    const { moon, sun } = this.topology;
    const there = family === 4 ? sun.machine4 : sun.machine6;
    const back = family === 4 ? moon.machine4 : moon.machine6;
    const [out, home] = await Promise.all([pingUntil(moon.lan, there, 3, 4), pingUntil(sun.lan, back, 3, 4)]);
    ensure(out === 3 && home === 3, `ping through the tunnel: ${out} of 3 from alice to bob answered, ${home} of 3 from bob to alice`);
  }

  /** A ping from alice to bob that runs on. */
  ping(options: PingOptions & { readonly family?: 4 | 6 } = {}): Ping {
    const { moon, sun } = this.topology;
    return new Ping(moon.lan, options.family === 6 ? sun.machine6 : sun.machine4, options);
  }

  /** Datagrams at an even rate both ways, which flow already. */
  async stream(options: StreamOptions = {}): Promise<Stream> {
    const stream = await Stream.start(this.lab, this.topology.moon, this.topology.sun, options);
    await stream.flows(5000);
    return stream;
  }

  /** Does something to the tunnel and waits until traffic flows both ways again, over the same IKE SA; tells what it cost. */
  async outage(stream: Stream, what: string, act: () => Promise<unknown>, withinMs = 20_000): Promise<StreamReport> {
    const before = await this.ike(this.moon);
    const from = await stream.now();
    await act();
    const until = await stream.flows(withinMs, await stream.now()).catch((error: unknown) => {
      throw error instanceof LabError ? new LabError(`${what}: ${error.message}`) : error;
    });
    const report = await stream.report(from, until);
    this.notes.push(`${what}: silent for ${longestGapMs(report).toFixed(0)} ms, ${lostBothWays(report)} lost`);
    await this.sameIkeSa(before, what);
    return report;
  }

  /** There was no new handshake. */
  async sameIkeSa(before: IkeSa, what: string): Promise<void> {
    for (const party of this.parties) {
      const sa = await this.ike(party);
      ensure(sa.spiI === before.spiI && sa.spiR === before.spiR, `${what}: ${party.site.name} has another IKE SA`);
    }
  }

  /** The uplink that the IKE SA of an end is on. */
  async uplinkOf(party: Party): Promise<Uplink> {
    return uplinkOf(party.site, (await this.ike(party)).local);
  }

  /** No filter of its own host refused mhtun a send: what happened was silence and nothing else. */
  sentFreely(): void {
    for (const party of this.parties) {
      if (!(party instanceof Mhtun)) continue;
      const refused = /this host can't send .*\bE(PERM|ACCES)\b.*|the socket on .* failed: .*/.exec(party.log());
      ensure(refused === null, `${party.site.name} was refused a send: ${refused?.[0] ?? ''}`);
    }
  }

  /** Runs `act` while a ping goes through, of which nothing may be lost, or as much as the other program is known to lose. */
  async losingNothing(act: () => Promise<void>, atMost = 0): Promise<PingStatistics> {
    const ping = this.ping();
    await ping.firstReply(3000);
    await act();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const statistics = await ping.stop();
    ensure(statistics.lost <= atMost, `${statistics.lost} of ${statistics.sent} pings lost, longest gap ${statistics.longestGapMs} ms`);
    ensure(statistics.sent > 0, 'no ping was sent');
    this.notes.push(`${statistics.sent} pings, ${statistics.lost} lost, longest gap ${statistics.longestGapMs} ms`);
    return statistics;
  }

  /** Both ends agree: so many IKE SAs and so many Child SAs, with the same SPIs, all in service. */
  async settled(ikeSas: number, childSas: number, timeoutMs = 10_000): Promise<void> {
    let seen = '';
    await eventually(`${ikeSas} IKE SA and ${childSas} Child SA at both ends`, async () => {
      const [moon, sun] = await Promise.all([this.moon.sas(), this.sun.sas()]);
      seen = `moon ${describe(moon)}, sun ${describe(sun)}`;
      const right = [moon, sun].every((sas) => sas.length === ikeSas && childrenOf(sas).length === childSas && inService(sas));
      return right && agree(moon, sun) ? true : null;
    }, timeoutMs).catch((error: unknown) => {
      throw error instanceof LabError ? new LabError(`${error.message}; ${seen}`) : error;
    });
  }

  /** The Child SA of this name at one end. @throws LabError */
  async child(party: Party, name = 'net'): Promise<ChildSa> {
    const found = childrenOf(await party.sas()).find((child) => child.name === name && child.installed);
    if (found === undefined) throw new LabError(`no Child SA ${name} on ${party.site.name}`);
    return found;
  }

  async ike(party: Party): Promise<IkeSa> {
    const found = (await party.sas()).find((sa) => sa.established);
    if (found === undefined) throw new LabError(`no IKE SA on ${party.site.name}`);
    return found;
  }

  /** No secret of a configuration, nor any of `more`, is in what mhtun said so far. */
  async keptSecrets(more: readonly Secret[] = []): Promise<void> {
    for (const party of this.parties) {
      if (!(party instanceof Mhtun)) continue;
      const found = secretsIn(await party.said(), [...party.secrets(), ...more]);
      ensure(found.length === 0, `a secret was said: ${found.join('; ')}`);
    }
  }

  /** Waits for words in a log. */
  async logged(party: Party, words: RegExp, timeoutMs = 5000): Promise<void> {
    await eventually(`${words} in the log of ${party.kind} on ${party.site.name}`, () => Promise.resolve(words.test(party.log()) ? true : null), timeoutMs);
  }
}

/** @throws LabError with what was said */
export function succeeded(outcome: Outcome, what: string): Outcome {
  ensure(outcome.ok, `${what} failed: ${outcome.text.slice(-800)}`);
  return outcome;
}

/** @throws LabError when it succeeded after all or did not say the words */
export function failedSaying(outcome: Outcome, words: RegExp, what: string): void {
  ensure(!outcome.ok, `${what} succeeded where it must not`);
  ensure(words.test(outcome.text), `${what} failed, but without saying ${words}: ${outcome.text.slice(-800)}`);
}

function makeParty(lab: Lab, topology: Topology, at: SiteName, options: StageOptions): Party {
  const { scenario, variant, pair } = options;
  const kind = pair[at];
  const site = topology[at];
  const peer = otherSite(at);
  const values = { ...usualValues(site, topology[peer]), ...variant.values, ...scenario.values?.(at, variant) };
  const files = scenario.files?.(at, variant) ?? {};
  if (kind === 'mhtun') {
    const text = fill(templateOf(options.templates, 'mhtun.toml'), 'toml', values);
    const logLevel = options.logLevel ?? (options.quiet === true ? 'warn' : 'debug');
    return new Mhtun(lab, site, { config: text, files, peer, keys: options.keys, logLevel, environment: options.environment?.(at) ?? {} });
  }
  const charon = typeof scenario.charon === 'function' ? scenario.charon(variant) : scenario.charon;
  const image = options.images.get(kind);
  if (options.engine === null || image === undefined) throw new LabError(`no container for ${kind}`);
  const config = fill(templateOf(options.templates, 'swanctl.conf'), 'swanctl', values);
  return new StrongSwan(lab, options.engine, site, { version: kind, image, config, files, charon: charon ?? {}, peer });
}

/** What every template may name. */
function usualValues(site: Site, other: Site): Variables {
  const own = site.uplinks.map((uplink) => uplink.address4);
  return {
    id: site.name,
    peer: other.name,
    peer_id: other.name,
    control: controlSocket(site),
    local_addresses: own,
    peer_addresses: other.uplinks.map((uplink) => uplink.public4),
    start: 'never',
    psk: labSecret,
    ike: ['aes256gcm16-prfsha384-x25519'],
    esp: ['aes256gcm16-x25519'],
    local_ts: [site.net4],
    remote_ts: [other.net4],
    dpd: '0s',
    data_plane: process.env['MHTUN_DATA_PLANE'] ?? 'auto',
  };
}

function templateOf(folder: string, file: string): string {
  const own = join(folder, file);
  return readFileSync(existsSync(own) ? own : join(scenarioFolder, 'usual', file), 'utf8');
}

function describe(sas: readonly IkeSa[]): string {
  return sas.map((sa) => `${sa.established ? 'IKE SA' : 'IKE SA (not established)'} with ${sa.children.map((child) => (child.installed ? child.name : `${child.name}*`)).join(' ') || 'none'}`).join(' + ') || 'nothing';
}

function inService(sas: readonly IkeSa[]): boolean {
  return sas.every((sa) => sa.established && sa.children.every((child) => child.installed));
}

/** Each end's inbound SPIs are the other's outbound ones. */
function agree(moon: readonly IkeSa[], sun: readonly IkeSa[]): boolean {
  const ikes = (sas: readonly IkeSa[]): string => sas.map((sa) => `${sa.spiI}-${sa.spiR}`).sort().join();
  const spis = (sas: readonly IkeSa[], pick: (child: ChildSa) => string): string => childrenOf(sas).map(pick).sort().join();
  return (
    ikes(moon) === ikes(sun) &&
    spis(moon, (child) => child.spiIn) === spis(sun, (child) => child.spiOut) &&
    spis(moon, (child) => child.spiOut) === spis(sun, (child) => child.spiIn)
  );
}

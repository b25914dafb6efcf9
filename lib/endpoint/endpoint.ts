/**
 * The whole core behind one door: carries messages between the IKE SAs, the data plane and the outside, and applies the
 * rules that concern more than one IKE SA. It decides nothing of IKE itself (RFC 7296 is spoken in lib/ike).
 */
import type { Config, PeerConfig } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { IkeEnvironment } from '../ike/io.js';
import type { IkePeer } from '../ike/peer.js';
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { OutputQueue, type Machine, type Wake } from '../util/machine.js';
import { unreachable } from '../util/unreachable.js';
import type { LocalCandidate } from '../path/io.js';
import type { Identity } from '../wire/identity.js';
import type { PeerLocation } from './address-pairs.js';
import { Alarms } from './alarms.js';
import type { Attempt } from './attempt.js';
import { AttemptBook } from './attempt-book.js';
import { CommandDesk } from './command-desk.js';
import { configDifference, summaryOf } from './config-difference.js';
import { environmentOf } from './environment.js';
import type { EndpointEvent, EndpointInput, EndpointOutput } from './io.js';
import { Lending } from './lending.js';
import type { PeerLook } from './look.js';
import type { EndpointOptions } from './options.js';
import { NatSockets } from './nat-sockets.js';
import { PathDesk } from './path-desk.js';
import { ConfiguredPeers } from './peer-directory.js';
import { PeerLink } from './peer-link.js';
import { PlaneReception } from './plane-reception.js';
import { policiesOf } from './policies.js';
import { begin } from './purpose.js';
import { Reception } from './reception.js';
import { namesOf, ResolvedNames } from './resolved-names.js';
import { Rivalry } from './rivalry.js';
import { followAddresses } from './roaming.js';
import { SaDriver, type SaEntry } from './sa-driver.js';
import { drawFraction } from './spi-choice.js';
import { WorkDesk } from './work-desk.js';

export class Endpoint implements Machine<EndpointInput, EndpointOutput> {
  readonly lending: Lending;
  readonly #outputs = new OutputQueue<EndpointOutput>();
  readonly #alarms = new Alarms();
  readonly #attempts = new AttemptBook();
  readonly #random: RandomBytes;
  readonly #environment: IkeEnvironment;
  readonly #work: WorkDesk;
  readonly #names: ResolvedNames;
  readonly #peers: ConfiguredPeers;
  readonly #sas: SaDriver;
  readonly #links = new Map<string, PeerLink>();
  readonly #sockets: NatSockets;
  readonly #reception: Reception;
  readonly #commands: CommandDesk;
  readonly #rivalry: Rivalry;
  readonly #paths: PathDesk;
  readonly #plane: PlaneReception;
  #config: Config;
  #own: readonly LocalCandidate[] = [];
  readonly #log = (level: 'error' | 'warn' | 'info' | 'debug', message: string, fields: Readonly<Record<string, unknown>>): void => {
    this.#outputs.push({ kind: 'log', level, message, fields });
  };

  readonly #event = (peer: string | null, event: string, fields: EndpointEvent['fields']): void => {
    this.#outputs.push({ kind: 'event', event: { event, peer, fields } });
  };

  /** Its first outputs are pending: drain at once, then give it `local-addresses`. */
  constructor(now: Instant, options: EndpointOptions) {
    this.#outputs.begin(now);
    this.#config = options.config;
    this.#random = options.random;
    const emit = (output: EndpointOutput): void => {
      this.#outputs.push(output);
    };
    this.#work = new WorkDesk((id, job) => {
      emit({ kind: 'work', id, job });
    });
    this.#names = new ResolvedNames(this.#work, (message) => {
      this.#log('warn', message, {});
    });
    this.#peers = new ConfiguredPeers(options.config.peers, (peer) => this.#names.locationsOf(peer).map(({ address }) => address));
    this.lending = new Lending({ peers: this.#peers, links: () => this.#links.values(), emit }, options.config, options.remembered ?? []);
    this.#environment = environmentOf({
      random: options.random,
      registry: options.registry,
      keyLog: options.keyLog,
      endpointId: options.endpointId,
      directory: this.#peers,
      leases: this.lending,
      settings: () => this.#config.endpoint,
      ownAddresses: () => this.#own,
      isTaken: (spi) => this.#sas.find(spi) !== null,
      isTakenInbound: (spi) => this.#sas.usesSpi(spi),
    });
    this.#sas = new SaDriver({ alarms: this.#alarms, work: this.#work, attempts: this.#attempts, emit, listener: this.#listener() });
    this.#rivalry = new Rivalry({
      alarms: this.#alarms,
      sas: this.#sas,
      dataPlane: (commands) => {
        emit({ kind: 'data-plane', commands });
      },
      log: this.#log,
    });
    this.#paths = new PathDesk(this.#pathHost());
    this.#names.keepFresh({
      alarms: this.#alarms,
      draw: () => drawFraction(this.#random),
      isWanted: (name) => [...this.#links.values()].some(({ peer, standing }) => standing.length > 0 && namesOf(peer).has(name)),
      changed: (now) => {
        this.#paths.refresh(now);
      },
    });
    this.#sockets = new NatSockets(options.config.endpoint.natPort);
    this.#reception = new Reception(now, {
      alarms: this.#alarms,
      sas: this.#sas,
      attempts: this.#attempts,
      environment: this.#environment,
      halfOpenLimits: () => this.#config.endpoint,
      emit,
    });
    this.#plane = new PlaneReception({
      reception: this.#reception,
      sas: this.#sas,
      paths: this.#paths,
      alarms: this.#alarms,
      acquire: (now, peer, trigger) => {
        this.#links.get(peer)?.acquire(now, trigger);
      },
      log: this.#log,
    });
    this.#commands = this.#makeCommands();
    for (const peer of options.config.peers) this.#links.set(peer.name, new PeerLink(this.#linkHost(), peer));
    this.#setPolicies();
  }

  handleInput(now: Instant, input: EndpointInput): void {
    this.#outputs.begin(now);
    switch (input.kind) {
      case 'datagram':
        this.#reception.receive(now, input.path, input.bytes);
        return;
      case 'wake':
        this.#alarms.ring(now);
        return;
      case 'work-done':
        this.#work.done(now, input.id, input.result);
        return;
      case 'data-plane-event':
        this.#plane.take(now, input.event);
        return;
      case 'local-addresses':
        this.#takeAddresses(now, input.addresses);
        return;
      case 'command':
        this.#commands.take(now, input.id, input.command);
        this.lending.review();
        return;
      default:
        unreachable(input);
    }
  }

  pollOutput(): EndpointOutput | Wake {
    return this.#outputs.poll(() => this.#alarms.next());
  }

  /** Every peer with its IKE SAs, those of an attempt under way included. */
  look(now: Instant): PeerLook[] {
    return [...this.#links.values()].map((link) => ({
      name: link.peer.name,
      sas: [...link.standing, ...link.connecting].map((entry) => ({ ...entry.view(), ...this.#paths.look(now, entry), term: entry.lineage.term })),
      locations: this.#names.locationsOf(link.peer),
      downReason: link.standing.length > 0 ? null : link.whyNotYet(),
    }));
  }

  /** Those that are remembered, and those whose IKE SA is there. */
  get attempts(): readonly Attempt[] {
    return [...new Set([...this.#attempts.all, ...[...this.#sas.entries()].map(({ lineage }) => lineage.attempt)])];
  }

  ownAddresses(): readonly LocalCandidate[] {
    return this.#own;
  }

  /** IKE SAs of every kind, half-open ones included. */
  get ikeSaCount(): number {
    return this.#sas.size;
  }

  /** Every bounded table, those of each IKE SA for themselves. */
  fills(tell: FillTeller): void {
    const { fragmentRoom, guesses } = this.#environment;
    for (const one of [this.#sas, this.#reception, this.#work, this.#commands.waiters, this.#alarms, fragmentRoom, guesses, this.#paths]) one.fills(tell);
    this.lending.fills(tell);
  }

  #takeAddresses(now: Instant, addresses: readonly LocalCandidate[]): void {
    const before = this.#own;
    this.#own = addresses;
    const commands = this.#sockets.follow(addresses);
    if (commands.length > 0) this.#outputs.push({ kind: 'data-plane', commands });
    this.#paths.refresh(now);
    followAddresses(now, {
      before,
      own: addresses,
      entries: [...this.#sas.entries()],
      abandon: (at, entry, reason) => {
        this.#sas.abandon(at, entry, reason);
      },
      command: (at, entry, command, onDone) => {
        this.#sas.command(at, entry, command, onDone);
      },
    });
    for (const link of this.#links.values()) link.hurry(now);
  }

  #linkOf({ peerName }: SaEntry): PeerLink | undefined {
    return peerName === null ? undefined : this.#links.get(peerName);
  }

  #locationsOf(entry: SaEntry): readonly PeerLocation[] {
    const link = this.#linkOf(entry);
    return link === undefined ? [] : this.#names.locationsOf(link.peer);
  }

  #listener(): ConstructorParameters<typeof SaDriver>[0]['listener'] {
    return {
      authenticated: (now, entry, peer, remoteId, initialContact) => {
        this.#authenticated(now, entry, peer, remoteId, initialContact);
      },
      succeeded: (now, old, successor) => {
        this.#paths.succeeded(now, successor);
        this.#linkOf(old)?.succeeded(now, old, successor);
      },
      childUp: (now, entry, name) => {
        this.#plane.childUp(now, entry, name);
        this.#linkOf(entry)?.childrenChanged(now);
        this.#childrenChanged(this.#linkOf(entry));
      },
      childDown: (now, entry, _name, _reason, rekeyed) => {
        if (!rekeyed) this.#linkOf(entry)?.childrenChanged(now);
      },
      childFailed: (now, entry, name, reason) => {
        this.#linkOf(entry)?.childFailed(now, name, reason);
        if (entry.peerName !== null) this.#commands.waiters.childFailed(entry.peerName, name, reason);
      },
      closed: (now, entry, reason, rekeyed, authenticationFailed) => {
        this.#reception.settled(entry);
        this.#paths.closed(entry);
        this.#linkOf(entry)?.closed(now, entry, reason, rekeyed, authenticationFailed);
        this.lending.review();
        this.#rivalry.look(now);
      },
      authLifetime: (now, entry, lifetimeMs) => {
        this.#linkOf(entry)?.authLifetime(now, entry, lifetimeMs);
      },
      pathNews: (now, entry, news) => {
        this.#paths.pathNews(now, entry, news);
      },
      changed: (now, entry) => {
        this.#paths.changed(now, entry);
        this.#linkOf(entry)?.changed(now, entry);
        this.#rivalry.look(now);
      },
    };
  }

  #authenticated(now: Instant, entry: SaEntry, peer: IkePeer, remoteId: Identity, initialContact: boolean): void {
    this.#reception.settled(entry);
    const link = this.#links.get(peer.name);
    if (link === undefined) {
      this.#sas.command(now, entry, { kind: 'delete-ike', reason: 'the peer is not configured any more' }, () => undefined);
      return;
    }
    const rivals = [...link.standing];
    this.#paths.authenticated(now, entry);
    link.authenticated(now, entry);
    this.lending.review();
    this.#rivalry.settle(now, link, rivals, entry, remoteId, initialContact);
    this.#childrenChanged(link);
  }

  #childrenChanged(link: PeerLink | undefined): void {
    if (link === undefined || !this.#commands.waiters.awaits(link.peer.name)) return;
    const standing = new Set(link.standing.flatMap((entry) => entry.view().children.map(({ name }) => name)));
    this.#commands.waiters.childrenStand(link.peer, standing);
  }

  #linkHost(): ConstructorParameters<typeof PeerLink>[0] {
    return {
      alarms: this.#alarms,
      ports: this.#config.endpoint,
      draw: () => drawFraction(this.#random),
      ownAddresses: () => this.#own,
      locationsOf: (peer) => this.#names.locationsOf(peer),
      resolve: (now, peer, done) => {
        this.#names.resolve(now, peer, done);
      },
      work: this.#work,
      initiate: (now, peer, pair, purpose) => begin(now, this.#sas, this.#environment, { peer, pair, purpose }),
      event: this.#event,
      abandon: (now, entry, reason) => {
        this.#sas.abandon(now, entry, reason);
      },
      command: (now, entry, command, onDone) => {
        this.#sas.command(now, entry, command, onDone);
      },
      lastClaim: (peer) => this.#attempts.lastClaim(peer),
      awaited: (peer) => this.#commands.waiters.awaits(peer),
      attemptFailed: (_now, peer, reason, final) => {
        this.#commands.waiters.attemptFailed(peer, reason, final);
      },
      log: this.#log,
    };
  }

  #pathHost(): ConstructorParameters<typeof PathDesk>[0] {
    const configOf = (entry: SaEntry): PeerConfig | null => this.#linkOf(entry)?.peer ?? null;
    return {
      alarms: this.#alarms,
      candidates: () => this.#own,
      locationsOf: (entry) => this.#locationsOf(entry),
      settingsOf: (entry) => configOf(entry)?.paths ?? null,
      dpdMs: (entry) => configOf(entry)?.dpdMs ?? 0,
      command: (now, entry, command, onDone) => {
        this.#sas.command(now, entry, command, onDone);
      },
      dataPlane: (commands) => {
        this.#outputs.push({ kind: 'data-plane', commands });
      },
      event: this.#event,
      log: this.#log,
      pathMtu: (bytes) => {
        this.#outputs.push({ kind: 'path-mtu', bytes });
      },
    };
  }

  #makeCommands(): CommandDesk {
    return new CommandDesk({
      alarms: this.#alarms,
      ports: () => this.#config.endpoint,
      ownAddresses: () => this.#own,
      locationsOf: (peer) => this.#names.locationsOf(peer),
      link: (name) => this.#links.get(name) ?? null,
      links: () => [...this.#links.values()],
      entries: () => [...this.#sas.entries()],
      command: (now, entry, command, onDone) => {
        this.#sas.command(now, entry, command, onDone);
      },
      move: (now, entry, path, onDone) => {
        this.#paths.want(now, entry, path, onDone);
      },
      abandon: (now, entry, reason) => {
        this.#sas.abandon(now, entry, reason);
      },
      reload: (now, config) => this.#reload(now, config),
      reply: (id, result) => {
        this.#outputs.push({ kind: 'reply', id, result });
      },
    });
  }

  /** Applies the difference; says what it was. */
  #reload(now: Instant, config: Config): string {
    const difference = configDifference(this.#config.peers, config.peers);
    const { added, removed, kept } = difference;
    this.#config = config;
    this.#peers.replace(config.peers);
    this.lending.reconfigure(config);
    for (const name of removed) {
      this.#links.get(name)?.stop(now, 'the configuration changed');
      this.#links.delete(name);
      for (const entry of [...this.#sas.entries()].filter(({ peerName }) => peerName === name)) {
        this.#sas.command(now, entry, { kind: 'delete-ike', reason: 'the configuration changed' }, () => undefined);
      }
    }
    this.#setPolicies();
    for (const peer of kept) this.#links.get(peer.name)?.reconfigure(now, peer);
    this.#paths.refresh(now);
    for (const peer of added) {
      const link = new PeerLink(this.#linkHost(), peer);
      this.#links.set(peer.name, link);
      link.consider(now);
    }
    return summaryOf(difference);
  }

  #setPolicies(): void {
    this.#outputs.push({ kind: 'data-plane', commands: [{ kind: 'set-policies', policies: policiesOf(this.#config) }] });
  }
}

/**
 * Everything one IKE SA knows: its names, keys, peer, path and Child SAs. The exchanges read and
 * change it; `ike-sa.ts` decides which exchange runs. Nothing here speaks on the wire.
 */
import { wipeResult } from '../crypto/work.js';
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { SlowJob, SlowJobResult } from '../pki/work.js';
import { assert, present } from '../util/assert.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import type { ChildSaId, EspSpi, IkeSpi, Instant } from '../util/brands.js';
import { ikeSpi } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { OutputQueue } from '../util/machine.js';
import type { Identity } from '../wire/identity.js';
import { attemptIdOf, misfitInWords, type Misfit } from './attempt.js';
import type { ChildSa } from './child-sa.js';
import type { IkeCommandResult, IkeEnvironment, IkeOutput } from './io.js';
import type { IkeKeys } from './key-schedule.js';
import { noVirtualAddresses, type VirtualAddresses } from './lease.js';
import type { Trial } from './path-test.js';
import type { IkePeer } from './peer.js';
import { Timers } from './timers.js';
import type { Trigger } from './trigger.js';

/** Jobs one IKE SA may have out at once; the window of one keeps it well below. */
export const maxPendingJobsPerIkeSa = 8;

/** Where the IKE SA stands. What only one phase has is in it. */
export type Phase =
  /** Until both ends are authenticated. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'established'; readonly since: Instant }
  /** A successor carries on; this one waits for its Delete (RFC 7296 §2.18). */
  | { readonly kind: 'rekeyed' }
  /** Our Delete is queued or out. */
  | { readonly kind: 'deleting' }
  | { readonly kind: 'closed' };

/** What was agreed or learnt about the peer. */
export interface Traits {
  mobike: boolean;
  /** This end sent the very first IKE_SA_INIT of all rekeyed IKE SAs: MOBIKE's initiator (RFC 4555 §1.3). */
  mobikeInitiator: boolean;
  /** Both said so in IKE_SA_INIT (RFC 7383 §2.3): fragments of the peer are taken. */
  fragmentation: boolean;
  childless: boolean;
  /** A PPK is mixed into its keys, or those of the IKE SA that it follows (RFC 8784). */
  ppk: boolean;
  /** Its Vendor ID said so. */
  mhtun: boolean;
  /** It draws its NAT source hash at random, as we do, so that hash says nothing of it. */
  fakesNat: boolean;
  /** It says itself that it is behind a NAT (two mhtun ends tell each other). */
  saysBehindNat: boolean;
  natLocal: boolean;
  natRemote: boolean;
  /** Its name for itself, in hex; null where it tells none. */
  endpointId: string | null;
}

/** A change of the path by our own wish. */
export interface Move {
  /** Taken again where `to` is refused or does not answer. */
  readonly from: DatagramPath;
  readonly to: DatagramPath;
  /** Null: not worth an event. */
  readonly cause: string | null;
  /** Our own ESP is there already. */
  readonly early: boolean;
  /** Who waits for it; empty once answered. */
  commands: readonly number[];
}

/** What an exchange may decide about the IKE SA that it runs on; `ike-sa.ts` carries it out. */
export interface Control {
  /** The IKE SA is over; `reason` is for people. */
  close(reason: string): void;
  /** The peer can't be trusted on this IKE SA any more, as with a wrong COOKIE2 (RFC 4555 §3.7). */
  distrust(reason: string): void;
  /** The peer's successor exists, but which one stands is not known yet (RFC 7296 §2.8.2). */
  born(successor: Association): void;
  /** The successor stands: it gets all that lives on. This IKE SA is deleted by the end that began the rekey. */
  superseded(successor: Association, deleteOld: boolean): void;
  /** The successor lost against the peer's: it is deleted. */
  redundant(successor: Association): void;
}

/** The two messages and nonces that AUTH covers; kept until IKE_AUTH is done. */
export interface Handshake {
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

/** What a peer says of signatures before it is given one. */
export interface SignatureWishes {
  /** Numbers of hashes (RFC 7427 §4); null: it does not know that RFC. */
  readonly hashes: readonly number[] | null;
  /** SHA-1 of the authorities' keys (RFC 7296 §3.7). */
  readonly authorities: readonly Uint8Array[];
}

export class Association {
  readonly env: IkeEnvironment;
  readonly initiator: boolean;
  readonly localSpi: IkeSpi;
  readonly outputs: OutputQueue<IkeOutput> = new OutputQueue<IkeOutput>();
  readonly timers: Timers = new Timers();
  readonly children: Map<ChildSaId, ChildSa> = new Map<ChildSaId, ChildSa>();
  readonly traits: Traits = {
    mobike: false, mobikeInitiator: false, fragmentation: false, childless: false, ppk: false, mhtun: false,
    fakesNat: false, saysBehindNat: false, natLocal: false, natRemote: false, endpointId: null,
  };
  now: Instant;
  phase: Phase = { kind: 'connecting' };
  path: DatagramPath;
  /** Where it was when this IKE SA began. */
  readonly birthPath: DatagramPath;
  remoteSpi: IkeSpi | null = null;
  /** Of the first of all rekeyed IKE SAs; null: this is the first. */
  firstAttempt: string | null = null;
  peer: IkePeer | null;
  localId: Identity | null = null;
  remoteId: Identity | null = null;
  keys: IkeKeys | null = null;
  handshake: Handshake | null = null;
  nonces: Uint8Array[] = [];
  /** What the peer can check a signature of ours with, and whose certificates it asked for. */
  signatureWishes: SignatureWishes = { hashes: null, authorities: [] };
  /** Both ends said USE_PPK in IKE_SA_INIT. */
  usesPpk: boolean = false;
  /** The packet that waits for a Child SA of ours; null: none, or it was asked for. */
  trigger: Trigger | null = null;
  rekeyAt: Instant | null = null;
  lastHeardAt: Instant;
  rttMs: number | null = null;
  /** Rekeyed Child SAs whose last packets may still be on their way, and until when their inbound half stays. */
  readonly lingering: Map<ChildSaId, Instant> = new Map<ChildSaId, Instant>();
  /** A rekey of this IKE SA by the peer while ours is under way (RFC 7296 §2.8.2). */
  rekeyedByPeer: { readonly successor: Association; readonly nonces: readonly Uint8Array[] } | null = null;
  /** SPIs that the peer deleted before its answer that names them came: the network reorders. */
  readonly earlyDeletes: Set<EspSpi> = new Set<EspSpi>();
  /** A successor of undecided standing: `adopt` takes over from the old IKE SA at once, `forsake` says that this one is gone (RFC 7296 §2.8.2). */
  undecided: { adopt(): void; forsake(): void } | null = null;
  /** As MOBIKE initiator: the move that the peer has not agreed to yet; IKE is on its path already (RFC 4555 §3.5). */
  moving: Move | null = null;
  /** As MOBIKE responder: the path that the peer was asked to move to, and who waits for it (RFC 4555 §3.6). */
  askedMove: { readonly path: DatagramPath; readonly commands: readonly number[] } | null = null;
  /**
   * Our answer to the peer's rekey that made this IKE SA, for as long as nothing shows that it came through: what we say on another
   * path means nothing to the peer before it.
   */
  introduction: readonly Uint8Array[] = [];
  /** As MOBIKE initiator: where the peer wished to be while a move of ours was under way. */
  peerAsked: DatagramPath | null = null;
  /** Where our own ESP goes, while that is not where the IKE SA is: before the peer has agreed, or ahead of it. */
  diverted: DatagramPath | null = null;
  /** The peer has not proved yet that it is at `to`. Unanswered, all of it goes back to `from`, or our traffic alone does. */
  doubted: { readonly from: DatagramPath; readonly to: DatagramPath; readonly what: 'all' | 'traffic' } | null = null;
  /** A routability check waits for its turn: it will ask on the path of that moment, so one is enough. */
  checkWaits: boolean = false;
  /** Paths under test, and those among them that wait for a request that may go over all of them. */
  readonly trials: Set<Trial> = new Set<Trial>();
  readonly waitingTrials: Trial[] = [];
  /** What the peer last saw of our address, as its hash; a change means a new NAT mapping (RFC 4555 §3.8). The SPIs are in it. */
  seenAs: Uint8Array | null = null;
  /** Addresses inside that came with this IKE SA and its successors (RFC 7296 §2.19). */
  virtual: VirtualAddresses = noVirtualAddresses;
  /** The peer's addresses, as it last told, the one that it told from among them (RFC 4555 §3.4, §3.6). */
  peerAddresses: readonly IpAddress[] = [];
  #control: Control | null = null;
  readonly #work = new Map<number, (result: SlowJobResult) => void>();
  #nextWork = 1;

  constructor(now: Instant, env: IkeEnvironment, options: { initiator: boolean; localSpi: IkeSpi; path: DatagramPath; peer: IkePeer | null }) {
    this.env = env;
    this.now = now;
    this.lastHeardAt = now;
    this.initiator = options.initiator;
    this.localSpi = options.localSpi;
    this.path = options.path;
    this.birthPath = options.path;
    this.peer = options.peer;
    this.traits.mobikeInitiator = options.initiator;
  }

  get spiI(): IkeSpi {
    return this.initiator ? this.localSpi : (this.remoteSpi ?? unknownSpi);
  }

  /** Zero as long as the responder's SPI is not known, as the header of the first message has it. */
  get spiR(): IkeSpi {
    return this.initiator ? (this.remoteSpi ?? unknownSpi) : this.localSpi;
  }

  /** By which name both ends' logs know what began this IKE SA; it stays over rekeys. */
  get attempt(): string {
    return this.firstAttempt ?? attemptIdOf(this.spiI);
  }

  /** Which path our own ESP takes. */
  get trafficPath(): DatagramPath {
    return this.diverted ?? this.path;
  }

  /** Set once, by the IKE SA that owns this. */
  bind(control: Control): void {
    this.#control = control;
  }

  get control(): Control {
    return present(this.#control, 'an association belongs to an IKE SA');
  }

  /** Messages of ours may be split: agreed on, and wished for with this peer, who may not be known yet. */
  get splits(): boolean {
    return this.traits.fragmentation && this.peer?.fragmentation !== false;
  }

  /** The keys, in a phase that has them. */
  get establishedKeys(): IkeKeys {
    return present(this.keys, 'this IKE SA has its keys');
  }

  /** The peer, once it is known who it is. */
  get knownPeer(): IkePeer {
    return present(this.peer, 'this IKE SA knows its peer');
  }

  fills(tell: FillTeller): void {
    tell('jobs of an IKE SA', this.#work.size, maxPendingJobsPerIkeSa);
  }

  /** The result comes to `done`, unless the IKE SA is closed by then. */
  work(job: SlowJob, done: (result: SlowJobResult) => void): void {
    assert(this.#work.size < maxPendingJobsPerIkeSa, 'an IKE SA has few jobs out');
    const id = this.#nextWork++;
    this.#work.set(id, done);
    this.outputs.push({ kind: 'work', id, job });
  }

  workDone(id: number, result: SlowJobResult): void {
    const done = this.#work.get(id);
    this.#work.delete(id);
    if (done === undefined || this.phase.kind === 'closed') wipeResult(result);
    else done(result);
  }

  dataPlane(...commands: readonly DataPlaneCommand[]): void {
    if (commands.length > 0) this.outputs.push({ kind: 'data-plane', commands });
  }

  event(event: string, fields: Extract<IkeOutput, { kind: 'event' }>['fields']): void {
    this.outputs.push({ kind: 'event', event, fields: { attempt: this.attempt, ...fields } });
  }

  log(level: Extract<IkeOutput, { kind: 'log' }>['level'], message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.outputs.push({ kind: 'log', level, message, fields: { attempt: this.attempt, ike: `${this.spiI}/${this.spiR}`, peer: this.peer?.name ?? null, ...fields } });
  }

  /** Remembers what did not fit, for `mhtun explain`; returns it in words, for log and event. */
  note(misfit: Misfit): string {
    this.outputs.push({ kind: 'misfit', misfit });
    return misfitInWords(misfit);
  }

  commandDone(ids: readonly number[], result: IkeCommandResult): void {
    for (const id of ids) this.outputs.push({ kind: 'command-done', id, result });
  }

  /** Something authenticated came over `path` from a peer that has proved who it is. */
  heardOver(path: DatagramPath, rttMs: number | null): void {
    if (this.phase.kind === 'connecting' || this.phase.kind === 'closed') return;
    this.outputs.push({ kind: 'path-heard', path, rttMs });
  }

  /** The one place where the phase changes. */
  enter(phase: Phase): void {
    this.log('debug', `IKE SA ${this.phase.kind} → ${phase.kind}`);
    this.phase = phase;
  }

  /** From [0, 1), out of the environment's randomness. */
  fraction(): number {
    const [a = 0, b = 0, c = 0] = this.env.random(3);
    return (a * 65536 + b * 256 + c) / 16777216;
  }
}

const unknownSpi = ikeSpi('0000000000000000');

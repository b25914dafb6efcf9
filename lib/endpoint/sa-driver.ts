/**
 * Drives the IKE SAs of the endpoint: gives inputs to one, drains it, turns its outputs into the endpoint's,
 * and tells the endpoint afterwards what happened. Finds an SA by its SPI and a Child SA's owner by its id.
 */
import { wipeResult } from '../crypto/work.js';
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { IkeCommand, IkeCommandResult, IkeInput, IkeOutput, IkeSaMachine, IkeSaView } from '../ike/io.js';
import type { IkePeer } from '../ike/peer.js';
import type { ChildSaId, EspSpi, IkeSpi, Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { unreachable } from '../util/unreachable.js';
import { sameIdentity, type Identity } from '../wire/identity.js';
import type { Alarms, Sleeper } from './alarms.js';
import { beginAttempt, noteAuthenticated, noteEnd, noteMisfit, type Attempt } from './attempt.js';
import type { AttemptBook } from './attempt-book.js';
import type { EndpointJobResult, EndpointOutput } from './io.js';
import type { AuthTerm } from './auth-term.js';
import { maxIkeSas } from './limits.js';
import type { WorkDesk } from './work-desk.js';

/** What the endpoint hears of an SA, always after the SA's own outputs are drained. */
export interface SaListener {
  authenticated(now: Instant, entry: SaEntry, peer: IkePeer, remoteId: Identity, initialContact: boolean): void;
  /** The rekeyed SA is driven from now on; the old one closes later. */
  succeeded(now: Instant, old: SaEntry, successor: SaEntry): void;
  childUp(now: Instant, entry: SaEntry, name: string): void;
  childDown(now: Instant, entry: SaEntry, name: string, reason: string, rekeyed: boolean): void;
  childFailed(now: Instant, entry: SaEntry, name: string, reason: string): void;
  closed(now: Instant, entry: SaEntry, reason: string, rekeyed: boolean, authenticationFailed: boolean): void;
  /** The peer limits how long our authentication counts (RFC 4478). */
  authLifetime(now: Instant, entry: SaEntry, lifetimeMs: number): void;
  /** What concerns the path manager. */
  pathNews(now: Instant, entry: SaEntry, news: PathNews): void;
  /** After every drain: its view may have changed. */
  changed(now: Instant, entry: SaEntry): void;
}

/** What an IKE SA says of paths. */
export type PathNews = Extract<IkeOutput, { readonly kind: 'path-heard' | 'path-tested' | 'moved' }>;

/** The peer has proved to be that one. */
export function isWith({ lineage }: SaEntry, remoteId: Identity): boolean {
  return lineage.remoteId !== null && sameIdentity(lineage.remoteId, remoteId);
}

type News = PathNews | Extract<IkeOutput, { readonly kind: 'child-up' | 'child-failed' | 'auth-lifetime' }>;

/** Where the driver's outputs go, shared with the rest of the endpoint. */
export interface DriverContext {
  readonly alarms: Alarms;
  readonly work: WorkDesk;
  readonly listener: SaListener;
  readonly attempts: AttemptBook;
  readonly emit: (output: EndpointOutput) => void;
}

/** Told once how a command went. */
export type OnDone = (now: Instant, result: IkeCommandResult) => void;

/** What stays the same over rekeys of an IKE SA. */
export interface Lineage {
  /** This end sent the first IKE_SA_INIT. */
  readonly initiator: boolean;
  readonly startedAt: Instant;
  readonly attempt: Attempt;
  authenticatedAt: Instant | null;
  /** Of the first IKE_SA_INIT: what decides between crossed SAs. */
  nonces: readonly Uint8Array[];
  /** Started while another SA of the same peer stood, to take its place. */
  replacement: boolean;
  /** The one that this authenticates anew, to take its place without a gap. */
  readonly renews: Lineage | null;
  /** How long it may stand without that; null: no limit. */
  term: AuthTerm | null;
  /** Who the peer proved to be; null before. */
  remoteId: Identity | null;
  /** Its own address is gone and nothing can move it. */
  doomed: boolean;
  /** The peer must hear of our other addresses as soon as the IKE SA has moved. */
  owesList: boolean;
  /** Commands on their way: one that waits for its turn goes over to a successor. */
  readonly pending: Map<number, OnDone>;
}

export function newLineage(now: Instant, ikeSa: Pick<IkeSaMachine, 'initiator' | 'view'>, replacement: boolean, renews: Lineage | null = null): Lineage {
  const attempt = beginAttempt(now, ikeSa.view());
  const { initiator } = ikeSa;
  const fresh = { authenticatedAt: null, nonces: [], term: null, remoteId: null, doomed: false, owesList: false };
  return { ...fresh, initiator, startedAt: now, attempt, replacement, renews, pending: new Map() };
}

/** One IKE SA in the endpoint's hands. */
export class SaEntry implements Sleeper {
  readonly ikeSa: IkeSaMachine;
  readonly lineage: Lineage;
  /** Known from the start as initiator, with authentication as responder. */
  peerName: string | null;
  readonly children: Set<ChildSaId> = new Set<ChildSaId>();
  closed = false;
  /** Why it is gone, where nothing carries on; null else. */
  goneFor: string | null = null;
  readonly #driver: SaDriver;

  constructor(driver: SaDriver, ikeSa: IkeSaMachine, lineage: Lineage, peerName: string | null) {
    this.#driver = driver;
    this.ikeSa = ikeSa;
    this.lineage = lineage;
    this.peerName = peerName;
  }

  wake(now: Instant): void {
    this.#driver.drive(now, this, { kind: 'wake' });
  }

  view(): IkeSaView {
    return this.ikeSa.view();
  }
}

export class SaDriver {
  readonly #context: DriverContext;
  readonly #bySpi = new Map<IkeSpi, SaEntry>();
  readonly #byChild = new Map<ChildSaId, SaEntry>();
  readonly #inbound = new Set<EspSpi>();
  readonly #spis = new Map<ChildSaId, EspSpi>();

  #lastCommandId = 0;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#bySpi.size;
  }

  fills(tell: FillTeller): void {
    tell('IKE SAs', this.#bySpi.size, maxIkeSas);
    for (const { ikeSa } of this.#bySpi.values()) ikeSa.fills(tell);
  }

  entries(): IterableIterator<SaEntry> {
    return this.#bySpi.values();
  }

  find(localSpi: IkeSpi): SaEntry | null {
    return this.#bySpi.get(localSpi) ?? null;
  }

  ownerOf(child: ChildSaId): SaEntry | null {
    return this.#byChild.get(child) ?? null;
  }

  /** The inbound SPI is taken. */
  usesSpi(spi: EspSpi): boolean {
    return this.#inbound.has(spi);
  }

  /** Takes over an SA that has just been made and drains what it has to say. */
  add(now: Instant, ikeSa: IkeSaMachine, lineage: Lineage, peerName: string | null): SaEntry {
    const entry = new SaEntry(this, ikeSa, lineage, peerName);
    this.#bySpi.set(ikeSa.localSpi, entry);
    this.#drain(now, entry);
    return entry;
  }

  /** Does nothing for an SA that is closed already. */
  drive(now: Instant, entry: SaEntry, input: IkeInput): void {
    if (entry.closed) return;
    entry.ikeSa.handleInput(now, input);
    this.#drain(now, entry);
  }

  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void {
    if (entry.closed) {
      onDone(now, { ok: false, error: 'the IKE SA is gone' });
      return;
    }
    const id = ++this.#lastCommandId;
    entry.lineage.pending.set(id, onDone);
    this.drive(now, entry, { kind: 'command', id, command });
  }

  /** Ends an SA without a word to the peer, its Child SAs included. */
  abandon(now: Instant, entry: SaEntry, reason: string): void {
    this.drive(now, entry, { kind: 'abandon', reason });
  }

  #drain(now: Instant, entry: SaEntry): void {
    const { listener } = this.#context;
    const reactions: (() => void)[] = [];
    for (;;) {
      const output = entry.ikeSa.pollOutput();
      if (output.kind === 'wake') {
        this.#context.alarms.set(entry, entry.closed ? null : output.at);
        break;
      }
      this.#take(now, entry, output, reactions);
    }
    for (const react of reactions) react();
    // After the answers that came with the end.
    if (entry.goneFor !== null) failPending(now, entry, entry.goneFor);
    if (!entry.closed) listener.changed(now, entry);
  }

  #take(now: Instant, entry: SaEntry, output: IkeOutput, reactions: (() => void)[]): void {
    const { emit, listener } = this.#context;
    switch (output.kind) {
      case 'transmit':
        emit(output);
        return;
      case 'work':
        this.#submit(entry, output);
        return;
      case 'data-plane':
        this.#toDataPlane(entry, output);
        return;
      case 'event':
        this.#event(entry, output.event, output.fields);
        return;
      case 'log':
        emit({ ...output, fields: { peer: entry.peerName, ...output.fields } });
        return;
      case 'misfit':
        noteMisfit(entry.lineage.attempt, output.misfit);
        return;
      case 'command-done':
        reactions.push(() => {
          answerPending(now, entry, output.id, output.result);
        });
        return;
      case 'authenticated':
        this.#authenticated(now, entry, output.peer, output.remoteId);
        reactions.push(() => {
          if (!entry.closed) listener.authenticated(now, entry, output.peer, output.remoteId, output.initialContact);
        });
        return;
      case 'successor':
        this.#succeed(now, entry, output.ikeSa, reactions);
        return;
      case 'child-down':
        this.#byChild.delete(output.child);
        entry.children.delete(output.child);
        reactions.push(() => {
          listener.childDown(now, entry, output.name, output.reason, output.rekeyed);
        });
        return;
      case 'path-heard':
      case 'path-tested':
      case 'moved':
      case 'child-up':
      case 'child-failed':
      case 'auth-lifetime':
        reactions.push(() => {
          this.#tell(now, entry, output);
        });
        return;
      case 'closed':
        this.#remove(entry);
        if (!output.rekeyed) this.#end(now, entry, output.reason);
        reactions.push(() => {
          listener.closed(now, entry, output.reason, output.rekeyed, output.authenticationFailed);
        });
        return;
      default:
        unreachable(output);
    }
  }

  #submit(entry: SaEntry, { id, job }: Extract<IkeOutput, { readonly kind: 'work' }>): void {
    this.#context.work.submit(job, (at, result) => {
      this.#workDone(at, entry, id, result);
    });
  }

  #toDataPlane(entry: SaEntry, output: Extract<IkeOutput, { readonly kind: 'data-plane' }>): void {
    for (const command of output.commands) this.#note(entry, command);
    this.#context.emit(output);
  }

  /** What concerns the endpoint alone. */
  #tell(now: Instant, entry: SaEntry, output: News): void {
    const { listener } = this.#context;
    switch (output.kind) {
      case 'child-up':
        listener.childUp(now, entry, output.name);
        return;
      case 'child-failed':
        listener.childFailed(now, entry, output.name, output.reason);
        return;
      case 'auth-lifetime':
        listener.authLifetime(now, entry, output.lifetimeMs);
        return;
      default:
        listener.pathNews(now, entry, output);
    }
  }

  #workDone(now: Instant, entry: SaEntry, id: number, result: EndpointJobResult): void {
    if (result.kind === 'resolved' || result.kind === 'routes') return;
    if (entry.closed) wipeResult(result);
    else this.drive(now, entry, { kind: 'work-done', id, result });
  }

  #authenticated(now: Instant, entry: SaEntry, peer: IkePeer, remoteId: Identity): void {
    entry.peerName = peer.name;
    entry.lineage.remoteId = remoteId;
    entry.lineage.authenticatedAt = now;
    entry.lineage.nonces = entry.view().nonces;
    noteAuthenticated(entry.lineage.attempt, entry.view());
  }

  /** Nothing carries on. */
  #end(now: Instant, entry: SaEntry, reason: string): void {
    entry.goneFor = reason;
    noteEnd(now, entry.lineage.attempt, entry.view(), reason);
    this.#context.attempts.keep(entry.lineage.attempt);
  }

  /** Children move over to the successor with their ids (RFC 7296 §2.18), now or when it is said again. */
  #succeed(now: Instant, old: SaEntry, ikeSa: IkeSaMachine, reactions: (() => void)[]): void {
    const known = this.find(ikeSa.localSpi);
    const entry = known ?? new SaEntry(this, ikeSa, old.lineage, old.peerName);
    this.#bySpi.set(ikeSa.localSpi, entry);
    for (const child of [...old.children]) {
      if (!ikeSa.hasChild(child)) continue;
      old.children.delete(child);
      this.#own(entry, child);
    }
    reactions.push(() => {
      if (known === null) this.#context.listener.succeeded(now, old, entry);
      this.#drain(now, entry);
    });
  }

  #event(entry: SaEntry, event: string, fields: EventFields): void {
    this.#context.emit({ kind: 'event', event: { event, peer: entry.peerName, fields } });
  }

  /** Whose Child SA it is, and which inbound SPIs are taken. */
  #note(entry: SaEntry, command: DataPlaneCommand): void {
    if (command.kind === 'install-inbound') {
      this.#own(entry, command.child);
      this.#inbound.add(command.spi);
      this.#spis.set(command.child, command.spi);
    } else if (command.kind === 'remove-inbound') {
      const spi = this.#spis.get(command.child);
      if (spi !== undefined) this.#inbound.delete(spi);
      this.#spis.delete(command.child);
    }
  }

  #own(entry: SaEntry, child: ChildSaId): void {
    this.#byChild.set(child, entry);
    entry.children.add(child);
  }

  #remove(entry: SaEntry): void {
    entry.closed = true;
    this.#context.alarms.set(entry, null);
    if (this.#bySpi.get(entry.ikeSa.localSpi) === entry) this.#bySpi.delete(entry.ikeSa.localSpi);
    for (const child of entry.children) if (this.#byChild.get(child) === entry) this.#byChild.delete(child);
    entry.children.clear();
  }
}

function answerPending(now: Instant, { lineage }: SaEntry, id: number, result: IkeCommandResult): void {
  const onDone = lineage.pending.get(id);
  lineage.pending.delete(id);
  onDone?.(now, result);
}

/** Nobody waits for ever for an SA that is gone. */
function failPending(now: Instant, entry: SaEntry, reason: string): void {
  const waiting = [...entry.lineage.pending.values()];
  entry.lineage.pending.clear();
  for (const onDone of waiting) onDone(now, { ok: false, error: `the IKE SA is gone: ${reason}` });
}

type EventFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

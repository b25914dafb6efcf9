/**
 * Joins the path manager of each authenticated IKE SA with the SA, the data plane and the outside: tells it what changed, and carries
 * out what it wants. It decides nothing; what it keeps is bound to the SA's lineage, so that a rekey changes nothing for it.
 */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { IkeCommand, IkeSaView } from '../ike/io.js';
import type { LocalCandidate, PathInput, PathLook, PathOutput, PathSettings, SaFacts } from '../path/io.js';
import { PathManager } from '../path/path-manager.js';
import { samePath, type DatagramPath, type SocketAddress } from '../util/address.js';
import { assert } from '../util/assert.js';
import type { ChildSaId, Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { unreachable } from '../util/unreachable.js';
import type { PeerLocation } from './address-pairs.js';
import type { Alarms, Sleeper } from './alarms.js';
import { maxPathInputsAtOnce, maxSwitchesKept } from './limits.js';
import { factsOf, fromDataPlane, fromIkeSa, RemoteList, sameFacts, type DataPlaneNews } from './path-news.js';
import type { Lineage, OnDone, PathNews, SaEntry } from './sa-driver.js';

/** What a path desk needs of the endpoint. */
export interface PathHost {
  readonly alarms: Alarms;
  candidates(): readonly LocalCandidate[];
  /** Configured and resolved, in the order of the configuration. */
  locationsOf(entry: SaEntry): readonly PeerLocation[];
  /** Null: the peer is not configured any more. */
  settingsOf(entry: SaEntry): PathSettings | null;
  dpdMs(entry: SaEntry): number;
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
  dataPlane(commands: readonly DataPlaneCommand[]): void;
  event(peer: string | null, event: string, fields: Extract<PathOutput, { readonly kind: 'event' }>['fields']): void;
  log(level: 'info' | 'debug' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Octets of the largest IP packet that the paths in use carry; null: as the links say. */
  pathMtu(bytes: number | null): void;
}

/** A change of the path in use. */
export interface PathSwitch {
  readonly at: Instant;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
  readonly outageMs: number | null;
}

/** The paths of one IKE SA, as status shows them. */
export interface PathsLook {
  readonly paths: readonly PathLook[];
  readonly switches: readonly PathSwitch[];
}

export class PathDesk {
  readonly #host: PathHost;
  readonly #seats = new Map<Lineage, Seat>();
  #pathMtu: number | null = null;

  constructor(host: PathHost) {
    this.#host = host;
  }

  fills(tell: FillTeller): void {
    for (const seat of this.#seats.values()) seat.fills(tell);
  }

  /** Both ends have proved who they are: from now on paths are tested and chosen. */
  authenticated(now: Instant, entry: SaEntry): void {
    const settings = this.#host.settingsOf(entry);
    if (settings === null || this.#seats.has(entry.lineage)) return;
    const seat = new Seat(this.#host, entry, settings, () => {
      this.#mtuChanged();
    });
    this.#seats.set(entry.lineage, seat);
    seat.startSoon(now);
  }

  /** After every drain of an IKE SA, which may have been succeeded by it, or have succeeded another. */
  changed(now: Instant, entry: SaEntry): void {
    const seat = this.#seats.get(entry.lineage);
    if (seat === undefined) return;
    // Of two that rekeys at both ends have made the one that carries on (RFC 7296 §2.8.1).
    if (seat.entry !== entry && isOver(seat.entry) && !isOver(entry)) seat.follow(now, entry);
    seat.look(now, entry);
  }

  succeeded(now: Instant, successor: SaEntry): void {
    if (!isOver(successor)) this.#seats.get(successor.lineage)?.follow(now, successor);
  }

  /** The last IKE SA of this lineage is gone. */
  closed(entry: SaEntry): void {
    const seat = this.#seats.get(entry.lineage);
    if (seat?.entry !== entry) return;
    this.#seats.delete(entry.lineage);
    seat.close();
    this.#mtuChanged();
  }

  /** Own addresses, or the peer's names, came or went. */
  refresh(now: Instant): void {
    for (const seat of [...this.#seats.values()]) seat.refresh(now);
  }

  pathNews(now: Instant, entry: SaEntry, news: PathNews): void {
    this.#seats.get(entry.lineage)?.give(now, fromIkeSa(news));
  }

  dataPlaneNews(now: Instant, entry: SaEntry, event: DataPlaneNews): void {
    this.#seats.get(entry.lineage)?.give(now, fromDataPlane(event));
  }

  /** This host could not send. */
  refused(now: Instant, local: SocketAddress, remote: SocketAddress, errno: string): void {
    for (const seat of [...this.#seats.values()]) seat.give(now, { kind: 'refused', local: local.address, remote: remote.address, errno });
  }

  childUp(entry: SaEntry): void {
    this.#seats.get(entry.lineage)?.watchChildren(null);
  }

  /** A person wants this path; `onDone` is called once. */
  want(now: Instant, entry: SaEntry, path: DatagramPath, onDone: OnDone): void {
    const seat = this.#seats.get(entry.lineage);
    if (seat === undefined) onDone(now, { ok: false, error: 'the IKE SA is not established' });
    else seat.want(now, path, onDone);
  }

  look(now: Instant, entry: SaEntry): PathsLook {
    return this.#seats.get(entry.lineage)?.looks(now) ?? { paths: [], switches: [] };
  }

  #mtuChanged(): void {
    const known = [...this.#seats.values()].flatMap(({ pathMtu }) => (pathMtu === null ? [] : [pathMtu]));
    const least = known.length === 0 ? null : Math.min(...known);
    if (least === this.#pathMtu) return;
    this.#pathMtu = least;
    this.#host.pathMtu(least);
  }
}

/** A person waits for this path; `granted`: a move to it is under way. */
interface Wish {
  readonly path: DatagramPath;
  readonly onDone: OnDone;
  granted: boolean;
}

/** One path manager and the SA it is for. */
class Seat implements Sleeper {
  entry: SaEntry;
  pathMtu: number | null = null;
  readonly #host: PathHost;
  readonly #manager: PathManager;
  readonly #mtuChanged: () => void;
  #inputs: PathInput[] = [];
  #running = false;
  #started = false;
  #closed = false;
  #facts: SaFacts | null = null;
  readonly #remotes = new RemoteList();
  #settings: PathSettings;
  #silentMs: number | null = null;
  readonly #watched = new Set<ChildSaId>();
  #switches: PathSwitch[] = [];
  #wish: Wish | null = null;

  constructor(host: PathHost, entry: SaEntry, settings: PathSettings, mtuChanged: () => void) {
    this.#host = host;
    this.entry = entry;
    this.#settings = settings;
    this.#mtuChanged = mtuChanged;
    this.#manager = new PathManager(settings);
  }

  fills(tell: FillTeller): void {
    this.#manager.fills(tell);
  }

  /** Once what authenticated the SA has gone out: the peer waits for that, and the first look at every pair takes its time. */
  startSoon(now: Instant): void {
    this.#host.alarms.set(this, now);
  }

  wake(now: Instant): void {
    if (this.#started) this.give(now, { kind: 'wake' });
    else this.#start(now);
  }

  follow(now: Instant, successor: SaEntry): void {
    this.entry = successor;
    this.look(now, successor);
    this.watchChildren(null);
  }

  /** The SA may have changed. */
  look(now: Instant, entry: SaEntry): void {
    if (!this.#started || entry !== this.entry || entry.closed) return;
    const view = entry.view();
    // A successor that is not in use yet (RFC 7296 §2.8.1): nothing has changed so far, and nothing that is known of paths is lost.
    if (view.establishedAt === null && this.#facts?.established === true) return;
    const facts = factsOf(view, this.#host.dpdMs(entry));
    if (this.#facts === null || !sameFacts(facts, this.#facts)) {
      this.#facts = facts;
      this.give(now, { kind: 'sa', facts });
    }
    this.#giveRemote(now, view);
  }

  /** Own addresses, names or settings may have changed. */
  refresh(now: Instant): void {
    if (!this.#started) return;
    const settings = this.#host.settingsOf(this.entry);
    if (settings !== null && JSON.stringify(settings) !== JSON.stringify(this.#settings)) {
      this.#settings = settings;
      this.give(now, { kind: 'settings', settings });
    }
    this.look(now, this.entry);
    this.give(now, { kind: 'local', candidates: this.#host.candidates() });
  }

  want(now: Instant, path: DatagramPath, onDone: OnDone): void {
    if (this.#wish !== null) this.#answerWish(now, { ok: false, error: 'overtaken by another move' });
    if (!this.#started) this.#start(now);
    if (samePath(this.entry.view().path, path)) {
      this.give(now, { kind: 'wanted', path });
      onDone(now, { ok: true, detail: 'the IKE SA is on that path already' });
      return;
    }
    const wish = { path, onDone, granted: false };
    this.#wish = wish;
    this.give(now, { kind: 'wanted', path });
    // The manager takes every wish that can be granted; without a move there is nothing more to come.
    if (!wish.granted) this.#answerWish(now, { ok: false, error: 'that pair is no path of this IKE SA' });
  }

  /** @param fresh null: watches those that are not watched yet; else all, with this time */
  watchChildren(fresh: { readonly silentMs: number | null } | null): void {
    if (fresh !== null) {
      this.#silentMs = fresh.silentMs;
      this.#watched.clear();
    }
    const children = [...this.entry.children].filter((child) => !this.#watched.has(child));
    for (const child of this.#watched) if (!this.entry.children.has(child)) this.#watched.delete(child);
    if (children.length === 0) return;
    for (const child of children) this.#watched.add(child);
    this.#host.dataPlane([{ kind: 'watch', children, silentMs: this.#silentMs }]);
  }

  looks(now: Instant): PathsLook {
    return { paths: this.#manager.looks(now), switches: this.#switches };
  }

  close(): void {
    this.#closed = true;
    this.#inputs = [];
    this.#host.alarms.set(this, null);
  }

  /** One input after the other: what the manager wants may lead to the next one. */
  give(now: Instant, input: PathInput): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    if (this.#running || !this.#started) return;
    this.#running = true;
    let given = 0;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      assert(++given <= maxPathInputsAtOnce, 'the path manager comes to rest');
      for (const output of this.#step(now, next)) this.#carryOut(now, output);
    }
    this.#running = false;
  }

  /** What was heard in the meantime comes after what the manager has to know first. */
  #start(now: Instant): void {
    const heard = this.#inputs;
    this.#inputs = [];
    this.#started = true;
    this.refresh(now);
    for (const input of heard) this.give(now, input);
  }

  #step(now: Instant, input: PathInput): PathOutput[] {
    if (this.#closed) return [];
    if (input.kind === 'moved') this.#moved(now, input);
    this.#manager.handleInput(now, input);
    const outputs: PathOutput[] = [];
    for (;;) {
      const output = this.#manager.pollOutput();
      if (output.kind === 'wake') {
        this.#host.alarms.set(this, output.at);
        return outputs;
      }
      outputs.push(output);
    }
  }

  #carryOut(now: Instant, output: PathOutput): void {
    const host = this.#host;
    switch (output.kind) {
      case 'test': {
        const { test, paths } = output;
        host.command(now, this.entry, { ...output, kind: 'test-paths' }, (at, result) => {
          if (result.ok) return;
          for (const path of paths) this.give(at, { kind: 'tested', test, path, outcome: 'unknown', rttMs: null, validated: false });
        });
        return;
      }
      case 'move':
        this.#move(now, output);
        return;
      case 'return':
        host.command(now, this.entry, { kind: 'return-traffic' }, () => undefined);
        return;
      case 'keepalive':
        host.dataPlane([{ kind: 'send-keepalive', path: output.path }]);
        return;
      case 'watch':
        this.watchChildren(output);
        return;
      case 'path-mtu':
        this.pathMtu = output.bytes;
        this.#mtuChanged();
        return;
      case 'event':
        if (output.event === 'moved') this.#noteOutage(output.fields['outage_ms']);
        host.event(this.entry.peerName, output.event, output.fields);
        return;
      case 'log':
        host.log(output.level, output.message, { peer: this.entry.peerName, ...output.fields });
        return;
      default:
        unreachable(output);
    }
  }

  #move(now: Instant, { move, path, early, cause }: Extract<PathOutput, { readonly kind: 'move' }>): void {
    const wish = this.#wish !== null && samePath(this.#wish.path, path) ? this.#wish : null;
    if (wish !== null) wish.granted = true;
    this.#host.command(now, this.entry, { kind: 'move', path, cause, early }, (at, result) => {
      if (wish !== null && this.#wish === wish) this.#answerWish(at, result);
      this.give(at, { kind: 'move-done', move, ok: result.ok, reason: result.ok ? result.detail : result.error });
    });
  }

  #answerWish(now: Instant, result: Parameters<OnDone>[1]): void {
    const wish = this.#wish;
    this.#wish = null;
    wish?.onDone(now, result);
  }

  #giveRemote(now: Instant, view: IkeSaView): void {
    const candidates = this.#remotes.changed(view, this.#host.locationsOf(this.entry));
    if (candidates !== null) this.give(now, { kind: 'remote', candidates });
  }

  #moved(now: Instant, { from, to, cause }: Extract<PathInput, { readonly kind: 'moved' }>): void {
    const { lineage } = this.entry;
    // RFC 4555 §3.6: the list that could not be sent before.
    if (lineage.owesList) this.#host.command(now, this.entry, { kind: 'announce-addresses' }, () => undefined);
    lineage.owesList = false;
    this.#switches = [...this.#switches, { at: now, from: describe(from), to: describe(to), cause, outageMs: null }].slice(-maxSwitchesKept);
  }

  /** The manager's event tells how long nothing got through, where that is known. */
  #noteOutage(outage: unknown): void {
    const last = this.#switches.at(-1);
    if (last === undefined || typeof outage !== 'number') return;
    this.#switches = [...this.#switches.slice(0, -1), { ...last, outageMs: outage }];
  }
}

/** Rekeyed, redundant, or about to be deleted. */
function isOver(entry: SaEntry): boolean {
  return entry.closed || entry.view().state === 'DELETING';
}

function describe({ local, remote }: DatagramPath): string {
  return `${local.address} ↔ ${remote.address}`;
}

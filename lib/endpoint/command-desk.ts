/** The commands of people and scripts: each is answered once, with what happened or why it did not. */
import type { Config, PeerConfig } from '../config/types.js';
import type { IkeCommand } from '../ike/io.js';
import type { OwnAddress } from '../ike/peer.js';
import { addressFamily, type DatagramPath, type IpAddress } from '../util/address.js';
import { after, type Instant } from '../util/brands.js';
import { nearestWord } from '../util/nearest.js';
import { unreachable } from '../util/unreachable.js';
import { natPathOf, type PeerLocation, type Ports } from './address-pairs.js';
import type { Alarms } from './alarms.js';
import type { CommandResult, EndpointCommand } from './io.js';
import { shutdownGraceMs } from './limits.js';
import type { PeerLink } from './peer-link.js';
import type { OnDone, SaEntry } from './sa-driver.js';
import { Waiters } from './waiters.js';

export interface CommandHost {
  readonly alarms: Alarms;
  ports(): Ports;
  ownAddresses(): readonly OwnAddress[];
  locationsOf(peer: PeerConfig): readonly PeerLocation[];
  link(name: string): PeerLink | null;
  links(): readonly PeerLink[];
  entries(): readonly SaEntry[];
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
  /** Onto this path, by a person's wish. */
  move(now: Instant, entry: SaEntry, path: DatagramPath, onDone: OnDone): void;
  abandon(now: Instant, entry: SaEntry, reason: string): void;
  reload(now: Instant, config: Config): string;
  reply(id: number, result: CommandResult): void;
}

type Of<Kind extends EndpointCommand['kind']> = Extract<EndpointCommand, { readonly kind: Kind }>;

export class CommandDesk {
  readonly #host: CommandHost;
  readonly waiters: Waiters;

  constructor(host: CommandHost) {
    this.#host = host;
    this.waiters = new Waiters(host.alarms, (id, result) => {
      host.reply(id, result);
    }, (peer) => host.link(peer)?.whyNotYet() ?? 'it is no longer configured');
  }

  take(now: Instant, id: number, command: EndpointCommand): void {
    switch (command.kind) {
      case 'reload':
        this.#host.reply(id, { ok: true, detail: this.#host.reload(now, command.config) });
        return;
      case 'shutdown':
        this.#shutdown(now, id);
        return;
      case 'initiate':
      case 'terminate':
      case 'rekey-child':
      case 'rekey-ike':
      case 'move': {
        const link = this.#host.link(command.peer);
        if (link === null) this.#host.reply(id, { ok: false, error: noSuch('no peer is called', command.peer, this.#host.links().map(({ peer }) => peer.name)) });
        else this.#forPeer(now, id, command, link);
        return;
      }
      default:
        unreachable(command);
    }
  }

  #forPeer(now: Instant, id: number, command: Exclude<EndpointCommand, Of<'reload' | 'shutdown'>>, link: PeerLink): void {
    switch (command.kind) {
      case 'initiate':
        this.#initiate(now, id, command, link);
        return;
      case 'terminate':
        this.#terminate(now, id, command, link);
        return;
      case 'rekey-child':
        this.#toPrimary(now, id, link, command.child, { kind: 'rekey-child', name: command.child }, command.timeoutMs);
        return;
      case 'rekey-ike':
        this.#toPrimary(now, id, link, null, { kind: 'rekey-ike' }, command.timeoutMs);
        return;
      case 'move':
        this.#move(now, id, command, link);
        return;
      default:
        unreachable(command);
    }
  }

  #initiate(now: Instant, id: number, command: Of<'initiate'>, link: PeerLink): void {
    const { peer, child, timeoutMs } = command;
    if (child !== null && !link.peer.children.some(({ name }) => name === child)) {
      this.#host.reply(id, { ok: false, error: noSuch(`${peer} has no child called`, child, link.peer.children.map(({ name }) => name)) });
      return;
    }
    const primary = link.primary();
    const waiter = this.waiters.add(now, id, { peer, child }, timeoutMs);
    if (waiter === null) return;
    link.request(now);
    if (primary === null) return;
    const there = new Set(link.standing.flatMap((entry) => entry.view().children.map(({ name }) => name)));
    this.waiters.childrenStand(link.peer, there);
    const missing = (child === null ? link.peer.children.map(({ name }) => name) : [child]).filter((name) => !there.has(name));
    for (const name of missing) {
      link.createChild(now, name, (_at, result) => {
        if (!result.ok) this.waiters.answer(waiter, { ok: false, error: `${name}: ${result.error}` });
      });
    }
  }

  #terminate(now: Instant, id: number, command: Of<'terminate'>, link: PeerLink): void {
    const { peer, child } = command;
    const entries = link.standing.filter((entry) => child === null || entry.view().children.some(({ name }) => name === child));
    if (child === null) {
      link.hold(now);
      this.waiters.attemptFailed(peer, 'taken down by command', true);
    }
    if (entries.length === 0) {
      this.#host.reply(id, { ok: false, error: child === null ? `${peer} is not up` : `${peer} has no Child SA called ${child}` });
      return;
    }
    const waiter = this.waiters.add(now, id, null, null);
    if (waiter === null) return;
    let open = entries.length;
    for (const entry of entries) {
      const order: IkeCommand = child === null ? { kind: 'delete-ike', reason: 'by command' } : { kind: 'delete-child', name: child };
      this.#host.command(now, entry, order, (_at, result) => {
        if (!result.ok) this.waiters.answer(waiter, result);
        else if (--open === 0) this.waiters.answer(waiter, { ok: true, detail: result.detail });
      });
    }
  }

  #toPrimary(now: Instant, id: number, link: PeerLink, child: string | null, order: IkeCommand, timeoutMs: number | null): void {
    const primary = link.primary();
    if (primary === null) {
      this.#host.reply(id, { ok: false, error: notUp(link) });
      return;
    }
    if (child !== null && !primary.view().children.some(({ name }) => name === child)) {
      this.#host.reply(id, { ok: false, error: `${link.peer.name} has no Child SA called ${child}` });
      return;
    }
    const waiter = this.waiters.add(now, id, null, timeoutMs);
    if (waiter === null) return;
    this.#host.command(now, primary, order, (_at, result) => {
      this.waiters.answer(waiter, result);
    });
  }

  #move(now: Instant, id: number, { local, remote }: Of<'move'>, link: PeerLink): void {
    const primary = link.primary();
    const own = this.#host.ownAddresses().find(({ address }) => address === local);
    const problem = primary === null ? notUp(link) : whyNotThere(local, remote, own);
    if (problem !== null || primary === null || own === undefined) {
      this.#host.reply(id, { ok: false, error: problem ?? 'not possible' });
      return;
    }
    const here = primary.view().path.remote;
    const configured = this.#host.locationsOf(link.peer).find(({ address }) => address === remote);
    const port = here.address === remote ? here.port : (configured?.port ?? null);
    const path = natPathOf(own, { address: remote, port }, this.#host.ports());
    const waiter = this.waiters.add(now, id, null, null);
    if (waiter === null) return;
    this.#host.move(now, primary, path, (_at, result) => {
      this.waiters.answer(waiter, result);
    });
  }

  /** Deletes what stands, forgets what doesn't yet, and waits for the peers' answers, but not for long. */
  #shutdown(now: Instant, id: number): void {
    for (const link of this.#host.links()) link.stop(now, 'shutting down');
    this.waiters.failAll('shutting down');
    const standing = this.#host.entries().filter((entry) => entry.lineage.authenticatedAt !== null);
    for (const entry of this.#host.entries()) if (entry.lineage.authenticatedAt === null) this.#host.abandon(now, entry, 'shutting down');
    const finish = new ShutdownWait(this.#host, id, standing.length);
    if (standing.length > 0) this.#host.alarms.set(finish, after(now, shutdownGraceMs));
    for (const entry of standing) {
      this.#host.command(now, entry, { kind: 'delete-ike', reason: 'shutting down' }, () => {
        finish.oneGone();
      });
    }
    finish.look();
  }
}

/** The end of a shutdown: when every peer has answered, or the time is over. */
class ShutdownWait {
  readonly #host: CommandHost;
  readonly #id: number;
  #open: number;
  #replied = false;

  constructor(host: CommandHost, id: number, open: number) {
    this.#host = host;
    this.#id = id;
    this.#open = open;
  }

  oneGone(): void {
    this.#open--;
    this.look();
  }

  look(): void {
    if (this.#open === 0) this.#reply('every IKE SA is deleted');
  }

  wake(_now: Instant): void {
    this.#reply(`${this.#open} peers did not answer in time`);
  }

  #reply(detail: string): void {
    if (this.#replied) return;
    this.#replied = true;
    this.#host.alarms.set(this, null);
    this.#host.reply(this.#id, { ok: true, detail });
  }
}

function notUp({ peer }: PeerLink): string {
  return `${peer.name} is not up: \`mhtun initiate ${peer.name}\` says why, or brings it up`;
}

function noSuch(what: string, word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return `${what} ${word}${nearest === null ? '' : `; did you mean ${nearest}?`}`;
}

function whyNotThere(local: IpAddress, remote: IpAddress, own: OwnAddress | undefined): string | null {
  if (own === undefined) return `${local} is not an address of this host that IKE may use`;
  return addressFamily(local) === addressFamily(remote) ? null : `${local} and ${remote} are of different families`;
}

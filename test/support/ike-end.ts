/**
 * One end of IKE SAs without an endpoint around it: routes datagrams to its IKE SAs by SPI, does their
 * slow work at once or when told, and keeps everything that comes out. Time is the caller's.
 */
import { parseProposal, type ProposalUse } from '../../lib/config/proposal.js';
import { SecretKey } from '../../lib/crypto/key.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { destinationOf } from '../../lib/endpoint/demux.js';
import type { PoolConfig } from '../../lib/config/types.js';
import { eapSurroundings } from '../../lib/endpoint/environment.js';
import type { DataPlaneCommand } from '../../lib/esp/data-plane.js';
import { CookieSecret } from '../../lib/ike/cookie.js';
import { answerIkeSaInit, IkeSa } from '../../lib/ike/ike-sa.js';
import { FragmentRoom } from '../../lib/ike/fragmentation.js';
import type { IkeCommand, IkeCommandResult, IkeEnvironment, IkeInput, IkeOutput, IkeSaMachine, IkeSaView } from '../../lib/ike/io.js';
import type { ChildTemplate, IkePeer, OwnAddress } from '../../lib/ike/peer.js';
import { authoritiesFor } from '../../lib/ike/proof.js';
import type { Trigger } from '../../lib/ike/trigger.js';
import { executeJob, type SlowJob } from '../../lib/pki/work.js';
import { parseAddress, parseSocketAddress, type DatagramPath, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi, ikeSpi, instant, type ChildSaId, type Instant } from '../../lib/util/brands.js';
import { toHex, utf8 } from '../../lib/util/bytes.js';
import { unreachable } from '../../lib/util/unreachable.js';
import { parseIdentity, sameIdentity, type Identity } from '../../lib/wire/identity.js';
import type { Proposal } from '../../lib/wire/payloads/sa.js';
import { parseSelector } from '../../lib/wire/traffic-selector.js';
import { TestLending } from './lending.js';
import { SeededRandom } from './world.js';

/** What calendars show in tests, for whoever looks at certificates: 2026-06-01, noon. */
export const testCalendarMs = 1_780_315_200_000;

/** The time of a test; ends share it. */
export class Clock {
  now: Instant = instant(1_000);
}

/** A datagram that left, and its message as the RFCs draw it. */
export interface Flight {
  readonly from: IkeEnd;
  readonly path: DatagramPath;
  readonly bytes: Uint8Array;
  readonly text: string;
}

export interface IkeEndOptions {
  readonly name: 'moon' | 'sun';
  readonly clock: Clock;
  readonly seed?: number;
  /** What differs from the usual peer. */
  readonly peer?: Partial<IkePeer>;
  readonly cookies?: boolean;
  readonly fragmentSize?: number;
  readonly ownAddresses?: readonly string[];
  /** What its callers can be lent. */
  readonly pools?: readonly PoolConfig[];
}

interface Driven {
  readonly sa: IkeSaMachine;
  wakeAt: Instant | null;
}

export class IkeEnd {
  readonly name: 'moon' | 'sun';
  readonly clock: Clock;
  readonly env: IkeEnvironment;
  readonly peer: IkePeer;
  readonly outbox: Flight[] = [];
  readonly events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  /** What it said of paths. */
  readonly paths: Extract<IkeOutput, { readonly kind: 'path-heard' | 'path-tested' | 'moved' }>[] = [];
  readonly outputs: IkeOutput[] = [];
  readonly answers: Map<number, IkeCommandResult[]> = new Map<number, IkeCommandResult[]>();
  readonly logs: string[] = [];
  /** Keys as the data plane got them, by SPI: what one end sends with, the other must receive with. */
  readonly inboundKeys: Map<number, string> = new Map<number, string>();
  readonly outboundKeys: Map<number, string> = new Map<number, string>();
  /** Child SAs whose inbound, and outbound, half is installed. */
  readonly inbound: Set<ChildSaId> = new Set<ChildSaId>();
  readonly outbound: Set<ChildSaId> = new Set<ChildSaId>();
  /** The next draws of 32 octets, which nonces alone are. */
  readonly nonces: Uint8Array[] = [];
  ownAddresses: readonly OwnAddress[];
  readonly lending: TestLending;
  /** True: jobs wait for `doWork`. */
  holdsWork = false;
  lastAnswer: string | null = null;
  readonly #random: SeededRandom;
  readonly #cookieSecret: CookieSecret;
  readonly #cookies: boolean;
  readonly #live: Driven[] = [];
  readonly #half = new Map<string, IkeSaMachine>();
  #jobs: { readonly sa: IkeSaMachine; readonly id: number; readonly job: SlowJob }[] = [];
  #next = 1;
  #lastCommand = 0;
  readonly #texts = new Map<string, string>();

  constructor(options: IkeEndOptions) {
    this.name = options.name;
    this.clock = options.clock;
    this.lending = new TestLending(options.pools ?? []);
    this.#random = new SeededRandom((options.seed ?? 1) * 2 + (options.name === 'moon' ? 0 : 1));
    this.#cookies = options.cookies ?? false;
    this.#cookieSecret = new CookieSecret(this.clock.now, this.#random.bytes);
    this.peer = { ...usualPeer(this.name), ...options.peer };
    this.ownAddresses = (options.ownAddresses ?? [addresses[this.name]]).map((text) => ({ address: address(text), device: 'eth0' }));
    const fits = (remoteId: Identity): boolean => this.peer.id.kind === 'any' || (this.peer.id.kind === 'exact' && sameIdentity(this.peer.id.identity, remoteId));
    this.env = {
      random: (n) => (n === 32 ? this.nonces.shift() : undefined) ?? this.#random.bytes(n),
      registry: defaultRegistry,
      endpointId: utf8(this.name.padEnd(16)),
      directory: {
        candidates: () => [this.peer], expectedFrom: () => [],
        select: (remoteId, localId) => (fits(remoteId) && (localId === null || sameIdentity(localId, this.peer.localId)) ? this.peer : null),
        authorities: () => authoritiesFor(this.peer.remoteAuth),
        accepts: (_peer, remoteId) => fits(remoteId),
      },
      settings: { natPort: 4500, fragmentSize: options.fragmentSize ?? null, copyDscp: false },
      allocateIkeSpi: () => ikeSpi(toHex(this.#random.bytes(8))),
      allocateChild: () => ({ id: childSaId(this.#next++), spi: espSpi((0x1000_0000 * (this.name === 'moon' ? 1 : 2)) + this.#next) }),
      ownAddresses: () => this.ownAddresses,
      leases: this.lending, keyLog: null, fragmentRoom: new FragmentRoom(), ...eapSurroundings(),
    };
  }

  /** IKE SAs that are not closed. */
  get sas(): readonly IkeSaMachine[] {
    return this.#live.map(({ sa }) => sa);
  }

  /** The only IKE SA there is. */
  get sa(): IkeSaMachine {
    const [only, other] = this.sas;
    if (other !== undefined) throw new Error(`${this.name} has ${this.sas.length} IKE SAs`);
    return present(only, `${this.name} has an IKE SA`);
  }

  get view(): IkeSaView {
    return this.sa.view();
  }

  /** The IKE SAs that stand. */
  get established(): readonly IkeSaMachine[] {
    return this.sas.filter((sa) => sa.view().establishedAt !== null);
  }

  get children(): IkeSaView['children'] {
    return this.sas.flatMap((sa) => sa.view().children);
  }

  get wakeAt(): Instant | null {
    return this.#live.reduce<Instant | null>((least, { wakeAt }) => (wakeAt !== null && (least === null || wakeAt < least) ? wakeAt : least), null);
  }

  /** Jobs that wait. */
  get jobs(): number {
    return this.#jobs.length;
  }

  initiate(children: readonly string[] = ['net'], initialContact = false, trigger: Trigger | null = null): IkeSaMachine {
    const sa = IkeSa.initiate(this.clock.now, this.env, {
      peer: this.peer, path: pathOf(this.name, 500), natPath: pathOf(this.name, 4500), initialContact, children, trigger,
    });
    this.#adopt(sa);
    return sa;
  }

  /** Returns the id under which the answers are kept. */
  command(command: IkeCommand, sa: IkeSaMachine = this.sa): number {
    const id = ++this.#lastCommand;
    this.input({ kind: 'command', id, command }, sa);
    return id;
  }

  /** The one answer of a command; null: none yet. @throws where there is more than one */
  answer(id: number): IkeCommandResult | null {
    const all = this.answers.get(id) ?? [];
    if (all.length > 1) throw new Error(`${this.name}: command ${id} has ${all.length} answers`);
    return all[0] ?? null;
  }

  input(input: IkeInput, sa: IkeSaMachine = this.sa): void {
    sa.handleInput(this.clock.now, input);
    this.#drain(sa);
  }

  /** A datagram as the network brings it; says what became of it. */
  receive(path: DatagramPath, bytes: Uint8Array): 'sa' | 'init' | 'nobody' {
    const destination = destinationOf(bytes);
    if (destination.kind === 'init') {
      this.#init(path, bytes, destination.spiI);
      return 'init';
    }
    const sa = destination.kind === 'sa' ? this.sas.find((s) => s.localSpi === destination.localSpi) : undefined;
    if (sa === undefined) return 'nobody';
    this.input({ kind: 'datagram', path, bytes }, sa);
    return 'sa';
  }

  /** Every IKE SA whose time has come is woken, again where it asks for more at once. */
  wake(): void {
    for (let round = 0; ; round++) {
      const due = this.#live.filter(({ wakeAt }) => wakeAt !== null && wakeAt <= this.clock.now);
      if (due.length === 0) return;
      if (round === 20) throw new Error(`${this.name} wants to be woken again and again at ${this.clock.now}`);
      for (const { sa } of due) this.input({ kind: 'wake' }, sa);
    }
  }

  /** Does the jobs that wait; those that come meanwhile as well, unless `once`. */
  doWork(once = false): void {
    do {
      const jobs = this.#jobs;
      this.#jobs = [];
      for (const { sa, id, job } of jobs) this.input({ kind: 'work-done', id, result: executeJob(job, { registry: defaultRegistry, random: this.#random.bytes, calendar: () => testCalendarMs }) }, sa);
    } while (!once && this.#jobs.length > 0);
  }

  count(event: string): number {
    return this.events.filter((e) => e.event === event).length;
  }

  #init(path: DatagramPath, bytes: Uint8Array, spiI: string): void {
    const known = this.#half.get(spiI);
    if (known !== undefined && this.sas.includes(known)) {
      this.input({ kind: 'datagram', path, bytes }, known);
      return;
    }
    const answer = answerIkeSaInit(this.clock.now, this.env, path, bytes, { required: this.#cookies, secret: this.#cookieSecret });
    this.lastAnswer = answer.kind === 'sa' ? null : answer.reason;
    if (answer.kind === 'reply') this.outbox.push({ from: this, path, bytes: answer.bytes, text: `IKE_SA_INIT refusal: ${answer.reason}` });
    if (answer.kind !== 'sa') return;
    this.#half.set(spiI, answer.ikeSa);
    this.#adopt(answer.ikeSa);
  }

  #adopt(sa: IkeSaMachine): void {
    if (!this.#live.some((driven) => driven.sa === sa)) this.#live.push({ sa, wakeAt: null });
    this.#drain(sa);
  }

  #drain(sa: IkeSaMachine): void {
    const successors: IkeSaMachine[] = [];
    for (;;) {
      const output = sa.pollOutput();
      if (output.kind === 'wake') {
        const driven = this.#live.find((d) => d.sa === sa);
        if (driven !== undefined) driven.wakeAt = output.at;
        break;
      }
      this.outputs.push(output);
      this.#take(sa, output, successors);
    }
    for (const successor of successors) this.#adopt(successor);
    if (!this.holdsWork) this.doWork();
  }

  #take(sa: IkeSaMachine, output: IkeOutput, successors: IkeSaMachine[]): void {
    switch (output.kind) {
      case 'transmit':
        this.#transmit(output.path, output.bytes);
        return;
      case 'work':
        this.#jobs.push({ sa, id: output.id, job: output.job });
        return;
      case 'data-plane':
        for (const command of output.commands) this.#plane(command);
        return;
      case 'event':
        this.events.push(output);
        return;
      case 'log':
        if (output.message.startsWith('--> ')) this.#text = output.message.slice(4);
        this.logs.push(`${this.clock.now} ${this.name} ${output.level}: ${output.message}`);
        return;
      case 'command-done':
        this.answers.set(output.id, [...(this.answers.get(output.id) ?? []), output.result]);
        return;
      case 'successor':
        successors.push(output.ikeSa);
        return;
      case 'closed':
        this.#live.splice(this.#live.findIndex((d) => d.sa === sa), 1);
        return;
      case 'path-heard':
      case 'path-tested':
      case 'moved':
        this.paths.push(output);
        return;
      case 'authenticated':
      case 'child-up':
      case 'child-down':
      case 'child-failed':
      case 'misfit':
      case 'auth-lifetime':
        return;
      default:
        unreachable(output);
    }
  }

  #text = '';

  #transmit(path: DatagramPath, bytes: Uint8Array): void {
    const key = toHex(bytes);
    const text = this.#texts.get(key) ?? (this.#text === '' ? 'IKE_SA_INIT' : this.#text);
    this.#texts.set(key, text);
    this.outbox.push({ from: this, path, bytes: bytes.slice(), text });
  }

  #plane(command: DataPlaneCommand): void {
    switch (command.kind) {
      case 'install-inbound':
        this.inbound.add(command.child);
        this.inboundKeys.set(command.spi, toHex(command.keying.encrKey.expose()));
        return;
      case 'install-outbound':
        this.outbound.add(command.child);
        this.outboundKeys.set(command.spi, toHex(command.keying.encrKey.expose()));
        return;
      case 'remove-inbound':
        this.inbound.delete(command.child);
        return;
      case 'remove-outbound':
        this.outbound.delete(command.child);
        return;
      default:
    }
  }
}

export const addresses = { moon: '10.1.0.1', sun: '10.1.0.2' } as const;

export function address(text: string): IpAddress {
  return present(parseAddress(text), `${text} is an address`);
}

/** From one of the two to the other, by their usual addresses. */
export function pathOf(from: 'moon' | 'sun', port = 4500): DatagramPath {
  return path(`${addresses[from]}:${port}`, `${addresses[from === 'moon' ? 'sun' : 'moon']}:${port}`);
}

/** `10.1.0.1:4500` to `10.1.0.2:4500`; IPv6 in brackets. */
export function path(local: string, remote: string): DatagramPath {
  const at = (text: string): DatagramPath['local'] => present(parseSocketAddress(text, null), `${text} is an address with a port`);
  return { local: at(local), remote: at(remote), device: 'eth0' };
}

/** As the receiver sees it. */
export function reversed(p: DatagramPath): DatagramPath {
  return { local: p.remote, remote: p.local, device: 'eth0' };
}

export function proposals(use: ProposalUse, ...texts: readonly string[]): Proposal[] {
  return texts.map((text, i) => {
    const parsed = parseProposal(text, use, i + 1);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.proposal;
  });
}

export function template(name: string, local: string, remote: string): ChildTemplate {
  return { name, local: [range(local)], remote: [range(remote)], replayWindow: 64, inactivityMs: 0 };
}

function range(text: string): ChildTemplate['local'][number] {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { kind: 'range', selector: parsed.selector };
}

export function identity(text: string): Identity {
  return present(parseIdentity(text), `${text} is an identity`);
}

/** What `name` has configured of the other. */
export function usualPeer(name: 'moon' | 'sun'): IkePeer {
  const other = name === 'moon' ? 'sun' : 'moon';
  const nets = { moon: '192.168.1.0/24', sun: '192.168.2.0/24' } as const;
  return {
    name: other,
    place: 'mhtun.toml:3',
    id: { kind: 'exact', identity: identity(other) },
    localId: identity(name),
    localAuth: { kind: 'psk', secret: new SecretKey(utf8('a secret of more than twenty characters')) },
    remoteAuth: { kind: 'psk', secret: new SecretKey(utf8('a secret of more than twenty characters')) },
    ppk: null,
    ike: proposals('ike', 'aes128gcm16-prfsha256-x25519', 'aes128-sha256-prfsha256-ecp256'),
    esp: proposals('esp', 'aes128gcm16', 'aes128gcm16-x25519'),
    mobike: true, dpdMs: 30_000, giveUpMs: 60_000,
    ikeRekeyMs: 4 * 3_600_000,
    childRekeyMs: 3_600_000,
    authLifetimeMs: 0, childRekeyBytes: null, childRekeyPackets: null,
    childless: false, fragmentation: true,
    virtual: [], pools: [],
    children: [template('net', nets[name], nets[other])],
  };
}

/**
 * The TypeScript data plane, the reference for every other: sans-IO, so that tests and the simulator
 * drive it in virtual time. Here inputs are told apart, commands applied and timers run; `inbound.ts`
 * and `outbound.ts` move the packets.
 */
import { formatSocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import type { Machine, Wake } from '../util/machine.js';
import { unreachable } from '../util/unreachable.js';
import { natKeepalive, withNonEspMarker } from '../wire/udp-encapsulation.js';
import type { ChildSaId } from '../util/brands.js';
import type { DataPlaneCommand, DataPlaneCounters } from './data-plane.js';
import { InboundSide } from './inbound.js';
import { maxSocketsPaced, socketErrorIntervalMs } from './limits.js';
import { OutboundSide } from './outbound.js';
import { PacerByName } from './pacing.js';
import { PlaneCore } from './plane-core.js';
import type { SoftDataPlaneOptions, SoftDataPlaneReader, SoftInput, SoftOutput } from './soft-data-plane-io.js';

export class SoftDataPlane implements Machine<SoftInput, SoftOutput>, SoftDataPlaneReader {
  readonly #core: PlaneCore;
  readonly #inbound: InboundSide;
  readonly #outbound: OutboundSide;
  readonly #socketErrorPacer = new PacerByName(socketErrorIntervalMs, maxSocketsPaced);
  readonly #sockets = new Map<string, Extract<SoftOutput, { readonly kind: 'close-socket' }>>();
  readonly #wakeAt = (): Instant | null => this.#core.wakeAt;
  #closed = false;

  constructor(options: SoftDataPlaneOptions) {
    this.#core = new PlaneCore(options);
    this.#inbound = new InboundSide(this.#core);
    this.#outbound = new OutboundSide(this.#core);
  }

  handleInput(now: Instant, input: SoftInput): void {
    this.#core.queue.begin(now);
    if (this.#closed) return;
    if (this.#core.takeWake(now)) this.#runTimers(now);
    switch (input.kind) {
      case 'datagram':
        return this.#inbound.receive(now, input.path, input.bytes, input.tos);
      case 'tun-packet':
        return this.#outbound.send(now, input.packet);
      case 'commands':
        return this.#apply(now, input.commands);
      case 'send-ike':
        return this.#core.queue.push({ kind: 'send', path: input.path, bytes: withNonEspMarker(input.bytes), tos: 0, whole: input.whole });
      case 'socket-error':
        return this.#socketError(now, input);
      case 'wake':
        return;
      case 'close':
        return this.#close();
      default:
        unreachable(input);
    }
  }

  pollOutput(): SoftOutput | Wake {
    return this.#core.queue.poll(this.#wakeAt);
  }

  counters(): DataPlaneCounters {
    return { children: [...this.#core.children.all()].map((child) => child.counters()), dropped: { ...this.#core.dropped } };
  }

  /** Every bounded table, those of each Child SA for themselves. */
  fills(tell: FillTeller): void {
    this.#core.children.fills(tell);
    this.#inbound.fills(tell);
    this.#outbound.fills(tell);
  }

  #runTimers(now: Instant): void {
    for (const child of this.#core.children.all()) this.#core.tick(now, child);
    this.#inbound.tick(now);
    this.#outbound.tick(now);
  }

  #apply(now: Instant, commands: readonly DataPlaneCommand[]): void {
    let retry = false;
    for (const command of commands) {
      this.#applyOne(now, command);
      retry ||= command.kind === 'install-outbound' || command.kind === 'set-policies';
    }
    if (retry) this.#outbound.retryHeld(now);
    // After the whole batch: what is delivered may be answered at once.
    for (const command of commands) if (command.kind === 'install-inbound') this.#inbound.installed(now, command.spi);
  }

  #applyOne(now: Instant, command: DataPlaneCommand): void {
    const { children, queue } = this.#core;
    switch (command.kind) {
      case 'install-inbound':
        return this.#installed(now, command.child, children.installInbound(command));
      case 'install-outbound':
        return this.#installed(now, command.child, children.installOutbound(command, this.#outbound.priorityOf(command.policy)));
      case 'remove-inbound':
        return children.removeInbound(command.child);
      case 'remove-outbound':
        return children.removeOutbound(command.child);
      case 'switch-path':
        return this.#switchPath(command);
      case 'watch':
        return this.#watch(now, command.children, command.silentMs);
      case 'send-dummy':
        return this.#sendDummies(now, command.children);
      case 'set-policies':
        return this.#outbound.setPolicies(command.policies);
      case 'open-socket':
      case 'close-socket':
        return this.#socket(command);
      case 'send-keepalive':
        return queue.push({ kind: 'send', path: command.path, bytes: natKeepalive(), tos: 0, whole: false });
      case 'set-mtu':
        this.#outbound.mtu = command.mtu;
        return;
      default:
        unreachable(command);
    }
  }

  /** A half that could not be installed makes the child useless, which its control plane hears as its end. */
  #installed(now: Instant, id: ChildSaId, done: boolean): void {
    const child = this.#core.children.get(id);
    if (child === null) return this.#core.event({ kind: 'hard-expired', child: id });
    if (!done) return this.#core.expire(child);
    // Its time may be over already; if not, the clock is set.
    this.#core.tick(now, child);
  }

  #switchPath(command: Extract<DataPlaneCommand, { readonly kind: 'switch-path' }>): void {
    for (const id of command.children) {
      const child = this.#core.children.get(id);
      const outbound = child?.outbound ?? null;
      if (child === null || outbound === null) continue;
      outbound.path = command.path;
      outbound.reportNewSource = command.reportNewSource;
      child.newSource.forget();
    }
  }

  #watch(now: Instant, ids: readonly ChildSaId[], silentMs: number | null): void {
    for (const id of ids) {
      const child = this.#core.children.get(id);
      if (child === null) continue;
      child.watch.set(silentMs);
      this.#core.tick(now, child);
    }
  }

  #sendDummies(now: Instant, ids: readonly ChildSaId[]): void {
    for (const id of ids) {
      const child = this.#core.children.get(id);
      if (child !== null) this.#outbound.sendDummy(now, child);
    }
  }

  #socket(command: Extract<DataPlaneCommand, { readonly kind: 'open-socket' | 'close-socket' }>): void {
    const { local, device } = command;
    const name = `${formatSocketAddress(local)}%${device ?? ''}`;
    const open = command.kind === 'open-socket';
    if (open === this.#sockets.has(name)) return;
    if (open) this.#sockets.set(name, { kind: 'close-socket', local, device });
    else this.#sockets.delete(name);
    this.#core.queue.push({ kind: command.kind, local, device });
  }

  #socketError(now: Instant, error: Extract<SoftInput, { readonly kind: 'socket-error' }>): void {
    const { local, remote, device, errno } = error;
    if (error.packetLost) this.#core.drop('send-failed');
    if (!this.#socketErrorPacer.allows(now, `${formatSocketAddress(local)}%${device ?? ''}`)) return;
    this.#core.event({ kind: 'socket-error', local, remote, device, errno });
  }

  #close(): void {
    this.#closed = true;
    for (const socket of this.#sockets.values()) this.#core.queue.push(socket);
    this.#sockets.clear();
    this.#core.children.clear();
    this.#inbound.clear();
    this.#outbound.clear();
    this.#core.sleep();
  }
}

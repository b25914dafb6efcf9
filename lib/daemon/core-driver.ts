/** Drives the endpoint in real time: wait, one input, drain, repeat. Results of inline work are inputs like any other, given after the drain. */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { CommandResult, EndpointCommand, EndpointEvent, EndpointInput, EndpointJob, EndpointJobResult, EndpointOutput, InnerAddress } from '../endpoint/io.js';
import type { DatagramPath } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import type { Clock } from '../platform/interfaces.js';

/** Where the endpoint's outputs go. */
export interface CoreOutlet {
  transmit(path: DatagramPath, bytes: Uint8Array, whole: boolean): void;
  dataPlane(commands: readonly DataPlaneCommand[]): void;
  pathMtu(bytes: number | null): void;
  innerAddresses(addresses: readonly InnerAddress[]): void;
  /** Who has which address has changed. */
  leasesChanged(): void;
  event(event: EndpointEvent): void;
  log(level: Extract<EndpointOutput, { kind: 'log' }>['level'], message: string, fields: Readonly<Record<string, unknown>>): void;
  /** `done` is called once, at once or later. */
  work(job: EndpointJob, done: (result: EndpointJobResult) => void): void;
  /** The core contradicted itself: nothing can be trusted any more. */
  fault(error: unknown): void;
}

export class CoreDriver {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #outlet: CoreOutlet;
  readonly #inputs: EndpointInput[] = [];
  readonly #answers = new Map<number, (result: CommandResult) => void>();
  #lastCommand = 0;
  #timer: NodeJS.Timeout | null = null;
  #running = false;
  #stopped = false;

  /** The endpoint has just been made: its first outputs are drained here. */
  constructor(endpoint: Endpoint, clock: Clock, outlet: CoreOutlet) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#outlet = outlet;
    this.#guarded(() => {
      this.#drain();
    });
    this.#run();
  }

  give(input: EndpointInput): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    this.#run();
  }

  command(command: EndpointCommand): Promise<CommandResult> {
    return new Promise((resolve) => {
      const id = ++this.#lastCommand;
      this.#answers.set(id, resolve);
      this.give({ kind: 'command', id, command });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#inputs.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const answer of this.#answers.values()) answer({ ok: false, error: 'shutting down' });
    this.#answers.clear();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.#guarded(() => {
      for (let input = this.#inputs.shift(); input !== undefined && !this.#stopped; input = this.#inputs.shift()) {
        this.#endpoint.handleInput(this.#clock.now(), input);
        this.#drain();
      }
    });
    this.#running = false;
  }

  #drain(): void {
    for (;;) {
      const output = this.#endpoint.pollOutput();
      if (output.kind === 'wake') {
        this.#sleepUntil(output.at);
        return;
      }
      this.#take(output);
    }
  }

  #take(output: EndpointOutput): void {
    switch (output.kind) {
      case 'transmit':
        this.#outlet.transmit(output.path, output.bytes, output.whole);
        return;
      case 'data-plane':
        this.#outlet.dataPlane(output.commands);
        return;
      case 'work':
        this.#outlet.work(output.job, (result) => {
          this.give({ kind: 'work-done', id: output.id, result });
        });
        return;
      case 'path-mtu':
        this.#outlet.pathMtu(output.bytes);
        return;
      case 'inner-addresses':
        this.#outlet.innerAddresses(output.addresses);
        return;
      case 'leases-changed':
        this.#outlet.leasesChanged();
        return;
      case 'event':
        this.#outlet.event(output.event);
        return;
      case 'log':
        this.#outlet.log(output.level, output.message, output.fields);
        return;
      case 'reply': {
        const answer = this.#answers.get(output.id);
        this.#answers.delete(output.id);
        answer?.(output.result);
        return;
      }
      default:
        unreachable(output);
    }
  }

  #sleepUntil(at: Instant | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (at === null || this.#stopped) return;
    // Node's timers take whole milliseconds up to 2^31; an early wake-up is harmless.
    const delay = Math.min(Math.max(0, Math.ceil(at - this.#clock.now())), 0x7fff_ffff);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.give({ kind: 'wake' });
    }, delay);
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.stop();
      this.#outlet.fault(error);
    }
  }
}

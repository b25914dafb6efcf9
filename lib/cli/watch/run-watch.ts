/** A live view joined to the terminal, the clock and the daemon, from its first picture to the last. */
import { ControlClientError } from '../../control/client.js';
import type { StatusDocument } from '../../control/messages.js';
import { instant, type Instant } from '../../util/brands.js';
import { unreachable } from '../../util/unreachable.js';
import type { Arguments } from '../arguments.js';
import { CliError, intervalMs } from '../context.js';
import type { CliIo, Terminal } from '../io.js';
import { graphLevels } from '../sparkline.js';
import { styleFor } from '../style.js';
import { UsageError } from '../usage-error.js';
import type { ExitCode } from '../verb.js';
import { KeyReader } from './keys.js';
import { Watch, type WatchInput, type WatchOutput } from './watch.js';

export interface WatchSubject {
  readonly pathsOnly: boolean;
  readonly peer: string | null;
}

/** Its signal aborts when the answer no longer counts. */
type Ask = (signal: AbortSignal) => Promise<StatusDocument>;

/** Shows what `ask` answers with until the person ends it. @throws UsageError where there is no terminal; what the first `ask` throws */
export async function runWatch(io: CliIo, args: Arguments, subject: WatchSubject, ask: Ask): Promise<ExitCode> {
  const every = intervalMs(args);
  if (args.flag('json')) throw new UsageError('--watch is for eyes and --json for programs; these take `mhtun events --follow`');
  const terminal = io.env['TERM'] === 'dumb' || (io.env['TERM'] ?? '') === '' ? null : io.terminal();
  if (terminal === null) throw new UsageError('--watch needs a terminal; without one take `mhtun status` or `mhtun events --follow`');
  // Without a daemon, or without a right to ask it, there is nothing to open a screen for.
  const { peers } = await ask(new AbortController().signal);
  if (subject.peer !== null && !peers.some(({ name }) => name === subject.peer)) throw new CliError(`no peer is called ${subject.peer}`, 1);
  const watch = new Watch(now(), { ...subject, intervalMs: every, style: styleFor(io), levels: graphLevels(io.env), clock: () => new Date() });
  const run = new WatchRun(terminal, watch, ask);
  await run.untilEnd(io.interrupted());
  return 0;
}

class WatchRun {
  readonly #terminal: Terminal;
  readonly #watch: Watch;
  readonly #ask: Ask;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #settle: (error: Error | null) => void = () => undefined;

  constructor(terminal: Terminal, watch: Watch, ask: Ask) {
    this.#terminal = terminal;
    this.#watch = watch;
    this.#ask = ask;
  }

  async untilEnd(signal: AbortSignal): Promise<void> {
    const end = new Promise<void>((resolve, reject) => {
      this.#settle = (error) => {
        if (error === null) resolve();
        else reject(error);
      };
    });
    try {
      this.#begin(signal);
      await end;
    } finally {
      this.#end.abort();
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#terminal.close();
    }
  }

  #begin(signal: AbortSignal): void {
    const stop = (): void => {
      this.#settle(null);
    };
    signal.addEventListener('abort', stop);
    const reader = new KeyReader();
    this.#terminal.open({
      keys: (text) => {
        for (const key of reader.read(text)) this.#give({ kind: 'key', key });
      },
      resized: () => {
        this.#give({ kind: 'size', size: this.#terminal.size() });
      },
      hungUp: stop,
    });
    this.#give({ kind: 'size', size: this.#terminal.size() });
  }

  #give(input: WatchInput): void {
    if (this.#end.signal.aborted) return;
    try {
      this.#watch.handleInput(now(), input);
      for (let output = this.#watch.pollOutput(); ; output = this.#watch.pollOutput()) {
        if (output.kind === 'wake') {
          this.#wakeAt(output.at);
          return;
        }
        this.#do(output);
      }
    } catch (error) {
      this.#settle(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #do(output: WatchOutput): void {
    switch (output.kind) {
      case 'ask':
        void this.#question();
        return;
      case 'write':
        this.#terminal.write(output.text);
        return;
      case 'suspend':
        this.#terminal.suspend();
        return;
      case 'end':
        this.#settle(null);
        return;
      default:
        unreachable(output);
    }
  }

  async #question(): Promise<void> {
    try {
      this.#give({ kind: 'answer', status: await this.#ask(this.#end.signal) });
    } catch (error) {
      const reason = passing(error);
      if (reason === null) this.#settle(error instanceof Error ? error : new Error(String(error)));
      else this.#give({ kind: 'no-answer', reason });
    }
  }

  #wakeAt(at: Instant | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = at === null ? null : setTimeout(() => {
      this.#give({ kind: 'wake' });
    }, Math.max(0, at - now()));
  }
}

/** What to say of a failure that may pass; null: it will not. */
function passing(error: unknown): string | null {
  if (error instanceof CliError) return error.message;
  if (!(error instanceof ControlClientError)) return null;
  switch (error.code) {
    case 'no-daemon':
    case 'broken':
      return 'the daemon is gone';
    case 'timeout':
      return 'the daemon does not answer';
    case 'not-permitted':
      return null;
    default:
      return unreachable(error.code);
  }
}

function now(): Instant {
  return instant(performance.now());
}

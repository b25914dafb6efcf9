/** A verb's end of the control socket: one request and its reply, or a stream of events. */
import { createConnection, type Socket } from 'node:net';
import { MhtunError } from '../util/errors.js';
import type { ControlReply, ControlRequest, EventDocument } from './messages.js';
import { decodeAnswer, encodeRequest, LineSplitter, maxControlReplyBytes, type DecodedAnswer } from './protocol.js';

/** No usable answer from a daemon; the message says what to do. */
export class ControlClientError extends MhtunError {
  override readonly name = 'ControlClientError';
  readonly code: 'no-daemon' | 'not-permitted' | 'timeout' | 'broken';

  constructor(code: ControlClientError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface RequestOptions {
  /** Milliseconds to wait for the reply; null: for as long as the daemon lives. */
  readonly timeoutMs: number | null;
  /** Return only when the daemon has closed the socket after its reply (`down`). */
  readonly untilClosed?: boolean;
  /** Aborts when nobody waits for the reply any more. */
  readonly signal?: AbortSignal;
}

/** @throws ControlClientError when there is no daemon, or it does not answer in time or in our language */
export function requestControl(path: string, request: ControlRequest, options: RequestOptions): Promise<ControlReply> {
  return new Promise((resolve, reject) => {
    let reply: ControlReply | null = null;
    const socket = openControl(path, request, {
      answer(answer) {
        if (answer.kind !== 'reply') {
          settle(() => {
            reject(new ControlClientError('broken', `what answers on ${path} is not this version of mhtun`));
          });
          return;
        }
        const got = answer.reply;
        reply = got;
        if (options.untilClosed === true && got.ok) return;
        settle(() => {
          resolve(got);
        });
      },
      end(error) {
        const got = reply;
        settle(() => {
          if (got !== null) resolve(got);
          else reject(error ?? new ControlClientError('broken', `the daemon on ${path} went away before it answered`));
        });
      },
    });
    const timer =
      options.timeoutMs === null
        ? null
        : setTimeout(() => {
            const late = reply === null ? 'gave no answer' : 'did not end';
            const seconds = (options.timeoutMs ?? 0) / 1000;
            settle(() => {
              reject(new ControlClientError('timeout', `the daemon on ${path} ${late} within ${seconds} s`));
            });
          }, options.timeoutMs);

    const abandon = (): void => {
      settle(() => {
        reject(new ControlClientError('broken', `nobody waits for the daemon on ${path} any more`));
      });
    };
    options.signal?.addEventListener('abort', abandon);
    if (options.signal?.aborted === true) abandon();

    function settle(how: () => void): void {
      if (timer !== null) clearTimeout(timer);
      options.signal?.removeEventListener('abort', abandon);
      socket.destroy();
      how();
    }
  });
}

/** Calls `onEvent` for each event until the daemon ends or `signal` aborts. @throws ControlClientError */
export function followEvents(path: string, onEvent: (event: EventDocument) => void, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = openControl(
      path,
      { verb: 'events', follow: true },
      {
        answer(answer) {
          if (answer.kind === 'event') onEvent(answer.event);
          else if (answer.kind === 'reply' && !answer.reply.ok) fail(new ControlClientError('broken', answer.reply.error));
          else if (answer.kind === 'malformed') fail(new ControlClientError('broken', `what answers on ${path} is not this version of mhtun`));
        },
        end(error) {
          if (error === null) resolve();
          else reject(error);
        },
      },
    );
    signal?.addEventListener('abort', () => {
      socket.destroy();
      resolve();
    });

    function fail(error: ControlClientError): void {
      socket.destroy();
      reject(error);
    }
  });
}

interface Listener {
  answer(answer: DecodedAnswer): void;
  /** The connection is over; `error` where it never stood or broke. */
  end(error: ControlClientError | null): void;
}

function openControl(path: string, request: ControlRequest, listener: Listener): Socket {
  const splitter = new LineSplitter(maxControlReplyBytes);
  const socket = createConnection(path);
  let failure: ControlClientError | null = null;
  socket.on('connect', () => socket.write(encodeRequest(1, request)));
  socket.on('data', (chunk) => {
    const lines = splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (lines === null) {
      socket.destroy(new Error('a line without end'));
      return;
    }
    for (const line of lines) listener.answer(decodeAnswer(line));
  });
  socket.on('error', (error) => {
    failure = explain(path, error);
  });
  socket.on('close', () => {
    listener.end(failure);
  });
  return socket;
}

function explain(path: string, error: Error): ControlClientError {
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : '';
  switch (errno) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
    case 'ENOTDIR':
      return new ControlClientError('no-daemon', `no mhtun answers on ${path}: start one with \`mhtun up\`, or name its socket with --control`);
    case 'EACCES':
    case 'EPERM':
      return new ControlClientError('not-permitted', `you may not open ${path}: only root and the service's own user may; try it with sudo`);
    default:
      return new ControlClientError('broken', `the connection to ${path} broke: ${error.message}`);
  }
}

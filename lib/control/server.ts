/**
 * The daemon's end of the control socket: makes the socket (mode 0600, in a folder of mode 0700 where it
 * has to make that), takes over a stale one, and hands each request to one handler.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { PlatformError } from '../util/errors.js';
import { ControlClientError, requestControl } from './client.js';
import type { ControlReply, ControlRequest, EventDocument } from './messages.js';
import { decodeRequest, encodeEvent, encodeReply, LineSplitter, maxControlRequestBytes } from './protocol.js';

/** Clients at one time; a person and some scripts need a handful. */
export const maxControlConnections: number = 64;
/** Octets waiting for a client that does not read; past it the client is cut off. */
export const maxControlBacklogBytes: number = 8 * 1024 * 1024;

/** One request's way back. Calls after the client went away do nothing. */
export interface ControlAnswer {
  /** The one reply to the request. */
  send(reply: ControlReply): void;
  /** One line of `events` with `follow`, which gets no reply. */
  sendEvent(event: EventDocument): void;
  /** Called once when the client goes away (or the server closes); at once if it has gone already. */
  onClose(listener: () => void): void;
}

/** Answers each request by exactly one `send`, now or later, or by events for as long as the client stays. */
export type ControlHandler = (request: ControlRequest, answer: ControlAnswer) => void;

export interface ControlServer {
  readonly path: string;
  /** Stops listening, removes the socket, lets every client read what was sent to it, and ends. Call it last: `mhtun down` returns on it. */
  close(): Promise<void>;
}

/**
 * @param descriptor of a socket that listens on `path` already, made by somebody with more rights; null: it is made here
 * @param requestBytes octets of the longest request
 * @throws PlatformError when another daemon answers on that socket, or the socket cannot be made
 */
export async function startControlServer(
  path: string,
  handler: ControlHandler,
  descriptor: number | null = null,
  requestBytes: number = maxControlRequestBytes,
): Promise<ControlServer> {
  if (descriptor === null) {
    makeFolder(dirname(path));
    await clearStaleSocket(path);
  }
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    serveClient(socket, handler, requestBytes);
  });
  server.maxConnections = maxControlConnections;
  await listen(server, path, descriptor);
  return { path, close: () => closeServer(server, clients).finally(() => descriptor !== null && removeGiven(path)) };
}

/** Milliseconds that clients get to read the last lines before they are cut off. */
const closeGraceMs = 500;
/** Milliseconds that a daemon on the socket gets to say its process id. */
const probeTimeoutMs = 1000;
/** The longest path that fits a socket address on Linux (sun_path, its closing zero not counted). */
const maxSocketPathBytes = 107;

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    // The umask may have taken bits away, never added any: this gives the folder back to its owner.
    chmodSync(folder, 0o700);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    const advice =
      errno === 'ENOENT'
        ? `Make ${dirname(folder)} first, or name another socket with "control" or --control.`
        : 'Start it as root, or name a socket you may write with "control" or --control.';
    throw new PlatformError(`can't make the folder ${folder} for the control socket: ${errno}`, errno, advice);
  }
}

/** Removes a socket that nobody answers on. @throws PlatformError when somebody does */
export async function clearStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new PlatformError(`${path} is there and is not a socket`, 'EEXIST', 'Name another control socket with "control" or --control.');
  }
  const holder = await probe(path);
  if (holder !== null) {
    throw new PlatformError(
      `another mhtun is running${holder} and answers on ${path}`,
      'EADDRINUSE',
      'End it with `mhtun down`, or give this one its own "control" socket.',
    );
  }
  unlinkSync(path);
}

/** Null: nobody is there. Else its process id in brackets, or nothing where it does not say. */
async function probe(path: string): Promise<string | null> {
  try {
    const reply = await requestControl(path, { verb: 'status' }, { timeoutMs: probeTimeoutMs });
    const pid = /"pid":(\d+)/.exec(reply.ok ? JSON.stringify(reply.result) : '')?.[1];
    return pid === undefined ? '' : ` (pid ${pid})`;
  } catch (error) {
    return error instanceof ControlClientError && error.code === 'no-daemon' ? null : '';
  }
}

function listen(server: Server, path: string, descriptor: number | null): Promise<void> {
  return new Promise((resolve, reject) => {
    if (new TextEncoder().encode(path).length > maxSocketPathBytes) {
      reject(new PlatformError(`the path of the control socket is longer than ${maxSocketPathBytes} octets`, 'ENAMETOOLONG', 'Name a shorter one.'));
      return;
    }
    server.once('error', (error) => {
      const errno = errnoOf(error);
      reject(new PlatformError(`can't make the control socket ${path}: ${errno}`, errno, 'Start it as root, or name a socket you may write with "control" or --control.'));
    });
    // The socket is bound within this call, so the umask makes it 0600 from its first moment.
    const umask = process.umask(0o177);
    try {
      server.listen(descriptor === null ? { path } : { fd: descriptor }, () => {
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  });
}

async function closeServer(server: Server, clients: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  for (const socket of clients) socket.end();
  const timer = setTimeout(() => {
    for (const socket of clients) socket.destroy();
  }, closeGraceMs);
  await closed;
  clearTimeout(timer);
}

/** A socket that was given lies in a folder that may not be ours to change; the next start clears what stays. */
function removeGiven(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}

function serveClient(socket: Socket, handler: ControlHandler, requestBytes: number): void {
  const splitter = new LineSplitter(requestBytes);
  socket.on('data', (chunk) => {
    const lines = splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (lines === null) {
      socket.removeAllListeners('data');
      write(socket, encodeReply(null, { ok: false, error: `a request is at most ${requestBytes} octets`, exitCode: 2 }));
      socket.destroySoon();
      return;
    }
    for (const line of lines) serveLine(socket, line, handler);
  });
  // A client that goes away in the middle is its own affair; `close` follows.
  socket.on('error', () => undefined);
}

function serveLine(socket: Socket, line: string, handler: ControlHandler): void {
  const decoded = decodeRequest(line);
  if (!decoded.ok) {
    write(socket, encodeReply(decoded.id, { ok: false, error: decoded.error, exitCode: 2 }));
    return;
  }
  const { id, request } = decoded;
  let answered = false;
  handler(request, {
    send(reply) {
      if (answered) return;
      answered = true;
      write(socket, encodeReply(id, reply));
    },
    sendEvent(event) {
      write(socket, encodeEvent(id, event));
    },
    onClose(listener) {
      if (socket.destroyed) listener();
      else socket.once('close', listener);
    },
  });
}

function write(socket: Socket, line: string): void {
  if (!socket.writable) return;
  socket.write(line);
  if (socket.writableLength > maxControlBacklogBytes) socket.destroy();
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}

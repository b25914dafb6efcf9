import { expect } from 'chai';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClientError, followEvents, requestControl } from '../../lib/control/client.js';
import { startControlServer, type ControlHandler, type ControlServer } from '../../lib/control/server.js';
import { PlatformError } from '../../lib/util/errors.js';

describe('the control socket', () => {
  let folder = '';
  const servers: ControlServer[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-control-'));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
    rmSync(folder, { recursive: true });
  });

  const start = async (path: string, handler: ControlHandler): Promise<ControlServer> => {
    const server = await startControlServer(path, handler);
    servers.push(server);
    return server;
  };
  const echo: ControlHandler = (request, answer) => {
    answer.send({ ok: true, result: request });
  };

  it('is mode 0600 in a folder that it makes with mode 0700', async () => {
    const path = join(folder, 'new', 'mhtun.sock');
    await start(path, echo);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).to.equal(0o700);
  });

  it('leaves a folder that is there as it is', async () => {
    chmodSync(folder, 0o755);
    await start(join(folder, 'mhtun.sock'), echo);
    expect(statSync(folder).mode & 0o777).to.equal(0o755);
  });

  it('makes only the last folder of its path', async () => {
    const error = await caught(startControlServer(join(folder, 'a', 'b', 'mhtun.sock'), echo));
    expect(error).to.be.instanceOf(PlatformError);
    expect(error.message).to.contain(join(folder, 'a', 'b'));
    expect(existsSync(join(folder, 'a'))).to.equal(false);
  });

  it('answers each request with its own reply', async () => {
    const path = join(folder, 's');
    await start(path, echo);
    const request = { verb: 'move', peer: 'sun', local: 'a', remote: 'b' } as const;
    expect(await requestControl(path, request, { timeoutMs: 5000 })).to.deep.equal({ ok: true, result: request });
  });

  it('passes a refusal on with its exit code', async () => {
    const path = join(folder, 's');
    await start(path, (_request, answer) => {
      answer.send({ ok: false, error: 'AUTHENTICATION_FAILED', exitCode: 1 });
    });
    const reply = await requestControl(path, { verb: 'reload' }, { timeoutMs: 5000 });
    expect(reply).to.deep.equal({ ok: false, error: 'AUTHENTICATION_FAILED', exitCode: 1 });
  });

  it('replaces a socket that nobody answers on', async () => {
    const path = join(folder, 's');
    await leaveStaleSocket(path);
    await start(path, echo);
    expect((await requestControl(path, { verb: 'status' }, { timeoutMs: 5000 })).ok).to.equal(true);
  });

  it('leaves a live daemon its socket and names its process', async () => {
    const path = join(folder, 's');
    await start(path, (_request, answer) => {
      answer.send({ ok: true, result: { endpoint: { pid: 4711 } } });
    });
    const error = await caught(startControlServer(path, echo));
    expect(error).to.be.instanceOf(PlatformError);
    expect(error.message).to.contain('another mhtun is running (pid 4711)');
    expect((await requestControl(path, { verb: 'status' }, { timeoutMs: 5000 })).ok).to.equal(true);
  });

  it('does not touch a file that is no socket', async () => {
    const path = join(folder, 'precious');
    writeFileSync(path, 'text');
    const error = await caught(startControlServer(path, echo));
    expect(error.message).to.contain('is not a socket');
    expect(statSync(path).size).to.equal(4);
  });

  it('refuses a path too long for a socket address', async () => {
    const error = await caught(startControlServer(join(folder, 'x'.repeat(110)), echo));
    expect(error.message).to.contain('longer than 107 octets');
  });

  it('answers what is no request with an error line, and goes on', async () => {
    const path = join(folder, 's');
    await start(path, echo);
    const lines = await converse(path, 'nonsense\n{"id":4,"verb":"status"}\n', 2);
    expect(lines[0]).to.equal('{"id":null,"ok":false,"error":"a request is one JSON object on one line","exitCode":2}');
    expect(lines[1]).to.equal('{"id":4,"ok":true,"result":{"verb":"status"}}');
  });

  it('cuts off a client whose line does not end', async () => {
    const path = join(folder, 's');
    servers.push(await startControlServer(path, echo, null, 1000));
    const lines = await converse(path, 'x'.repeat(1001), Infinity);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.contain('a request is at most 1000 octets');
  });

  it('streams events until the client goes, and tells the handler', async () => {
    const path = join(folder, 's');
    const gone = new Promise<void>((resolve) => {
      void start(path, (_request, answer) => {
        answer.onClose(resolve);
        for (const n of [1, 2]) answer.sendEvent({ time: 't', event: 'moved', peer: 'sun', n });
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    const seen: unknown[] = [];
    const abort = new AbortController();
    await followEvents(
      path,
      (event) => {
        seen.push(event['n']);
        if (seen.length === 2) abort.abort();
      },
      abort.signal,
    );
    expect(seen).to.deep.equal([1, 2]);
    await gone;
  });

  it('ends a stream of events when the server closes', async () => {
    const path = join(folder, 's');
    const server = await start(path, (_request, answer) => {
      answer.sendEvent({ time: 't', event: 'ike-up', peer: null });
    });
    const seen: string[] = [];
    await followEvents(
      path,
      (event) => {
        seen.push(event.event);
        void server.close();
      },
      null,
    );
    expect(seen).to.deep.equal(['ike-up']);
    servers.pop();
  });

  it('returns from `down` only when the socket is gone', async () => {
    const path = join(folder, 's');
    const server: ControlServer = await start(path, (_request, answer) => {
      answer.send({ ok: true, result: null });
      setImmediate(() => void server.close());
    });
    expect((await requestControl(path, { verb: 'down' }, { timeoutMs: 5000, untilClosed: true })).ok).to.equal(true);
    expect(existsSync(path)).to.equal(false);
    servers.pop();
  });

  it('says that nobody is there, and what to do', async () => {
    const error = await caught(requestControl(join(folder, 'none'), { verb: 'status' }, { timeoutMs: 5000 }));
    expect(error).to.be.instanceOf(ControlClientError);
    expect(error.message).to.contain('start one with `mhtun up`');
  });

  it('says that the daemon does not answer in time', async () => {
    const path = join(folder, 's');
    await start(path, () => undefined);
    const error = await caught(requestControl(path, { verb: 'status' }, { timeoutMs: 20 }));
    expect(error.message).to.contain('gave no answer within 0.02 s');
  });

  it('is not waited for any longer than it is wanted', async () => {
    const path = join(folder, 's');
    await start(path, () => undefined);
    const wanted = new AbortController();
    const ask = (): Promise<unknown> => requestControl(path, { verb: 'status' }, { timeoutMs: null, signal: wanted.signal });
    const asked = ask();
    wanted.abort();
    for (const request of [asked, ask()]) expect((await caught(request)).message).to.contain('nobody waits for the daemon');
  });

  it('says that what answers is no daemon of this version', async () => {
    const path = join(folder, 's');
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const error = await caught(requestControl(path, { verb: 'status' }, { timeoutMs: 5000 }));
    expect(error.message).to.contain('not this version of mhtun');
    server.close();
  });
});

async function caught(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

/** A socket in the file system whose owner is gone: the listener is renamed away from under its own clean-up. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.first`, resolve));
  renameSync(`${path}.first`, path);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** What comes back until `lines` lines were read or the other end closed. */
function converse(path: string, send: string, lines: number): Promise<string[]> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(path, () => socket.write(send));
    const done = (): void => {
      resolve(text.split('\n').slice(0, -1));
    };
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.split('\n').length > lines) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', done);
  });
}

import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal, TerminalListener } from '../../../lib/cli/io.js';
import { main } from '../../../lib/cli/main.js';
import type { ControlReply } from '../../../lib/control/messages.js';
import { startControlServer, type ControlServer } from '../../../lib/control/server.js';
import { shell, status } from '../fixtures.js';
import { Screen } from './screen.js';

/** A terminal with a person before it, who waits for what is to be seen. */
class Person implements Terminal {
  readonly happened: string[] = [];
  screen = new Screen(80, 24);
  #size = { columns: 80, rows: 24 };
  #listener: TerminalListener | null = null;
  #waiting: { readonly words: RegExp; readonly seen: () => void } | null = null;

  size(): { columns: number; rows: number } {
    return this.#size;
  }

  write(text: string): void {
    this.screen.write(text);
    this.#look();
  }

  open(listener: TerminalListener): void {
    this.#listener = listener;
    this.happened.push('open');
  }

  suspend(): void {
    this.happened.push('suspend');
  }

  close(): void {
    this.happened.push('close');
  }

  sees(words: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { words, seen: resolve };
      this.#look();
    });
  }

  type(keys: string): void {
    this.#listener?.keys(keys);
  }

  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    this.screen = new Screen(columns, rows);
    this.#listener?.resized();
  }

  hangUp(): void {
    this.#listener?.hungUp();
  }

  #look(): void {
    if (this.#waiting?.words.test(this.screen.lines().join('\n')) !== true) return;
    const { seen } = this.#waiting;
    this.#waiting = null;
    seen();
  }
}

describe('a live view of a daemon', () => {
  let folder = '';
  let socket = '';
  let server: ControlServer | null = null;
  let person = new Person();
  let interrupt = new AbortController();
  let errors = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-watch-'));
    socket = join(folder, 's');
    person = new Person();
    interrupt = new AbortController();
    errors = '';
  });
  afterEach(async () => {
    await server?.close();
    server = null;
    rmSync(folder, { recursive: true });
  });

  const daemon = async (reply: ControlReply = { ok: true, result: status }): Promise<void> => {
    server = await startControlServer(socket, (_request, answer) => {
      answer.send(reply);
    });
  };
  const watch = (line: string, env: Record<string, string> = { TERM: 'xterm' }): Promise<number> => main(
    [...line.split(' '), '--watch', '--interval', '0.1', '--control', socket],
    shell({ env, columns: 80, stderr: (text) => (errors += text), interrupted: () => interrupt.signal, terminal: () => person }),
  );

  it('goes on until q, and gives the terminal back', async () => {
    await daemon();
    const ended = watch('status');
    await person.sees(/> active/);
    person.type('q');
    expect(await ended).to.equal(0);
    expect(person.happened).to.deep.equal(['open', 'close']);
  });

  it('goes on through a resize, a stop, and a daemon that goes and comes back', async () => {
    await daemon();
    const ended = watch('status');
    await person.sees(/> active/);
    person.resize(60, 12);
    await person.sees(/lines$/);
    person.type('\u001a');
    expect(person.happened).to.deep.equal(['open', 'suspend']);
    await server?.close();
    await person.sees(/^the daemon is gone/);
    await daemon({ ok: false, error: 'the daemon is still starting', exitCode: 1 });
    await person.sees(/^the daemon is still starting/);
    await server?.close();
    await daemon();
    await person.sees(/^moon/);
    interrupt.abort();
    expect(await ended).to.equal(0);
    expect(person.happened).to.deep.equal(['open', 'suspend', 'close']);
  });

  it('hangs up on a daemon that does not answer, when it is to end', async () => {
    let asked = 0;
    let hangUp = (): void => {};
    const hungUp = new Promise<void>((resolve) => (hangUp = resolve));
    server = await startControlServer(socket, (_request, answer) => {
      if (++asked === 1) {
        answer.send({ ok: true, result: status });
        return;
      }
      answer.onClose(hangUp);
      person.type('q');
    });
    expect(await watch('status')).to.equal(0);
    await hungUp;
    expect(asked).to.equal(2);
  });

  it('ends when the terminal goes', async () => {
    await daemon();
    const ended = watch('status');
    await person.sees(/> active/);
    person.hangUp();
    expect(await ended).to.equal(0);
    expect(person.happened.at(-1)).to.equal('close');
  });

  it('gives the terminal back when something goes wrong inside', async () => {
    await daemon();
    const ended = watch('status');
    await person.sees(/> active/);
    person.write = () => {
      throw new Error('it broke');
    };
    person.resize(70, 10);
    expect(await ended).to.equal(1);
    expect(person.happened).to.deep.equal(['open', 'close']);
    expect(errors).to.contain('something went wrong inside: it broke');
  });

  it('shows the paths of one peer alone', async () => {
    await daemon();
    const ended = watch('paths sun');
    await person.sees(/> active/);
    expect(person.screen.lines().join('\n')).to.not.contain('CHILD').and.not.contain('mars');
    person.type('q');
    expect(await ended).to.equal(0);
  });

  it('opens no screen where there is nothing to show', async () => {
    expect(await watch('status')).to.equal(1);
    expect(errors).to.contain('start one with `mhtun up`');
    await daemon();
    expect(await watch('paths venus')).to.equal(1);
    expect(errors).to.contain('no peer is called venus');
    expect(await watch('status --json')).to.equal(2);
    expect(errors).to.contain('--watch is for eyes and --json for programs');
    for (const env of [{ TERM: 'dumb' }, { TERM: '' }]) expect(await watch('status', env)).to.equal(2);
    expect(person.happened).to.deep.equal([]);
  });
});

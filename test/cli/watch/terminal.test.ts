import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControlServer, type ControlServer } from '../../../lib/control/server.js';
import { status } from '../fixtures.js';

const program = fileURLToPath(new URL('../../../bin/mhtun.ts', import.meta.url));
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[H\u001b[J\u001b[?7h\u001b[?25h\u001b[?1049l';

/** What a shell shows of a command on a terminal of its own; `script` makes that. */
class Shell {
  shown = '';
  readonly #process: ReturnType<typeof spawn>;
  #waiting: { readonly words: RegExp; readonly seen: () => void } | null = null;
  readonly ended: Promise<void>;

  constructor(command: string) {
    this.#process = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm', NODE_NO_WARNINGS: '1' } });
    this.ended = new Promise((resolve) => {
      this.#process.on('close', () => {
        resolve();
      });
    });
    this.#process.stdout?.on('data', (text) => {
      this.shown += String(text);
      this.#look();
    });
  }

  sees(words: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { words, seen: resolve };
      this.#look();
    });
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  #look(): void {
    if (this.#waiting?.words.test(this.shown) !== true) return;
    const { seen } = this.#waiting;
    this.#waiting = null;
    seen();
  }
}

describe('a live view on a terminal', function () {
  // Each starts a Node of its own, on machines that may be busy.
  this.timeout(60_000);
  let folder = '';
  let server: ControlServer | null = null;
  let view = '';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-terminal-'));
    const socket = join(folder, 's');
    view = `${process.execPath} --import tsx ${program} status --watch --control ${socket}`;
    server = await startControlServer(socket, (_request, answer) => {
      answer.send({ ok: true, result: status });
    });
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  // The terminal's own settings, before and after: raw mode is among them.
  const framed = (command: string): string => `stty size; stty -a | sed 1d; ${command}; echo "code $?"; stty -a | sed 1d`;
  const settings = (shown: string): string[] => [...shown.matchAll(/intr = [^\u001b]*?-?echoprt[^\r\n]*/g)].map(([text]) => text);

  it('takes the screen and gives it back as it was, on q and on Ctrl-C', async () => {
    for (const key of ['q', '\u0003']) {
      const shell = new Shell(framed(view));
      await shell.sees(/active/);
      expect(shell.shown).to.contain(enter).and.not.contain(leave);
      shell.type(key);
      await shell.ended;
      expect(shell.shown.slice(shell.shown.indexOf(leave))).to.match(/code 0/);
      const [before, afterwards] = settings(shell.shown);
      expect(before).to.be.a('string');
      expect(afterwards).to.equal(before);
    }
  });

  it('takes it again after a stop, and gives it back when it is told to end', async () => {
    const shell = new Shell(framed(`sh -c 'echo "me $$ "; exec ${view}'`));
    await shell.sees(/active/);
    const pid = Number(/me (\d+)/.exec(shell.shown)?.[1]);
    process.kill(pid, 'SIGSTOP');
    process.kill(pid, 'SIGCONT');
    await shell.sees(/active[^]*\u001b\[\?1049h[^]*active/);
    process.kill(pid, 'SIGTERM');
    await shell.ended;
    expect(shell.shown.slice(shell.shown.indexOf(leave))).to.match(/code 0/);
    const [before, afterwards] = settings(shell.shown);
    expect(afterwards).to.equal(before);
  });

  it('follows the size of the terminal', async () => {
    const shell = new Shell(`stty rows 10 cols 50; echo "tty $(tty) "; ${view}`);
    await shell.sees(/1–8 of/);
    const tty = /tty (\S+)/.exec(shell.shown)?.[1] ?? '';
    expect(tty).to.match(/^\/dev\/pts\//);
    spawn('stty', ['-F', tty, 'rows', '6', 'cols', '60']);
    await shell.sees(/1–4 of/);
    shell.type('q');
    await shell.ended;
  });
});

import { expect } from 'chai';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { skipBecause } from '../support/skip.js';
import { Namespaces, whyNoNamespaces, whyNoOtherUser, type Line, type Program } from './namespaces.js';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** CAP_NET_BIND_SERVICE and CAP_NET_ADMIN. */
const two = '0000000000001400';
const nobody = 65534;
const ready = (line: Line): boolean => String(line['msg']).startsWith('ready');

describe('privileges', function () {
  this.timeout(120_000);
  let spaces: Namespaces;
  let where: string;
  let folder: string;

  before(function () {
    const reason = whyNoNamespaces() ?? whyNoOtherUser();
    if (reason !== null) skipBecause(this, reason);
  });
  beforeEach(() => {
    spaces = new Namespaces();
    where = spaces.add('moon');
    folder = mkdtempSync(path.join(tmpdir(), 'mhtun-privileges-'));
  });
  afterEach(async () => {
    await spaces.dispose();
    rmSync(folder, { recursive: true });
  });

  /** @param device the mode of /dev/net/tun as the program sees it; udev gives it 0666, and without udev it is root's alone */
  function up(prelude = 'exec ', device = '666'): Program {
    const ownDevice = `[ -e ${folder}/tun ] || mknod ${folder}/tun c 10 200; chmod ${device} ${folder}/tun; mount --bind ${folder}/tun /dev/net/tun; `;
    return spaces.start(where, path.join(root, 'bin', 'mhtun.ts'), ['up', path.join(folder, 'moon.toml'), '--log-format', 'json', '--json'], { prelude: ownDevice + prelude });
  }

  /** User 0 with the two capabilities alone. */
  function expectPowerlessRoot(pid: number): void {
    for (const status of statuses(pid)) {
      expect(field(status, 'Uid')).to.equal('0 0 0 0');
      for (const name of ['CapEff', 'CapPrm', 'CapBnd']) expect(field(status, name)).to.equal(two);
    }
  }

  function configure(control: string, more = ''): void {
    const file = path.join(folder, 'moon.toml');
    writeFileSync(file, `[endpoint]\nid = "moon"\ncontrol = "${control}"\n${peer('sun', 2)}${more}`, { mode: 0o600 });
  }

  function verb(...args: string[]): string {
    return spaces.run(where, `"${process.execPath}" --import=tsx ${root}/bin/mhtun.ts ${args.join(' ')} 2>&1`);
  }

  it('are two in every thread when root starts it, and its user is not root', async () => {
    const control = path.join(folder, 'run', 'moon.sock');
    chmodSync(folder, 0o755);
    configure(control);
    const program = up();
    await program.line(ready);
    const threads = statuses(program.pid);
    expect(threads.length).to.be.greaterThan(4);
    const wanted = { Uid: nobody, CapEff: two, CapPrm: two, CapInh: two, CapAmb: two, CapBnd: two, NoNewPrivs: 1 };
    for (const status of threads) {
      expect(field(status, 'Uid')).to.equal(Array(4).fill(wanted.Uid).join(' '));
      expect(field(status, 'Groups')).to.equal('');
      for (const name of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb', 'CapBnd', 'NoNewPrivs'] as const) expect(field(status, name), name).to.equal(String(wanted[name]));
    }
    // Nobody but root and the daemon can ask it anything, and nothing of the handover stays open.
    expect(statSync(control).mode & 0o7777).to.equal(0o600);
    expect([statSync(path.dirname(control)).mode & 0o7777, statSync(path.dirname(control)).uid]).to.deep.equal([0o700, nobody]);
    expect(readFileSync(`/proc/${program.pid}/environ`, 'utf8')).not.to.contain('0123456789abcdef');
    expect(descriptors(program.pid).filter((name) => name.includes('memfd'))).to.deep.equal([]);
    program.signal('SIGTERM');
    expect(await program.exitCode()).to.equal(0);
    expect(await program.line((item) => 'ok' in item)).to.deep.equal({ ok: true, detail: 'SIGTERM' });
    expect(existsSync(control)).to.equal(false);
  });

  it('suffice to read a configuration of root again, which the verb brings along', async () => {
    // A folder of root's with other things in it stays root's: then root makes the socket.
    const control = path.join(folder, 'moon.sock');
    configure(control);
    for (let round = 0; round < 2; round++) {
      const program = up();
      await program.line(ready);
      expect([statSync(control).mode & 0o7777, statSync(control).uid, statSync(folder).uid]).to.deep.equal([0o600, nobody, 0]);
      configure(control, peer('mars', 3));
      expect(verb('reload', '--control', control)).to.match(/1 new/);
      configure(control);
      expect(verb('reload', '--control', control)).to.match(/1 gone/);
      verb('down', '--control', control);
      expect(await program.exitCode()).to.equal(0);
    }
  });

  it('are the same two where the service\'s user can\'t read the program, and user 0 has no power of root', async () => {
    configure(path.join(folder, 'moon.sock'));
    mkdirSync(path.join(folder, 'hidden'), { mode: 0o700 });
    const hidden = path.join(folder, 'hidden', 'checkout');
    mkdirSync(hidden);
    const program = spaces.start(where, path.join(hidden, 'bin', 'mhtun.ts'), ['up', path.join(folder, 'moon.toml'), '--log-format', 'json'], {
      prelude: `mount --rbind ${root} ${hidden}; cd ${hidden}; exec `,
    });
    await program.line((line) => String(line['msg']).includes('stays user 0'));
    await program.line(ready);
    expectPowerlessRoot(program.pid);
    program.signal('SIGTERM');
    expect(await program.exitCode()).to.equal(0);
  });

  it('are the same two where the service\'s user can\'t open the TUN device', async () => {
    configure(path.join(folder, 'moon.sock'));
    const program = up('exec ', '600');
    await program.line((line) => String(line['msg']).includes('can\'t open /dev/net/tun: this process stays user 0'));
    await program.line(ready);
    expectPowerlessRoot(program.pid);
    program.signal('SIGTERM');
    expect(await program.exitCode()).to.equal(0);
  });

  it('may come from a service manager, and then nothing is executed again', async () => {
    chmodSync(folder, 0o755);
    configure(path.join(folder, 'run', 'moon.sock'));
    chownSync(path.join(folder, 'moon.toml'), nobody, nobody);
    mkdirSync(path.join(folder, 'run'), { mode: 0o700 });
    chownSync(path.join(folder, 'run'), nobody, nobody);
    const program = up(`exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups --inh-caps=-all,+net_admin,+net_bind_service --ambient-caps=-all,+net_admin,+net_bind_service `);
    await program.line(ready);
    for (const status of statuses(program.pid)) expect(field(status, 'CapEff')).to.equal(two);
    program.signal('SIGTERM');
    expect(await program.exitCode()).to.equal(0);
  });

  it('are asked for in words where they are missing', async () => {
    chmodSync(folder, 0o755);
    configure(path.join(folder, 'run', 'moon.sock'));
    mkdirSync(path.join(folder, 'run'), { mode: 0o700 });
    for (const [prelude, owner] of [[`exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups `, nobody], ['exec setpriv --bounding-set=-net_admin ', 0]] as const) {
      chownSync(path.join(folder, 'moon.toml'), owner, owner);
      chownSync(path.join(folder, 'run'), owner, owner);
      const program = up(prelude);
      const line = await program.line((item) => item['level'] === 50);
      expect(line['msg']).to.match(/CAP_NET_ADMIN and CAP_NET_BIND_SERVICE/);
      expect(await program.line((item) => 'ok' in item)).to.deep.equal({ ok: false, error: line['msg'] });
      expect(await program.exitCode()).to.equal(1);
    }
  });
});

function peer(name: string, net: number): string {
  return `[[peer]]\nname = "${name}"\nid = "${name}"\npsk = "0123456789abcdef0123456789"\n[[peer.child]]\nname = "net"\nlocal = ["192.168.1.0/24"]\nremote = ["192.168.${net}.0/24"]\n`;
}

function statuses(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'));
}

/** What is open; one may close while we look. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

function field(status: string, name: string): string {
  return (new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? 'none').trim().replace(/\s+/g, ' ');
}

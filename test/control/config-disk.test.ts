import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxConfigFileBytes } from '../../lib/config/toml.js';
import { configDisk } from '../../lib/control/config-disk.js';

describe('configDisk', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-disk-'));
    mkdirSync(join(folder, 'peers'));
    for (const name of ['a.toml', 'b.toml', '.hidden.toml', 'c.txt', 'a+b.toml']) writeFileSync(join(folder, 'peers', name), name, { mode: 0o640 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads a file with its mode', () => {
    expect(configDisk.read(join(folder, 'peers/a.toml'))).to.deep.equal({ ok: true, text: 'a.toml', mode: 0o640 });
  });

  it('says what keeps it from reading', () => {
    expect(configDisk.read(join(folder, 'none'))).to.deep.equal({ ok: false, error: 'no such file' });
    expect(configDisk.read(join(folder, 'peers'))).to.deep.equal({ ok: false, error: 'it is a folder' });
    expect(configDisk.read(join(folder, 'peers/a.toml/x'))).to.deep.equal({ ok: false, error: 'no such folder' });
    expect(configDisk.read('a\0b')).to.have.property('ok', false);
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), maxConfigFileBytes + 1);
    expect(configDisk.read(join(folder, 'large'))).to.deep.equal({ ok: false, error: `it is larger than ${maxConfigFileBytes} octets` });
  });

  it('refuses what is no UTF-8, and drops a byte order mark', () => {
    writeFileSync(join(folder, 'latin1'), Uint8Array.of(0x70, 0xe4));
    expect(configDisk.read(join(folder, 'latin1'))).to.deep.equal({ ok: false, error: 'it is not UTF-8 text' });
    writeFileSync(join(folder, 'bom'), Uint8Array.of(0xef, 0xbb, 0xbf, 0x70), { mode: 0o600 });
    expect(configDisk.read(join(folder, 'bom'))).to.deep.equal({ ok: true, text: 'p', mode: 0o600 });
  });

  it('does not wait at a named pipe or read a device', () => {
    expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).to.equal(0);
    expect(configDisk.read(join(folder, 'pipe'))).to.deep.equal({ ok: false, error: 'it is no ordinary file' });
    expect(configDisk.read('/dev/zero')).to.deep.equal({ ok: false, error: 'it is no ordinary file' });
  });

  it('finds what a pattern matches, sorted, hidden files left out', () => {
    const found = (pattern: string): string[] => configDisk.glob(join(folder, pattern)).map((path) => path.slice(folder.length + 1));
    expect(found('peers/*.toml')).to.deep.equal(['peers/a+b.toml', 'peers/a.toml', 'peers/b.toml']);
    expect(found('peers/?.toml')).to.deep.equal(['peers/a.toml', 'peers/b.toml']);
    expect(found('p*/a+*.toml')).to.deep.equal(['peers/a+b.toml']);
    expect(found('*/c.txt')).to.deep.equal(['peers/c.txt']);
    expect(found('*/none.txt')).to.deep.equal([]);
    expect(found('none/*.toml')).to.deep.equal([]);
    expect(found('peers/.h*')).to.deep.equal(['peers/.hidden.toml']);
  });
});

import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { source } from '../config/sources.js';

const program = fileURLToPath(new URL('../../bin/mhtun.ts', import.meta.url));

/** The program as a shell runs it. */
function mhtun(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const ran = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, MHTUN_CONTROL: '/nonexistent/mhtun.sock', NODE_NO_WARNINGS: '1' },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

describe('the program from outside', function () {
  // Each run starts a Node of its own, on machines that may be busy.
  this.timeout(60_000);
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-process-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('ends with 0, 1 or 2, results on stdout and reasons on stderr', () => {
    const right = join(folder, 'right.toml');
    const wrong = join(folder, 'wrong.toml');
    writeFileSync(right, source(), { mode: 0o600 });
    writeFileSync(wrong, source({ peer: 'dpd = 5' }), { mode: 0o600 });
    expect(mhtun('check', right)).to.deep.equal({ code: 0, out: `${right} is right: 1 peer (sun)\n`, err: '' });
    expect(mhtun('status')).to.deep.equal({
      code: 1,
      out: '',
      err: 'mhtun: no mhtun answers on /nonexistent/mhtun.sock: start one with `mhtun up`, or name its socket with --control\n',
    });
    expect(mhtun('check', wrong)).to.deep.equal({
      code: 2,
      out: '',
      err: `${wrong}:8: peer[0].dpd: expected a duration, as "30s", "5m" or "1h30m"; got 5\n`,
    });
    expect(mhtun('stauts')).to.deep.equal({ code: 2, out: '', err: 'mhtun: there is no verb "stauts"; did you mean "status"?\n' });
    const up = mhtun('up', wrong);
    expect(up.code).to.equal(2);
    expect(up.err).to.contain(`${wrong}:8: peer[0].dpd: expected a duration`);
    expect(up.err).to.not.match(/^\s+at /m);
  });

  it('prints one JSON document and nothing else with --json', () => {
    const status = mhtun('status', '--json');
    expect(status.code).to.equal(1);
    expect(JSON.parse(status.out)).to.have.property('ok', false);
    const up = mhtun('up', join(folder, 'none.toml'), '--json');
    expect(up.code).to.equal(2);
    expect(JSON.parse(up.out)).to.have.property('ok', false);
    const psk = mhtun('psk', '--json');
    expect(psk.code).to.equal(0);
    expect(JSON.parse(psk.out)).to.have.property('psk');
  });
});

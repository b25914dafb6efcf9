import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ipsecConf, ipsecSecrets, swanctlConf } from '../convert/samples.js';
import { run } from './fixtures.js';

describe('mhtun import', () => {
  let folder = '';
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-import-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('prints a configuration, and on standard error what did not come along', async () => {
    const path = write('swanctl.conf', swanctlConf);
    const ran = await run(['import', path]);
    expect(ran.code).to.equal(0);
    expect(ran.out).to.match(/^\[endpoint\]\nid = "hq\.example\.net"\n/);
    expect(ran.err.split('\n')).to.include(`${path}:31: ipcomp = yes: compression (IPComp) is not there`);
    expect(ran.err).not.to.match(/hush|of many letters/);
  });

  it('writes a file of mode 0600 that `check` finds right, and none over another', async () => {
    const output = join(folder, 'mhtun.toml');
    const path = write('swanctl.conf', swanctlConf);
    expect(await run(['import', path, '--output', output])).to.include({ code: 0, out: '' });
    expect(statSync(output).mode & 0o777).to.equal(0o600);
    expect((await run(['check', output])).code).to.equal(0);
    writeFileSync(output, 'mine');
    const again = await run(['import', path, '--output', output]);
    expect(again.code).to.equal(1);
    expect(again.err).to.contain(`can't write ${output}: it is there already`);
    expect(readFileSync(output, 'utf8')).to.equal('mine');
  });

  it('prints one document with --json', async () => {
    const path = write('ipsec.conf', ipsecConf);
    const secrets = write('elsewhere', ipsecSecrets);
    const ran = await run(['import', path, '--json', '--secrets', secrets]);
    const document: unknown = JSON.parse(ran.out);
    expect(document).to.include.keys('ok', 'config', 'peers', 'left_out', 'warnings');
    expect(document).to.have.property('left_out').that.deep.includes({ file: secrets, line: 3, says: 'RSA', message: 'private keys are not taken over: name the file with key' });
    expect(document).to.deep.include({ ok: true, peers: ['home'] });
  });

  it('warns of a secret that can be guessed, without it', async () => {
    const ran = await run(['import', write('a.conf', swanctlConf.replace(/secret = "a.*/, 'secret = hushhush }'))]);
    expect(ran.code).to.equal(0);
    expect(ran.err).to.contain('warning: peer[0].psk: a secret of 8 letters can be guessed').and.not.to.contain('hushhush');
  });

  it('ends with 2 and the line where the file does not follow its format', async () => {
    const path = write('swanctl.conf', 'connections {\n');
    const ran = await run(['import', path, '--json']);
    expect(ran.code).to.equal(2);
    expect(ran.err).to.equal(`${path}:1: expected "}" for the section that begins here; got the end of the file\n`);
    expect(JSON.parse(ran.out)).to.have.property('ok', false);
    expect((await run(['import', join(folder, 'none')])).code).to.equal(2);
    expect((await run(['import', path, '--format', 'openvpn'])).code).to.equal(2);
  });

  it('ends with 1, writes nothing and still says why where nothing could be taken over', async () => {
    const output = join(folder, 'mhtun.toml');
    const ran = await run(['import', write('a.conf', 'connections { old { version = 1 } }\n'), '--output', output, '--json']);
    expect(ran.code).to.equal(1);
    expect(ran.err).to.contain('connection old is left out: mhtun does not speak IKEv1').and.to.contain('no connection of it could be taken over');
    expect(JSON.parse(ran.out)).to.have.property('left_out').with.length(1);
    expect(existsSync(output)).to.equal(false);
  });
});

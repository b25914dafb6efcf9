import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { source } from '../config/sources.js';
import { run } from './fixtures.js';

describe('mhtun export', () => {
  let folder = '';
  let config = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-export-'));
    config = join(folder, 'mhtun.toml');
    writeFileSync(config, source({ peer: 'addresses = ["10.1.0.2"]' }), { mode: 0o600 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('prints the other end of the only peer', async () => {
    const ran = await run(['export', 'swanctl', '--config', config]);
    expect(ran).to.include({ code: 0, err: '' });
    expect(ran.out).to.match(/^connections \{\n {2}moon \{\n/);
    expect((await run(['export', 'swanctl', 'sun', '--config', config])).out).to.equal(ran.out);
  });

  it('writes what `import` reads into a file of mode 0600', async () => {
    const output = join(folder, 'sun.conf');
    expect(await run(['export', 'swanctl', '--config', config, '--output', output])).to.include({ code: 0, out: '' });
    expect(statSync(output).mode & 0o777).to.equal(0o600);
    expect(readFileSync(output, 'utf8')).to.contain('correct horse battery staple');
    expect(await run(['import', output])).to.include({ code: 0, err: '' });
    expect((await run(['export', 'swanctl', '--config', config, '--output', output])).code).to.equal(1);
  });

  it('says what is missing at the other end, and prints one document with --json', async () => {
    writeFileSync(config, source());
    const ran = await run(['export', 'swanctl', '--config', config, '--json']);
    expect(ran.err).to.equal('sun: remote_addrs is missing: the other end has to call, and this configuration does not say where (--addresses does)\n');
    expect(JSON.parse(ran.out)).to.include({ ok: true, peer: 'sun' }).and.to.have.property('notes').with.length(1);
    expect((await run(['export', 'swanctl', '--config', config, '--addresses', '10.1.0.1'])).err).to.equal('');
  });

  const mistakes: readonly (readonly [words: string, code: number, said: string])[] = [
    ['openvpn', 2, 'the format is swanctl; got "openvpn"'],
    ['swanctl sum', 1, 'there is no peer "sum"; did you mean "sun"?'],
    ['swanctl --addresses a=b', 2, '--addresses takes addresses and host names; got "a=b"'],
  ];
  for (const [words, code, said] of mistakes) {
    it(`ends with ${code} after: ${words}`, async () => {
      const ran = await run(['export', ...words.split(' '), '--config', config]);
      expect(ran).to.include({ code, out: '' });
      expect(ran.err).to.contain(said);
    });
  }

  it('asks which of several peers is meant', async () => {
    writeFileSync(config, source() + source().replace(/^\[endpoint\]\nid = .*\n/, '').replaceAll('"sun"', '"mars"'));
    const ran = await run(['export', 'swanctl', '--config', config]);
    expect(ran.code).to.equal(2);
    expect(ran.err).to.contain('name one of sun, mars');
  });
});

/** `mhtun pki`: an authority in a folder, as a person uses it, and what mhtun's configuration makes of it. */
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type Ran } from './fixtures.js';

describe('mhtun pki', () => {
  let folder = '';
  const pki = (...words: readonly string[]): Promise<Ran> => run(['pki', ...words, '--folder', folder]);

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'mhtun-pki-')), 'pki');
  });

  afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  it('certifies two hosts by two commands, and their configurations load without a warning', async () => {
    const first = await pki('issue', 'moon.example.net', '--also', '10.1.0.1');
    expect(first.code, first.err).to.equal(0);
    expect(first.out).to.contain('made the authority CN=mhtun CA');
    expect((await pki('issue', 'sun.example.net', '--key', 'ed25519')).code).to.equal(0);
    for (const name of ['moon.example.net', 'sun.example.net']) {
      const own = join(folder, name);
      writeFileSync(join(own, 'mhtun.toml'), `[endpoint]\nid = "${name}"\ncert = "${name}.pem"\nkey = "${name}.key"\nca = ["ca.pem"]\n[[peer]]\nname = "x"\nid = "other.example.net"\nauth = "pubkey"\nchild = [{ name = "n", local = ["10.0.0.0/8"], remote = ["10.0.0.0/8"] }]\n`);
      expect(await run(['check', join(own, 'mhtun.toml')])).to.deep.include({ code: 0, err: '' });
      expect(statSync(join(own, `${name}.key`)).mode & 0o777).to.equal(0o600);
      for (const path of [`x509/${name}.pem`, `private/${name}.key`, 'x509ca/ca.pem']) expect(existsSync(join(own, 'swanctl', path)), path).to.equal(true);
    }
    expect(statSync(join(folder, 'ca.key')).mode & 0o777).to.equal(0o600);
  });

  it('shows what matters first: whom it is for, and how long', async () => {
    await pki('issue', 'moon.example.net', '--also', '10.1.0.1,carol@example.net', '--days', '10');
    const { out } = await pki('show', 'moon.example.net');
    expect(out).to.match(/^for +CN=moon\.example\.net, moon\.example\.net, 10\.1\.0\.1, carol@example\.net\nvalid +until .* UTC, in \d+ days\nissued by +CN=mhtun CA\nkey +ECDSA P-256\n/);
    expect((await pki('show', join(folder, 'ca.pem'))).out).to.match(/^authority +CN=mhtun CA\n/);
    expect((await pki('show')).out).to.match(/^moon\.example\.net {2}until \d{4}-\d\d-\d\d\n$/);
  });

  it('revokes, and says so in the list and in the table', async () => {
    await pki('issue', 'moon.example.net');
    await pki('issue', 'sun.example.net');
    expect((await pki('show', join(folder, 'ca.crl'))).out).to.match(/^revoked +nothing\n/);
    expect((await pki('revoke', 'sun.example.net')).code).to.equal(0);
    expect((await pki('show')).out).to.match(/^moon\.example\.net {2}until \S+\nsun\.example\.net {3}revoked\n$/);
    const serial = /^serial +([0-9a-f]+)$/m.exec((await pki('show', 'sun.example.net')).out)?.[1];
    expect((await pki('show', join(folder, 'ca.crl'))).out).to.match(new RegExp(`^revoked +${serial ?? 'none'} `));
    expect(JSON.parse((await pki('show', '--json')).out)).to.have.property('issued').with.length(2);
    expect(await pki('revoke', 'sun.example.net')).to.deep.include({ code: 1, out: '' });
  });

  it('makes no second certificate for a name unasked', async () => {
    await pki('issue', 'moon.example.net');
    const before = readFileSync(join(folder, 'moon.example.net', 'moon.example.net.pem'), 'utf8');
    const ran = await pki('issue', 'moon.example.net');
    expect(ran.code).to.equal(1);
    expect(ran.err).to.contain('--again makes another');
    expect(readFileSync(join(folder, 'moon.example.net', 'moon.example.net.pem'), 'utf8')).to.equal(before);
    expect((await pki('issue', 'moon.example.net', '--again')).code).to.equal(0);
  });

  it('encrypts the key of the authority where it is told to, and asks for the passphrase then', async () => {
    const file = join(folder, '..', 'passphrase');
    writeFileSync(file, 'open sesame\n');
    expect((await pki('issue', 'moon', '--passphrase-file', file)).code).to.equal(0);
    expect(readFileSync(join(folder, 'ca.key'), 'utf8')).to.contain('ENCRYPTED');
    const without = await pki('issue', 'sun');
    expect(without.code).to.equal(1);
    expect(without.err).to.contain('is encrypted, and no passphrase is given');
    const ran = await pki('issue', 'sun', '--passphrase-file', file);
    expect(ran.code).to.equal(0);
    expect(ran.out + ran.err).not.to.contain('sesame');
  });

  for (const [words, code, said] of [
    [['sign', 'moon'], 2, 'an action of pki is'], [['issue'], 2, 'missing: NAME'], [['issue', '../moon'], 2, 'no host name'], [['issue', 'moon', '--also', 'a b'], 2, '"a b" is no host name'],
    [['issue', 'moon', '--days', '0'], 2, '--days needs'], [['issue', 'moon', '--key', 'dsa'], 2, '--key is one of'], [['issue', 'moon', '--authority', 'nonsense'], 2, 'no distinguished name'],
    [['revoke', 'moon'], 1, 'has no certificate'], [['crl'], 1, 'makes an authority'], [['show', 'moon'], 1, 'there is neither'],
  ] as const) {
    it(`refuses \`${words.join(' ')}\``, async () => {
      const ran = await pki(...words);
      expect(ran.code).to.equal(code);
      expect(ran.err).to.contain(said);
    });
  }
});

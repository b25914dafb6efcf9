/** Users, passwords and who is the gateway, as configured (RFC 7296 §2.16). */
import { expect } from 'chai';
import type { PeerConfig } from '../../lib/config/types.js';
import { lossyText, toHex } from '../../lib/util/bytes.js';
import { formatProblem } from '../../lib/util/errors.js';
import { authority, issue, keyPemOf, pemOf } from '../support/test-pki.js';
import { load, mainPath, problemsOf, source, type MemoryFiles } from './sources.js';

const lab = authority('O=Lab, CN=Lab CA');
const moon = issue('CN=moon', lab, { names: ['dns:moon'] });
const keys = { '/etc/mhtun/ca.pem': pemOf(lab), '/etc/mhtun/moon.pem': pemOf(moon), '/etc/mhtun/moon.key': keyPemOf(moon) };
const cert = 'cert = "moon.pem"\nkey = "moon.key"';
const users = 'carol = "Ar3etTnp"\n"dave@example.net" = { password_file = "dave.password" }\nerin = { nt_hash = "8846F7EAEE8FB117AD06BDD830B7586C" }\n';

function filesOf(peer: string, more: MemoryFiles = {}, endpoint = ''): MemoryFiles {
  const main = source({ peer, endpoint }).replace('psk = "correct horse battery staple"\n', '');
  return { [mainPath]: main, ...keys, '/etc/mhtun/users.toml': users, '/etc/mhtun/dave.password': 'secret of dave\n', ...more };
}

function peerOf(files: MemoryFiles): PeerConfig {
  const [peer] = load(files).config.peers;
  if (peer === undefined) throw new Error('there is no peer');
  return peer;
}

const mainOf = (files: MemoryFiles): string => {
  const main = files[mainPath];
  return typeof main === 'string' ? main : '';
};

const said = (files: MemoryFiles): string[] => problemsOf(files).map(formatProblem);

describe('auth = "eap-mschapv2"', () => {
  it('is a caller where a user is named, and wants the gateway’s certificate', () => {
    const { localAuth, remoteAuth } = peerOf(filesOf('auth = "eap-mschapv2"\nuser = "carol"\npassword = "Ar3etTnp"\nca = ["ca.pem"]'));
    expect(remoteAuth.kind).to.equal('pubkey');
    if (localAuth.kind !== 'eap') throw new Error('the caller has no password');
    expect([localAuth.user, localAuth.methods, lossyText(localAuth.secret.password?.expose() ?? new Uint8Array(0))]).to.deep.equal(['carol', ['mschapv2'], 'Ar3etTnp']);
  });

  it('is a gateway where users_file is named, by the peer or for all, and shows its certificate', () => {
    for (const files of [
      filesOf(`auth = "eap-mschapv2"\nusers_file = "users.toml"\n${cert}`), filesOf(`auth = "eap-mschapv2"\n${cert}`, {}, 'users_file = "users.toml"'),
      filesOf(`local_auth = "pubkey"\nremote_auth = "eap-mschapv2"\neap_id = "*"\nusers_file = "users.toml"\n${cert}`),
    ]) {
      const { localAuth, remoteAuth } = peerOf(files);
      expect(localAuth.kind).to.equal('pubkey');
      if (remoteAuth.kind !== 'eap') throw new Error('there are no users');
      const found = [...remoteAuth.users].map(([name, { password }]) => [name, password === null ? null : lossyText(password.expose())]);
      expect(found).to.deep.equal([['carol', 'Ar3etTnp'], ['dave@example.net', 'secret of dave'], ['erin', null]]);
      // That of "password", as everybody can look up.
      expect(toHex(remoteAuth.users.get('erin')?.ntHash.expose() ?? new Uint8Array(0))).to.equal('8846f7eaee8fb117ad06bdd830b7586c');
    }
  });

  it('takes further methods where they are named', () => {
    const { localAuth } = peerOf(filesOf('auth = "eap-mschapv2"\neap_methods = ["md5", "mschapv2"]\nuser = "carol"\npassword = "x"\nca = "ca.pem"'));
    expect(localAuth).to.deep.include({ methods: ['md5', 'mschapv2'] });
  });

  it('lets a peer who proves himself by a key beside one who does by EAP have the same id', () => {
    const second = `\n[[peer]]\nname = "people"\nid = "%any"\nauth = "eap-mschapv2"\nusers_file = "users.toml"\n${cert}\n[[peer.child]]\nname = "net"\nlocal = ["10.0.0.0/8"]\nremote = ["dynamic"]\n`;
    const files = filesOf(`auth = "pubkey"\n${cert}\nca = "ca.pem"`);
    const main = mainOf(files).replace('id = "sun"', 'id = "%any"');
    expect(load({ ...files, [mainPath]: main + second }).config.peers).to.have.lengthOf(2);
    const twice = main + second + second.replace('"people"', '"others"');
    expect(said({ ...files, [mainPath]: twice })).to.have.lengthOf(1).and.satisfy(([first = '']: string[]) => first.includes('has the same id and local_id'));
    const told = main + second.replace('users_file', 'eap_id = "a*"\nusers_file') + second.replace('"people"', '"others"');
    expect(load({ ...files, [mainPath]: told }).config.peers).to.have.lengthOf(3);
  });

  for (const [what, files, problems] of [
    ['a user without a password', filesOf('auth = "eap-mschapv2"\nuser = "carol"\nca = "ca.pem"'), [`${mainPath}:4: peer[0].password: password is missing, as in password = "…", or password_file = "carol.password"`]],
    ['a password without a user', filesOf('auth = "eap-mschapv2"\npassword = "x"\nca = "ca.pem"'), [`${mainPath}:4: peer[0].user: user is missing, as in user = "carol"`]],
    ['an empty password', filesOf('auth = "eap-mschapv2"\nuser = "carol"\npassword = ""\nca = "ca.pem"'), [`${mainPath}:9: peer[0].password: the password is empty`]],
    ['no authority for the gateway', filesOf('auth = "eap-mschapv2"\nuser = "carol"\npassword = "x"'), [`${mainPath}:4: peer[0].ca: ca is missing, as in ca = ["ca.pem"]: whose certificates the peer may show; or peer_cert, or peer_key`]],
    ['a gateway without users', filesOf(`auth = "eap-mschapv2"\n${cert}`), [`${mainPath}:4: peer[0].users_file: users_file is missing, as in users_file = "users.toml": who may come in, and with which password`]],
    ['a gateway without a certificate', filesOf('auth = "eap-mschapv2"\nusers_file = "users.toml"'), ['cert is missing']],
    ['a gateway that proves itself by a secret', filesOf('remote_auth = "eap-mschapv2"\nlocal_auth = "psk"\nusers_file = "users.toml"\npsk = "correct horse battery staple"'),
      [`${mainPath}:8: peer[0].local_auth: expected "pubkey" where the other end proves itself by EAP: a gateway must show a certificate before it is told anything (RFC 7296 §2.16); got "psk"`]],
    ['both by EAP', filesOf('local_auth = "eap-mschapv2"\nremote_auth = "eap-mschapv2"\nuser = "carol"\npassword = "x"\nusers_file = "users.toml"'), ['expected "pubkey" where the other end proves itself by EAP']],
    ['a user where nobody asks for one', filesOf(`auth = "pubkey"\nuser = "carol"\n${cert}\nca = "ca.pem"`), ['it has no effect without auth = "eap-mschapv2"']],
    ['a gateway that calls', filesOf(`auth = "eap-mschapv2"\nusers_file = "users.toml"\naddresses = ["10.1.0.2"]\n${cert}`), ['peer[0].addresses: expected start = "never", or no addresses']],
    ['methods without the one that auth names', filesOf('auth = "eap-mschapv2"\neap_methods = ["md5"]\nuser = "carol"\npassword = "x"\nca = "ca.pem"'), ['expected mschapv2 among them']],
    ['EAP-MD5 for a user of whom there is a hash alone', filesOf(`auth = "eap-md5"\nusers_file = "users.toml"\n${cert}`), ['of user erin there is only nt_hash']],
    ['a file of users that is not there', filesOf(`auth = "eap-mschapv2"\nusers_file = "x.toml"\n${cert}`), [`${mainPath}:8: peer[0].users_file: can't read /etc/mhtun/x.toml: no such file`]],
    ['a file of users that others can read', filesOf(`auth = "eap-mschapv2"\nusers_file = "users.toml"\n${cert}`, { '/etc/mhtun/users.toml': { text: users, mode: 0o640 } }), ['chmod 600 /etc/mhtun/users.toml']],
  ] as const) {
    it(`is refused with ${what}`, () => {
      const found = said(files);
      expect(found).to.have.lengthOf(problems.length);
      problems.forEach((problem, i) => {
        expect(found[i]).to.contain(problem);
      });
    });
  }

  it('is refused with a password in a file that others can read', () => {
    const files = filesOf('auth = "eap-mschapv2"\nuser = "carol"\npassword = "x"\nca = "ca.pem"');
    expect(said({ ...files, [mainPath]: { text: mainOf(files), mode: 0o644 } })).to.have.lengthOf(1).and.satisfy(([first = '']: string[]) => first.includes('chmod 600'));
  });
});

describe('A file of users', () => {
  for (const [what, text, problem] of [
    ['a number', 'carol = 1', '/etc/mhtun/users.toml:1: carol: expected a password in quotes, or { password_file = "carol.password" }, or { nt_hash = "…" }'],
    ['an empty password', '\ncarol = ""', '/etc/mhtun/users.toml:2: carol: the password is empty'],
    ['a table with nothing in it', 'carol = {}', '/etc/mhtun/users.toml:1: carol: expected a password in quotes'],
    ['a password and a hash', 'carol = { password = "x", nt_hash = "8846f7eaee8fb117ad06bdd830b7586c" }', '/etc/mhtun/users.toml:1: carol.nt_hash: expected either a password or nt_hash'],
    ['a hash that is none', 'carol = { nt_hash = "hunter2" }', '/etc/mhtun/users.toml:1: carol.nt_hash: expected 32 hex digits'],
    ['an unknown key', 'carol = { pasword = "x" }', '/etc/mhtun/users.toml:1: carol.pasword: unknown key; did you mean "password"?'],
    ['a name that is none', '"ca\\nrol" = "x"', '/etc/mhtun/users.toml:1: "ca\\nrol": expected the name of a user without control characters'],
    ['a name that is too long', `${'a'.repeat(254)} = "x"`, 'expected the name of a user, of 1 to 253 octets'],
    ['what is not TOML', 'carol: x', '/etc/mhtun/users.toml:1: not TOML'],
  ] as const) {
    it(`with ${what} is refused, and nothing secret is said`, () => {
      const found = said(filesOf(`auth = "eap-mschapv2"\nusers_file = "users.toml"\n${cert}`, { '/etc/mhtun/users.toml': text }));
      expect(found[0]).to.contain(problem);
      expect(found.join()).not.to.contain('hunter2');
    });
  }

  it('with nobody in it is worth a warning', () => {
    const { warnings } = load(filesOf(`auth = "eap-mschapv2"\nusers_file = "users.toml"\n${cert}`, { '/etc/mhtun/users.toml': '# nobody\n' }));
    expect(warnings.map(({ message }) => message).join()).to.contain('has no user in it');
  });
});

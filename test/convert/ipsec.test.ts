import { expect } from 'chai';
import { imported, mainFile, refusal, remarksOf } from './imported.js';
import { ipsecConf, ipsecSecrets } from './samples.js';

const secretsFile = '/etc/ipsec.secrets';

/** A conn that is taken over whole, with lines put into it. */
function conn(lines = '', secrets = ': PSK "correct horse battery staple"\n'): Readonly<Record<string, string>> {
  const indented = lines.split('\n').map((line) => `\t${line}\n`).join('');
  return {
    [mainFile]: `conn sun\n${indented}\tauthby=secret\n\tauto=start\n\tleftid=moon\n\trightid=sun\n\tright=10.1.0.2\n\tleftsubnet=192.168.1.0/24\n\trightsubnet=192.168.2.0/24\n`,
    [secretsFile]: secrets,
  };
}

const byHand = 'people with passwords are not taken over: write auth = "eap-mschapv2" with user, or users_file, and the certificates (man mhtun.toml, USERS)';

describe('import from ipsec.conf', () => {
  it('makes a configuration of what it can take over, and says the rest line by line', () => {
    const made = imported({ [mainFile]: ipsecConf, [secretsFile]: ipsecSecrets });
    expect(made.text.replace(/psk = .*/, 'psk = …')).to.equal(`[endpoint]
id = "moon.example.net"
listen = ["192.168.0.100"]

[[peer]]
name = "home"
id = "sun.example.net"
addresses = ["192.168.0.1"]
psk = …
ike_rekey = "57m"
child_rekey = "17m"
[[peer.child]]
name = "home"
local = ["10.1.0.0/16"]
remote = ["10.2.0.0/16"]
[[peer.child]]
name = "home2"
local = ["10.7.0.0/16"]
remote = ["10.2.0.0/16"]
`);
    expect(remarksOf(made)).to.deep.equal([
      'ipsec.secrets:3: RSA: private keys are not taken over: name the file with key',
      `ipsec.secrets:4: EAP: ${byHand}`,
      'a.conf:3: charondebug = ike 2: mhtun up --log-level says how much is logged',
      'a.conf:4: uniqueids = no: mhtun knows "replace", "keep" and "never": the default stands',
      'a.conf:11: keyingtries = 1: mhtun tries for ever, with back-off',
      'a.conf:18: leftfirewall = yes: mhtun makes its own routes and leaves the rest of the firewall alone',
      'a.conf:23: conn home2: it has the same two identities as "home": its children are that peer\'s now',
    ]);
  });

  it('takes over a plain conn without a word', () => {
    expect(remarksOf(imported(conn()))).to.deep.equal([]);
  });

  const taken: readonly (readonly [lines: string, line: string])[] = [
    ['mobike=no', 'mobike = false'],
    ['dpddelay=10', 'dpd = "10s"'],
    ['dpdaction=none\n dpddelay=10', 'dpd = "0s"'],
    ['ikelifetime=3h', 'ike_rekey = "171m"'],
    ['lifetime=1h\n margintime=10m', 'child_rekey = "50m"'],
    ['lifebytes=1000\n marginbytes=100', 'child_rekey_bytes = 900'],
    ['lifepackets=1000', 'child_rekey_packets = 1000'],
    ['ike=aes256-sha256-modp3072!', 'ike = ["aes256-sha256-modp3072"]'],
    ['ike=aes256-sha256-modp3072', 'ike = ["aes256-sha256-modp3072", "default"]'],
    ['esp=aes128gcm16,aes256gcm16-x25519!', 'esp = ["aes128gcm16", "aes256gcm16-x25519"]'],
    ['fragmentation=force', 'psk = "correct horse battery staple"'],
    ['leftprotoport=tcp/443', 'local = ["192.168.1.0/24[tcp/443]"]'],
    ['rightprotoport=17/%any', 'remote = ["192.168.2.0/24[17]"]'],
    ['left=192.0.2.1', 'listen = ["192.0.2.1"]'],
    ['left=%defaultroute', 'id = "moon"'],
  ];
  for (const [lines, line] of taken) {
    it(`takes over ${JSON.stringify(lines)}`, () => {
      expect(imported(conn(lines)).text.split('\n')).to.include(line);
    });
  }

  const remarked: readonly (readonly [lines: string, said: string])[] = [
    ['rekey=no', 'a.conf:2: rekey = no: mhtun always renews keys'],
    ['compress=yes', 'a.conf:2: compress = yes: compression (IPComp) is not there'],
    ['leftsourceip=%config', 'a.conf:2: leftsourceip = %config: for an address that the peer lends, write virtual = true into the [[peer]], and local = ["dynamic"] into its child; to lend one, write a [[pool]]'],
    ['forceencaps=no', 'a.conf:2: forceencaps = no: ESP always travels in UDP here; the other end follows'],
    ['leftsubnetz=10.0.0.0/8', 'a.conf:2: leftsubnetz: no such key is known here; did you mean leftsubnet?'],
    ['also=nobody', 'a.conf:2: also = nobody: there is no conn of this name: nothing is taken up'],
    ['dpdaction=hold', 'a.conf:2: dpdaction = hold: mhtun does what start says, which is "now" here'],
    ['keyexchange=ikev1', 'a.conf:2: keyexchange = ikev1: conn sun is left out: mhtun does not speak IKEv1: set keyexchange = ikev2 at the other end'],
    ['type=transport', 'a.conf:2: type = transport: conn sun is left out: there are tunnels only'],
    ['leftauth=eap-mschapv2', `a.conf:2: leftauth = eap-mschapv2: conn sun is left out: ${byHand}`],
    ['leftauth=pubkey', 'a.conf:2: leftauth = pubkey: certificates are not taken over: name their files by hand, with auth = "pubkey", cert, key and ca: peer sun has a pre-shared key now; set authby = secret at the other end'],
  ];
  for (const [lines, said] of remarked) {
    it(`says what becomes of ${JSON.stringify(lines)}`, () => {
      expect(remarksOf(imported(conn(lines)))).to.include(said);
    });
  }

  it('takes up other conns and %default, what is nearer counting', () => {
    const files = conn();
    const text = `conn %default\n\tdpddelay=11\n\tmobike=no\nconn tmpl\n\tdpddelay=12\n\tleftfirewall=yes\nconn unused\n\tright=10.9.9.9\n${files[mainFile] ?? ''}\talso=tmpl\n`;
    const made = imported({ ...files, [mainFile]: text });
    expect(made.text).to.contain('dpd = "12s"').and.to.contain('mobike = false');
    expect(made.peers).to.deep.equal(['sun']);
    expect(remarksOf(made)).to.deep.equal([
      'a.conf:6: leftfirewall = yes: mhtun makes its own routes and leaves the rest of the firewall alone',
      'a.conf:7: conn unused: left out: strongSwan ignores it too, without auto = add, route or start',
    ]);
  });

  it('knows an end without an id by its address, or by the name in its place', () => {
    const text = conn('left=moon.example.net')[mainFile] ?? '';
    const made = imported({ ...conn(), [mainFile]: text.replace('\tleftid=moon\n', '').replace('\trightid=sun\n', '') });
    expect(made.text).to.contain('[endpoint]\nid = "moon.example.net"\n').and.to.contain('id = "10.1.0.2"\n');
    expect(remarksOf(made)).to.deep.equal(['a.conf:2: left = moon.example.net: listen in [endpoint] takes addresses only']);
  });

  const secrets: readonly (readonly [text: string, psk: string])[] = [
    [': PSK "in quotes, 0x as it is"\n', 'in quotes, 0x as it is'],
    [': PSK "0xabcd"\n', '0x307861626364'],
    [': PSK 0xabcd00112233445566778899\n', '0xabcd00112233445566778899'],
    ['sun moon\n\t: PSK \'single quotes\' # comment\n', 'single quotes'],
    ['@mars : PSK "of mars"\n10.1.0.2 : PSK "of the address"\n%any : PSK "of anybody"\n', 'of the address'],
    ['include other.secrets\n', 'from elsewhere'],
  ];
  for (const [text, psk] of secrets) {
    it(`reads the secret in ${JSON.stringify(text)}`, () => {
      const made = imported({ ...conn('', text), '/etc/other.secrets': ': PSK "from elsewhere"' });
      expect(/^psk = (.*)$/m.exec(made.text)?.[1]).to.equal(JSON.stringify(psk));
    });
  }

  it('says where it found no secrets', () => {
    const made = imported({ [mainFile]: conn()[mainFile] ?? '' });
    expect(remarksOf(made)[0]).to.equal('a.conf:1: secrets: /etc/ipsec.secrets can\'t be read: --secrets says where the secrets are');
    expect(made.text).to.contain('psk_file = "sun.psk"');
  });

  const mistakes: readonly (readonly [text: string, secrets: string, said: string])[] = [
    ['conn a\nhush=x\n', '', 'a.conf:2: expected "config setup", "conn NAME", "ca NAME", "include FILE", or an indented key = value; got another line that begins in the first column'],
    ['config setup\n\thush\n', '', 'a.conf:2: expected key = value; got a line without "="'],
    ['\thush=1\nconn a\n', '', 'a.conf:1: expected "conn NAME" or another section before the first indented line'],
    ['conn a\n\tx="hush\n', '', 'a.conf:2: expected a quote that closes the string; got the end of the line'],
    ['conn a\n', '\nmoon PSK "hush"\n', 'ipsec.secrets:2: expected identities, ":" with blanks around it, and a kind of secret as PSK; got a line without ":"'],
    ['conn a\n', ': PSK\n', 'ipsec.secrets:1: expected one secret after PSK; got none'],
    ['conn a\n', ': PSK hush hush\n', 'ipsec.secrets:1: expected one secret after PSK; got several words: put it in quotes'],
    ['conn a\n', ': PSK "hush\n', 'ipsec.secrets:1: expected a quote that closes the string; got the end of the line'],
    ['conn a\n', 'moon :\n', 'ipsec.secrets:1: expected a kind of secret as PSK after ":"; got the end of the line'],
  ];
  for (const [text, beside, said] of mistakes) {
    it(`refuses ${JSON.stringify(text + beside)}`, () => {
      expect(refusal({ [mainFile]: text, [secretsFile]: beside })).to.deep.equal([said]);
    });
  }
});

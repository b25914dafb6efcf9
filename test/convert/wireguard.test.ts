import { expect } from 'chai';
import { imported, refusal, remarksOf } from './imported.js';
import { wireguardConf, wireguardKeys } from './samples.js';

const { own, sun, other } = wireguardKeys;

describe('import from WireGuard', () => {
  it('makes a configuration of what it can take over, and says the rest line by line', () => {
    const made = imported(wireguardConf);
    expect(made.text).to.equal(`[endpoint]
id = "keyid:${own.public}"
address = ["10.9.0.1/24", "fd00::1/64"]

[[peer]]
name = "sun"
id = "keyid:${sun.public}"
addresses = ["sun.example.net"]
psk_file = "sun.psk"
dpd = "25s"
[[peer.child]]
name = "net"
local = ["10.9.0.1/32", "fd00::1/128"]
remote = ["10.9.0.2/32", "192.168.5.0/24"]

[[peer]]
name = "peer2"
id = "keyid:${other.public}"
psk = "0s${other.shared}"
[[peer.child]]
name = "net"
local = ["10.9.0.1/32", "fd00::1/128"]
remote = ["fd00::2/128"]
`);
    expect(remarksOf(made).map((text) => text.split(': ').slice(0, 2).join(' '))).to.deep.equal([
      'a.conf:1 [Interface]', 'a.conf:3 PrivateKey', 'a.conf:4 ListenPort = 51820', 'a.conf:5 PostUp', 'a.conf:6 [Peer] 1',
      `a.conf:7 PublicKey = ${sun.public}`, 'a.conf:9 Endpoint = sun.example.net:51820', `a.conf:12 PublicKey = ${other.public}`,
    ]);
    const all = remarksOf(made).join('\n');
    expect(all).to.contain('make one beside the configuration, the same at both ends: (umask 077; mhtun psk > sun.psk)');
    expect(all).not.to.contain(own.secret).and.not.to.contain(other.shared);
  });

  it('gives both ends the identities that the other expects', () => {
    const theirs = imported(`[Interface]\nPrivateKey = ${sun.secret}\nAddress = 10.9.0.2/32\n[Peer]\nPublicKey=${own.public}\nAllowedIPs=10.9.0.1\n`).text;
    expect(theirs).to.contain(`id = "keyid:${sun.public}"`).and.to.contain(`id = "keyid:${own.public}"`);
  });

  it('knows keys in any case, lists on several lines, and addresses without a prefix length', () => {
    const made = imported(`[interface]\naddress=10.9.0.1\nADDRESS = fd00::1/64\nTable=off\n[PEER] # sun\npublickey=${sun.public}\nallowedips=10.0.0.0/8\nAllowedIPs = ::/0,0.0.0.0/0\nendpoint = [2001:db8::1]:1\n`);
    expect(made.text).to.contain('address = ["10.9.0.1", "fd00::1/64"]').and.to.contain('remote = ["10.0.0.0/8", "::/0", "0.0.0.0/0"]');
    expect(made.text).to.contain('addresses = ["2001:db8::1"]').and.to.contain('id = "this-end"').and.to.contain('routes = false');
  });

  it('leaves out a peer that nothing may go to', () => {
    const made = imported(`[Peer]\nPublicKey=${sun.public}\n`);
    expect(made.peers).to.deep.equal([]);
    expect(remarksOf(made)).to.include('a.conf:1: [Peer] 1: left out: it has no AllowedIPs, so nothing may go to it or come from it');
  });

  it('says the nearest right key of one that there is none of, and nothing of its value', () => {
    const made = imported(`${wireguardConf}PresharedKye = hush\n`);
    expect(remarksOf(made).at(-1)).to.equal('a.conf:15: presharedkye: no such key is known here; did you mean PresharedKey?');
  });

  const mistakes: readonly (readonly [text: string, said: string])[] = [
    ['[Interface]\nhush\n', 'a.conf:2: expected KEY = VALUE; got a line without "="'],
    ['a = b\n[Peer]\n', 'a.conf:1: expected [Interface] or [Peer] before the first key'],
    ['[Peer]\n[Pear]\n', 'a.conf:2: expected [Interface] or [Peer]; got another section'],
    ['[Interface]\nPrivateKey = hush\n', 'a.conf:2: PrivateKey: expected 44 letters of base64; got something else'],
    ['[Interface]\n\n[Peer]\nAllowedIPs = ::/0\n', 'a.conf:3: expected a PublicKey in this [Peer]; got none'],
    ['[Interface]\nAddress = 10.9.0.300\n', 'a.conf:2: Address: expected an address with its prefix length, as "10.9.0.1/32"; got "10.9.0.300"'],
    [`[Peer]\nPublicKey=${sun.public}\nAllowedIPs = sun\n`, 'a.conf:3: AllowedIPs: expected a prefix, as 10.0.0.0/8; "sun" is not an address, a prefix or a range'],
    [`[Peer]\nPublicKey=${sun.public}\nEndpoint = sun\n`, 'a.conf:3: Endpoint: expected HOST:PORT; got something else'],
    [`[Peer]\nPublicKey=${sun.public}\nAllowedIPs=::/0\nPersistentKeepalive = often\n`, 'a.conf:4: PersistentKeepalive: expected "off" or seconds from 0 to 65535'],
  ];
  for (const [text, said] of mistakes) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(refusal(text)).to.deep.equal([said]);
    });
  }
});

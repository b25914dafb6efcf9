import { expect } from 'chai';
import { imported, refusal, remarksOf } from './imported.js';
import { swanctlConf } from './samples.js';

interface Lines {
  readonly conn?: string;
  readonly local?: string;
  readonly remote?: string;
  readonly child?: string;
  readonly secrets?: string;
}

/** A connection that is taken over whole, with lines put into it. */
function connection(lines: Lines = {}): string {
  return `connections {
  sun {
    ${lines.conn ?? ''}
    remote_addrs = 10.1.0.2
    local { auth = psk
      ${lines.local ?? 'id = moon'}
    }
    remote { auth = psk
      ${lines.remote ?? 'id = sun'}
    }
    children { net {
      local_ts = 192.168.1.0/24
      remote_ts = 192.168.2.0/24
      ${lines.child ?? ''}
    } }
  }
}
secrets { ${lines.secrets ?? 'ike { secret = correct horse battery staple }'} }
`;
}

describe('import from swanctl.conf', () => {
  it('makes a configuration of what it can take over, and says the rest line by line', () => {
    const made = imported(swanctlConf);
    expect(made.text).to.equal(`[endpoint]
id = "hq.example.net"
listen = ["192.0.2.1"]

[[peer]]
name = "branch"
id = "branch.example.net"
addresses = ["198.51.100.7", "branch.example.net"]
start = "traffic"
psk = "a \\"long\\" secret of many letters"
ike = ["aes256gcm16-prfsha384-x25519", "aes128-sha256-modp2048", "default"]
esp = ["aes256gcm16-x25519"]
mobike = false
dpd = "15s"
ike_rekey = "2h"
unique = "replace"
[[peer.child]]
name = "lan"
local = ["10.1.0.0/16", "10.2.0.0/16[tcp/443]"]
remote = ["10.3.0.0/16"]
replay_window = 64
`);
    expect(remarksOf(made).map((text) => text.split(': ').slice(0, 2).join(' '))).to.deep.equal([
      'a.conf:12 proposals = aes128-sha256-modp2048-modp1024', 'a.conf:14 over_time = 10m', 'a.conf:15 vips = 0.0.0.0', 'a.conf:30 dpd_action = restart',
      'a.conf:31 ipcomp = yes', 'a.conf:32 updown = /usr/libexec/updown', 'a.conf:35 mode = transport', 'a.conf:38 version = 1',
      'a.conf:39 auth = eap-mschapv2', 'a.conf:44 secrets.eap-carol', 'a.conf:47 authorities.x',
    ]);
    expect(remarksOf(made)[0]).to.equal(
      'a.conf:12: proposals = aes128-sha256-modp2048-modp1024: taken over as aes128-sha256-modp2048: modp1024 is refused: the group is too small (RFC 8247 §2.4)',
    );
  });

  it('takes over a plain connection without a word', () => {
    const made = imported(connection());
    expect(remarksOf(made)).to.deep.equal([]);
    expect(made.warnings).to.deep.equal([]);
  });

  const taken: readonly (readonly [lines: Lines, line: string])[] = [
    [{ conn: 'mobike = no' }, 'mobike = false'],
    [{ conn: 'fragmentation = no' }, 'fragmentation = false'],
    [{ conn: 'fragmentation = force' }, 'fragmentation = true'],
    [{ conn: 'childless = force' }, 'childless = true'],
    [{ conn: 'dpd_delay = 300' }, 'dpd = "5m"'],
    [{ conn: 'rekey_time = 90m' }, 'ike_rekey = "90m"'],
    [{ conn: 'unique = keep' }, 'unique = "keep"'],
    [{ conn: 'remote_port = 4500' }, 'addresses = ["10.1.0.2:4500"]'],
    [{ conn: 'local_addrs = 192.0.2.1, 2001:db8::1' }, 'listen = ["192.0.2.1", "2001:db8::1"]'],
    [{ child: 'rekey_time = 1d' }, 'child_rekey = "24h"'],
    [{ child: 'rekey_bytes = 1000000' }, 'child_rekey_bytes = 1000000'],
    [{ child: 'rekey_packets = 5000' }, 'child_rekey_packets = 5000'],
    [{ child: 'esp_proposals = aes256-sha256-esn, default' }, 'esp = ["aes256-sha256-esn", "default"]'],
    [{ child: 'start_action = start' }, 'psk = "correct horse battery staple"'],
    [{}, 'start = "never"'],
    [{ secrets: 'ike { secret = 0sAAECAwQFBgcICQoLDA0ODw== }' }, 'psk = "0sAAECAwQFBgcICQoLDA0ODw=="'],
    [{ local: '' }, 'id = "this-end"'],
    [{ remote: 'id = "C=CH, O=Example, CN=sun"' }, 'id = "C=CH, O=Example, CN=sun"'],
    [{ remote: 'id = @sun' }, 'id = "sun"'],
    [{ remote: 'id = @@carol@sun' }, 'id = "carol@sun"'],
    [{ remote: 'id = fqdn:10.0.0.1' }, 'id = "fqdn:10.0.0.1"'],
    [{ remote: 'id = "@#01ff"' }, 'id = "keyid:0x01ff"'],
    [{ remote: 'id = "ipv4:#0a000001"' }, 'id = "10.0.0.1"'],
    [{ remote: 'id = keyid:box' }, 'id = "keyid:box"'],
    [{ remote: 'id = a:b' }, 'id = "keyid:a:b"'],
    [{ remote: 'id = *.example.net' }, 'id = "*.example.net"'],
    [{ remote: '' }, 'id = "%any"'],
  ];
  for (const [lines, line] of taken) {
    it(`takes over ${JSON.stringify(lines)}`, () => {
      expect(imported(connection(lines)).text.split('\n')).to.include(line);
    });
  }

  const remarked: readonly (readonly [lines: Lines, said: string])[] = [
    [{ conn: 'encap = no' }, 'a.conf:3: encap = no: ESP always travels in UDP here; the other end follows'],
    [{ conn: 'mobike = maybe' }, 'a.conf:3: mobike = maybe: expected yes or no'],
    [{ conn: 'rekey_time = 0' }, 'a.conf:3: rekey_time = 0: mhtun always renews keys: the default stands'],
    [{ conn: 'rekey_time = soon' }, 'a.conf:3: rekey_time = soon: expected a time, as 30s, 5m, 4h or 1d'],
    [{ conn: 'pools = clients' }, 'a.conf:3: pools = clients: write the range as [[pool]], its name as pools into the [[peer]], and remote = ["dynamic"] into its child'],
    [{ conn: 'mobbike = no' }, 'a.conf:3: mobbike: no such key is known here; did you mean mobike?'],
    [{ conn: 'local_addrs = 192.0.2.0/24' }, 'a.conf:3: local_addrs = 192.0.2.0/24: listen in [endpoint] takes addresses only'],
    [{ conn: 'proposals = 3des-md5-modp768' }, 'a.conf:3: proposals = 3des-md5-modp768: none of these is left: ike has its default, which the other end must share'],
    [{ conn: 'unique = no' }, 'a.conf:3: unique = no: mhtun knows "replace", "keep" and "never"; the default stands, which is "replace"'],
    [{ local: 'id = moon\ncerts = moon.pem' }, 'a.conf:7: certs = moon.pem: certificates are not taken over: name their files by hand, with auth = "pubkey", cert, key and ca'],
    [{ remote: 'id = "{7}:x"' }, 'a.conf:9: id = {7}:x: an identity that mhtun can\'t spell'],
    [{ child: 'replay_window = 0' }, 'a.conf:14: replay_window = 0: the default stands: a window has from 32 to 1048576 packets, and is never off'],
    [{ child: 'mark_in = 42' }, 'a.conf:14: mark_in = 42: packets go through a TUN interface, without marks: see routes in mhtun.toml(5)'],
    [{ child: 'hw_offload = auto\nstart_action = start\nclose_action = none' }, 'a.conf:16: close_action = none: mhtun does what start says, which is "now" here'],
    [{ secrets: '' }, 'a.conf:2: connections.sun: no secret for it is here; make one beside the configuration, the same at both ends: (umask 077; mhtun psk > sun.psk)'],
    [{ secrets: 'ike { id = mars\n secret = hush }' }, 'a.conf:18: secrets.ike: nothing that is taken over uses this secret'],
    [{ secrets: 'ike { secrte = hush }' }, 'a.conf:18: secrets.ike: it has no secret = …'],
  ];
  for (const [lines, said] of remarked) {
    it(`says what becomes of ${JSON.stringify(lines)}`, () => {
      const remarks = remarksOf(imported(connection(lines)));
      expect(remarks).to.include(said);
      expect(remarks.join('\n')).not.to.include('hush');
    });
  }

  it('finds the secret that names both ends before one that names one, and that before one of everybody', () => {
    const both = 'ike-1 { secret = of everybody\n }\n ike-2 { id = sun\n secret = of the sun\n }\n ike-3 { id-a = sun\n id-b = moon\n secret = of both\n }\n';
    const pskOf = (secrets: string, remote = 'id = sun'): string => /^psk = "(.*)"$/m.exec(imported(connection({ secrets, remote })).text)?.[1] ?? '';
    expect(pskOf(both)).to.equal('of both');
    expect(pskOf(both.replace('id-b = moon', 'id-b = mars'))).to.equal('of the sun');
    expect(pskOf(both.replaceAll('sun', 'mars'), 'id = venus')).to.equal('of everybody');
    expect(pskOf('ike { id = 10.1.0.2\n secret = of the address }', '')).to.equal('of the address');
    expect(pskOf('ike { id = moon\n secret = of this end }')).to.equal('of this end');
  });

  it('asks for a secret where an end that is named showed a certificate, and leaves out callers that are anybody', () => {
    const named = imported(connection({ local: 'id = moon' }).replace('local { auth = psk', 'local { '));
    expect(named.text).to.contain('psk_file = "sun.psk"');
    expect(remarksOf(named).join('\n')).to.contain('auth = pubkey: certificates are not taken over: name their files by hand, with auth = "pubkey", cert, key and ca: peer sun has a pre-shared key now');
    const anybody = imported(connection({ remote: '' }).replaceAll('auth = psk', 'auth = pubkey'));
    expect(anybody.peers).to.deep.equal([]);
    expect(remarksOf(anybody).join('\n')).to.contain('connections.sun: left out: its callers show certificates');
  });

  it('puts what children have each together for their peer', () => {
    const two = connection({ child: 'rekey_time = 2h\nesp_proposals = aes256gcm16\n} other { rekey_time = 1h\nesp_proposals = aes128gcm16\nstart_action = trap' });
    const { text } = imported(two);
    expect(text).to.contain('esp = ["aes256gcm16", "aes128gcm16"]').and.to.contain('child_rekey = "1h"').and.to.contain('start = "traffic"');
    expect(text.match(/\[\[peer\.child\]\]/g)).to.have.length(2);
  });

  it('leaves out what our own configuration refuses, in its words', () => {
    const made = imported(connection({ child: 'remote_ts = 2001:db8::/32\n} other { local_ts = 10.0.0.0/8\nremote_ts = 10.0.0.0/8' }));
    expect(made.text).to.contain('name = "other"').and.not.to.contain('name = "net"');
    expect(remarksOf(made)).to.deep.equal(['a.conf:11: sun.children.net: left out: no packet fits: one of local and remote is IPv4 and the other IPv6']);
  });

  it('says what it expected of a file that is nothing like it', () => {
    expect(refusal('hello = world\n')[0]).to.match(/^a\.conf: expected a swanctl\.conf, an ipsec\.conf or a WireGuard configuration; got /);
    expect(refusal({})[0]).to.equal('a.conf: can\'t be read: no such file');
  });
});

import { expect } from 'chai';
import { mainPath, problemsOf, source, type MemoryFiles } from './sources.js';

/** What is written, and the problems it must give: line, key, and words of the message. */
interface Mistake {
  readonly title: string;
  readonly files: string | MemoryFiles;
  readonly problems: readonly (readonly [line: number | null, key: string, words: string])[];
}

/** A wrong line in [endpoint] (line 3), in [[peer]] (line 8) or in [[peer.child]] (line 13). */
const endpoint = (line: string, key: string, words: string): Mistake => one(line, source({ endpoint: line }), 3, `endpoint.${key}`, words);
const peer = (line: string, key: string, words: string): Mistake => one(line, source({ peer: line }), 8, `peer[0].${key}`, words);
const child = (line: string, key: string, words: string): Mistake => one(line, source({ child: line }), 13, `peer[0].child[0].${key}`, words);
const network = (lines: string, line: number, key: string, words: string): Mistake =>
  one(`[[network]] ${lines}`, `[[network]]\n${lines}\n${source()}`, line, `network[0].${key}`, words);
const changed = (from: string, to: string, line: number | null, key: string, words: string): Mistake =>
  one(to === '' ? `no ${from}` : to, source().replace(from, to), line, key, words);

function one(title: string, files: string, line: number | null, key: string, words: string): Mistake {
  return { title, files, problems: [[line, key, words]] };
}

const duration = 'expected a duration, as "30s", "5m" or "1h30m"; got ';
const childWith = (local: string, remote: string): string =>
  source().replace('["192.168.1.0/24"]', local).replace('["192.168.2.0/24"]', remote);

const mistakes: readonly Mistake[] = [
  // What is no TOML.
  changed('id = "moon"', 'id = moon', 2, '', 'not TOML at column 6: an unexpected character; text needs quotes'),
  changed('id = "moon"', 'id = "moon', 2, '', 'the closing quote is missing'),
  changed('id = "moon"', 'id "moon"', 2, '', 'not TOML'),
  changed('id = "moon"', 'id =', 2, '', 'a value is missing after "="'),
  changed('id = "moon"', 'id = "moon"\nid = "moon"', 3, '', 'this key is set twice'),
  // Tables.
  one('no [endpoint]', source().replace(/\[endpoint\]\nid = "moon"/, ''), null, 'endpoint', '[endpoint] is missing'),
  one('an empty file', '', null, 'endpoint', '[endpoint] is missing'),
  changed('[endpoint]', '[[endpoint]]', 1, 'endpoint', 'write [endpoint] once, not [[endpoint]]'),
  {
    title: '[endpiont]',
    files: source().replace('[endpoint]', '[endpiont]'),
    problems: [
      [null, 'endpoint', '[endpoint] is missing'],
      [1, 'endpiont', 'did you mean "endpoint"?'],
    ],
  },
  one('[peer]', '[endpoint]\nid = "moon"\n[peer]\nname = "sun"', 3, 'peer', 'write [[peer]] with two brackets for each'),
  one('a peer that is a number', '[endpoint]\nid = "moon"\n[[peer]]\n'.replace('[[peer]]', '') + 'x = 1', 4, 'endpoint.x', 'unknown key'),
  one('peer = ["sun"]', 'peer = ["sun"]\n[endpoint]\nid = "moon"', 1, 'peer[0]', 'expected a table: write [[peer]]'),
  one('[network]', `[network]\nname = "lte"\n${source()}`, 1, 'network', 'write [[network]] with two brackets for each'),
  // Unknown keys.
  endpoint('natport = 4500', 'natport', 'unknown key; did you mean "nat_port"?'),
  endpoint('nat-port = 4500', 'nat-port', 'did you mean "nat_port"?'),
  endpoint('onExit = "open"', 'onExit', 'did you mean "on_exit"?'),
  endpoint('psk = "x"', 'psk', '"psk" belongs in [[peer]]'),
  endpoint('colour = "red"', 'colour', 'unknown key; known here are id, interface, mtu'),
  endpoint('"\\u001b[31m" = 1', '"\\u001b[31m"', 'unknown key'),
  peer('user = "carol"', 'user', 'it has no effect without auth = "eap-mschapv2"'),
  endpoint('policy = "rtt"', 'policy', '"policy" belongs in [[peer]]'),
  peer('rtt_ms = 400', 'rtt_ms', '"rtt_ms" belongs in peer.gate'),
  peer('metered = true', 'metered', '"metered" belongs in [[network]]'),
  peer('adresses = ["10.1.0.2"]', 'adresses', 'did you mean "addresses"?'),
  peer('nat_port = 1', 'nat_port', '"nat_port" belongs in [endpoint]'),
  child('inactivity = 30', 'inactivity', 'expected a duration'),
  child('inactivity = "10ms"', 'inactivity', 'at least "1s"; got "10ms"'),
  child('inactive = "1m"', 'inactive', 'unknown key'),
  {
    title: 'inactivity of what is kept up',
    files: source({ peer: 'addresses = ["10.1.0.2"]', child: 'inactivity = "1m"' }),
    problems: [[13, 'peer[0].child[0].inactivity', 'set start = "traffic"']],
  },
  child('remotes = []', 'remotes', 'did you mean "remote"?'),
  // The endpoint.
  changed('id = "moon"', '', 1, 'endpoint.id', 'id is missing, as in id = "moon.example.net"'),
  changed('id = "moon"', 'id = 7', 2, 'endpoint.id', 'expected an identity'),
  changed('id = "moon"', 'id = ""', 2, 'endpoint.id', 'got ""'),
  changed('id = "moon"', 'id = "%any"', 2, 'endpoint.id', 'it is no pattern'),
  changed('id = "moon"', 'id = "*.example.net"', 2, 'endpoint.id', 'it is no pattern'),
  changed('id = "moon"', 'id = "ipv4:10.1.0"', 2, 'endpoint.id', 'expected an identity'),
  endpoint('interface = "a name too long for it"', 'interface', '1 to 15 letters'),
  endpoint('interface = "mh/0"', 'interface', '1 to 15 letters'),
  endpoint('mtu = 500', 'mtu', 'expected a whole number from 576 to 65535; got 500'),
  endpoint('mtu = "large"', 'mtu', 'expected "auto" or a whole number from 576 to 65535; got "large"'),
  endpoint('mtu = 1400.5', 'mtu', 'got 1400.5'),
  endpoint('address = "10.9.0.1/32"', 'address', 'expected a list; write ["10.9.0.1/32"]'),
  endpoint('address = ["10.9.0.1/33"]', 'address[0]', 'the prefix length is at most 32'),
  endpoint('address = ["10.9.0.1/32", 5]', 'address[1]', 'expected an address with its prefix length, as "10.9.0.1/32"; got 5'),
  endpoint('listen = []', 'listen', 'expected a list with something in it; got []'),
  endpoint('listen = "eth0"', 'listen', 'expected "auto" or a list, each an IP address of this host; got "eth0"'),
  endpoint('listen = ["0.0.0.0"]', 'listen[0]', 'write listen = "auto"'),
  endpoint('listen = ["10.1.0.1", "10.1.0.1"]', 'listen', 'an address is named twice'),
  endpoint('listen = ["ff02::1"]', 'listen[0]', 'multicast'),
  endpoint('port = 0', 'port', 'expected a whole number from 1 to 65535; got 0'),
  endpoint('port = "500"', 'port', 'got "500"'),
  endpoint('port = 4500', 'port', 'both are 4500'),
  endpoint('nat_port = 500', 'nat_port', 'expected another port than "port"'),
  endpoint('control = "mhtun.sock"', 'control', 'expected a path that begins with /'),
  endpoint('data_plane = "kernel"', 'data_plane', 'expected "auto", "native" or "typescript"; got "kernel"'),
  endpoint('routes = "yes"', 'routes', 'expected true, false, or a table'),
  endpoint('routes = { tabel = 5 }', 'routes.tabel', 'did you mean "table"?'),
  endpoint('routes = { table = 254 }', 'routes.table', "the tables 253 to 255 are the kernel's own"),
  endpoint('on_exit = "close"', 'on_exit', 'expected "open" or "block"; got "close"'),
  endpoint('copy_dscp = 1', 'copy_dscp', 'expected true or false; got 1'),
  endpoint('cookie_threshold = -1', 'cookie_threshold', 'got -1'),
  endpoint('max_half_open = 0', 'max_half_open', 'got 0'),
  endpoint('fragment_size = 100', 'fragment_size', 'expected a whole number from 256'),
  endpoint('mtu = 1979-05-27', 'mtu', 'got the date 1979-05-27'),
  // Peers.
  changed('name = "sun"\nid = "sun"', 'id = "%any"', 4, 'peer[0].name', 'name is missing, as in name = "sun"'),
  changed('name = "sun"\nid = "sun"', 'id = "CN=sun, O=Example"', 4, 'peer[0].name', 'name is missing'),
  changed('name = "sun"', 'name = "the sun"', 5, 'peer[0].name', 'expected a name'),
  changed('id = "sun"', '', 4, 'peer[0].id', 'id is missing'),
  changed('id = "sun"', 'id = "O=*, nonsense"', 6, 'peer[0].id', 'no DN'),
  changed('psk = "correct horse battery staple"', '', 4, 'peer[0].psk', '`mhtun psk` prints a good one'),
  changed('"correct horse battery staple"', '""', 7, 'peer[0].psk', 'the secret is empty'),
  changed('"correct horse battery staple"', '12345', 7, 'peer[0].psk', 'expected a secret in quotes'),
  changed('"correct horse battery staple"', '"0xabc"', 7, 'peer[0].psk', 'goes on with pairs of hex digits'),
  changed('"correct horse battery staple"', '"0s$$$"', 7, 'peer[0].psk', 'goes on with base64'),
  peer('psk_file = "sun.psk"', 'psk_file', 'both are there'),
  peer('ppk = "0xabc"\nppk_id = "x"', 'ppk', 'goes on with pairs of hex digits'),
  peer('ppk_id = "moon-sun"', 'ppk_id', 'it has no effect without a secret'),
  peer('ppk_required = true', 'ppk_required', 'it has no effect without a secret'),
  peer('ppk_file = "sun.ppk"\nppk_id = "x"', 'ppk_file', "can't read /etc/mhtun/sun.ppk: no such file"),
  peer('ppks_file = "ppks"', 'ppks_file', "can't read /etc/mhtun/ppks: no such file"),
  peer('ppk_id = "two words"\nppk = "a secret of 256 bit, or of more letters"', 'ppk_id', 'without spaces'),
  peer(`ppk_id = "${'x'.repeat(256)}"\nppk = "a secret of 256 bit, or of more letters"`, 'ppk_id', '1 to 255 octets'),
  peer('reauth = "8h"', 'reauth', 'it needs addresses to call'),
  peer('reauth = "5s"\naddresses = ["10.1.0.2"]', 'reauth', 'at least "10s"; got "5s"'),
  peer('auth_lifetime = 3600', 'auth_lifetime', 'expected '),
  peer('auth_lifetime = "9s"', 'auth_lifetime', '"0s" (never)'),
  peer('reauth_time = "8h"', 'reauth_time', 'unknown key'),
  peer('ppk_ids = "x"', 'ppk_ids', 'did you mean "ppk_id"?'),
  changed('psk = "correct horse battery staple"', 'psk_file = "sun.psk"', 7, 'peer[0].psk_file', "can't read /etc/mhtun/sun.psk: no such file"),
  peer('addresses = "10.1.0.2"', 'addresses', 'write ["10.1.0.2"]'),
  peer('addresses = ["10.1.0"]', 'addresses[0]', 'expected an address or a host name'),
  peer('addresses = ["10.1.0.2:0"]', 'addresses[0]', 'a port is a number from 1 to 65535'),
  peer('addresses = ["0.0.0.0"]', 'addresses[0]', 'no host has this address'),
  peer('addresses = ["[sun]:4500"]', 'addresses[0]', 'expected an address'),
  peer('addresses = ["-sun.example.net"]', 'addresses[0]', 'expected an address'),
  peer('start = "now"', 'start', '"now" needs addresses to call'),
  peer('start = "always"', 'start', 'expected "now", "traffic" or "never"; got "always"'),
  peer('auth = "eap-tls"', 'auth', 'does not have "eap-tls" yet'),
  { title: 'auth = "pubkey" alone', files: source({ peer: 'auth = "pubkey"' }), problems: [
    [4, 'peer[0].cert', '`mhtun pki` makes both'], [4, 'peer[0].ca', 'as in ca = ["ca.pem"]'], [7, 'peer[0].psk', 'no effect without auth = "psk"'],
  ] },
  { title: 'remote_auth = "pubkey" alone', files: source({ peer: 'remote_auth = "pubkey"' }), problems: [[4, 'peer[0].ca', 'or peer_cert, or peer_key']] },
  peer('ca = ["ca.pem"]', 'ca', 'it has no effect without auth = "pubkey"'),
  endpoint('ca = "ca.pem"', 'ca', "can't read /etc/mhtun/ca.pem: no such file"),
  endpoint('key = 1', 'key', 'expected the path of a file'),
  endpoint('revocation = "perhaps"', 'revocation', 'expected "strict", "relaxed" or "off"'),
  endpoint('cert_policies = ["1.2.3.x"]', 'cert_policies[0]', 'expected an object identifier'),
  endpoint('key_passphrase = 1', 'key_passphrase', 'expected a secret in quotes'),
  peer('auth = "password"', 'auth', 'expected "psk"'),
  peer('encap = false', 'encap', 'expected true: the packets are made outside the kernel'),
  peer('mobike = "yes"', 'mobike', 'expected true or false; got "yes"'),
  peer('dpd = 30', 'dpd', `${duration}30`),
  peer('dpd = "30"', 'dpd', `${duration}"30"`),
  peer('dpd = "30 s"', 'dpd', `${duration}"30 s"`),
  peer('give_up = "0s"', 'give_up', 'expected at least "1s"'),
  peer('ike_rekey = "500ms"', 'ike_rekey', 'expected at least "1s"'),
  peer('child_rekey = "25d"', 'child_rekey', 'at most "24d"'),
  peer('child_rekey_bytes = "5 apples"', 'child_rekey_bytes', 'expected a size'),
  peer('child_rekey_bytes = 0', 'child_rekey_bytes', 'expected a size from 1 octet'),
  peer('child_rekey_packets = -5', 'child_rekey_packets', 'expected a whole number'),
  peer('unique = "yes"', 'unique', 'expected "replace", "keep" or "never"'),
  changed('id = "sun"', 'id = "%any"\nunique = "replace"', 7, 'peer[0].unique', 'nobody can prove who he is'),
  changed('id = "sun"', 'id = "*@example.net"\nunique = "keep"', 7, 'peer[0].unique', 'expected "never"'),
  peer('ike = "aes256gcm16-prfsha256-x25519"', 'ike', 'write ["aes256gcm16-prfsha256-x25519"]'),
  peer('ike = []', 'ike', 'something in it'),
  peer('ike = ["aes256-sha1-modp2048"]', 'ike[0]', 'sha1 is refused: SHA-1'),
  peer('esp = ["3des-sha256"]', 'esp[0]', '3des is refused'),
  // The choice of paths.
  peer('policy = "fastest"', 'policy', 'expected "first", "priority", "rtt", "score" or "cost"; got "fastest"'),
  peer('gate = 400', 'gate', 'expected a table'),
  peer('gate = { rtt = 400 }', 'gate.rtt', 'did you mean "rtt_ms"?'),
  peer('gate = { rtt_ms = 0 }', 'gate.rtt_ms', 'expected a number from 1 to 60000; got 0'),
  peer('gate = { rtt_ms = "400ms" }', 'gate.rtt_ms', 'got "400ms"'),
  peer('gate = { loss = 5 }', 'gate.loss', 'expected a share from 0 to 1, as 0.05 for 5 %; got 5'),
  peer('gate = { jitter_ms = nan }', 'gate.jitter_ms', 'expected a number from 1 to 60000'),
  peer('dwell = 8', 'dwell', `${duration}8`),
  peer('hold = "-1s"', 'hold', `${duration}"-1s"`),
  peer('probe_busy = "10ms"', 'probe_busy', 'expected at least "50ms"'),
  peer('probe_standby = "0s"', 'probe_standby', 'expected at least "50ms"'),
  peer('probe_idel = "20s"', 'probe_idel', 'did you mean "probe_idle"?'),
  // Networks.
  network('match = { interface = "wwan*" }', 1, 'name', 'name is missing, as in name = "lte"'),
  network('name = "l t e"\nmatch = { interface = "wwan*" }', 2, 'name', 'expected a name'),
  network('name = "lte"', 1, 'match', 'match is missing, as in match = { interface = "wwan*" }'),
  network('name = "lte"\nmatch = "wwan*"', 3, 'match', 'expected a table: write [network[0].match]'),
  network('name = "lte"\nmatch = {}', 3, 'match', 'for every network write { interface = "*" }'),
  network('name = "lte"\nmatch = { interfaces = "wwan0" }', 3, 'match.interfaces', 'did you mean "interface"?'),
  network('name = "lte"\nmatch = { interface = "a/b" }', 3, 'match.interface', 'expected the name of an interface'),
  network('name = "lte"\nmatch = { prefix = "10.0.0.1/8" }', 3, 'match.prefix', 'the network of that length is 10.0.0.0/8'),
  network('name = "lte"\nmatch = { prefix = "10.0.0.0/33" }', 3, 'match.prefix', 'expected a prefix'),
  network('name = "lte"\nmatch = { gateway = "router" }', 3, 'match.gateway', 'expected the address of a router'),
  network('name = "lte"\nmatch = { family = 5 }', 3, 'match.family', 'expected 4 or 6; got 5'),
  network('name = "lte"\nmatch = { prefix = "10.0.0.0/8", family = 6 }', 3, 'match', 'one part of it is IPv4 and another IPv6'),
  network('name = "lte"\nmatch = { interface = "*" }\ncosts = 3', 4, 'costs', 'did you mean "cost"?'),
  network('name = "lte"\nmatch = { interface = "*" }\ncost = -1', 4, 'cost', 'expected a number from 0 to 1000000; got -1'),
  network('name = "lte"\nmatch = { interface = "*" }\nmetered = "yes"', 4, 'metered', 'expected true or false'),
  network('name = "lte"\nmatch = { interface = "*" }\nclass = "best"', 4, 'class', 'expected "primary", "secondary", "backup" or "never"; got "best"'),
  // Children.
  one('no child', source().replace(/\[\[peer\.child\]\][^]*/, ''), 4, 'peer[0].child', 'add [[peer.child]]'),
  changed('name = "net"', '', 9, 'peer[0].child[0].name', 'name is missing'),
  changed('local = ["192.168.1.0/24"]', '', 9, 'peer[0].child[0].local', 'local is missing'),
  one('a host bit too many', childWith('["192.168.1.0/33"]', '["192.168.2.0/24"]'), 11, 'peer[0].child[0].local[0]', '192.168.1.0/33'),
  one('a protocol nobody knows', childWith('["192.168.1.0/24[tpc/80]"]', '["192.168.2.0/24"]'), 11, 'peer[0].child[0].local[0]', 'tpc'),
  one('a range that ends before it begins', childWith('["10.0.0.9-10.0.0.1"]', '["10.0.0.0/8"]'), 11, 'peer[0].child[0].local[0]', '10.0.0.9'),
  one('IPv4 to IPv6', childWith('["192.168.1.0/24"]', '["fd00::/64"]'), 12, 'peer[0].child[0].remote', 'one of local and remote is IPv4'),
  one('TCP to UDP', childWith('["192.168.1.0/24[tcp]"]', '["192.168.2.0/24[udp]"]'), 12, 'peer[0].child[0].remote', 'different protocols'),
  child('replay_window = 1', 'replay_window', 'expected a whole number from 32'),
  // What does not go together.
  one('IPv6 over a small mtu', childWith('["fd01::/64"]', '["fd02::/64"]').replace('id = "moon"', 'id = "moon"\nmtu = 1000'), 12, 'peer[0].child[0].local', 'an mtu of 1280'),
  one('an IPv6 address over a small mtu', source({ endpoint: 'mtu = 1000\naddress = ["fd00::1/64"]' }), 3, 'endpoint.mtu', 'an mtu of 1280'),
  {
    title: 'two children of one name',
    files: `${source()}[[peer.child]]\nname = "net"\nlocal = ["10.0.0.0/8"]\nremote = ["10.0.0.0/8"]\n`,
    problems: [[15, 'peer[0].child[1].name', 'another child of this peer, on line 10, is called "net"']],
  },
  {
    title: 'two peers of one name and one pair of identities',
    files: { [mainPath]: `include = ["b.toml"]\n${source()}`, '/etc/mhtun/b.toml': source().replace(/\[endpoint\]\nid = "moon"/, '') },
    problems: [
      [4, 'peer[0].name', 'another peer, in /etc/mhtun/mhtun.toml on line 6, is called "sun"'],
      [5, 'peer[0].id', 'peer "sun", in /etc/mhtun/mhtun.toml on line 7, has the same id and local_id'],
    ],
  },
  {
    title: 'two endpoints',
    files: { [mainPath]: `include = ["b.toml"]\n${source()}`, '/etc/mhtun/b.toml': '[endpoint]\nid = "other"\n' },
    problems: [[1, 'endpoint', 'there is one [endpoint] already, in /etc/mhtun/mhtun.toml on line 2']],
  },
  // Files.
  { title: 'a file that is not there', files: {}, problems: [[null, '', "can't be read: no such file"]] },
  one('an include that is not there', `include = ["sun.toml"]\n${source()}`, 1, 'include', "can't read /etc/mhtun/sun.toml: no such file"),
  one('an include with a control character', `include = ["sun\\n.toml"]\n${source()}`, 1, 'include[0]', 'the path of a file'),
  one('a psk_file with a control character', source({ peer: 'psk_file = "a\\u001b"' }).replace(/psk = .*/, ''), 8, 'peer[0].psk_file', 'the path of a file'),
  one('an include that is no list', `include = "sun.toml"\n${source()}`, 1, 'include', 'write ["sun.toml"]'),
  {
    title: 'a secret in a file that others can read',
    files: { [mainPath]: { text: source(), mode: 0o644 } },
    problems: [[7, 'peer[0].psk', 'its mode 0644 lets others than its owner at it: chmod 600 /etc/mhtun/mhtun.toml']],
  },
  {
    title: 'a file of a secret that the group can read',
    files: { [mainPath]: source().replace('psk = "correct horse battery staple"', 'psk_file = "/run/sun"'), '/run/sun': { text: 'x'.repeat(30), mode: 0o640 } },
    problems: [[7, 'peer[0].psk_file', 'chmod 600 /run/sun']],
  },
  {
    title: 'a file of a secret with more than the secret in it',
    files: { [mainPath]: source().replace('psk = "correct horse battery staple"', 'psk_file = "sun"'), '/etc/mhtun/sun': '# for sun\nsecret\n' },
    problems: [[7, 'peer[0].psk_file', 'expected the secret alone, on one line']],
  },
  {
    title: 'a PPK without an id',
    files: source({ peer: 'ppk = "a secret of 256 bit, or of more letters"' }),
    problems: [[4, 'peer[0].ppk_id', 'what both ends call the secret']],
  },
  {
    title: 'a PPK of its own and a file of them',
    files: { [mainPath]: source({ peer: 'ppks_file = "p"\nppk = "a secret of 256 bit, or of more letters"\nppk_id = "x"' }), '/etc/mhtun/p': 'x a secret of 256 bit, or of more letters' },
    problems: [[8, 'peer[0].ppks_file', 'both are there']],
  },
  {
    title: 'a file of PPKs with mistakes, which others can read',
    files: { [mainPath]: source({ peer: 'ppks_file = "p"\nppk_id = "x"' }), '/etc/mhtun/p': { text: 'alone\nbob 0xabc\ncarol one\ncarol two', mode: 0o644 } },
    problems: [
      [8, 'peer[0].ppks_file', 'chmod 600 /etc/mhtun/p'], [8, 'peer[0].ppks_file', '/etc/mhtun/p on line 1: expected an id'],
      [8, 'peer[0].ppks_file', 'on line 2: a secret that begins with 0x'], [8, 'peer[0].ppks_file', 'on line 4: the id carol is there twice'],
      [9, 'peer[0].ppk_id', '"x" is not in ppks_file'],
    ],
  },
  {
    title: 'an empty file of PPKs',
    files: { [mainPath]: source({ peer: 'ppks_file = "p"' }), '/etc/mhtun/p': '# none yet\n' },
    problems: [[8, 'peer[0].ppks_file', 'expected a line "ID SECRET"']],
  },
  {
    title: 'a file of PPKs and a peer to call',
    files: { [mainPath]: source({ peer: 'ppks_file = "p"\naddresses = ["10.1.0.2"]' }), '/etc/mhtun/p': 'x a secret of 256 bit, or of more letters' },
    problems: [[4, 'peer[0].ppk_id', 'where this end calls']],
  },
  {
    title: 'a PPK in a file that others can read',
    files: { [mainPath]: { text: source({ peer: 'ppk = "a secret of 256 bit, or of more letters"\nppk_id = "x"' }).replace('psk = "correct horse battery staple"', 'psk_file = "s"'), mode: 0o640 }, '/etc/mhtun/s': 'x'.repeat(30) },
    problems: [[8, 'peer[0].ppk', 'chmod 600 /etc/mhtun/mhtun.toml']],
  },
  {
    title: 'files that include one another without end',
    files: Object.fromEntries(
      [...Array(12).keys()].map((i) => [i === 0 ? mainPath : `/etc/mhtun/${i}.toml`, `include = ["${i + 1}.toml"]\n${i === 0 ? source() : ''}`]),
    ),
    problems: [[1, 'include', 'at most 8 deep']],
  },
  {
    title: 'everything wrong at once, in order',
    files: `[endpoint]
prot = 500
mtu = "x"
[[peer]]
name = ""
psk = "correct horse battery staple"
dpd = 1
[[peer.child]]
local = [1, 2]
`,
    problems: [
      [1, 'endpoint.id', 'id is missing'],
      [2, 'endpoint.prot', 'did you mean "port"?'],
      [3, 'endpoint.mtu', 'got "x"'],
      [4, 'peer[0].id', 'id is missing'],
      [5, 'peer[0].name', 'got ""'],
      [7, 'peer[0].dpd', 'got 1'],
      [8, 'peer[0].child[0].name', 'name is missing'],
      [8, 'peer[0].child[0].remote', 'remote is missing'],
      [9, 'peer[0].child[0].local[0]', 'got 1'],
      [9, 'peer[0].child[0].local[1]', 'got 2'],
    ],
  },
];

describe('mistakes in a configuration', () => {
  for (const { title, files, problems } of mistakes) {
    it(`are shown with line, key and remedy: ${JSON.stringify(title).slice(1, -1)}`, () => {
      const found = problemsOf(files);
      expect(found.map((p) => [p.line, p.key])).to.deep.equal(problems.map(([line, key]) => [line, key]));
      found.forEach((p, i) => {
        expect(p.message).to.contain(problems[i]?.[2]);
      });
    });
  }

  it('leave files without secrets to be read by everybody', () => {
    const files = { [mainPath]: { text: `include = ["sun.toml"]\n[endpoint]\nid = "moon"\n`, mode: 0o644 }, '/etc/mhtun/sun.toml': { text: 'peer = 1', mode: 0o644 } };
    expect(problemsOf(files).map((p) => p.key)).to.deep.equal(['peer']);
  });
});

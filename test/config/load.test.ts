import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../lib/util/errors.js';
import { lossyText, toHex } from '../../lib/util/bytes.js';
import { formatIdentity } from '../../lib/wire/identity.js';
import { formatSelector } from '../../lib/wire/traffic-selector.js';
import type { LoadedConfig } from '../../lib/config/load.js';
import type { EndpointConfig, PeerConfig } from '../../lib/config/types.js';
import { load, mainPath, problemsOf, source } from './sources.js';

describe('loadConfig', () => {
  it('fills in every default of the endpoint', () => {
    const { id, ...rest } = load(source()).config.endpoint;
    expect(formatIdentity(id)).to.equal('moon');
    const expected: Omit<EndpointConfig, 'id'> = {
      interface: 'mh0',
      mtu: 'auto',
      address: [],
      listen: 'auto',
      port: 500,
      natPort: 4500,
      control: '/run/mhtun/mhtun.sock',
      state: '/var/lib/mhtun',
      dataPlane: 'auto',
      routes: { table: 4500, metric: 100, mark: 4500 },
      onExit: 'open',
      copyDscp: false,
      cookieThreshold: 30,
      cookieThresholdPerSource: 3,
      maxHalfOpen: 2000,
      maxHalfOpenPerSource: 64,
      fragmentSize: null,
    };
    expect(rest).to.deep.equal(expected);
  });

  it('fills in every default of a peer without addresses', () => {
    const { id, localId, localAuth, remoteAuth, ike, esp, children, ...rest } = onlyPeer(load(source()));
    expect(id.kind === 'exact' ? formatIdentity(id.identity) : id.kind).to.equal('sun');
    expect(formatIdentity(localId)).to.equal('moon');
    expect(lossyText(secretOf(localAuth))).to.equal('correct horse battery staple');
    expect(lossyText(secretOf(remoteAuth))).to.equal('correct horse battery staple');
    expect(ike.map((p) => p.number)).to.deep.equal(ike.map((_p, i) => i + 1));
    expect(esp).to.not.have.length(0);
    expect(children[0]?.replayWindow).to.equal(4096);
    const expected: Omit<PeerConfig, 'id' | 'localId' | 'localAuth' | 'remoteAuth' | 'ike' | 'esp' | 'children'> = {
      name: 'sun', place: 'mhtun.toml:4', ppk: null,
      addresses: [],
      start: 'never',
      mobike: true,
      dpdMs: 30_000,
      giveUpMs: 60_000,
      ikeRekeyMs: 14_400_000,
      reauthMs: 0, authLifetimeMs: 0,
      childRekeyMs: 3_600_000,
      childRekeyBytes: null,
      childRekeyPackets: null,
      unique: 'replace',
      childless: false, fragmentation: true,
      pools: [], virtual: [],
      paths: {
        policy: 'priority',
        gate: { rttMs: null, loss: null, jitterMs: null },
        dwellMs: 8_000,
        holdMs: 5_000,
        probeBusyMs: 500,
        probeStandbyMs: 5_000,
        probeIdleMs: 20_000,
      },
    };
    expect(rest).to.deep.equal(expected);
  });

  it('keeps a peer with addresses up unless told otherwise', () => {
    expect(onlyPeer(load(source({ peer: 'addresses = ["10.1.0.2"]' }))).start).to.equal('now');
    expect(onlyPeer(load(source({ peer: 'addresses = ["10.1.0.2"]\nstart = "traffic"' }))).start).to.equal('traffic');
  });

  it('reads every key of the endpoint', () => {
    const { id, ...rest } = load(`[endpoint]
id = "email:moon@example.net"
interface = "tun.7"
mtu = 1400
address = ["10.9.0.1/24", "fd09::1", "10.9.0.2"]
listen = ["10.1.0.1", "2001:DB8::1"]
port = 1500
nat_port = 14500
control = "/tmp/m.sock"
state = "/tmp/m"
data_plane = "typescript"
routes = { table = 77, metric = 5, mark = 0x4d }
on_exit = "block"
copy_dscp = true
cookie_threshold = 0
cookie_threshold_per_source = 0
max_half_open = 1
max_half_open_per_source = 1
fragment_size = 1400
`).config.endpoint;
    expect(formatIdentity(id)).to.equal('moon@example.net');
    expect(rest).to.deep.equal({
      interface: 'tun.7',
      mtu: 1400,
      address: [
        { address: '10.9.0.1', length: 24 },
        { address: 'fd09::1', length: 128 },
        { address: '10.9.0.2', length: 32 },
      ],
      listen: ['10.1.0.1', '2001:db8::1'],
      port: 1500,
      natPort: 14500,
      control: '/tmp/m.sock', state: '/tmp/m',
      dataPlane: 'typescript',
      routes: { table: 77, metric: 5, mark: 0x4d },
      onExit: 'block',
      copyDscp: true,
      cookieThreshold: 0,
      cookieThresholdPerSource: 0,
      maxHalfOpen: 1,
      maxHalfOpenPerSource: 1,
      fragmentSize: 1400,
    });
  });

  it('leaves routes to the user where told so, and fills in what a table of routes leaves out', () => {
    expect(load(source({ endpoint: 'routes = false' })).config.endpoint.routes).to.equal(null);
    expect(load(source({ endpoint: 'routes = true' })).config.endpoint.routes?.table).to.equal(4500);
    expect(load(source({ endpoint: 'routes = { metric = 7 }' })).config.endpoint.routes).to.deep.equal({ table: 4500, metric: 7, mark: 4500 });
    expect(load('[endpoint]\nid = "moon"\n[endpoint.routes]\ntable = 9\n').config.endpoint.routes?.table).to.equal(9);
  });

  it('reads every key of a peer', () => {
    const { id, localId, localAuth, remoteAuth, ike, esp, children, ...rest } = onlyPeer(
      load(`[endpoint]
id = "moon"
[[peer]]
name = "sun"
id = "C=CH, O=Example, CN=sun"
local_id = "keyid:0x0102"
addresses = ["10.1.0.2", "sun.example.net", "[2001:db8::1]:4500", "2001:db8::2", "10.1.0.3:501", "sun.example.net:4501"]
start = "traffic"
auth = "psk"
psk = "0x000102030405060708090a0b0c0d0e0f"
ike = ["aes128-sha256-ecp256"]
esp = ["aes128gcm16-esn"]
mobike = false
encap = true
dpd = "0s"
give_up = "1m30s"
ike_rekey = "1d"
child_rekey = "90m"
reauth = "8h"
child_rekey_bytes = "2GiB"
child_rekey_packets = 1000000
unique = "keep"
childless = true
fragmentation = false
virtual = ["ipv4"]
policy = "score"
gate = { rtt_ms = 400, loss = 0.05, jitter_ms = 12.5 }
dwell = "1m"
hold = "0s"
probe_busy = "250ms"
probe_standby = "10s"
probe_idle = "30s"
[[peer.child]]
name = "web"
local = ["10.0.0.0/8[tcp/80]", "dynamic[udp/53]"]
remote = ["10.1.0.1-10.1.0.9", "fd00::/64", "dynamic"]
replay_window = 128
`),
    );
    expect(id.kind).to.equal('exact');
    expect(toHex(localId.data)).to.equal('0102');
    expect([localAuth, remoteAuth].map((proof) => toHex(secretOf(proof)))).to.deep.equal(['000102030405060708090a0b0c0d0e0f', '000102030405060708090a0b0c0d0e0f']);
    expect(ike).to.have.length(1);
    expect(esp).to.have.length(1);
    expect(rest).to.deep.equal({
      name: 'sun', place: 'mhtun.toml:3', ppk: null,
      addresses: [
        { kind: 'address', address: '10.1.0.2', port: null },
        { kind: 'name', name: 'sun.example.net', port: null },
        { kind: 'address', address: '2001:db8::1', port: 4500 },
        { kind: 'address', address: '2001:db8::2', port: null },
        { kind: 'address', address: '10.1.0.3', port: 501 },
        { kind: 'name', name: 'sun.example.net', port: 4501 },
      ],
      start: 'traffic',
      mobike: false,
      dpdMs: 0,
      giveUpMs: 90_000,
      ikeRekeyMs: 86_400_000, childRekeyMs: 5_400_000, reauthMs: 28_800_000, authLifetimeMs: 0,
      childRekeyBytes: 2 ** 31, childRekeyPackets: 1_000_000,
      unique: 'keep',
      childless: true, fragmentation: false,
      pools: [], virtual: [4],
      paths: {
        policy: 'score',
        gate: { rttMs: 400, loss: 0.05, jitterMs: 12.5 },
        dwellMs: 60_000,
        holdMs: 0,
        probeBusyMs: 250,
        probeStandbyMs: 10_000,
        probeIdleMs: 30_000,
      },
    });
    const [web] = children;
    expect(web?.replayWindow).to.equal(128);
    const shown = [web?.local ?? [], web?.remote ?? []].map((side) =>
      side.map((s) => (s.kind === 'range' ? formatSelector(s.selector) : `dynamic ${s.protocol} ${s.startPort}-${s.endPort}`)),
    );
    expect(shown).to.deep.equal([
      ['10.0.0.0/8[tcp/80]', 'dynamic 17 53-53'],
      ['10.1.0.1-10.1.0.9', 'fd00::/64', 'dynamic 0 0-65535'],
    ]);
  });

  it('knows no network by name unless told of it', () => {
    expect(load(source()).config.networks).to.deep.equal([]);
  });

  it('reads what is said of networks, in the order of the files', () => {
    const main = `include = ["more.toml"]
[[network]]
name = "lte"
match = { interface = "wwan*" }
cost = 10
metered = true
class = "backup"
[[network]]
name = "office"
match = { prefix = "192.168.1.0/24", gateway = "192.168.1.1", family = "ipv4" }
${source()}`;
    const loaded = load({ [mainPath]: main, '/etc/mhtun/more.toml': '[[network]]\nname = "rest"\ncost = 0.5\n[network.match]\ninterface = "*"\nfamily = 6\n' });
    expect(loaded.config.networks).to.deep.equal([
      { name: 'lte', match: { interface: 'wwan*', prefix: null, gateway: null, family: null }, class: 'backup', cost: 10, metered: true },
      {
        name: 'office',
        match: { interface: null, prefix: { address: '192.168.1.0', length: 24 }, gateway: '192.168.1.1', family: 4 },
        class: null,
        cost: null,
        metered: null,
      },
      { name: 'rest', match: { interface: '*', prefix: null, gateway: null, family: 6 }, class: null, cost: 0.5, metered: null },
    ]);
  });

  it('leaves open what a gate does not name', () => {
    expect(onlyPeer(load(source({ peer: 'gate = { loss = 0 }' }))).paths.gate).to.deep.equal({ rttMs: null, loss: 0, jitterMs: null });
  });

  it('warns of tests so rare that a path is not ready when it is needed', () => {
    const warnings = load(source({ peer: 'probe_standby = "2m"' })).warnings.map(({ line, key, message }) => `${line ?? 0} ${key}: ${message}`);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^8 peer\[0\]\.probe_standby: .*tested before traffic moves/);
  });

  it('calls a peer without a name by its identity', () => {
    const nameless = source().replace('name = "sun"\nid = "sun"', 'id = "sun@example.net"');
    expect(load(nameless).config.peers.map(({ name }) => name)).to.deep.equal(['sun@example.net']);
  });

  it('knows no network by name unless told of it', () => {
    expect(load(source()).config.networks).to.deep.equal([]);
  });

  it('reads what is said of networks, in the order of the files', () => {
    const main = `include = ["more.toml"]
[[network]]
name = "lte"
match = { interface = "wwan*" }
cost = 10
metered = true
class = "backup"
[[network]]
name = "office"
match = { prefix = "192.168.1.0/24", gateway = "192.168.1.1", family = "ipv4" }
${source()}`;
    const loaded = load({ [mainPath]: main, '/etc/mhtun/more.toml': '[[network]]\nname = "rest"\ncost = 0.5\n[network.match]\ninterface = "*"\nfamily = 6\n' });
    expect(loaded.config.networks).to.deep.equal([
      { name: 'lte', match: { interface: 'wwan*', prefix: null, gateway: null, family: null }, class: 'backup', cost: 10, metered: true },
      {
        name: 'office',
        match: { interface: null, prefix: { address: '192.168.1.0', length: 24 }, gateway: '192.168.1.1', family: 4 },
        class: null,
        cost: null,
        metered: null,
      },
      { name: 'rest', match: { interface: '*', prefix: null, gateway: null, family: 6 }, class: null, cost: 0.5, metered: null },
    ]);
  });

  it('leaves open what a gate does not name', () => {
    expect(onlyPeer(load(source({ peer: 'gate = { loss = 0 }' }))).paths.gate).to.deep.equal({ rttMs: null, loss: 0, jitterMs: null });
  });

  it('warns of tests so rare that a path is not ready when it is needed', () => {
    const warnings = load(source({ peer: 'probe_standby = "2m"' })).warnings.map(({ line, key, message }) => `${line ?? 0} ${key}: ${message}`);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^8 peer\[0\]\.probe_standby: .*tested before traffic moves/);
  });

  it('takes the secret of a file without the end of its line, found from the file that names it', () => {
    const loaded = load({ [mainPath]: source().replace('psk = "correct horse battery staple"', 'psk_file = "keys/sun"'), '/etc/mhtun/keys/sun': 'a secret from a file\r\n' });
    expect(lossyText(secretOf(onlyPeer(loaded).localAuth))).to.equal('a secret from a file');
  });

  it('reads octets of a secret after 0x and 0s', () => {
    const withPsk = (psk: string): string => toHex(secretOf(onlyPeer(load(source().replace('correct horse battery staple', psk))).localAuth));
    expect(withPsk('0xDEADbeef')).to.equal('deadbeef');
    expect(withPsk('0s3q2+7w==')).to.equal('deadbeef');
    expect(withPsk('0sAAEC')).to.equal('000102');
    expect(withPsk('0sAAE')).to.equal('0001');
  });

  it('puts the peers of included files behind its own, each file once', () => {
    const peer = (name: string): string => `[[peer]]\nname = "${name}"\nid = "${name}"\npsk = "correct horse battery staple"\nchild = [{ name = "n", local = ["10.0.0.0/8"], remote = ["10.0.0.0/8"] }]\n`;
    const loaded = load({
      [mainPath]: `include = ["peers/*.toml", "peers/a.toml", "../mhtun/mhtun.toml"]\n[endpoint]\nid = "moon"\n${peer('main')}`,
      '/etc/mhtun/peers/b.toml': `include = ["../extra.toml"]\n${peer('b')}`,
      '/etc/mhtun/peers/a.toml': peer('a'),
      '/etc/mhtun/extra.toml': peer('extra'),
      '/etc/mhtun/peers/c.txt': 'not = asked for',
    });
    expect(loaded.config.peers.map((p) => p.name)).to.deep.equal(['main', 'a', 'b', 'extra']);
    expect(loaded.paths).to.deep.equal([mainPath, '/etc/mhtun/peers/a.toml', '/etc/mhtun/peers/b.toml', '/etc/mhtun/extra.toml']);
  });

  it('makes "never" the rule where several share a secret', () => {
    for (const id of ['%any', '*.example.net']) {
      const text = source().replace('id = "sun"', `id = "${id}"`);
      expect(onlyPeer(load(text)).unique).to.equal('never');
      expect(onlyPeer(load(text.replace('psk =', 'unique = "never"\npsk ='))).unique).to.equal('never');
    }
  });

  it('warns of a secret that several share, of one that can be guessed, and of a peer with our own identity', () => {
    const warned = (text: string): string[] => load(text).warnings.map((w) => `${w.line ?? 0} ${w.key}: ${w.message}`);
    expect(warned(source())).to.deep.equal([]);
    expect(warned(source().replace('id = "sun"', 'id = "%any"'))[0]).to.match(/^6 peer\[0\]\.id: .*proves no identity/);
    expect(warned(source().replace('correct horse battery staple', 'nineteen-letters-00'))[0]).to.match(/^7 peer\[0\]\.psk: .*19 letters/);
    expect(warned(source().replace('correct horse battery staple', '0x00112233'))[0]).to.match(/^7 peer\[0\]\.psk: .*4 octets/);
    expect(warned(source().replace('correct horse battery staple', 'twenty-letters-00000'))).to.deep.equal([]);
    expect(warned(source().replace('id = "sun"', 'id = "moon"'))[0]).to.contain('same identity as this endpoint');
  });

  it('never shows a secret, whether it is right or wrong', () => {
    const secret = 'Tr0ub4dor';
    const texts = [
      source().replace('"correct horse battery staple"', secret),
      source().replace('"correct horse battery staple"', `["${secret}"]`),
      source().replace('"correct horse battery staple"', `"0x${secret}"`),
      source().replace('"correct horse battery staple"', `"0s${secret}!"`),
      source().replace('"correct horse battery staple"', `"${secret}`),
      source().replace('psk =', 'pks =').replace('correct horse battery staple', secret),
    ];
    for (const text of texts) expect(JSON.stringify(problemsOf(text))).to.not.contain('ub4dor');
    expect(JSON.stringify(load(source()))).to.not.contain('horse');
  });

  it('throws nothing but ConfigError on any text', () => {
    const word = fc.constantFrom('[endpoint]', '[[peer]]', '[peer]', '[[peer.child]]', '[[endpoint]]', '[endpoint.routes]', '[peer.child.x]');
    const key = fc.constantFrom('id', 'psk', 'ike', 'esp', 'local', 'remote', 'name', 'include', 'addresses', 'dpd', 'routes', '__proto__', 'a.b', '"\\u001b"');
    const value = fc.oneof(
      fc.constantFrom('1', '-1', '1e400', 'nan', 'true', '[]', '{}', '1979-05-27', '[[1]]', '"%any"', '["dynamic[/]"]', '["--"]', '["*("]', '[{ id = 1 }]', "'*'"),
      fc.string().map((s) => JSON.stringify(s)),
      fc.string().map((s) => JSON.stringify([s])),
      fc.bigInt().map(String),
    );
    const line = fc.oneof({ weight: 1, arbitrary: word }, { weight: 6, arbitrary: fc.tuple(key, value).map(([k, v]) => `${k} = ${v}`) });
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.array(line).map((lines) => lines.join('\n')));
    fc.assert(
      fc.property(text, (toml) => {
        try {
          expect(load(toml).config).to.have.property('peers');
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError);
          if (error instanceof ConfigError) expect(error.problems).to.not.have.length(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what is nested by the ten thousand', () => {
    expect(problemsOf(`a = ${'['.repeat(20_000)}`)).to.have.length(1);
    expect(problemsOf(`a = ${'{a='.repeat(20_000)}`)).to.have.length(1);
    expect(problemsOf(`${'a.'.repeat(5_000)}a = 1`)).to.not.have.length(0);
  });
});

function onlyPeer(loaded: LoadedConfig): PeerConfig {
  const [peer] = loaded.config.peers;
  if (peer === undefined) throw new Error('no peer');
  return peer;
}

function secretOf(proof: PeerConfig['localAuth'] | PeerConfig['remoteAuth']): Uint8Array {
  return proof.kind === 'psk' ? proof.secret.expose() : new Uint8Array(0);
}

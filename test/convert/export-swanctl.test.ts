import { expect } from 'chai';
import fc from 'fast-check';
import type { Config, PeerConfig } from '../../lib/config/types.js';
import { exportSwanctl } from '../../lib/convert/export-swanctl.js';
import { toHex } from '../../lib/util/bytes.js';
import { load, source } from '../config/sources.js';
import { clientProofs } from '../support/eap-ends.js';
import { imported, mainFile } from './imported.js';

/** Of the first peer. */
function exported(text: string, addresses: readonly string[] = []): ReturnType<typeof exportSwanctl> {
  const { config } = load(text);
  return exportSwanctl({ config, peer: firstPeer(config), addresses });
}

function firstPeer(config: Config): PeerConfig {
  const [peer] = config.peers;
  if (peer === undefined) throw new Error('no peer');
  return peer;
}

describe('export to swanctl.conf', () => {
  it('says what the other end needs, with sides changed', () => {
    const text = source({ peer: 'addresses = ["10.1.0.2"]\nike = ["aes256gcm16-prfsha384-x25519"]\nesp = ["aes256gcm16-esn-noesn"]\nmobike = false' });
    expect(exported(text)).to.deep.equal({ notes: [], text: `connections {
  moon {
    version = 2
    encap = yes
    mobike = no
    fragmentation = yes
    proposals = aes256gcm16-prfsha384-x25519
    rekey_time = 14400s
    dpd_delay = 30s
    local {
      auth = psk
      id = sun
    }
    remote {
      auth = psk
      id = moon
    }
    children {
      net {
        local_ts = 192.168.2.0/24
        remote_ts = 192.168.1.0/24
        esp_proposals = aes256gcm16-esn-noesn
        rekey_time = 3600s
        replay_window = 4096
        start_action = none
      }
    }
  }
}
secrets {
  ike-moon {
    id-1 = moon
    id-2 = sun
    secret = "correct horse battery staple"
  }
}
` });
  });

  it('lets the other end call where this one waits, and says where it does not know whom', () => {
    const waiting = exported(source(), ['10.1.0.1', 'moon.example.net']);
    expect(waiting.text).to.contain('remote_addrs = 10.1.0.1, moon.example.net\n').and.to.contain('keyingtries = 0\n').and.to.contain('start_action = start\n');
    expect(waiting.notes).to.deep.equal([]);
    expect(exported(source({ endpoint: 'listen = ["10.1.0.1"]\nport = 501\nnat_port = 4501' })).text).to.contain('remote_addrs = 10.1.0.1\n').and.to.contain('remote_port = 4501\n');
    const lost = exported(source());
    expect(lost.notes).to.deep.equal(['remote_addrs is missing: the other end has to call, and this configuration does not say where (--addresses does)']);
    expect(lost.text).to.contain('start_action = none\n').and.not.to.contain('remote_addrs');
  });

  it('leaves the identity to an end that may be one of several', () => {
    const { text, notes } = exported(source({ peer: 'addresses = ["10.1.0.2"]' }).replace('id = "sun"', 'id = "*.example.net"'));
    expect(notes).to.deep.equal(['local.id is missing: the other end sends an identity of its own, which must fit *.example.net']);
    expect(text).to.contain('local {\n      auth = psk\n    }').and.not.to.contain('id-2');
  });

  it('spells what could be read in another way as octets', () => {
    const text = source({ peer: 'local_id = "fqdn:10.0.0.1"' }).replace('id = "sun"', 'id = "keyid:a # b"').replace('correct horse battery staple', 'fünfundzwanzig Buchstaben');
    const made = exported(text).text;
    expect(made).to.contain('id = "fqdn:#31302e302e302e31"').and.to.contain('id = "keyid:#6120232062"').and.to.contain('secret = 0x66c3bc6e66');
  });

  it('keeps the octets of a secret whose letters would say others', () => {
    expect(exported(source().replace('correct horse battery staple', '0x307861626364')).text).to.contain('secret = 0x307861626364\n');
    expect(exported(source().replace('correct horse battery staple', 'a \\"b\\\\')).text).to.contain('secret = "a \\"b\\\\"\n');
  });

  it('says where the files belong for ends that prove themselves by certificates', () => {
    const { config } = load(source());
    const peer = firstPeer(config);
    const trust = { anchors: [], pinned: [], keys: [], crls: [], revocation: 'off', policies: [], sha1: false } as const;
    const byKeys = { ...peer, localAuth: { kind: 'pubkey', credentials: [], sha1: false }, remoteAuth: { kind: 'pubkey', trust } } as const;
    const { text, notes } = exportSwanctl({ config, peer: byKeys, addresses: [] });
    expect(text).to.contain('auth = pubkey').and.to.not.contain('secrets');
    expect(notes.join('\n')).to.contain('private/').and.to.contain('x509ca/');
    const half = exportSwanctl({ config, peer: { ...byKeys, localAuth: peer.localAuth }, addresses: [] });
    expect(half.text).to.contain('auth = psk').and.to.contain('auth = pubkey').and.to.contain('secret = ');
  });

  it('has the user for a gateway, and says what a caller lacks', () => {
    const { config } = load(source());
    const peer = firstPeer(config);
    const gateway = exportSwanctl({ config, peer: { ...peer, ...clientProofs({ user: 'carol@example.net', password: 'quote " it' }) }, addresses: [] });
    expect(gateway.text).to.match(/local \{\s+auth = pubkey[^}]*\}\s+remote \{\s+auth = eap-mschapv2[^}]*eap_id = %any/).and.to.match(/eap-user \{\s+id = carol@example.net\s+secret = "quote \\" it"/);
    const byUsers = { localAuth: { kind: 'pubkey', credentials: [], sha1: false }, remoteAuth: { kind: 'eap', methods: ['md5'], users: new Map(), pattern: null } } as const;
    const caller = exportSwanctl({ config, peer: { ...peer, ...byUsers }, addresses: [] });
    expect(caller.text).to.match(/local \{\s+auth = eap-md5/).and.to.match(/remote \{\s+auth = pubkey/).and.to.not.contain('secrets');
    expect(caller.notes.join('\n')).to.contain('local.eap_id names the user').and.to.contain('x509ca/');
  });

  it('is read back as the same peer from the other side', () => {
    fc.assert(fc.property(configurations, (text) => {
      const { config } = load(text);
      const peer = firstPeer(config);
      const made = imported({ [mainFile]: exportSwanctl({ config, peer, addresses: ['10.1.0.1'] }).text });
      expect(made.remarks, 'nothing is left out').to.deep.equal([]);
      expect(known(firstPeer(load(made.text).config), 'theirs')).to.deep.equal(known(peer, 'ours'));
    }), { numRuns: 60 });
  });
});

/** What both ends know of a peer, as this one sees it. */
function known(peer: PeerConfig, side: 'ours' | 'theirs'): unknown {
  const ids = [peer.localId, peer.id.kind === 'exact' ? peer.id.identity : null];
  const turn = <T>(pair: readonly [T, T]): readonly T[] => (side === 'ours' ? pair : pair.toReversed());
  return {
    ids: side === 'ours' ? ids : ids.toReversed(),
    psk: peer.localAuth.kind === 'psk' ? toHex(peer.localAuth.secret.expose()) : null,
    ike: peer.ike, esp: peer.esp, mobike: peer.mobike, fragmentation: peer.fragmentation,
    times: [peer.dpdMs, peer.ikeRekeyMs, peer.childRekeyMs, peer.childRekeyBytes, peer.childRekeyPackets],
    children: peer.children.map((child) => [child.name, child.replayWindow, ...turn([child.local, child.remote])]),
  };
}

const identities = fc.constantFrom(
  'moon.example.net', 'fqdn:10.0.0.1', 'carol@example.net', '10.0.0.1', '2001:db8::1', 'keyid:a # b"c', 'keyid:0x00ff', 'C=CH, O=\\"Exa\\", CN=a b', 'fqdn:a=b', 'email:x',
);
const ike = fc.constantFrom('aes256gcm16-prfsha384-x25519', 'aes128gcm16-aes256gcm16-prfsha256-prfsha512-ecp256-x448', 'aes256-sha256-sha512-prfsha384-modp3072');
const esp = fc.constantFrom('aes256gcm16-x25519', 'chacha20poly1305-esn', 'aes128-aes256-sha384-esn-noesn-ecp521', 'aes192gcm16');
/** The default ones hold some of these too, and are numbered with them. */
const listOf = (proposal: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> => fc.oneof(fc.constant(['default']), fc.uniqueArray(proposal, { minLength: 1 }));
const selectors = fc.constantFrom('10.0.0.0/8', '192.168.1.1-192.168.1.9', '10.3.0.0/16[tcp/80-90]', '0.0.0.0/0[udp]', '10.4.0.0/16[any/53]', '10.5.0.0/16[47]', '10.6.0.0/16[icmp]', 'dynamic', 'dynamic[tcp/opaque]');
const secrets = fc.oneof(
  fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((text) => !text.startsWith('0x') && !text.startsWith('0s')),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((octets) => `0x${toHex(octets)}`),
);

const seconds = fc.integer({ min: 1, max: 100_000 });
const side = fc.uniqueArray(selectors, { minLength: 1 });

const configurations = fc.record({
  ids: fc.uniqueArray(identities, { minLength: 2, maxLength: 2 }),
  psk: secrets,
  ike: listOf(ike),
  esp: listOf(esp),
  flags: fc.tuple(fc.boolean(), fc.boolean()),
  times: fc.tuple(fc.integer({ min: 0, max: 1000 }), seconds, seconds, fc.integer({ min: 1, max: 2 ** 40 })),
  children: fc.array(fc.tuple(side, side, fc.integer({ min: 32, max: 4096 })), { minLength: 1, maxLength: 3 }),
}).map(({ ids: [own = '', theirs = ''], psk, flags, times: [dpd, ikeRekey, childRekey, bytes], children, ...proposals }) => [
  `[endpoint]\nid = ${JSON.stringify(own)}\n[[peer]]\nname = "sun"\nid = ${JSON.stringify(theirs)}\npsk = ${JSON.stringify(psk)}`,
  `ike = ${JSON.stringify(proposals.ike)}\nesp = ${JSON.stringify(proposals.esp)}\nmobike = ${String(flags[0])}\nfragmentation = ${String(flags[1])}`,
  `dpd = "${dpd}s"\nike_rekey = "${ikeRekey}s"\nchild_rekey = "${childRekey}s"\nchild_rekey_bytes = ${bytes}\nchild_rekey_packets = 4000`,
  ...children.map(([local, remote, window], i) => `[[peer.child]]\nname = "net${i}"\nlocal = ${JSON.stringify(local)}\nremote = ${JSON.stringify(remote)}\nreplay_window = ${window}`),
].join('\n')).filter((text) => {
  // Selectors that no packet fits, and two spellings of one identity.
  try {
    return load(text).warnings.every(({ key }) => !key.endsWith('.id'));
  } catch {
    return false;
  }
});

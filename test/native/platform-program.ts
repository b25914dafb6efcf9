/**
 * A platform on its own, for tests: opens what its configuration (the first argument, TOML) says and prints what happens as
 * lines of JSON. With a second argument, the number of this end (1 or 2) and the other end's address, it has a Child SA
 * with keys that everybody knows.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { loadConfig } from '../../lib/config/load.js';
import { SecretKey } from '../../lib/crypto/key.js';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { DataPlaneCommand, EspKeying } from '../../lib/esp/data-plane.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import { openPlatform, type Platform } from '../../lib/platform/platform.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi } from '../../lib/util/brands.js';
import { PlatformError } from '../../lib/util/errors.js';
import type { Config } from '../../lib/config/types.js';
import type { TrafficSelector } from '../../lib/wire/traffic-selector.js';

const [, , toml = '', end = '', peer = ''] = process.argv;

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function main(): void {
  const config = load(toml);
  const platform = openPlatform({
    config,
    random: systemRandom,
    log: (level, message, fields) => print({ kind: 'log', level, message, ...fields }),
    listener: {
      admits: () => true,
      dataPlaneEvent: (event) => print({ event }),
      datagram: (path, bytes) => print({ kind: 'datagram', path, length: bytes.length }),
      localAddresses: (candidates) => print({ kind: 'addresses', addresses: namesOf(candidates) }),
      failed: (error) => print({ kind: 'failed', message: error.message, errno: error.errno }),
    },
  });
  if (peer !== '') platform.dataPlane.apply(tunnel(config, platform));
  const close = (): void => {
    platform.close();
    platform.close();
    process.exit(0);
  };
  process.on('SIGTERM', close);
  print({ kind: 'ready', tun: platform.tun, addresses: namesOf(platform.localAddresses()) });
  // `{"toml":…}` is a new configuration; any other object asks for the counters.
  createInterface({ input: process.stdin }).on('line', (line) => {
    const said: unknown = JSON.parse(line);
    const again = typeof said === 'object' && said !== null && 'toml' in said ? said.toml : null;
    if (typeof again !== 'string') return print({ kind: 'counters', ...platform.dataPlane.counters() });
    attempt(() => {
      platform.reconfigure(load(again));
      print({ kind: 'reconfigured' });
    });
  });
}

function namesOf(candidates: readonly LocalCandidate[]): string[] {
  return candidates.map(({ address, device, network }) => `${address} ${device}${network.name === null ? '' : ` ${network.name}`}`);
}

function load(text: string): Config {
  return loadConfig({ read: () => ({ ok: true, text, mode: 0o600 }), glob: () => [] }, '/test.toml').config;
}

/** Both directions with fixed keys, between the first own address of the peer's family and the peer. */
function tunnel(config: Config, platform: Platform): DataPlaneCommand[] {
  const remote = present(parseAddress(peer), 'the third argument is an address');
  const own = present(platform.localAddresses().find((use) => use.address.includes(':') === remote.includes(':')), 'an own address of that family');
  const local = { address: own.address, port: config.endpoint.natPort };
  const path = { local, remote: { address: remote, port: config.endpoint.natPort }, device: own.device };
  const child = present(config.peers[0]?.children[0], 'one Child SA');
  const ranges = (list: typeof child.local): TrafficSelector[] => list.flatMap((item) => (item.kind === 'range' ? [item.selector] : []));
  const selectors = { local: ranges(child.local), remote: ranges(child.remote) };
  const lifetime = { softBytes: null, hardBytes: null, softPackets: null, hardPackets: null, hardAt: null };
  const id = childSaId(1);
  const [own1, peer1] = end === '1' ? [1, 2] : [2, 1];
  return [
    { kind: 'open-socket', local, device: own.device },
    { kind: 'set-policies', policies: [{ name: 'sun/net', selectors, priority: 1, acquire: false }] },
    { kind: 'install-inbound', child: id, spi: espSpi(1000 + own1), keying: keying(own1), selectors, lifetime, replayWindow: 4096 },
    {
      kind: 'install-outbound', child: id, spi: espSpi(1000 + peer1), keying: keying(peer1), selectors, lifetime,
      priority: 1, path, reportNewSource: false, copyDscp: false,
    },
  ];
}

function keying(seed: number): EspKeying {
  const encr = present(defaultRegistry.encrByName('aes128gcm16'), 'AES-GCM is there');
  const encrKey = new SecretKey(new Uint8Array(encr.keymatBytes).fill(seed));
  return { encr, integ: null, encrKey, integKey: new SecretKey(new Uint8Array(0)), esn: false };
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    print({ kind: 'failed', message: error.message, errno: error.errno, advice: error.advice });
    return false;
  }
}

if (!attempt(main)) process.exitCode = 1;

/**
 * A handshake in memory. The first one of a process takes several times as long as those after it, since its code is compiled as it
 * runs: two endpoints hold it with each other while the daemon has nothing to do, and the first peer does not wait for that.
 */
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import { executeJob } from '../pki/work.js';
import { Endpoint } from '../endpoint/endpoint.js';
import type { EndpointJob, EndpointJobResult } from '../endpoint/io.js';
import { networkId } from '../path/ids.js';
import type { LocalCandidate } from '../path/io.js';
import type { Clock } from '../platform/interfaces.js';
import { parseAddress, type IpAddress } from '../util/address.js';
import { assert } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { CoreDriver } from './core-driver.js';

export interface RehearsalOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly registry: Registry;
}

/** Addresses for documentation (RFC 5737): what is said here leaves the process for nowhere. */
const places = { a: '192.0.2.1', b: '192.0.2.2' } as const;
const networks = { a: '198.51.100.0/25', b: '198.51.100.128/25' } as const;
type Side = keyof typeof places;

/** Answers with whether both came up; nothing of it is left. */
export function rehearse(options: RehearsalOptions): boolean {
  const secret = toHex(options.random(32));
  const up: Record<Side, boolean> = { a: false, b: false };
  const drivers: Partial<Record<Side, CoreDriver>> = {};
  for (const side of ['a', 'b'] as const) {
    const endpoint = new Endpoint(options.clock.now(), { ...options, config: configOf(side, secret), keyLog: null, endpointId: options.random(16) });
    drivers[side] = new CoreDriver(endpoint, options.clock, {
      transmit: (path, bytes) => {
        drivers[otherOf(side)]?.give({ kind: 'datagram', path: { local: path.remote, remote: path.local, device: 'lo' }, bytes });
      },
      event: ({ event }) => {
        up[side] ||= event === 'child-up';
      },
      work: (job, done) => {
        done(resultOf(job, options));
      },
      dataPlane: () => undefined,
      pathMtu: () => undefined,
      innerAddresses: () => undefined,
      leasesChanged: () => undefined,
      log: () => undefined,
      fault: () => undefined,
    });
  }
  for (const side of ['a', 'b'] as const) drivers[side]?.give({ kind: 'local-addresses', addresses: [candidateOf(side)] });
  void drivers.a?.command({ kind: 'initiate', peer: 'b', child: null, timeoutMs: null });
  for (const driver of Object.values(drivers)) driver.stop();
  return up.a && up.b;
}

function resultOf(job: EndpointJob, { registry, random }: RehearsalOptions): EndpointJobResult {
  switch (job.kind) {
    case 'resolve': return { kind: 'resolved', addresses: [], ttlMs: 0, error: 'ENOTFOUND' };
    case 'routes': return { kind: 'routes', problems: job.paths.map(() => null) };
    default: return executeJob(job, { registry, random, calendar: Date.now });
  }
}

function configOf(side: Side, secret: string): Config {
  const peer = otherOf(side);
  const text = `endpoint = { id = "${side}" }
[[peer]]
id = "${peer}"
addresses = ["${places[peer]}"]
psk = "${secret}"
start = "never"
child = [{ name = "net", local = ["${networks[side]}"], remote = ["${networks[peer]}"] }]
`;
  return loadConfig({ read: () => ({ ok: true, text, mode: 0o600 }), glob: () => [] }, '/rehearsal.toml').config;
}

function candidateOf(side: Side): LocalCandidate {
  const prefix = { address: addressOf('192.0.2.0'), length: 24 };
  const id = networkId({ interface: 'lo', prefix, gateway: null, family: 4 });
  const network = { id, name: null, interface: 'lo', linkKind: 'other', prefix, gateway: null, reach: 'link', family: 4 } as const;
  const worth = { class: 'primary', cost: 0, metered: false, linkMtu: 1500, signalDbm: null } as const;
  return { address: addressOf(places[side]), device: 'lo', leaving: false, network: { ...network, ...worth } };
}

function otherOf(side: Side): Side {
  return side === 'a' ? 'b' : 'a';
}

function addressOf(text: string): IpAddress {
  const address = parseAddress(text);
  assert(address !== null, `${text} is an address`);
  return address;
}

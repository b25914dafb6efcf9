/** One of many who call: a whole endpoint on sockets and an address of its own, without a data plane; what it learns is real, what it carries is nothing. */
import { createSocket, type Socket } from 'node:dgram';
import { loadConfig } from '../../lib/config/load.js';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { CoreDriver } from '../../lib/daemon/core-driver.js';
import { Endpoint } from '../../lib/endpoint/endpoint.js';
import type { CommandResult, EndpointCommand } from '../../lib/endpoint/io.js';
import { executeJob } from '../../lib/pki/work.js';
import { systemClock } from '../../lib/platform/clock.js';
import { parseAddress, type DatagramPath, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { classifyNatPort, withNonEspMarker } from '../../lib/wire/udp-encapsulation.js';
import { candidate } from '../../test/support/candidates.js';

const ikePort = 500;
const natPort = 4500;
const device = 'eth0';

export interface CallerOptions {
  /** Of its own. */
  readonly address: string;
  /** Text of mhtun.toml, and of what it names. */
  readonly config: string;
  readonly files: Readonly<Record<string, string>>;
}

export class Caller {
  readonly #address: IpAddress;
  readonly #sockets: Map<number, Socket>;
  readonly #driver: CoreDriver;

  private constructor({ address, config, files }: CallerOptions, sockets: Map<number, Socket>) {
    this.#address = present(parseAddress(address), `${address} is an address`);
    this.#sockets = sockets;
    const loaded = loadConfig({ read: (path) => ({ ok: true, text: files[path] ?? config, mode: 0o600 }), glob: () => [] }, '/mhtun.toml').config;
    const random = systemRandom;
    const endpoint = new Endpoint(systemClock.now(), { config: loaded, random, registry: defaultRegistry, keyLog: null, endpointId: random(16) });
    this.#driver = new CoreDriver(endpoint, systemClock, {
      transmit: (path, bytes) => {
        this.#transmit(path, bytes);
      },
      dataPlane: () => undefined,
      pathMtu: () => undefined,
      innerAddresses: () => undefined,
      leasesChanged: () => undefined,
      event: () => undefined,
      log: () => undefined,
      work: (job, done) => {
        if (job.kind === 'routes') done({ kind: 'routes', problems: job.paths.map(() => null) });
        else if (job.kind === 'resolve') done({ kind: 'resolved', addresses: [], ttlMs: 0, error: 'ENOTFOUND' });
        else done(executeJob(job, { registry: defaultRegistry, random, calendar: Date.now }));
      },
      fault: (error) => {
        throw error instanceof Error ? error : new Error(String(error));
      },
    });
    for (const [port, socket] of sockets) {
      socket.on('message', (bytes, from) => {
        this.#receive(port, bytes, { address: present(parseAddress(from.address), 'a source is an address'), port: from.port });
      });
    }
    this.#driver.give({ kind: 'local-addresses', addresses: [candidate(address, device)] });
  }

  static async start(options: CallerOptions): Promise<Caller> {
    const sockets = await Promise.all([ikePort, natPort].map(async (port) => [port, await bound(options.address, port)] as const));
    return new Caller(options, new Map(sockets));
  }

  /** The tunnel stands: everything goes over the NAT port from now on, and there are not sockets without end. */
  settled(): void {
    this.#sockets.get(ikePort)?.close();
    this.#sockets.delete(ikePort);
  }

  command(command: EndpointCommand): Promise<CommandResult> {
    return this.#driver.command(command);
  }

  close(): void {
    this.#driver.stop();
    for (const socket of this.#sockets.values()) socket.close();
  }

  #transmit(path: DatagramPath, bytes: Uint8Array): void {
    const socket = this.#sockets.get(path.local.port);
    socket?.send(path.local.port === natPort ? withNonEspMarker(bytes) : bytes, path.remote.port, path.remote.address);
  }

  #receive(port: number, bytes: Uint8Array, remote: DatagramPath['remote']): void {
    const path = { local: { address: this.#address, port }, remote, device };
    if (port === ikePort) {
      this.#driver.give({ kind: 'datagram', path, bytes });
      return;
    }
    const what = classifyNatPort(bytes);
    if (what.kind === 'ike') this.#driver.give({ kind: 'data-plane-event', event: { kind: 'ike', path, bytes: what.bytes } });
  }
}

function bound(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      // A datagram that cannot be sent is lost, as others are.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

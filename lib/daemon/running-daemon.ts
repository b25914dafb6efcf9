/** The daemon while it runs: configuration, platform, core and control socket joined, from the first packet to the last. */
import path from 'node:path';
import { configDisk } from '../control/config-disk.js';
import type { ControlReply, StatusDocument } from '../control/messages.js';
import { startControlServer, type ControlHandler, type ControlServer } from '../control/server.js';
import type { ConfigFiles } from '../config/files.js';
import { lapsedCertificates } from '../config/certificate-times.js';
import { loadConfig } from '../config/load.js';
import { replayFiles, type RecordedFiles } from '../config/recorded-files.js';
import type { Config } from '../config/types.js';
import { systemRandom } from '../crypto/random.js';
import { defaultRegistry } from '../crypto/registry.js';
import { Endpoint } from '../endpoint/endpoint.js';
import { InitGate } from '../endpoint/init-gate.js';
import type { EndpointEvent } from '../endpoint/io.js';
import { systemClock } from '../platform/clock.js';
import { openPlatform, type Platform } from '../platform/platform.js';
import type { Instant } from '../util/brands.js';
import { toHex } from '../util/bytes.js';
import { ConfigError, PlatformError } from '../util/errors.js';
import { formatIdentity } from '../wire/identity.js';
import { answerRequest } from './control-desk.js';
import { CoreDriver } from './core-driver.js';
import type { Ending } from './daemon.js';
import { endpointIdOf, readMachineId, type EndpointId } from './endpoint-id.js';
import { fullest } from '../util/fill.js';
import { EventLog } from './event-log.js';
import { explain } from './explanation.js';
import { openKeyLog } from './key-log.js';
import { LeaseFile } from './lease-file.js';
import type { Log } from './log.js';
import type { Start } from './privileges.js';
import { rehearse } from './rehearsal.js';
import { peerStatuses, poolStatuses } from './status.js';
import { UplinkLog } from './uplink-log.js';
import { systemExecutor, type WorkExecutor } from './work-executor.js';

/** How the daemon was asked to run. */
export interface DaemonOptions {
  readonly configPath: string;
  /** Overrides `endpoint.control`. */
  readonly controlPath: string | null;
}

/** Who calls at the start has begun by then. */
const rehearsalAfterMs = 150;

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #configPath: string;
  readonly #start: Start;
  readonly #log: Log;
  readonly #events = new EventLog();
  readonly #startedAt: number = performance.now();
  readonly #executor: WorkExecutor;
  readonly #endpointId: EndpointId;
  readonly #leases: LeaseFile;
  #config: Config;
  #platform: Platform | null = null;
  #core: CoreDriver | null = null;
  #endpoint: Endpoint | null = null;
  #server: ControlServer | null = null;
  #ending: Promise<void> | null = null;
  #finish: (ending: Ending) => void = () => undefined;
  #rehearsal: NodeJS.Timeout | null = null;

  /** @throws ConfigError */
  constructor(options: DaemonOptions, start: Start, log: Log) {
    this.#options = options;
    this.#configPath = path.resolve(options.configPath);
    this.#start = start;
    this.#log = log;
    this.#config = readConfig(start.files, options.configPath, log);
    this.#endpointId = endpointIdOf(this.#config.endpoint, readMachineId(), systemRandom);
    this.#leases = new LeaseFile(this.#config.endpoint.state, this.#config.endpoint.interface, log);
    if (!this.#endpointId.stable) log('warn', 'the host has no /etc/machine-id: this endpoint has another id at each start');
    this.#executor = systemExecutor({
      registry: defaultRegistry,
      random: systemRandom,
      routeProblem: (path) => this.#platform?.routeProblem(path) ?? null,
      warn: (message) => {
        log('warn', message);
      },
    });
  }

  /** @param ready called once it answers */
  async run(ready: () => void): Promise<Ending> {
    const ended = new Promise<Ending>((resolve) => {
      this.#finish = resolve;
    });
    const serve: ControlHandler = (request, answer) => {
      if (this.#endpoint === null) answer.send({ ok: false, error: 'the daemon is still starting', exitCode: 1 });
      else answerRequest(this.#deskHost(), request, answer);
    };
    this.#server = await startControlServer(this.#options.controlPath ?? this.#config.endpoint.control, serve, this.#start.controlDescriptor);
    const release = this.#listenToSignals();
    try {
      this.#open();
      ready();
      return await ended;
    } catch (error) {
      this.#takeDown();
      throw error;
    } finally {
      await this.#server.close();
      release();
    }
  }

  #open(): void {
    const uplinks = new UplinkLog(this.#log, () => this.#config.peers);
    const gate = new InitGate(systemRandom);
    const platform = openPlatform({
      config: this.#config,
      random: systemRandom,
      log: (level, message, fields) => {
        this.#log(level, message, fields);
      },
      listener: {
        dataPlaneEvent: (event) => {
          if (event.kind !== 'ike') this.#core?.give({ kind: 'data-plane-event', event });
          else if (gate.admitsFrom(systemClock.now(), event.bytes, event.path.remote)) this.#core?.give({ ...event, kind: 'datagram' });
        },
        datagram: (path, bytes) => this.#core?.give({ kind: 'datagram', path, bytes }),
        admits: (array, at, length, source) => gate.admits(systemClock.now(), array, at, length, source),
        localAddresses: (addresses) => {
          uplinks.tell(addresses);
          this.#core?.give({ kind: 'local-addresses', addresses });
        },
        failed: (error) => {
          void this.#shutDown(error.message, 1);
        },
      },
    });
    this.#platform = platform;
    const endpoint = new Endpoint(platform.clock.now(), {
      config: this.#config,
      random: systemRandom,
      registry: defaultRegistry,
      keyLog: this.#keyLog(),
      endpointId: this.#endpointId.bytes,
      remembered: this.#config.pools.length === 0 ? [] : this.#leases.read(),
    });
    this.#endpoint = endpoint;
    this.#core = this.#drive(platform, endpoint);
    platform.dataPlane.apply([{ kind: 'set-mtu', mtu: platform.tun.mtu }]);
    this.#core.give({ kind: 'local-addresses', addresses: platform.localAddresses() });
    const ready = `ready as ${formatIdentity(this.#config.endpoint.id)} on ${platform.tun.name} after ${Math.round(performance.now())} ms`;
    this.#log('info', ready, { mtu: platform.tun.mtu, data_plane: platform.dataPlaneKind, peers: this.#config.peers.length });
    platform.notify.ready(`peers: ${this.#config.peers.length}`);
    this.#rehearsal = setTimeout(() => {
      if (endpoint.look(platform.clock.now()).some(({ sas }) => sas.length > 0)) return;
      rehearse({ clock: platform.clock, random: systemRandom, registry: defaultRegistry });
    }, rehearsalAfterMs);
  }

  #drive(platform: Platform, endpoint: Endpoint): CoreDriver {
    const { natPort } = this.#config.endpoint;
    return new CoreDriver(endpoint, platform.clock, {
      transmit: (path, bytes, whole) => {
        if (path.local.port === natPort) {
          platform.dataPlane.sendIke(path, bytes, whole);
          return;
        }
        const errno = platform.send(path, bytes);
        if (errno === null) return;
        const event = { kind: 'socket-error', local: path.local, remote: path.remote, device: path.device, errno } as const;
        this.#core?.give({ kind: 'data-plane-event', event });
      },
      dataPlane: (commands) => {
        platform.dataPlane.apply(commands);
      },
      pathMtu: (bytes) => {
        platform.setPathMtu(bytes);
      },
      innerAddresses: (addresses) => {
        platform.setInnerAddresses(addresses);
      },
      leasesChanged: () => {
        this.#leases.changed(() => endpoint.lending.toRemember());
      },
      event: (event) => {
        this.#event(event);
      },
      log: (level, message, fields) => {
        this.#log(level, message, fields);
      },
      work: (job, done) => {
        this.#executor.execute(job, done);
      },
      fault: (error) => {
        this.#crash(error);
      },
    });
  }

  #event(event: EndpointEvent): void {
    this.#events.add(new Date().toISOString(), event);
    const bad = event.event.endsWith('-failed') || event.event === 'peer-misbehaved';
    this.#log(bad ? 'warn' : 'info', `${event.event}${event.peer === null ? '' : ` ${event.peer}`}`, event.fields);
  }

  #status(): StatusDocument {
    const { endpoint } = this.#config;
    const platform = this.#platform;
    const core = this.#endpoint;
    const counters = new Map((platform?.dataPlane.counters().children ?? []).map((item) => [item.child, item]));
    return {
      schema: 1,
      endpoint: {
        id: formatIdentity(endpoint.id),
        interface: platform?.tun.name ?? endpoint.interface,
        data_plane: platform?.dataPlaneKind ?? 'typescript',
        uptime_s: Math.round((performance.now() - this.#startedAt) / 100) / 10,
        pid: process.pid,
        rss_bytes: process.memoryUsage.rss(),
        endpoint_id: toHex(this.#endpointId.bytes),
        config: this.#configPath,
        tables: core === null ? [] : fullest(core),
      },
      pools: poolStatuses(core?.lending.uses() ?? []),
      peers: platform === null || core === null ? [] : peerStatuses({
        now: platform.clock.now(),
        peers: core.look(platform.clock.now()),
        wallClock: wallClockOf(platform.clock),
        counters,
      }),
    };
  }

  #explain(what: string | null): ControlReply {
    const platform = this.#platform;
    const core = this.#endpoint;
    if (platform === null || core === null) return { ok: false, error: 'the daemon is ending', exitCode: 1 };
    return explain({ attempts: core.attempts, peers: core.look(platform.clock.now()), wallClock: wallClockOf(platform.clock) }, what);
  }

  #deskHost(): Parameters<typeof answerRequest>[0] {
    return {
      events: this.#events,
      status: () => this.#status(),
      explain: (what) => this.#explain(what),
      command: (command) => this.#core?.command(command) ?? Promise.resolve({ ok: false, error: 'the daemon is ending' }),
      reload: (files) => this.#reload(files),
      shutDown: (cause) => this.#shutDown(cause),
    };
  }

  async #reload(recorded: RecordedFiles | null): Promise<ControlReply> {
    this.#platform?.notify.reloading();
    try {
      const config = readConfig(recorded === null ? configDisk : replayFiles(recorded), this.#configPath, this.#log);
      this.#platform?.reconfigure(config);
      this.#config = config;
      const result = await (this.#core?.command({ kind: 'reload', config }) ?? Promise.resolve({ ok: false as const, error: 'the daemon is ending' }));
      if (result.ok) this.#log('info', `configuration read again: ${result.detail}`);
      return result.ok ? { ok: true, result: { detail: result.detail } } : { ok: false, error: result.error, exitCode: 1 };
    } catch (error) {
      if (error instanceof ConfigError) return { ok: false, error: error.message, exitCode: 2 };
      if (error instanceof PlatformError) return { ok: false, error: `${error.message}. ${error.advice}`, exitCode: 1 };
      throw error;
    } finally {
      this.#platform?.notify.ready(`peers: ${this.#config.peers.length}`);
    }
  }

  #shutDown(cause: string, code: 0 | 1 = 0): Promise<void> {
    this.#ending ??= this.#end(cause, code);
    return this.#ending;
  }

  async #end(cause: string, code: 0 | 1): Promise<void> {
    this.#log(code === 0 ? 'info' : 'error', `ending: ${cause}`);
    this.#platform?.notify.stopping();
    await this.#core?.command({ kind: 'shutdown' });
    this.#takeDown();
    // Not before whoever asked for it has had the answer.
    setImmediate(() => {
      this.#finish({ exitCode: code, reason: cause });
    });
  }

  #takeDown(): void {
    if (this.#rehearsal !== null) clearTimeout(this.#rehearsal);
    this.#core?.stop();
    this.#leases.flush();
    this.#executor.close();
    this.#platform?.close();
  }

  #keyLog(): ConstructorParameters<typeof Endpoint>[1]['keyLog'] {
    const folder = process.env['MHTUN_KEYLOG'];
    if (folder === undefined || folder === '') return null;
    this.#log('warn', `MHTUN_KEYLOG is set: the keys of every SA are written into ${folder}, so nothing here is secret from whoever reads it`);
    return openKeyLog(folder);
  }

  /** The core contradicted itself. What it made in the system goes; a service manager starts it again. */
  #crash(error: unknown): void {
    const reason = 'the program is at fault and ends';
    this.#log('error', `${reason}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    try {
      this.#takeDown();
    } finally {
      this.#finish({ exitCode: 1, reason: `${reason}: ${error instanceof Error ? error.message : String(error)}` });
    }
  }

  /** Returns what ends it. */
  #listenToSignals(): () => void {
    const stop = (signal: NodeJS.Signals): void => {
      void this.#shutDown(signal);
    };
    const reload = (): void => {
      void this.#reload(null).then((reply) => {
        if (!reply.ok) this.#log('error', `the configuration stays as it was: ${reply.error}`);
      });
    };
    const crash = (error: unknown): void => {
      this.#crash(error);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', reload).on('uncaughtException', crash).on('unhandledRejection', crash);
    return () => {
      process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', reload).off('uncaughtException', crash).off('unhandledRejection', crash);
    };
  }
}

/** Turns moments of the monotonic clock into ISO 8601. */
function wallClockOf(clock: Platform['clock']): (at: Instant) => string {
  const offset = Date.now() - clock.now();
  return (at) => new Date(at + offset).toISOString();
}

function readConfig(files: ConfigFiles, path: string, log: Log): Config {
  const { config, warnings } = loadConfig(files, path);
  for (const { file, line, key, message } of warnings) log('warn', `${file}${line === null ? '' : `:${line}`}: ${key}: ${message}`);
  for (const message of lapsedCertificates(config, Date.now())) log('warn', message);
  return config;
}

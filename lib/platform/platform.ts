/**
 * The operating system in one piece, as the daemon uses it: `openPlatform` makes the TUN interface, puts the protection
 * in place (RFC 4301 §5: nothing protected travels in clear from here on), opens the sockets and starts to watch the links.
 * Everything is synchronous; listeners are called from the event loop, never inside one of these calls.
 */
import process from 'node:process';
import type { Config } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { DataPlane, DataPlaneEvent, DataPlaneHost } from '../esp/data-plane.js';
import { SoftDataPlane } from '../esp/soft-data-plane.js';
import type { InnerAddress } from '../endpoint/io.js';
import type { HostState } from '../path/host-state.js';
import type { LocalCandidate } from '../path/io.js';
import { LinkModel, missingAddresses, usableAddresses } from '../path/link-model.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import { rangeContains } from '../util/address-range.js';
import { PlatformError } from '../util/errors.js';
import { systemClock } from './clock.js';
import { localRanges, protectedPairs } from './configured-protection.js';
import { checkPort, IkeSockets } from './ike-sockets.js';
import { InstalledSelectors } from './installed-selectors.js';
import type { Clock, PlatformLog, ServiceNotifier, SystemTun } from './interfaces.js';
import { startLinkMonitor, type LinkMonitor } from './link-monitor.js';
import { tunnelMtu } from './mtu.js';
import { nativeWorkers, startNativeDataPlane, type NativeDataPlane } from './native-data-plane.js';
import { NetlinkClient, netlinkProtocol } from './netlink.js';
import { ProtectionKeeper } from './protection.js';
import { planProtection, type ProtectedPair } from './protection-plan.js';
import { ReversePath } from './reverse-path.js';
import { RouteWatch } from './route-watch.js';
import { bringUp, setMtu } from './rtnetlink-link.js';
import { serviceNotifier } from './service-notifier.js';
import { startSoftDataPlane } from './soft-data-plane-driver.js';
import { TunAddresses } from './tun-addresses.js';
import { openTunDevice } from './tun-device.js';
import type { DatagramGate } from './udp-socket.js';

/** Who is told what the system does. Octets belong to the listener. */
export interface PlatformListener {
  dataPlaneEvent(event: DataPlaneEvent): void;
  /** An IKE message that came in on `endpoint.port` (500). Those of the NAT port come as data plane events. */
  datagram(path: DatagramPath, bytes: Uint8Array): void;
  /** Whether a datagram on that port is worth being read; asked before anything else is done about it. */
  readonly admits: DatagramGate;
  /** The addresses for the outside and the networks behind them, each time they change; by the rule of `endpoint.listen`. */
  localAddresses(candidates: readonly LocalCandidate[]): void;
  /** What can't be made good again while running: somebody deleted the interface. The protection stands until `close`. */
  failed(error: PlatformError): void;
}

export interface PlatformOptions {
  readonly config: Config;
  readonly random: RandomBytes;
  readonly listener: PlatformListener;
  readonly log: PlatformLog;
}

/** What `openPlatform` has opened. After `close` nothing is delivered any more. */
export interface Platform {
  readonly clock: Clock;
  readonly notify: ServiceNotifier;
  readonly dataPlane: DataPlane;
  readonly dataPlaneKind: 'typescript' | 'native';
  /** Name, index and the size of the largest inner packet of the TUN interface. */
  readonly tun: { readonly name: string; readonly index: number; readonly mtu: number };
  /** As of now: give these to the endpoint first, then follow the listener. */
  localAddresses(): readonly LocalCandidate[];
  hostState(): HostState;
  /** The errno of a datagram over this path for which there is no route; null: there is one, or nobody knows. */
  routeProblem(path: DatagramPath): string | null;
  /** From the socket on `path.local`, which is not on the NAT port. Null when sent, else the errno. */
  send(path: DatagramPath, bytes: Uint8Array): string | null;
  /** Octets of the largest IP packet that the paths in use carry; null: as the links say. The tunnel's MTU follows. */
  setPathMtu(bytes: number | null): void;
  /** All addresses that this host has been lent: on the TUN interface from now on, as long as they are in this list. */
  setInnerAddresses(addresses: readonly InnerAddress[]): void;
  /** The configuration was read again. What can't change while running is refused with PlatformError and nothing is changed. */
  reconfigure(config: Config): void;
  /**
   * Removes every route, rule, address and interface that was made, but for what `on_exit = "block"` keeps. Calling it again does nothing.
   */
  close(): void;
}

/**
 * @throws PlatformError with what to do about it: no right to (EPERM), no /dev/net/tun, a name or a port that is taken.
 *   Whatever was made until then is removed again.
 */
export function openPlatform(options: PlatformOptions): Platform {
  return new LinuxPlatform(options);
}

class LinuxPlatform implements Platform {
  readonly clock: Clock = systemClock;
  readonly notify: ServiceNotifier = serviceNotifier(process.env['NOTIFY_SOCKET'] ?? '');
  readonly dataPlane: DataPlane;
  readonly dataPlaneKind: 'typescript' | 'native';
  readonly #listener: PlatformListener;
  readonly #log: PlatformLog;
  readonly #client: NetlinkClient;
  readonly #model = new LinkModel();
  readonly #monitor: LinkMonitor;
  readonly #tun: SystemTun;
  readonly #addresses: TunAddresses;
  readonly #keeper: ProtectionKeeper;
  readonly #reverse: ReversePath;
  readonly #ikeSockets: IkeSockets;
  /** What to undo, the last first. */
  readonly #undo: (() => void)[] = [];
  #config: Config;
  #usable: readonly LocalCandidate[];
  #mtu: number;
  #inner: readonly IpAddress[] = [];
  /** What peers have lent us. */
  #lent: readonly InnerAddress[] = [];
  #pathMtu: number | null = null;
  /** What the protection was last worked out from. */
  #protectedGround = '';
  #closed = false;
  #native: NativeDataPlane | null = null;
  readonly #installed = new InstalledSelectors();
  readonly #ways = new RouteWatch({
    lead: (ways) => this.#monitor.nextHops(ways).map((hop) => hop !== null),
    lost: ({ local, remote, device }) => this.#listener.dataPlaneEvent({ kind: 'socket-error', local, remote, device, errno: 'ENETUNREACH' }),
  });

  constructor(options: PlatformOptions) {
    const { config, listener, log } = options;
    let started = false;
    this.#config = config;
    this.#listener = listener;
    this.#log = log;
    try {
      this.#client = this.#opened(new NetlinkClient(netlinkProtocol.route));
      this.#monitor = this.#opened(startLinkMonitor({
        mark: this.#mark,
        uses: (state) => usableAddresses(state, this.#config.endpoint.listen, localRanges(this.#config)),
        told: (state) => this.#follow(state),
        read: (state) => {
          this.#settle(state);
          this.#guarded(() => this.#ways.check());
        },
      }));
      const state = this.#monitor.state();
      this.#usable = this.#candidates(state, config);
      checkPort(this.#usable, config.endpoint.port);
      checkPort(this.#usable, config.endpoint.natPort);
      this.#mtu = tunnelMtu(config.endpoint.mtu, state, this.#usable, null);
      const opened = openTunFor(config, log);
      this.#tun = this.#opened(opened.tun);
      this.dataPlaneKind = opened.kind;
      this.#tun.onError((errno) => {
        listener.failed(new PlatformError(`the interface ${this.#tun.name} is gone`, errno, 'Somebody has deleted it: start again.'));
      });
      this.#keeper = new ProtectionKeeper({ tun: this.#tun, routing: config.endpoint.routes }, state, log);
      this.#undo.push(() => this.#keeper.close(started && this.#config.endpoint.onExit === 'block'));
      this.#reverse = this.#opened(new ReversePath(log));
      if (config.endpoint.routes !== null) this.#reverse.letMarksCount(this.#usable.map((use) => use.device));
      this.#reverse.letSeveralUplinksAnswer(ipv4Devices(this.#usable));
      bringUp(this.#client, this.#tun.index, this.#mtu);
      this.#addresses = new TunAddresses(this.#client, this.#tun);
      this.#addresses.configure(config.endpoint.address);
      this.#protect(this.#monitor.refresh());
      const datagram = listener.datagram.bind(listener);
      this.#ikeSockets = this.#opened(new IkeSockets({ port: config.endpoint.port, mark: this.#mark, log, listener: datagram, gate: listener.admits }));
      this.#ikeSockets.follow(this.#usable);
      this.dataPlane = this.#opened(this.#startDataPlane(options));
      this.dataPlane.apply([{ kind: 'set-mtu', mtu: this.#mtu }]);
      for (const address of missingAddresses(state, config.endpoint.listen)) log('warn', `the address ${address} of "listen" is not on this host now`, {});
      started = true;
    } catch (error) {
      this.#undoAll();
      throw error;
    }
  }

  get tun(): Platform['tun'] {
    return { name: this.#tun.name, index: this.#tun.index, mtu: this.#mtu };
  }

  localAddresses(): readonly LocalCandidate[] {
    return this.#usable;
  }

  hostState(): HostState {
    return this.#monitor.state();
  }

  routeProblem({ local, remote, device }: DatagramPath): string | null {
    if (device === null) return null;
    try {
      const [hop] = this.#monitor.nextHops([{ local: local.address, device, remote: remote.address }]);
      return hop === null ? 'ENETUNREACH' : null;
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return null;
    }
  }

  send(path: DatagramPath, bytes: Uint8Array): string | null {
    return this.#ikeSockets.send(path, bytes);
  }

  setPathMtu(bytes: number | null): void {
    if (bytes === this.#pathMtu) return;
    this.#pathMtu = bytes;
    this.#settle(this.#monitor.state());
  }

  setInnerAddresses(addresses: readonly InnerAddress[]): void {
    if (this.#closed) return;
    this.#lent = addresses;
    this.#guarded(() => this.#addresses.lend(addresses));
    // What goes over the address waits for no news of it from the kernel.
    const state = this.#monitor.refresh();
    this.#guarded(() => this.#protect(state));
    this.#settle(state);
  }

  reconfigure(config: Config): void {
    const before = this.#config.endpoint;
    const after = config.endpoint;
    const fixed = fixedKeys.find((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    if (fixed !== undefined) {
      throw new PlatformError(`${configNames[fixed]} can't change while it runs`, '', 'Use "mhtun down" and "mhtun up" for this change.');
    }
    const gone = this.#addresses.configure(after.address);
    this.#config = config;
    gone.drop();
    this.#settle(this.#monitor.refresh());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#undoAll();
  }

  get #mark(): number {
    return this.#config.endpoint.routes?.mark ?? 0;
  }

  #startDataPlane(options: PlatformOptions): DataPlane {
    const innerAddresses = (): readonly IpAddress[] => this.#inner;
    const host: DataPlaneHost = {
      get innerAddresses() {
        return innerAddresses();
      },
    };
    const listener = this.#listener.dataPlaneEvent.bind(this.#listener);
    const common = { tun: this.#tun, clock: this.clock, mark: this.#mark, listener };
    const native = this.dataPlaneKind === 'native' ? startNativeDataPlane({ ...common, host, workers: nativeWorkers() }) : null;
    this.#native = native;
    const plane = native ?? startSoftDataPlane({ ...common, machine: new SoftDataPlane({ host, random: options.random }) });
    return {
      apply: (commands) => {
        this.#guarded(() => this.#ways.noteAll(commands));
        plane.apply(commands);
        if (this.#installed.follow(commands, protectedPairs(this.#config, this.#lent))) this.#guarded(() => this.#protect(this.#monitor.state()));
      },
      sendIke: (path, bytes, whole) => {
        this.#guarded(() => this.#ways.note(path));
        plane.sendIke(path, bytes, whole);
      },
      counters: () => plane.counters(),
      close: () => plane.close(),
    };
  }

  #candidates(state: HostState, config: Config): LocalCandidate[] {
    return this.#model.candidates({ state, listen: config.endpoint.listen, inside: localRanges(config), rules: config.networks });
  }

  /** What is gone is told before anything else is done about it: traffic waits for it. */
  #follow(state: HostState): void {
    const usable = this.#candidates(state, this.#config);
    if (this.#closed || JSON.stringify(usable) === JSON.stringify(this.#usable)) return;
    this.#usable = usable;
    this.#listener.localAddresses(usable);
  }

  /** What has come is protected and has its sockets before it is told. */
  #settle(state: HostState): void {
    if (this.#closed) return;
    const { endpoint } = this.#config;
    const usable = this.#candidates(state, this.#config);
    const changed = JSON.stringify(usable) !== JSON.stringify(this.#usable);
    this.#usable = usable;
    const ground = JSON.stringify([state.links, state.addresses, usable.map(({ address, device }) => [address, device])]);
    if (ground !== this.#protectedGround) this.#guarded(() => this.#protect(state));
    this.#protectedGround = ground;
    const mtu = tunnelMtu(endpoint.mtu, state, usable, this.#pathMtu);
    if (mtu !== this.#mtu && usable.length > 0) this.#guarded(() => this.#changeMtu(mtu));
    this.#reverse.letSeveralUplinksAnswer(ipv4Devices(usable));
    // Each time: an address that could not be bound a moment ago may be there now.
    this.#ikeSockets.follow(usable);
    if (!changed) return;
    // Not inside `reconfigure`, which leads here too.
    queueMicrotask(() => {
      if (!this.#closed) this.#listener.localAddresses(this.#usable);
    });
  }

  #protect(state: HostState): void {
    const { endpoint } = this.#config;
    const configured = protectedPairs(this.#config, this.#lent);
    const pairs = [...configured, ...this.#installed.pairs()];
    const ports = [endpoint.port, endpoint.natPort];
    this.#inner = innerAddresses(state, this.#tun.name, pairs);
    this.#native?.hostChanged();
    this.#keeper.apply(planProtection({ pairs, tun: this.#tun, state, usable: this.#usable, ports, routing: endpoint.routes }));
  }

  #changeMtu(mtu: number): void {
    setMtu(this.#client, this.#tun.index, mtu);
    this.#mtu = mtu;
    this.dataPlane.apply([{ kind: 'set-mtu', mtu }]);
    this.#log('info', `the MTU of ${this.#tun.name} is ${mtu} now`, {});
  }

  /** While running, a refusal is worth a line in the log, not the end. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      this.#log('error', error.message, { errno: error.errno });
    }
  }

  #opened<T extends { close(): void }>(resource: T): T {
    this.#undo.push(() => resource.close());
    return resource;
  }

  #undoAll(): void {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) undo();
  }
}

// What sockets, the interface and rules are made with: a change needs a new start.
const configNames = { interface: 'interface', port: 'port', natPort: 'nat_port', routes: 'routes', dataPlane: 'data_plane', control: 'control' } as const;
const fixedKeys: readonly (keyof typeof configNames)[] = ['interface', 'port', 'natPort', 'routes', 'dataPlane', 'control'];

/** The native data plane wants more of the TUN device than the other: where the kernel has not got it, `auto` does without. */
function openTunFor(config: Config, log: PlatformLog): { readonly tun: SystemTun; readonly kind: 'native' | 'typescript' } {
  const { interface: name, dataPlane } = config.endpoint;
  if (dataPlane === 'typescript') return { tun: openTunDevice(name), kind: 'typescript' };
  try {
    return { tun: openTunDevice(name, nativeWorkers()), kind: 'native' };
  } catch (error) {
    if (dataPlane === 'native' || !(error instanceof PlatformError) || error.errno !== 'EINVAL') throw error;
    const tun = openTunDevice(name);
    log('warn', 'this kernel has no TUN device with a virtio header: packets take the slower way through JavaScript', {});
    return { tun, kind: 'typescript' };
  }
}

function ipv4Devices(candidates: readonly LocalCandidate[]): string[] {
  return candidates.filter(({ network }) => network.family === 4).map(({ device }) => device);
}

/** Own addresses for what the data plane itself sends: of the TUN interface first, then those that talk through the tunnel. */
function innerAddresses(state: HostState, tun: string, pairs: readonly ProtectedPair[]): IpAddress[] {
  const own = state.addresses.filter((item) => item.scope === 'global' && !item.tentative);
  const onTun = own.filter((item) => item.device === tun);
  const inside = own.filter((item) => item.device !== tun && pairs.some((pair) => pair.local.some((range) => rangeContains(range, item.address))));
  return [...onTun, ...inside].map((item) => item.address);
}

/** Two hosts, moon and sun, over a virtual network: the stage of most tests of the endpoint. */
import type { Config } from '../../lib/config/types.js';
import type { HostAddress } from './candidates.js';
import { configOf, VirtualHost } from './virtual-host.js';
import { VirtualNetwork } from './virtual-network.js';
import { World } from './world.js';

/** What differs from the usual pair; text goes into the TOML as it is. */
export interface SideOptions {
  /** Lines of `[endpoint]`. */
  readonly endpoint?: string;
  /** Lines of `[[peer]]`; a line replaces the usual one of its key. */
  readonly peer?: string;
  /** Without the usual shared secret. */
  readonly secretless?: boolean;
  /** Instead of the usual Child SA. */
  readonly children?: string;
  readonly addresses?: readonly HostAddress[];
  /** The peer's addresses; null: none, so that it waits for the call. */
  readonly remote?: readonly string[] | null;
}

export interface PairOptions {
  readonly seed: number;
  readonly moon?: SideOptions;
  readonly sun?: SideOptions;
  /** Files that the configurations name, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

export class Pair {
  readonly world: World;
  readonly network: VirtualNetwork;
  readonly options: PairOptions;
  /** What names stand for, now. */
  readonly names: Record<string, readonly string[]> = { 'moon.example': ['10.1.0.1'], 'sun.example': ['10.1.0.2'] };
  moon: VirtualHost;
  sun: VirtualHost;

  constructor(options: PairOptions) {
    this.options = options;
    this.world = new World(options.seed);
    this.network = new VirtualNetwork(this.world);
    this.moon = this.boot('moon');
    this.sun = this.boot('sun');
  }

  /** A host as it comes up; the one of that name before it, if any, must have crashed. */
  boot(name: 'moon' | 'sun', config: Config = configOf(this.text(name), this.options.files)): VirtualHost {
    const host = new VirtualHost({
      name,
      network: this.network,
      config,
      addresses: this.options[name]?.addresses ?? [{ address: usual[name].outer, device: 'eth0' }],
      names: this.names,
    });
    if (name === 'moon') this.moon = host;
    else this.sun = host;
    return host;
  }

  /** Another host with the configuration of one side, at another address. */
  bootTwin(of: 'moon' | 'sun', address: string): VirtualHost {
    return new VirtualHost({ name: `${of}'s twin`, network: this.network, config: configOf(this.text(of), this.options.files), addresses: [{ address, device: 'eth0' }], names: this.names });
  }

  /** The configuration of one side, with lines replaced. */
  text(name: 'moon' | 'sun', more: SideOptions = {}): string {
    return pairText(name, { ...this.options[name], ...more });
  }

  /** Both have `count` IKE SAs with each other and a Child SA in them. */
  isUp(): boolean {
    return this.moon.sas('sun').some((sa) => sa.children.length > 0) && this.sun.sas('moon').some((sa) => sa.children.length > 0);
  }

  /** Lets time pass until both are up. False: they did not come up. */
  comeUp(limitMs = 10_000): boolean {
    return this.world.runUntil(() => this.isUp(), limitMs);
  }

  /** Sends one packet each way; true when both arrive. */
  ping(): boolean {
    const before = [this.moon.arrivals.length, this.sun.arrivals.length] as const;
    this.moon.sendInner('192.168.1.1', '192.168.2.1');
    this.sun.sendInner('192.168.2.1', '192.168.1.1');
    this.world.run(1_000);
    return this.moon.arrivals.length === before[0] + 1 && this.sun.arrivals.length === before[1] + 1;
  }

  /** Everything both have logged, in order, for a message of failure. */
  story(): string {
    return [...this.moon.logs, ...this.sun.logs].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).join('\n');
  }
}

/** The configuration of one side. */
export function pairText(name: 'moon' | 'sun', side: SideOptions): string {
  const me = usual[name];
  const other = usual[name === 'moon' ? 'sun' : 'moon'];
  const remote = side.remote === undefined ? [other.outer] : side.remote;
  const peer = merged([
    `name = "${other.name}"`,
    `id = "${other.name}"`,
    ...(side.secretless === true ? [] : [`psk = "a secret of more than twenty characters"`]),
    ...(remote === null ? [] : [`addresses = ${JSON.stringify(remote)}`]),
  ], side.peer);
  const children = side.children ?? `[[peer.child]]\nname = "net"\nlocal = ["${me.inner}"]\nremote = ["${other.inner}"]\n`;
  return `[endpoint]\nid = "${me.name}"\n${side.endpoint ?? ''}\n[[peer]]\n${peer}\n${children}`;
}

const usual = {
  moon: { name: 'moon', outer: '10.1.0.1', inner: '192.168.1.0/24' },
  sun: { name: 'sun', outer: '10.1.0.2', inner: '192.168.2.0/24' },
} as const;

/** Lines of `more` replace those with the same key. */
function merged(lines: readonly string[], more: string | undefined): string {
  const extra = (more ?? '').split('\n').filter((line) => line.trim() !== '');
  const keys = new Set(extra.map(keyOf));
  return [...lines.filter((line) => !keys.has(keyOf(line))), ...extra].join('\n');
}

function keyOf(line: string): string {
  return line.split('=')[0]?.trim() ?? '';
}

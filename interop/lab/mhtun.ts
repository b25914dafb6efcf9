/** mhtun in a namespace of the lab: the daemon, its verbs as a user runs them, and its status over the control socket. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requestControl } from '../../lib/control/client.js';
import type { ControlRequest } from '../../lib/control/messages.js';
import { secretsOfConfig, type Said, type Secret } from '../../scripts/secret-search.js';
import { LabError, sleep, type Finished, type Running } from './exec.js';
import { projectRoot, writeFiles, type Lab } from './lab.js';
import type { ChildSa, IkeSa, Outcome, Party, PartyKind } from './party.js';
import type { Site } from './topology.js';

export interface MhtunOptions {
  /** Text of mhtun.toml. */
  readonly config: string;
  /** What lies beside it, by its path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The name under which it has the peer. */
  readonly peer: string;
  /** Write the keys of every SA beside the logs, for Wireshark. */
  readonly keys: boolean;
  readonly logLevel?: string;
  /** What its folder is called, where another of the same site runs. */
  readonly label?: string;
  /** More variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface UsablePath {
  readonly device: string;
  readonly local: string;
  readonly remote: string;
}

export class Mhtun implements Party {
  readonly kind: PartyKind = 'mhtun';
  readonly site: Site;
  /** Milliseconds from the start of the process until it answered on its control socket. */
  readyMs: number = NaN;
  readonly #options: MhtunOptions;
  readonly #folder: string;
  #running: Running | null = null;

  constructor(lab: Lab, site: Site, options: MhtunOptions) {
    this.site = site;
    this.#options = options;
    this.#folder = join(lab.folder, `${options.label ?? site.name}-mhtun`);
    mkdirSync(this.#folder, { recursive: true });
    writeFiles(this.#folder, options.files ?? {});
    this.configure(options.config);
    lab.onClose(`mhtun on ${site.name}`, async () => {
      await this.stop();
      rmSync(dirname(this.control), { recursive: true, force: true });
    });
  }

  get control(): string {
    return controlSocket(this.site);
  }

  get configFile(): string {
    return join(this.#folder, 'mhtun.toml');
  }

  /** Replaces its configuration file; a running daemon wants `reload`. */
  configure(text: string): void {
    writeFileSync(this.configFile, text, { mode: 0o600 });
  }

  async start(): Promise<void> {
    await this.startWith({});
  }

  /** With more variables than usual. */
  async startWith(environment: Readonly<Record<string, string>>): Promise<void> {
    if (this.#running !== null) return;
    const began = Date.now();
    const argv = [...program, 'up', this.configFile, '--log-level', this.#options.logLevel ?? 'debug', '--log-format', 'pretty', '--control', this.control];
    const env = { ...(this.#options.keys ? { MHTUN_KEYLOG: join(this.#folder, 'keys') } : {}), ...this.#options.environment, ...environment };
    const running = this.site.host.start(argv, this.#logFile, env);
    this.#running = running;
    while (!(await this.#answers())) {
      if (running.code !== null) throw new LabError(`mhtun on ${this.site.name} ended with ${running.code}: ${this.log().slice(-1500)}`);
      if (Date.now() - began > readyTimeoutMs) throw new LabError(`mhtun on ${this.site.name} does not answer on its control socket: ${this.log().slice(-1500)}`);
      await sleep(20);
    }
    this.readyMs = Date.now() - began;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.stop('SIGTERM', 8000);
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.stop('SIGKILL');
  }

  /** Resolves when the daemon has ended, whatever ended it; it may be started again then. */
  async ended(): Promise<void> {
    await this.#running?.exited;
    this.#running = null;
  }

  /** The process id of the daemon. */
  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  /** Runs a verb as a user would, with `--json`. */
  verb(args: readonly string[], timeoutMs = 60_000): Promise<Finished> {
    return this.site.host.run([...program, ...args, '--control', this.control, '--json'], { timeoutMs });
  }

  async order(args: readonly string[]): Promise<Outcome> {
    const began = Date.now();
    const finished = await this.verb(args);
    return { ok: finished.code === 0, text: `${finished.stdout}${finished.stderr}`.trim(), tookMs: Date.now() - began };
  }

  initiate(child = 'net', timeoutS = 10): Promise<Outcome> {
    return this.order(['initiate', this.#options.peer, '--child', child, '--timeout', String(timeoutS)]);
  }

  /** Over the control socket: what is measured is the daemon, not the start of a process. */
  rekeyChild(child = 'net'): Promise<Outcome> {
    return this.ask({ verb: 'rekey', peer: this.#options.peer, child, ike: false, timeoutMs: 10_000 });
  }

  rekeyIke(): Promise<Outcome> {
    return this.ask({ verb: 'rekey', peer: this.#options.peer, child: null, ike: true, timeoutMs: 10_000 });
  }

  terminate(child?: string): Promise<Outcome> {
    return this.order(['terminate', this.#options.peer, ...(child === undefined ? [] : ['--child', child])]);
  }

  move(local: string, remote: string): Promise<Outcome> {
    return this.order(['move', this.#options.peer, '--local', local, '--remote', remote]);
  }

  /** One request over the control socket, without a process for it. */
  async ask(request: ControlRequest, timeoutMs = 15_000): Promise<Outcome & { readonly result: unknown }> {
    const began = performance.now();
    const reply = await requestControl(this.control, request, { timeoutMs });
    const tookMs = performance.now() - began;
    return reply.ok ? { ok: true, text: '', tookMs, result: reply.result } : { ok: false, text: reply.error, tookMs, result: null };
  }

  async status(): Promise<unknown> {
    const { ok, result, text } = await this.ask({ verb: 'status' });
    if (!ok) throw new LabError(`mhtun status on ${this.site.name}: ${text}`);
    return result;
  }

  async sas(): Promise<readonly IkeSa[]> {
    return items(field(await this.status(), 'peers')).flatMap((peer) => items(field(peer, 'ike_sas')).map(toIkeSa));
  }

  /** The paths that could carry traffic now: the one in use and those that stand by, tested. */
  async usablePaths(): Promise<readonly UsablePath[]> {
    const sas = items(field(await this.status(), 'peers')).flatMap((peer) => items(field(peer, 'ike_sas')));
    const paths = sas.flatMap((sa) => items(field(sa, 'paths'))).filter((path) => ['active', 'standby'].includes(textField(path, 'state')));
    return paths.map((path) => ({ device: textField(path, 'interface'), local: textField(path, 'local'), remote: textField(path, 'remote') }));
  }

  /** All that it says to people and programs: its log, and while it runs status and events. Its configuration's secrets must be in none of it. */
  async said(): Promise<readonly Said[]> {
    const { name } = this.site;
    const answers = this.pid === 0 ? [] : await Promise.all((['status', 'events'] as const).map(async (verb) => {
      const { result } = await this.ask(verb === 'status' ? { verb } : { verb, follow: false }).catch(() => ({ result: null }));
      return { where: `${verb} of ${name}`, text: JSON.stringify(result) };
    }));
    return [{ where: `log of ${name}`, text: this.log() }, ...answers];
  }

  /** As its configuration has them. */
  secrets(): readonly Secret[] {
    return secretsOfConfig(this.#options.config);
  }

  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  get #logFile(): string {
    return join(this.#folder, 'mhtun.log');
  }

  async #answers(): Promise<boolean> {
    if (!existsSync(this.control)) return false;
    try {
      return (await requestControl(this.control, { verb: 'status' }, { timeoutMs: 2000 })).ok;
    } catch {
      return false;
    }
  }
}

/** The name of a unix socket has little room, so it does not lie in the lab's folder. */
export function controlSocket(site: Site): string {
  return `/tmp/${site.host.name}/mhtun.sock`;
}

/** A field of a JSON document, whatever it is. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(name) : undefined;
}

export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textField(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

function toIkeSa(value: unknown): IkeSa {
  return {
    established: ['ESTABLISHED', 'REKEYING'].includes(textField(value, 'state')),
    initiator: field(value, 'initiator') === true,
    spiI: textField(value, 'spi_i').replace(/^0x/, ''),
    spiR: textField(value, 'spi_r').replace(/^0x/, ''),
    local: textField(value, 'local'),
    remote: textField(value, 'remote'),
    localId: textField(value, 'local_id'),
    remoteId: textField(value, 'remote_id'),
    natLocal: field(value, 'nat_local') === true,
    natRemote: field(value, 'nat_remote') === true,
    children: items(field(value, 'child_sas')).map(toChildSa),
  };
}

function toChildSa(value: unknown): ChildSa {
  return {
    name: textField(value, 'name'),
    installed: textField(value, 'state') === 'INSTALLED',
    spiIn: textField(value, 'spi_in').replace(/^0x/, ''),
    spiOut: textField(value, 'spi_out').replace(/^0x/, ''),
    suite: textField(value, 'suite'),
    localTs: items(field(value, 'local_ts')).map(String),
    remoteTs: items(field(value, 'remote_ts')).map(String),
    packetsIn: Number(field(value, 'packets_in')),
    packetsOut: Number(field(value, 'packets_out')),
  };
}

/** The built program; MHTUN_PROGRAM names another (`node --import tsx bin/mhtun.ts` while working on it). */
const program: readonly string[] = process.env['MHTUN_PROGRAM']?.split(' ') ?? [process.execPath, join(projectRoot, 'dist', 'bin', 'mhtun.js')];
/** Ready within a second is for the machine at rest; a lab may share it with many, and a user-mode kernel has one slow processor. */
const readyTimeoutMs = process.env['MHTUN_LAB_SLOW'] === undefined ? 45_000 : 90_000;

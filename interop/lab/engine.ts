/** The container engine: podman or docker, whichever answers, with the arguments that each needs to put a container into a namespace of the lab. */
import { existsSync } from 'node:fs';
import { LabError, must, run, type Finished } from './exec.js';

export interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  /** Name of the network namespace it lives in. */
  readonly namespace: string;
  /** A folder of the host and where the container sees it. */
  readonly folder: string;
  readonly mountedAt: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** What can run the peers' programs: a container engine, or (lab/image-tree.ts) an image's file tree without one. */
export interface PeerHost {
  start(options: ContainerOptions): Promise<void>;
  exec(name: string, argv: readonly string[]): Promise<Finished>;
  /** Ends the container if it still runs, and takes it away. */
  remove(name: string): Promise<void>;
  /** The peers use the kernel's ESP, not their own. */
  readonly kernelEsp: boolean;
}

export class Engine implements PeerHost {
  readonly kernelEsp: boolean = false;
  readonly name: 'podman' | 'docker';
  readonly #argv: readonly string[];

  private constructor(name: 'podman' | 'docker', argv: readonly string[]) {
    this.name = name;
    this.#argv = argv;
  }

  /** The engine of this machine; null when there is none that runs. */
  static async find(): Promise<Engine | null> {
    for (const name of ['podman', 'docker'] as const) {
      try {
        if ((await run([name, 'info'], { timeoutMs: 20_000 })).code !== 0) continue;
      } catch {
        continue;
      }
      // crun does not start on machines whose cgroups are laid out in the old way; runc does on both.
      const runtime = name === 'podman' && existsSync('/usr/sbin/runc') ? ['--runtime', '/usr/sbin/runc'] : [];
      return new Engine(name, [name, ...runtime]);
    }
    return null;
  }

  async hasImage(image: string): Promise<boolean> {
    return (await run([...this.#argv, 'image', 'inspect', image])).code === 0;
  }

  /** Whether the image can be had from a registry. */
  async pull(image: string): Promise<boolean> {
    return (await run([this.name, 'pull', '-q', image], { timeoutMs: 60_000 })).code === 0;
  }

  async build(image: string, folder: string, base: string): Promise<void> {
    const limits = this.name === 'podman' ? ulimits : [];
    const argv = [...this.#argv, 'build', '--network', 'host', ...limits, '--build-arg', `BASE=${base}`, '-t', image, '-f', `${folder}/Containerfile`, folder];
    await must(argv, { timeoutMs: 600_000 });
  }

  /** Makes an image of a folder that holds a root file system. */
  async importTree(image: string, folder: string): Promise<void> {
    await must(['sh', '-euc', `tar -C "$0" -c --exclude ./var/cache/apt/archives --exclude ./var/lib/apt/lists . | ${this.name} import - "$1" >/dev/null`, folder, image], {
      timeoutMs: 300_000,
    });
  }

  async start(options: ContainerOptions): Promise<void> {
    const env = Object.entries(options.env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    const common = ['run', '-d', '--name', options.name, '--cap-add', 'NET_ADMIN', '--device', '/dev/net/tun', '-v', `${options.folder}:${options.mountedAt}`, ...env];
    const placed =
      this.name === 'podman'
        ? [...ulimits, '--network', `ns:/run/netns/${options.namespace}`, options.image, ...options.argv]
        : // docker cannot join a named namespace: the container enters it itself.
          [
            ...['--network', 'host', '--cap-add', 'SYS_ADMIN', '-v', '/run/netns:/run/netns', options.image],
            ...['nsenter', `--net=/run/netns/${options.namespace}`, ...options.argv],
          ];
    await must([...this.#argv, ...common, ...placed]);
  }

  exec(name: string, argv: readonly string[]): Promise<Finished> {
    return run([...this.#argv, 'exec', name, ...argv]);
  }

  async remove(name: string): Promise<void> {
    await run([...this.#argv, 'rm', '-f', '-t', '0', name]);
  }

  /** Where the image's files can be read on this machine (podman only). */
  async mountImage(image: string): Promise<string> {
    if (this.name !== 'podman') throw new LabError('only podman shows the files of an image');
    return (await must(['podman', 'image', 'mount', image])).trim();
  }
}

/** Without these, runc refuses to start where the engine's own limits are above the machine's. */
const ulimits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];

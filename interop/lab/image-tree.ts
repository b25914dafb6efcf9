/** Runs a peer's program from its image's file tree by chroot: for a user-mode kernel, where no container engine runs. */
import { join } from 'node:path';
import type { ContainerOptions, PeerHost } from './engine.js';
import { LabError, run, Running, type Finished } from './exec.js';

export class ImageTree implements PeerHost {
  readonly kernelEsp: boolean = true;
  readonly #running = new Map<string, { readonly process: Running; readonly options: ContainerOptions }>();

  /** `options.image` is the folder with the image's files. */
  start(options: ContainerOptions): Promise<void> {
    const root = options.image;
    const env = Object.entries(options.env).map(([key, value]) => `${key}=${value}`);
    const script = [
      'set -eu',
      `mount --bind "${options.folder}" "${root}${options.mountedAt}"`,
      `mount -t proc proc "${root}/proc"; mount --bind /dev "${root}/dev"; mount -t tmpfs none "${root}/run"; mount -t tmpfs none "${root}/tmp"`,
      `exec chroot "${root}" env ${env.join(' ')} "$@"`,
    ].join('\n');
    const argv = ['ip', 'netns', 'exec', options.namespace, 'unshare', '-m', 'sh', '-c', script, 'sh', ...options.argv];
    this.#running.set(options.name, { process: new Running(argv, join(options.folder, 'output.log')), options });
    return Promise.resolve();
  }

  exec(name: string, argv: readonly string[]): Promise<Finished> {
    const found = this.#running.get(name);
    if (found === undefined) throw new LabError(`${name} does not run`);
    // The folder is seen at another place here; only the lab's own scripts come this way.
    const seen = argv.map((word) => word.replaceAll(`${found.options.mountedAt}/`, `${found.options.folder}/`));
    return run(['ip', 'netns', 'exec', found.options.namespace, ...seen]);
  }

  async remove(name: string): Promise<void> {
    await this.#running.get(name)?.process.killAll();
    this.#running.delete(name);
  }
}

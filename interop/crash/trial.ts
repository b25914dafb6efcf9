/** Lives a daemon's life, ends it where it is told, and looks at what a new start makes of it. */
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, eventually, sleep } from '../lab/exec.js';
import { projectRoot } from '../lab/lab.js';
import type { Mhtun } from '../lab/mhtun.js';
import { difference, picture } from '../lab/picture.js';
import { succeeded, type Stage } from '../lab/stage.js';

/** One end that is killed again and again; the other stays up all the time. */
export class Trial {
  labels: readonly string[] = [];
  readonly #stage: Stage;
  readonly #moon: Mhtun;
  readonly #folder: string;
  /** Of a host without a tunnel, and with one that has just come up. */
  #clean = '';
  #up = '';

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#moon = stage.mhtun;
    this.#folder = join(stage.lab.folder, 'points');
    mkdirSync(this.#folder);
    // The daemon is no longer root when it writes there.
    chmodSync(this.#folder, 0o777);
  }

  /** Lives one life to its end, without an accident. */
  async learn(): Promise<void> {
    this.#clean = await picture(this.#moon.site.host);
    await this.#stage.sun.start();
    await this.#moon.start();
    await this.#back();
    this.#up = await this.#settledPicture();
    await this.#moon.stop();
    await this.#isClean('an ordinary life');
    const log = join(this.#folder, 'log');
    await this.#moon.startWith({ NODE_OPTIONS: preload, MHTUN_CRASH_LOG: log });
    await this.#live();
    await this.#moon.ended();
    this.labels = readFileSync(log, 'utf8').trimEnd().split('\n');
    ensure(this.labels.length > 100, `only ${this.labels.length} steps are seen`);
  }

  async killedAt(point: string): Promise<string> {
    const lived = this.#moon.startWith({ NODE_OPTIONS: preload, MHTUN_CRASH_AT: point }).then(() => this.#live());
    // Whatever is asked of it when it dies fails.
    await lived.catch(() => undefined);
    const died = await Promise.race([this.#moon.ended().then(() => true), sleep(lifeMs).then(() => false)]);
    ensure(died, 'it lives on: the point was not reached');
    const left = difference(this.#clean, await picture(this.#moon.site.host)).split('\n').filter((line) => line !== '').length;
    const began = performance.now();
    await this.#moon.start();
    await this.#back();
    const tookMs = performance.now() - began;
    ensure(tookMs <= backWithinMs, `the tunnel was back after ${(tookMs / 1000).toFixed(1)} s only`);
    const up = await this.#settledPicture();
    ensure(up === this.#up, `a new start is not as one on a clean host:\n${difference(this.#up, up)}`);
    const sockets = await this.#sockets();
    succeeded(await this.#moon.ask({ verb: 'down' }), 'down');
    await this.#moon.ended();
    await this.#isClean('down');
    return `${left} things left over, tunnel back after ${(tookMs / 1000).toFixed(1)} s, ${sockets} sockets, none after down`;
  }

  /** After a failure: whatever it was, the next point begins as the first did. */
  async startAgainFromNothing(): Promise<void> {
    await this.#moon.kill();
    await this.#moon.start();
    await this.#moon.stop();
  }

  /** Until it is back. */
  async #back(): Promise<void> {
    const { moon, sun } = this.#stage.topology;
    // An ICMP error ends a ping: one after the other.
    const ping = ['ping', '-n', '-c', '1', '-W', '0.2', sun.machine4];
    await eventually('a ping through the tunnel', async () => ((await moon.lan.run(ping)).code === 0 ? true : null), backWithinMs + 5000);
  }

  /** All that can happen to a tunnel, one after the other. */
  async #live(): Promise<void> {
    const { topology, sun } = this.#stage;
    await this.#back();
    succeeded(await this.#moon.rekeyChild(), 'rekey of the Child SA');
    succeeded(await this.#moon.rekeyIke(), 'rekey of the IKE SA');
    succeeded(await sun.rekeyChild(), 'rekey of the Child SA by the other end');
    const [local = '', remote = ''] = [topology.moon, topology.sun].map((site) => site.uplinks[1]?.address4 ?? '');
    succeeded(await this.#moon.ask({ verb: 'move', peer: 'sun', local, remote }), 'move');
    succeeded(await this.#moon.ask({ verb: 'terminate', peer: 'sun', child: 'net' }), 'terminate');
    succeeded(await this.#moon.ask({ verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 5000 }), 'initiate');
    succeeded(await this.#moon.ask({ verb: 'down' }), 'down');
  }

  /** Addresses of IPv6 take a moment to be more than tentative. */
  async #settledPicture(): Promise<string> {
    return eventually('a picture that stays', async () => {
      const first = await picture(this.#moon.site.host);
      await sleep(150);
      const second = await picture(this.#moon.site.host);
      return first === second && !second.includes('tentative') ? withoutNumbers(second) : null;
    });
  }

  async #sockets(): Promise<number> {
    return (await this.#moon.site.host.must(['ss', '-Hunl'])).trimEnd().split('\n').length;
  }

  async #isClean(after: string): Promise<void> {
    const { host } = this.#moon.site;
    const now = await picture(host);
    ensure(now === this.#clean, `after ${after} the host is not as before:\n${difference(this.#clean, now)}`);
    ensure((await host.must(['ss', '-Hunl'])).trim() === '', `after ${after} there are sockets`);
    ensure(!existsSync(this.#moon.control), `after ${after} there is a control socket`);
  }
}

/** The kernel numbers interfaces as they come, and the filter counts. */
function withoutNumbers(text: string): string {
  return text.split('\n').map((line) => line.replace(/^\d+: /, '').replace(/packets \d+ bytes \d+/g, '').replace(/fe80::\S+/g, 'fe80::')).sort().join('\n');
}

const preload = `--import=${join(projectRoot, 'interop', 'programs', 'crash-points.mjs')}`;
const backWithinMs = 10_000;
/** After its last order it has that long to come to the point. */
const lifeMs = 5000;

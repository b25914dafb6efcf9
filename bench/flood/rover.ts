/** Somebody else who wants to talk to sun while it is flooded: a host of its own behind the same router. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressLines } from '../../interop/lab/addressing.js';
import { shell, sleep } from '../../interop/lab/exec.js';
import { Lab, projectRoot } from '../../interop/lab/lab.js';
import { controlSocket, Mhtun } from '../../interop/lab/mhtun.js';
import { fill } from '../../interop/lab/template.js';
import type { Stage } from '../../interop/lab/stage.js';

export class Rover {
  readonly #lab: Lab;
  readonly #mhtun: Mhtun;

  private constructor(lab: Lab, mhtun: Mhtun) {
    this.#lab = lab;
    this.#mhtun = mhtun;
  }

  static async start(stage: Stage, router: string): Promise<Rover> {
    const lab = new Lab('bench-flood-rover');
    const host = await lab.namespace('rover');
    await shell([
      `ip link add eth0 netns ${host.name} type veth peer name rover netns ${router}`,
      ...addressLines(router, 'rover', '10.1.3.1/24', null),
      ...addressLines(host.name, 'eth0', '10.1.3.2/24', null),
      `ip -n ${host.name} route add default via 10.1.3.1`,
      // Behind it, so that the selectors have something to stand for.
      `ip -n ${host.name} addr add 192.168.3.1/24 dev lo`,
    ]);
    const site = { ...stage.topology.moon, host };
    const values = { control: controlSocket(site), sun: stage.topology.sun.uplinks[0]?.address4 ?? '' };
    const config = fill(readFileSync(join(projectRoot, 'bench', 'flood', 'rover.toml'), 'utf8'), 'toml', values);
    const mhtun = new Mhtun(lab, site, { config, peer: 'sun', keys: false, logLevel: 'info' });
    await mhtun.start();
    return new Rover(lab, mhtun);
  }

  /** Milliseconds until it has its tunnel; infinite where it was not let in. */
  async getsIn(timeoutMs: number): Promise<number> {
    const { ok, tookMs } = await this.#mhtun.ask({ verb: 'initiate', peer: 'sun', child: 'net', timeoutMs }, timeoutMs + 5000);
    await this.#mhtun.ask({ verb: 'terminate', peer: 'sun', child: null }).catch(() => undefined);
    await sleep(300);
    return ok ? tookMs : Infinity;
  }

  close(): Promise<void> {
    return this.#lab.close();
  }
}

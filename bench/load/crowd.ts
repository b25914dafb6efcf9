/** Many callers, in moon's place, as a process of their own: each has an address of its own behind moon's uplink. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { LabError, shell } from '../../interop/lab/exec.js';
import { projectRoot, type Lab } from '../../interop/lab/lab.js';
import type { Topology } from '../../interop/lab/topology.js';
import { answerShape, type Answer, type CrowdPlan, type Order } from './orders.js';

const network = '10.64';

export class Crowd {
  readonly #child: ChildProcess;
  readonly #waiting: ((line: string | null) => void)[] = [];
  #ended = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new LabError('the callers have an output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    child.on('close', () => {
      this.#ended = true;
      for (const waits of this.#waiting.splice(0)) waits(null);
    });
  }

  /** Every address of their network is moon's, and sun's router knows the way. */
  static async start(lab: Lab, { moon }: Topology, plan: Omit<CrowdPlan, 'network'>): Promise<Crowd> {
    const uplink = moon.uplinks[0];
    if (uplink === undefined) throw new LabError('moon has an uplink');
    await shell([
      `ip -n ${moon.host.name} route add local ${network}.0.0/16 dev lo`,
      `ip -n ${lab.prefix}-wan1 route add ${network}.0.0/16 via ${uplink.address4}`,
    ]);
    const argument = JSON.stringify({ ...plan, network });
    const [command = '', ...args] = moon.host.argv([process.execPath, '--import=tsx', join(projectRoot, 'bench', 'load', 'program.ts'), argument]);
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: projectRoot });
    lab.onClose('the callers', async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    });
    return new Crowd(child);
  }

  /** @throws LabError where somebody did not succeed */
  async all(order: Order): Promise<Answer> {
    const answer = await this.give(order);
    const [first] = answer.failed;
    if (first !== undefined) throw new LabError(`${order.do}: ${answer.failed.length} of ${answer.done + answer.failed.length} failed, the first: ${first}`);
    return answer;
  }

  async give(order: Order): Promise<Answer> {
    const line = this.#ended ? null : await new Promise<string | null>((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    });
    if (line === null) throw new LabError('the callers ended');
    return answerShape.parse(JSON.parse(line));
  }

  /** They are gone, without a word to anybody. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (!this.#ended) await new Promise((resolve) => this.#child.once('close', resolve));
  }
}

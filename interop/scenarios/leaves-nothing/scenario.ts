/** See README.md. */
import { ensure } from '../../lab/exec.js';
import type { Namespace } from '../../lab/lab.js';
import { Mhtun } from '../../lab/mhtun.js';
import { succeeded } from '../../lab/stage.js';
import { once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([{ moon: 'mhtun', sun: 'mhtun' }]),
  async play(stage) {
    const { moon } = stage;
    if (!(moon instanceof Mhtun)) throw new Error('this scenario is about mhtun');
    const { host } = stage.topology.moon;
    await moon.stop();
    const before = await picture(host);
    const same = async (after: string): Promise<void> => {
      const now = await picture(host);
      ensure(now === before, `after ${after} the host is not as before:\n${difference(before, now)}`);
    };
    await moon.start();
    await stage.connect();
    ensure((await picture(host)) !== before, 'a running mhtun leaves no trace: this test sees nothing');
    await moon.stop();
    await same('SIGTERM');
    await moon.start();
    await stage.connect();
    succeeded(await moon.order(['down']), 'mhtun down');
    await same('mhtun down');
    await moon.stop();
    await moon.start();
    await stage.connect();
    await moon.kill();
    await moon.start();
    await moon.stop();
    await same('SIGKILL, a new start and SIGTERM');
  },
};

async function picture(host: Namespace): Promise<string> {
  const script = ['ip -o link', 'ip -o addr', 'ip -4 route show table all', 'ip -6 route show table all', 'ip -4 rule', 'ip -6 rule', 'nft list ruleset'].join(';');
  const text = await host.must(['sh', '-c', script]);
  return text.split('\n').map((line) => line.replace(/(expires|valid_lft|preferred_lft) \S+/g, '').trimEnd()).sort().join('\n');
}

function difference(before: string, now: string): string {
  const old = new Set(before.split('\n'));
  const fresh = new Set(now.split('\n'));
  return [...[...old].filter((line) => !fresh.has(line)).map((line) => `- ${line}`), ...[...fresh].filter((line) => !old.has(line)).map((line) => `+ ${line}`)].join('\n');
}

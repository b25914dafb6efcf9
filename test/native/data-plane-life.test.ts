import { expect } from 'chai';
import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { skipBecause } from '../support/skip.js';
import { whyNoNamespaces } from './namespaces.js';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'data-plane-exercise.ts');

/** Titles by the exercise that shows it. */
const behaviours: Readonly<Record<string, string>> = {
  'close-twice': 'closes once, and then does nothing any more, without an event',
  descriptors: 'leaves no thread and no descriptor, with one worker and with several',
  garbage: 'runs on though it is forgotten, and goes if it never ran',
  'worker-ends': 'ends with a worker thread of Node, however that ends',
  'exit-at-each-stage': 'lets the process exit at every stage',
  'exit-under-traffic': 'ends its threads before the process takes down what they use, while packets flow',
  'installs-leave-nothing': 'keeps nothing of 100,000 Child SAs that have come and gone',
  'deleted-interface': 'says that somebody deleted the TUN interface',
  'keys-are-gone': 'leaves no key in memory when its Child SA goes',
  'packets-are-in-no-core-dump': 'keeps packets in clear out of core dumps',
};

describe('the life of the native data plane', function () {
  this.timeout(120_000);

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
  });

  for (const [name, title] of Object.entries(behaviours)) {
    it(title, async () => {
      expect(await run(name)).to.equal('');
    });
  }
});

/** What an exercise has to complain about. */
function run(name: string): Promise<string> {
  const command = `ip link set lo up && exec "${process.execPath}" --expose-gc --import=tsx "${program}" "${name}"`;
  return new Promise((resolve) => {
    execFile('unshare', ['--net', 'sh', '-c', command], { timeout: 110_000 }, (error, stdout, stderr) => {
      resolve(error === null ? '' : `${error.message}\n${stdout}${stderr}`);
    });
  });
}

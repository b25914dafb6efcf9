import { expect } from 'chai';
import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { skipBecause } from '../support/skip.js';
import { whyNoNamespaces } from './namespaces.js';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'exercise.ts');

/** Titles by the exercise that shows it. */
const behaviours: Readonly<Record<string, string>> = {
  'tun-packets': 'carries packets out of and into a TUN interface on which the kernel says nothing of its own',
  'tun-deleted': 'says once that somebody deleted the TUN interface',
  'tun-names': 'says what is wrong with the name of a TUN interface',
  'udp-datagrams': 'carries datagrams of every size with their DSCP and ECN, over IPv4 and IPv6',
  'udp-refusals': 'answers with the errno where the system refuses',
  'udp-batches': 'sends batches in order, and the rest of a batch where one datagram is refused',
  'udp-runs': 'keeps every datagram what it was where several go through the kernel as one, on a narrow link too',
  'close-inside-listener': 'delivers nothing after a close inside a listener',
  descriptors: 'leaves no descriptor open, closed twice and failing as it may',
  garbage: 'closes what is forgotten, but for what delivers',
  'worker-ends': 'ends with a worker thread, however that ends',
  'exit-with-everything-open': 'lets the process exit with everything open',
  'uncaught-in-listener': 'makes an uncaught exception of what a listener throws, and goes on',
  'service-notifier': 'tells the service manager, on a path or in the abstract namespace, and minds nobody\'s absence',
  'route-lookup': 'asks the kernel for a route over a link, and is told where it would only make one up',
};

describe('the addon', function () {
  this.timeout(60_000);

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
  const command = `ip link set lo up && exec "${process.execPath}" --expose-gc --import=tsx "${program}" ${name}`;
  return new Promise((resolve) => {
    execFile('unshare', ['--net', 'sh', '-c', command], { timeout: 50_000 }, (error, stdout, stderr) => {
      resolve(error === null ? '' : `${error.message}\n${stdout}${stderr}`);
    });
  });
}

/**
 * Follows the links of its network namespace and prints what the link model makes of them, each time something is told or read:
 * `{"at":…,"by":"told","seen":["10.1.0.1 eth0 10.1.0.2 beyond"]}`. `at` is the wall clock's, in milliseconds.
 * `monitor-program.ts`; a line on stdin is answered with `{"readings":…,"lagMs":…}` since the last one.
 */
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { HostState } from '../../lib/path/host-state.js';
import { LinkModel, usableAddresses } from '../../lib/path/link-model.js';
import { startLinkMonitor } from '../../lib/platform/link-monitor.js';

const model = new LinkModel();
let readings = 0;
let lagMs = 0;

function print(by: string, state: HostState): void {
  const candidates = model.candidates({ state, listen: 'auto', inside: [], rules: [] });
  const seen = candidates.map(({ address, device, leaving, network }) =>
    `${address} ${device} ${network.gateway ?? '-'} ${network.reach}${leaving ? ' leaving' : ''}`);
  write({ at: performance.timeOrigin + performance.now(), by, seen });
}

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const monitor = startLinkMonitor({
  mark: 0,
  uses: (state) => usableAddresses(state, 'auto', []),
  told: (state) => print('told', state),
  read: (state) => {
    readings++;
    print('read', state);
  },
});
print('start', monitor.state());

// How long anything else would have had to wait.
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  lagMs = Math.max(lagMs, now - last - 1);
  last = now;
}, 1);

createInterface({ input: process.stdin }).on('line', () => {
  write({ readings, lagMs });
  readings = 0;
  lagMs = 0;
});

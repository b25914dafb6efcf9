/** `npm run bench -- NAME [OPTIONS]`: runs a benchmark. The last line of its output is one line of JSON. */
import { changes } from './changes.js';
import { failover } from './failover.js';
import { flood } from './flood.js';
import { handshakes } from './handshakes.js';
import { manyPeers } from './many-peers.js';
import { soak } from './soak.js';
import { slowLink } from './slow-link.js';
import { softDataPlane } from './soft-data-plane.js';
import { startRace } from './start-race.js';
import { throughput } from './throughput.js';

const benches: ReadonlyMap<string, (args: readonly string[]) => Promise<void>> = new Map([
  ['throughput', throughput],
  ['changes', changes],
  ['slow-link', slowLink],
  ['soak', soak],
  ['failover', failover],
  ['flood', flood],
  ['start-race', startRace],
  ['handshakes', handshakes],
  ['many-peers', manyPeers],
  ['soft-data-plane', softDataPlane],
]);

const [name = '', ...args] = process.argv.slice(2);
const bench = benches.get(name);
if (bench === undefined) {
  process.stderr.write(`which benchmark? ${[...benches.keys()].map((known) => `npm run bench -- ${known}`).join(' | ')}\n`);
  process.exitCode = 2;
} else {
  try {
    await bench(args);
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error;
    process.stderr.write(`${error.message}. bench/README.md has the options of ${name}\n`);
    process.exitCode = 2;
  }
}

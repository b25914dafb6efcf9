/**
 * Does a new start find and take away what a killed one left, wherever it was killed?
 *   node --import=tsx interop/crash/crash.ts [--points 50]
 * The daemon at moon (`start = "now"`) lives a whole life: up, a rekey of each kind, a move, another Child SA's end, down. Its steps get labels
 * (programs/crash-points.mjs); at so many of them, spread over that life, it kills itself. A new start has to be as one on a clean host, with the
 * tunnel back within ten seconds, and `down` leaves nothing. The last line is `N passed, M failed`.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../lab/exec.js';
import { Lab, projectRoot } from '../lab/lab.js';
import { Stage } from '../lab/stage.js';
import { choosePoints } from './points.js';
import { Trial } from './trial.js';

const { values } = parseArgs({ options: { points: { type: 'string', default: '50' }, at: { type: 'string' } } });

const lab = new Lab('crash');
let passed = 0;
let failed = 0;
try {
  await playAll();
} catch (error) {
  failed += 1;
  process.stdout.write(`${describe(error)}\n`);
} finally {
  await lab.close();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;

async function playAll(): Promise<void> {
  const stage = await Stage.openQuiet(lab, {
    scenario: {
      topology: { uplinks: 2 },
      values: (at) => ({ start: at === 'moon' ? 'now' : 'never', address: at === 'moon' ? ['10.77.0.1/32', 'fd77::1/128'] : [], data_plane: 'native' }),
    },
    templates: join(projectRoot, 'interop', 'crash'),
    idle: true,
  });
  const trial = new Trial(stage);
  await trial.learn();
  const points = values.at === undefined ? choosePoints(trial.labels, Number(values.points)) : [values.at];
  process.stdout.write(`${trial.labels.length} steps in a life; killed at ${points.length} of them\n`);
  for (const point of points) {
    try {
      const said = await trial.killedAt(point);
      passed += 1;
      process.stdout.write(`ok   ${point}: ${said}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`FAIL ${point}: ${describe(error)}\n`);
      await trial.startAgainFromNothing();
    }
  }
}

function describe(error: unknown): string {
  return error instanceof LabError ? error.message : String(error instanceof Error ? error.stack : error);
}

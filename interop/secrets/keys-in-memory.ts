/**
 * Are the keys of an SA gone from the memory of the daemon once the SA is?
 *   node --import=tsx interop/secrets/keys-in-memory.ts [--planes native,typescript] [--quick]
 * The keys are learnt at the other end, sun (programs/key-tap.mjs, and the key log); the memory that is searched is moon's, which runs as it is.
 * Each time the live keys are found there first, so that the search is known to work. Nor may any of them be in a log (of level `trace`), in status or
 * events. The last line is `N passed, M failed`.
 */
import { createHmac } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, LabError, sleep } from '../lab/exec.js';
import { Lab, projectRoot } from '../lab/lab.js';
import type { Mhtun } from '../lab/mhtun.js';
import { scenarioFolder, Stage, succeeded } from '../lab/stage.js';
import { LearntKeys } from './learnt-keys.js';
import { searchMemory, type Found, type Needle } from './memory.js';

interface Case {
  readonly plane: string;
  readonly ike: string;
  readonly esp: string;
}

const cases: readonly Case[] = [
  { plane: 'native', ike: 'aes256gcm16-prfsha384-x25519', esp: 'aes256gcm16-x25519' },
  { plane: 'native', ike: 'aes256-sha384-prfsha384-ecp384', esp: 'aes256-sha256-modp3072' },
  { plane: 'native', ike: 'chacha20poly1305-prfsha384-x448', esp: 'chacha20poly1305' },
  { plane: 'typescript', ike: 'aes256gcm16-prfsha384-ecp256', esp: 'aes256gcm16-x25519' },
  { plane: 'typescript', ike: 'aes256-sha384-prfsha384-modp2048', esp: 'aes256-sha512' },
  { plane: 'typescript', ike: 'chacha20poly1305-prfsha384-x25519', esp: 'chacha20poly1305-ecp521' },
];

/** Of every PRF and integrity algorithm of IKE in `cases`. */
const prfOctets = 48;
/** Longer than packets of a replaced Child SA are still taken, and the last message is under way. */
const lingerMs = 4000;
const psk = 'what stays in memory, since it is configured: 7f1e';
const padded = createHmac('sha384', psk).update('Key Pad for IKEv2').digest('hex');

const { values } = parseArgs({ options: { planes: { type: 'string', default: 'native,typescript' }, quick: { type: 'boolean', default: false } } });
let failed = 0;
const wanted = cases.filter(({ plane }) => values.planes.split(',').includes(plane));
const chosen = values.quick ? wanted.filter(({ plane }, at) => wanted.findIndex((one) => one.plane === plane) === at) : wanted;
for (const one of chosen) {
  const title = `${one.plane}: ike ${one.ike}, esp ${one.esp}`;
  const lab = new Lab(`secrets-${chosen.indexOf(one)}`);
  try {
    process.stdout.write(`${title}: ${await play(lab, one)}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`${title}: FAILED: ${error instanceof LabError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  } finally {
    await lab.close();
    // Keys do not stay on the disk.
    rmSync(join(lab.folder, 'taken'), { recursive: true, force: true });
  }
}
process.stdout.write(`${chosen.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;

async function play(lab: Lab, { plane, ike, esp }: Case): Promise<string> {
  const folder = join(lab.folder, 'taken');
  mkdirSync(folder);
  // The daemon at sun is no longer root when it writes there.
  chmodSync(folder, 0o777);
  const tap = join(folder, 'tap');
  const keyLog = join(folder, 'log');
  const stage = await Stage.openQuiet(lab, {
    scenario: { topology: { uplinks: 1 }, values: () => ({ data_plane: plane, ike: [ike], esp: [esp], psk }) },
    templates: join(scenarioFolder, 'usual'),
    logLevel: 'trace',
    environment: (at) => (at === 'sun' ? { NODE_OPTIONS: `--import=${join(projectRoot, 'interop', 'programs', 'key-tap.mjs')}`, MHTUN_KEY_TAP: tap, MHTUN_KEYLOG: keyLog } : {}),
  });
  const moon = stage.mhtun;
  const learnt = new LearntKeys({ tap, keyLog, prfOctets, configured: padded });
  await stage.connect();
  const first = learnt.fresh();
  const live = mustBeFound(moon, first, 'of the live SAs');
  succeeded(await moon.rekeyChild(), 'rekey of the Child SA');
  await stage.settled(1, 1);
  await stage.reaches();
  const second = learnt.fresh();
  const oldChild = first.filter(({ name }) => name.startsWith('ESP'));
  await mustBeGone(moon, oldChild, 'of the Child SA that was rekeyed');
  mustBeFound(moon, second, 'of the new Child SA');
  succeeded(await moon.rekeyIke(), 'rekey of the IKE SA');
  await stage.settled(1, 1);
  await mustBeGone(moon, first, 'of the IKE SA that was rekeyed');
  succeeded(await moon.terminate(), 'terminate');
  await stage.settled(0, 0);
  const third = learnt.fresh();
  await stage.keptSecrets([...first, ...second, ...third]);
  const searched = await mustBeGone(moon, [...first, ...second, ...third], 'of any SA that was');
  return `${live} copies of ${first.length} live keys found; none of ${first.length + second.length + third.length} left in ${(searched / 1e6).toFixed(0)} MB`;
}

/** The control: keys in use are there. What has served its turn (SKEYSEED, the shared secret) must not be, even now. */
function mustBeFound(moon: Mhtun, needles: readonly Needle[], whose: string): number {
  const { found } = searchMemory(moon.pid, needles);
  for (const kind of ['ESP key', 'SK_e', 'SK_d, SK_p, SK_a or SKEYSEED'] as const) {
    const wanted = needles.filter(({ name }) => name === kind);
    if (kind === 'ESP key' || wanted.length > 0) ensure(found.some(({ name }) => name === kind), `no ${kind} ${whose} was found among ${wanted.length} that were looked for: the search does not work`);
  }
  const spent = found.filter(({ name }) => name.startsWith('shared secret'));
  ensure(spent.length === 0, `${whose}: ${describe(spent)}`);
  return found.length;
}

/** @returns octets searched */
async function mustBeGone(moon: Mhtun, needles: readonly Needle[], whose: string): Promise<number> {
  await sleep(lingerMs);
  const { found, bytes } = searchMemory(moon.pid, needles);
  ensure(found.length === 0, `keys ${whose}: ${describe(found)}`);
  return bytes;
}

function describe(found: readonly Found[]): string {
  return `${found.length} places: ${found.slice(0, 12).map(({ name, area, address }) => `${name} at ${address.toString(16)} ${area}`).join('; ')}`;
}

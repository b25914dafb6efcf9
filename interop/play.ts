/** Plays one run of a scenario, here or in a user-mode kernel, and says what came of it. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, type PeerHost } from './lab/engine.js';
import { LabError } from './lab/exec.js';
import { strongSwanVersions, type StrongSwanVersion } from './lab/images.js';
import { Lab, projectRoot } from './lab/lab.js';
import type { Pair } from './lab/party.js';
import { scenarioFolder, Stage } from './lab/stage.js';
import { runInUserModeKernel, userModeKernelObstacle } from './lab/user-mode-kernel.js';
import type { Scenario, Variant } from './scenario.js';

/** A scenario in one of its variants with one pair of parties. */
export interface Run {
  readonly name: string;
  readonly scenario: Scenario;
  readonly variant: Variant;
  readonly pair: Pair;
}

export type Outcome =
  | { readonly kind: 'passed'; readonly notes: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string; readonly notes: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

export interface Surroundings {
  readonly host: PeerHost | null;
  readonly images: ReadonlyMap<StrongSwanVersion, string>;
  readonly keys: boolean;
  readonly keep: boolean;
}

export function titleOf({ name, variant, pair }: Run): string {
  return [name, variant.name, `${pair.moon}-to-${pair.sun}`].filter((part) => part !== '').join('.');
}

/** Where logs and packets of a run lie. */
export function folderOf(run: Run): string {
  return join('interop', titleOf(run));
}

export function play(run: Run, surroundings: Surroundings): Promise<Outcome> {
  const inKernel = surroundings.host?.kernelEsp === true;
  return run.scenario.needs === 'kernel' && !inKernel ? playInKernel(run, surroundings) : playHere(run, surroundings);
}

async function playHere(run: Run, surroundings: Surroundings): Promise<Outcome> {
  const lab = new Lab(folderOf(run));
  let stage: Stage | null = null;
  let reason: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new LabError(`not done after ${runTimeoutMs / 1000} s`));
    }, runTimeoutMs);
  });
  try {
    stage = await Stage.open(lab, {
      scenario: run.scenario,
      variant: run.variant,
      pair: run.pair,
      templates: join(scenarioFolder, run.scenario.templates ?? run.name),
      engine: surroundings.host,
      images: surroundings.images,
      keys: surroundings.keys,
    });
    await Promise.race([run.scenario.play(stage), tooLong]);
    await stage.keptSecrets();
  } catch (error) {
    reason = describe(error);
  }
  clearTimeout(timer);
  await lab.close();
  const notes = stage?.notes ?? [];
  if (reason !== null) return { kind: 'failed', reason, notes };
  if (!surroundings.keep) rmSync(lab.folder, { recursive: true, force: true });
  return { kind: 'passed', notes };
}

/** The runner runs itself inside the kernel, with the file trees of the images in place of containers. */
async function playInKernel(run: Run, surroundings: Surroundings): Promise<Outcome> {
  const { host, images } = surroundings;
  const obstacle = userModeKernelObstacle();
  if (obstacle !== null) return { kind: 'skipped', reason: obstacle };
  if (!(host instanceof Engine)) return { kind: 'skipped', reason: 'needs the images of the peers' };
  if (host.name !== 'podman') return { kind: 'skipped', reason: 'needs podman, which shows the files of an image' };
  const trees: string[] = [];
  for (const version of strongSwanVersions) {
    const image = images.get(version);
    if (image !== undefined) trees.push(`${version}=${await host.mountImage(image)}`);
  }
  mkdirSync(join(projectRoot, '.lab'), { recursive: true });
  const options = [...(surroundings.keep ? ['--keep'] : []), ...(surroundings.keys ? ['--keys'] : [])];
  const argv = [process.execPath, '--import=tsx', 'interop/run.ts', titleOf(run), '--pair', `${run.pair.moon},${run.pair.sun}`, '--jobs', '1', '--trees', trees.join(','), ...options];
  const { code, stdout } = await runInUserModeKernel(argv, kernelTimeoutS);
  if (code === 0) return { kind: 'passed', notes: ['in a user-mode kernel'] };
  return { kind: 'failed', reason: stdout.slice(-3000), notes: ['in a user-mode kernel'] };
}

function describe(error: unknown): string {
  if (error instanceof LabError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Longer than any scenario takes that goes on at all. */
const runTimeoutMs = 180_000;
const kernelTimeoutS = 240;

/**
 * The images of the peers, made once for each machine: from `debian:…` where a registry can be reached, else from a
 * base that debootstrap makes of Debian's packages. The image's name carries a digest of its Containerfile.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from './engine.js';
import { LabError, run } from './exec.js';
import { projectRoot } from './lab.js';

/** A release of Debian, named for the strongSwan that it has. */
export type StrongSwanVersion = 'strongswan-5.9' | 'strongswan-6.0';

export const strongSwanVersions: readonly StrongSwanVersion[] = ['strongswan-5.9', 'strongswan-6.0'];

const suites: Readonly<Record<StrongSwanVersion, string>> = { 'strongswan-5.9': 'bookworm', 'strongswan-6.0': 'trixie' };

/** The name of the peer's image, which is made if it is not there yet. `say` is told of what takes long. */
export async function ensureImage(engine: Engine, version: StrongSwanVersion, say: (text: string) => void): Promise<string> {
  const folder = join(projectRoot, 'interop', 'containers');
  const digest = createHash('sha256').update(readFileSync(join(folder, 'Containerfile'))).digest('hex').slice(0, 12);
  const suite = suites[version];
  const image = `mhtun-peer-${suite}:${digest}`;
  if (await engine.hasImage(image)) return image;
  say(`making the image of ${version} (once for this machine)`);
  const base = await ensureBase(engine, suite, say);
  await engine.build(image, folder, base);
  return image;
}

/** The engine of this machine. @throws LabError with what to install */
export async function requireEngine(): Promise<Engine> {
  const engine = await Engine.find();
  if (engine !== null) return engine;
  throw new LabError('no container engine answers: sudo apt-get install -y --no-install-recommends podman runc debootstrap');
}

async function ensureBase(engine: Engine, suite: string, say: (text: string) => void): Promise<string> {
  const published = `docker.io/library/debian:${suite}`;
  if ((await engine.hasImage(published)) || (await engine.pull(published))) return published;
  const own = `mhtun-base:${suite}`;
  if (await engine.hasImage(own)) return engine.name === 'podman' ? `localhost/${own}` : own;
  say(`no registry gives debian:${suite}; debootstrap makes it`);
  const folder = mkdtempSync(join(tmpdir(), 'mhtun-base-'));
  try {
    const made = await run(['debootstrap', '--variant=minbase', '--include=ca-certificates', suite, folder], { timeoutMs: 600_000 });
    if (made.code !== 0) throw new LabError(`debootstrap ${suite} failed: ${made.stdout.slice(-500)}${made.stderr.slice(-500)}`);
    await engine.importTree(own, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return engine.name === 'podman' ? `localhost/${own}` : own;
}

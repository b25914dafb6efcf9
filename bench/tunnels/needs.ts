/** Installs what one kind of tunnel needs beyond the rest, or says why that cannot be. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/project.js';

/** A need of `scripts/setup.mjs`: null once it is met, else the reason. */
export function obstacleOf(need: 'probe' | 'wireguard'): string | null {
  const setup = spawnSync(process.execPath, ['scripts/setup.mjs', need], { cwd: root, encoding: 'utf8' });
  return setup.status === 0 ? null : setup.stderr.trim();
}

export function addonObstacle(): string | null {
  return existsSync(join(root, 'dist', 'bin', 'mhtun.js')) ? null : 'dist/ is not built: npm run build';
}

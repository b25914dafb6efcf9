/** What this host's refusal to send says of a path. What anyone could cause from outside (ICMP) starts a probe and nothing else. */
import type { PathInput } from './io.js';
import { doubt } from './doubting.js';
import type { Path } from './path.js';
import type { Scene } from './scene.js';

/** Only our own host's addresses, routes and links make these. */
const ownErrors = new Set(['EADDRNOTAVAIL', 'ENETDOWN', 'ENETUNREACH', 'ENODEV', 'ENXIO']);
/** Full queues and interrupted calls: nothing is wrong with the path. */
const passingErrors = new Set(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ENOMEM', 'EINTR']);

export function refused(scene: Scene, { local, remote, errno }: Extract<PathInput, { kind: 'refused' }>): void {
  if (passingErrors.has(errno)) return;
  for (const path of scene.table.all()) {
    if (path.pair.local.address === local && path.pair.remote.address === remote) judge(scene, path, errno);
  }
}

function judge(scene: Scene, path: Path, errno: string): void {
  if (errno === 'EMSGSIZE') {
    const test = scene.desk.of(path);
    if (test?.kind === 'size' && test.padToBytes !== null) path.mtu.lost(scene.now, test.padToBytes, true);
  } else if (ownErrors.has(errno)) {
    if (path.health.kind === 'untested') return;
    path.fail(scene.now, `this host cannot send there: ${errno}`);
    path.refused = true;
  } else if (scene.isUsed(path)) {
    doubt(scene, path, `a send failed: ${errno}`);
  }
}

/** Keeps the NAT mappings of paths that stand by; that of the path in use is kept by the IKE SA. */
import { addressBytes, addressFamily, type IpAddress } from '../util/address.js';
import { after, earlier, type Instant } from '../util/brands.js';
import { costOfKeepalive } from './budget.js';
import { keepaliveMs } from './limits.js';
import type { Path } from './path.js';
import type { Scene, Standing } from './scene.js';

/** Sends what is due. Answers with when to come back. */
export function sendKeepalives(scene: Scene, { facts, active }: Standing): Instant | null {
  if (facts.role === 'fixed') return null;
  let next: Instant | null = null;
  for (const path of scene.table.all()) {
    if (path === active || !isWorthKeeping(path) || !(facts.natLocal || crossesNat(path))) continue;
    const due = path.sentAt === null ? scene.now : after(path.sentAt, keepaliveMs);
    const affordable = scene.budgets.affordableAt(scene.now, path.purse, costOfKeepalive(path.pair), 'needed');
    const at = affordable > due ? affordable : due;
    if (at > scene.now) {
      next = earlier(next, at);
      continue;
    }
    scene.budgets.spend(scene.now, path.purse, costOfKeepalive(path.pair));
    path.sentAt = scene.now;
    scene.emit({ kind: 'keepalive', path: path.pair });
    next = earlier(next, after(scene.now, keepaliveMs));
  }
  return next;
}

/** What never answered, or is down, has no mapping worth an octet. */
function isWorthKeeping(path: Path): boolean {
  return !path.gone && (path.works || path.health.kind === 'suspect');
}

/** From a private address to a public one there is always a NAT (RFC 1918, RFC 6598), whatever the path in use has. */
function crossesNat({ pair }: Path): boolean {
  return isPrivate(pair.local.address) && !isPrivate(pair.remote.address);
}

function isPrivate(address: IpAddress): boolean {
  if (addressFamily(address) === 6) return false;
  const [a = 0, b = 0] = addressBytes(address);
  return a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168) || (a === 100 && b >> 6 === 1);
}

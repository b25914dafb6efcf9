/** The fuzz targets of the decoders by name. One is loaded when it is asked for: what is loaded is what is watched. */
import type { FuzzTarget } from './target.js';

const loaders: ReadonlyMap<string, () => Promise<{ readonly target: FuzzTarget }>> = new Map([
  ['message', () => import('./targets/message.js')],
  ['sealed', () => import('./targets/sealed.js')],
  ['negotiation', () => import('./targets/negotiation.js')],
  ['packets', () => import('./targets/packets.js')],
  ['esp', () => import('./targets/esp.js')],
  ['identity', () => import('./targets/identity.js')],
  ['config', () => import('./targets/config.js')],
  ['foreign', () => import('./targets/foreign.js')],
  ['control', () => import('./targets/control.js')],
  ['certificate', () => import('./targets/certificate.js')],
  ['eap', () => import('./targets/eap.js')],
  ['netlink', () => import('./targets/netlink.js')],
]);

export const targetNames: readonly string[] = [...loaders.keys()];

/** @throws Error for a name that there is none of */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  const load = loaders.get(name);
  if (load === undefined) throw new Error(`no target "${name}"; there are ${targetNames.join(', ')}`);
  return (await load()).target;
}

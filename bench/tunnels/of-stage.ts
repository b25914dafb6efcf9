/** Tunnels of the programs that the interop lab knows: mhtun with either data plane, and strongSwan with its ESP in userland. */
import { join } from 'node:path';
import { ensureImage, requireEngine, type StrongSwanVersion } from '../../interop/lab/images.js';
import type { Engine } from '../../interop/lab/engine.js';
import { LabError } from '../../interop/lab/exec.js';
import { Lab, projectRoot } from '../../interop/lab/lab.js';
import { Mhtun } from '../../interop/lab/mhtun.js';
import { parsePair, type Party } from '../../interop/lab/party.js';
import { Stage } from '../../interop/lab/stage.js';
import { addonObstacle } from './needs.js';
import { pidsIn, type Subject, type Tunnel, type TunnelEnd, type TunnelOptions } from './tunnel.js';

export type DataPlaneName = 'native' | 'typescript';

/** mhtun at both ends. `suite`: this one, whatever the run's is. */
export function mhtun(name: string, dataPlane: DataPlaneName, fixed: { readonly suite?: string; readonly only?: readonly string[] } = {}): Subject {
  return {
    name,
    prepare: () => Promise.resolve(addonObstacle()),
    open: (options) => openMhtun(name, dataPlane, { suite: fixed.suite ?? options.suite }),
    ...(fixed.only === undefined ? {} : { only: fixed.only }),
  };
}

export async function openMhtun(name: string, dataPlane: DataPlaneName, options: TunnelOptions & { readonly uplinks?: 1 | 2 }): Promise<StagedTunnel> {
  return openStage(name, 'mhtun,mhtun', { ...options, dataPlane, engine: null, images: new Map() });
}

export function strongSwan(name: string): Subject {
  let engine: Engine | null = null;
  const images = new Map<StrongSwanVersion, string>();
  return {
    name,
    async prepare() {
      try {
        engine = await requireEngine();
        images.set('strongswan-6.0', await ensureImage(engine, 'strongswan-6.0', (text) => process.stdout.write(`${text}\n`)));
        return null;
      } catch (error) {
        if (error instanceof LabError) return error.message;
        throw error;
      }
    },
    open: (options) => openStage(name, 'strongswan-6.0,strongswan-6.0', { ...options, dataPlane: 'typescript', engine, images }),
  };
}

/** A tunnel with the stage that it is played on. */
export interface StagedTunnel extends Tunnel {
  readonly stage: Stage;
}

interface StageWishes extends TunnelOptions {
  readonly uplinks?: 1 | 2;
  readonly dataPlane: DataPlaneName;
  readonly engine: Engine | null;
  readonly images: ReadonlyMap<StrongSwanVersion, string>;
}

async function openStage(name: string, pair: string, wishes: StageWishes): Promise<StagedTunnel> {
  const lab = new Lab(`bench-${name}`);
  try {
    const stage = await Stage.open(lab, {
      scenario: { topology: { uplinks: wishes.uplinks ?? 1 }, values: (at) => ({ esp: [wishes.suite], data_plane: wishes.dataPlane, ...selectors(at === 'moon') }) },
      templates: join(projectRoot, 'bench'),
      variant: { name: '', pairs: [] },
      pair: parsePair(pair),
      engine: wishes.engine,
      images: wishes.images,
      keys: false,
      quiet: true,
    });
    await stage.connect();
    return { stage, moon: await endOf(stage.moon), sun: await endOf(stage.sun), close: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Both families in one Child SA. */
function selectors(isMoon: boolean): Record<string, readonly string[]> {
  const nets = [1, 2].map((site) => [`192.168.${site}.0/24`, `fd10:${site}::/64`]);
  const [own = [], other = []] = isMoon ? nets : [...nets].reverse();
  return { local_ts: own, remote_ts: other };
}

async function endOf(party: Party): Promise<TunnelEnd> {
  const { host, gateway4, gateway6, uplinks } = party.site;
  const pids = party instanceof Mhtun ? [party.pid] : await pidsIn(host, 'charon');
  return { host, inner4: gateway4, inner6: gateway6, outer4: uplinks[0]?.address4 ?? '', pids };
}

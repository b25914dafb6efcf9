/** What must be there before pairs of programs can be set against each other. */
import type { Engine } from './engine.js';
import { ensureImage, requireEngine, strongSwanVersions, type StrongSwanVersion } from './images.js';
import type { Pair, PartyKind } from './party.js';

export interface PeerImages {
  /** Null: no strongSwan takes part. */
  readonly engine: Engine | null;
  readonly images: ReadonlyMap<StrongSwanVersion, string>;
}

/** Makes the images that are lacking; that takes minutes, and says so. */
export async function preparePeers(pairs: readonly Pair[]): Promise<PeerImages> {
  const images = new Map<StrongSwanVersion, string>();
  const wanted = strongSwanVersions.filter((version) => pairs.some((pair) => playedBy(pair).includes(version)));
  if (wanted.length === 0) return { engine: null, images };
  const engine = await requireEngine();
  for (const version of wanted) images.set(version, await ensureImage(engine, version, (text) => process.stdout.write(`${text}\n`)));
  return { engine, images };
}

export function playedBy({ moon, sun }: Pair): readonly PartyKind[] {
  return [moon, sun];
}

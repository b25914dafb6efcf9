/** What a reader found of each peer, before it is put together as our tables. */
import type { DraftTable, Place, SettingValue } from './model.js';

export type Start = 'never' | 'traffic' | 'now';

export interface FoundChild {
  readonly place: Place;
  readonly says: string;
  readonly name: string;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly replayWindow: number | null;
  /** What our configuration has once for all children of a peer; null: nothing said. */
  readonly esp: readonly string[] | null;
  readonly rekeyMs: number | null;
  readonly rekeyBytes: number | null;
  readonly rekeyPackets: number | null;
  readonly start: Start;
}

export interface FoundPeer {
  readonly place: Place;
  readonly says: string;
  readonly name: string;
  /** Null: not named. */
  readonly localId: string | null;
  readonly remoteId: string;
  readonly addresses: readonly string[];
  /** Addresses of this end; null: any. */
  readonly listen: readonly string[] | null;
  /** In our spelling. */
  readonly psk: string | null;
  /** Keys of `[[peer]]` that need nothing more. */
  readonly settings: DraftTable;
  readonly children: readonly FoundChild[];
}

/** A value with its key, as a remark says both. */
export interface Setting {
  readonly key: string;
  readonly value: SettingValue;
}

/** One end of a scenario, whoever plays it: what can be asked of mhtun and of strongSwan alike, in the same words. */
import type { Site } from './topology.js';
import { strongSwanVersions, type StrongSwanVersion } from './images.js';

export type PartyKind = 'mhtun' | StrongSwanVersion;

/** Who stands on moon, which initiates, and who on sun. */
export interface Pair {
  readonly moon: PartyKind;
  readonly sun: PartyKind;
}

/** `MOON,SUN` @throws Error */
export function parsePair(text: string): Pair {
  const [moon, sun] = text.split(',').map(parsePartyKind);
  if (moon === undefined || sun === undefined) throw new Error(`a pair is two names with a comma, not ${text}`);
  return { moon, sun };
}

/** @throws Error */
export function parsePartyKind(text: string): PartyKind {
  for (const kind of ['mhtun', ...strongSwanVersions] as const) if (kind === text) return kind;
  throw new Error(`${text} is none of mhtun, ${strongSwanVersions.join(', ')}`);
}

/** What came of an order: `text` is what the program said. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  readonly tookMs: number;
}

export interface Party {
  readonly kind: PartyKind;
  readonly site: Site;
  /** Runs the daemon and returns when it takes orders. */
  start(): Promise<void>;
  /** Ends the daemon in an orderly way: it says goodbye to its peer. */
  stop(): Promise<void>;
  /** Ends the daemon at once, without a word. */
  kill(): Promise<void>;
  initiate(child?: string, timeoutS?: number): Promise<Outcome>;
  rekeyChild(child?: string): Promise<Outcome>;
  rekeyIke(): Promise<Outcome>;
  terminate(child?: string): Promise<Outcome>;
  sas(): Promise<readonly IkeSa[]>;
  /** All that it wrote into its log so far. */
  log(): string;
}

export interface IkeSa {
  readonly established: boolean;
  readonly initiator: boolean;
  /** 16 hex digits each. */
  readonly spiI: string;
  readonly spiR: string;
  /** `10.1.0.1:4500` */
  readonly local: string;
  readonly remote: string;
  readonly localId: string;
  readonly remoteId: string;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly children: readonly ChildSa[];
}

export interface ChildSa {
  readonly name: string;
  readonly installed: boolean;
  /** 8 hex digits each. */
  readonly spiIn: string;
  readonly spiOut: string;
  readonly suite: string;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
  readonly packetsIn: number;
  readonly packetsOut: number;
}

/** The Child SAs of all IKE SAs. */
export function childrenOf(sas: readonly IkeSa[]): readonly ChildSa[] {
  return sas.flatMap((sa) => sa.children);
}

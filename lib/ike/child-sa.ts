/** One Child SA as the IKE SA knows it (RFC 7296 §2.8, §2.17), and the data-plane commands it leads to. */
import type { EspSuite } from '../crypto/suite.js';
import type { DataPlaneCommand, EspKeying, EspLifetime } from '../esp/data-plane.js';
import type { DatagramPath } from '../util/address.js';
import { after, type ChildSaId, type EspSpi, type Instant } from '../util/brands.js';
import type { ChildDirectionKeys } from './key-schedule.js';
import type { ChildTemplate, IkePeer } from './peer.js';
import type { AgreedSelectors } from './traffic-selection.js';

/** Past its rekey time an SA lives on for this part of it, so that a slow rekey costs no packet. */
const hardLifetimeFactor = 1.1;
/** The rekey comes up to this part early, so that many SAs, and both ends, do not rekey at one moment (RFC 7296 §2.8). */
const rekeyJitter = 0.1;
/** A hard limit never comes sooner than this after the soft one. */
const minHardMarginMs = 10_000;

/** Both directions of a Child SA. The fields that change are the IKE SA's to change. */
export interface ChildSa {
  readonly id: ChildSaId;
  readonly template: ChildTemplate;
  /** Order of its template in the configuration: the data plane's priority. */
  readonly priority: number;
  /** `PEER/CHILD`: the data plane's policy that it is for. */
  readonly policy: string;
  readonly spiIn: EspSpi;
  readonly spiOut: EspSpi;
  readonly suite: EspSuite;
  readonly selectors: AgreedSelectors;
  readonly lifetime: EspLifetime;
  readonly outboundKeys: ChildDirectionKeys;
  /** `contested`: the peer's rekey while ours is under way; it becomes `installed` or `rekeyed` when that is decided. */
  state: 'installed' | 'contested' | 'rekeying' | 'rekeyed' | 'deleting';
  /** False until it is certain that the peer receives on its new SA (RFC 7296 §2.8). */
  sends: boolean;
  /** As the peer's rekey: when to begin sending at the latest, whether or not the old SA is deleted; null: sends already, or never will. */
  sendAt: Instant | null;
  /** The Child SA that took its place. */
  replacedBy: ChildSaId | null;
  rekeyAt: Instant;
  /** Commands that wait for this SA to be replaced. */
  waiting: number[];
  /** A rekey of this SA by the peer while ours is under way (RFC 7296 §2.8.1). */
  rekeyedByPeer: PeerRekey | null;
}

/** The peer's side of a simultaneous rekey: what it made, and the nonces that decide. */
export interface PeerRekey {
  readonly child: ChildSa;
  readonly nonces: readonly [Uint8Array, Uint8Array];
}

/** When to rekey, and the limits the data plane keeps. `fraction` is drawn from [0, 1). */
export function childLifetime(peer: IkePeer, now: Instant, fraction: number): { readonly rekeyAt: Instant; readonly lifetime: EspLifetime } {
  const hardMs = Math.max(peer.childRekeyMs * hardLifetimeFactor, peer.childRekeyMs + minHardMarginMs);
  return {
    rekeyAt: after(now, peer.childRekeyMs * (1 - rekeyJitter * fraction)),
    lifetime: {
      softBytes: peer.childRekeyBytes,
      hardBytes: peer.childRekeyBytes === null ? null : Math.ceil(peer.childRekeyBytes * hardLifetimeFactor),
      softPackets: peer.childRekeyPackets,
      hardPackets: peer.childRekeyPackets === null ? null : Math.ceil(peer.childRekeyPackets * hardLifetimeFactor),
      hardAt: after(now, hardMs),
    },
  };
}

export function installInbound(child: ChildSa, keys: ChildDirectionKeys): DataPlaneCommand {
  return {
    kind: 'install-inbound',
    child: child.id,
    spi: child.spiIn,
    keying: keying(child.suite, keys),
    selectors: child.selectors,
    lifetime: child.lifetime,
    replayWindow: child.template.replayWindow,
  };
}

/** @param reportNewSource whether an authenticated new source of the peer's is worth an event */
export function installOutbound(child: ChildSa, path: DatagramPath, reportNewSource: boolean, copyDscp: boolean): DataPlaneCommand {
  return {
    kind: 'install-outbound',
    child: child.id,
    spi: child.spiOut,
    keying: keying(child.suite, child.outboundKeys),
    selectors: child.selectors,
    lifetime: child.lifetime,
    policy: child.policy,
    priority: child.priority,
    path,
    reportNewSource,
    copyDscp,
  };
}

/** The four octets of an SPI as Delete and Notify carry it. */
export function espSpiBytes(spi: EspSpi): Uint8Array {
  return Uint8Array.of(spi >>> 24, (spi >>> 16) & 0xff, (spi >>> 8) & 0xff, spi & 0xff);
}

/** `0x` and 8 hex digits. */
export function formatEspSpi(spi: EspSpi): string {
  return `0x${spi.toString(16).padStart(8, '0')}`;
}

function keying(suite: EspSuite, keys: ChildDirectionKeys): EspKeying {
  return { encr: suite.encr, integ: suite.integ, encrKey: keys.encrKey, integKey: keys.integKey, esn: suite.esn };
}

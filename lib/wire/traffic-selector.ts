/** A traffic selector (RFC 7296 §3.13.1) as the whole program means it; `payloads/ts.ts` puts it on the wire. */
import { intersectRanges, type AddressRange } from '../util/address-range.js';

/** Addresses of one family, a protocol and ports. `protocol` 0: any. `ports` is 0–65535 where any; OPAQUE is 65535–0 (RFC 7296 §3.13.1). */
export interface TrafficSelector {
  readonly range: AddressRange;
  readonly protocol: number;
  /** For ICMP and ICMPv6 type·256 + code (RFC 4301 §4.4.1.1). */
  readonly startPort: number;
  readonly endPort: number;
}

/** What both select, or null (RFC 7296 §2.9). */
export function intersectSelectors(a: TrafficSelector, b: TrafficSelector): TrafficSelector | null {
  const range = intersectRanges(a.range, b.range);
  if (range === null) return null;
  if (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol) return null;
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  if (startPort > endPort) return null;
  return { range, protocol: a.protocol === 0 ? b.protocol : a.protocol, startPort, endPort };
}

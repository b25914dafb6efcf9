/** How two mhtun ends know each other: a Vendor ID, and one private status notify inside the protected IKE_AUTH. */
import { bytesEqual, concat, toHex, utf8 } from '../util/bytes.js';
import { findNotify, payloadsOf, type Payload } from '../wire/payload.js';
import { notify, type NotifyPayload } from '../wire/payloads/notify.js';
import type { VendorIdPayload } from '../wire/payloads/vendor-id.js';
import type { Association, Traits } from './association.js';

/** Private use begins at 40960 (RFC 7296 §3.10.1); others are known to use 40961 to 40969. */
const mhtunNotifyType = 42_555;
/** Makes a message as large as a path shall be tested with; a peer that does not know it ignores it as any status (RFC 7296 §3.10.1). */
const paddingNotifyType = 42_556;
const protocolVersion = 1;
/** Where the endpoint id is in the notify, and how long. */
const endpointIdAt = 2;
const endpointIdBytes = 16;
const flagFakesNat = 1;
const flagBehindNat = 2;
const vendorId = utf8('mhtun/1');

export function vendorIdPayload(): VendorIdPayload {
  return { kind: 'vendor-id', critical: false, data: vendorId };
}

export function isMhtun(payloads: readonly Payload[]): boolean {
  return payloadsOf(payloads, 'vendor-id').some((p) => bytesEqual(p.data, vendorId));
}

/**
 * Version, flags and our endpoint id. We always draw our NAT source hash at random, and say here whether there is a NAT all the same.
 * More octets may follow in later versions.
 */
export function capabilitiesNotify({ env, traits }: Association): NotifyPayload {
  const flags = flagFakesNat | (traits.natLocal ? flagBehindNat : 0);
  return notify(mhtunNotifyType, concat(Uint8Array.of(protocolVersion, flags), env.endpointId));
}

/** Octets without a meaning. */
export function paddingNotify(octets: number): NotifyPayload {
  return notify(paddingNotifyType, new Uint8Array(octets));
}

/** Takes over what the peer says of itself; silence changes nothing. */
export function noteCapabilities(traits: Traits, payloads: readonly Payload[]): void {
  const data = traits.mhtun ? findNotify(payloads, mhtunNotifyType)?.data : undefined;
  const flags = data?.[1];
  if (data?.[0] === undefined || flags === undefined) return;
  traits.fakesNat = (flags & flagFakesNat) !== 0;
  traits.saysBehindNat = (flags & flagBehindNat) !== 0;
  // The first release told none.
  if (data.length >= endpointIdAt + endpointIdBytes) traits.endpointId = toHex(data.subarray(endpointIdAt, endpointIdAt + endpointIdBytes));
}

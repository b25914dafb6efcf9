/** The Child SAs of an IKE SA coming, beginning to send, and going (RFC 7296 §1.4.1, §2.8, §2.17). */
import type { SecretKey } from '../crypto/key.js';
import type { EspSuite } from '../crypto/suite.js';
import { formatEspSuite } from '../crypto/suite.js';
import { compareBytes } from '../util/bytes.js';
import { after, type ChildSaId, type EspSpi, type Instant } from '../util/brands.js';
import { formatSelector } from '../wire/traffic-selector.js';
import type { Association } from './association.js';
import { childLifetime, formatEspSpi, installInbound, installOutbound, type ChildSa } from './child-sa.js';
import { deriveChildKeys } from './key-schedule.js';
import type { ChildTemplate } from './peer.js';
import { followsNewSource } from './traffic-path.js';
import type { AgreedSelectors } from './traffic-selection.js';

/** How long packets sent before a rekey may still arrive: more than any path's delay, less than anybody waits. */
const inboundLingerMs = 3_000;
/** A peer that rekeyed and neither sends nor deletes: by then it has surely installed its new SA (RFC 7296 §2.8). */
const sendAnywayMs = 2_000;
/** Child SAs of one IKE SA, those about to go included. */
export const maxChildSasPerIkeSa = 256;

/** What a negotiation came to. */
export interface Negotiated {
  readonly id: ChildSaId;
  readonly template: ChildTemplate;
  readonly spiIn: EspSpi;
  readonly spiOut: EspSpi;
  readonly suite: EspSuite;
  readonly selectors: AgreedSelectors;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly shared: SecretKey | null;
  /** This end sent the request that negotiated it. */
  readonly initiated: boolean;
  /** Whether to send on it at once; null: never, since it is redundant. */
  readonly send: 'now' | 'later' | 'never';
}

/** Puts a Child SA in place: inbound first, so that nothing the peer sends on it is lost. */
export function addChild(association: Association, n: Negotiated): ChildSa {
  const { env, now, path } = association;
  const peer = association.knownPeer;
  const { prf } = association.establishedKeys.suite;
  const keys = deriveChildKeys({ prf, skD: association.establishedKeys.skD, encr: n.suite.encr, integ: n.suite.integ, shared: n.shared, ni: n.ni, nr: n.nr });
  const [inbound, outbound] = n.initiated ? [keys.fromResponder, keys.fromInitiator] : [keys.fromInitiator, keys.fromResponder];
  const child: ChildSa = {
    id: n.id,
    template: n.template,
    priority: Math.max(peer.children.findIndex((t) => t.name === n.template.name), 0),
    policy: `${peer.name}/${n.template.name}`,
    spiIn: n.spiIn,
    spiOut: n.spiOut,
    suite: n.suite,
    selectors: n.selectors,
    ...childLifetime(peer, now, association.fraction()),
    outboundKeys: outbound,
    state: 'installed',
    sends: n.send === 'now',
    sendAt: n.send === 'later' ? after(now, sendAnywayMs) : null,
    replacedBy: null,
    waiting: [],
    rekeyedByPeer: null,
  };
  for (const [spi, key, isInbound] of [[n.spiIn, inbound, true], [n.spiOut, outbound, false]] as const) {
    const names = { encr: n.suite.encr.name, integ: n.suite.integ?.name ?? null };
    env.keyLog?.({ kind: 'esp', spi, path, inbound: isInbound, ...names, encrKey: key.encrKey.expose().slice(), integKey: key.integKey.expose().slice() });
  }
  association.children.set(child.id, child);
  association.dataPlane(installInbound(child, inbound));
  if (child.sends) installSending(association, child);
  return child;
}

/** Begins to send on a Child SA that only received so far. */
export function beginSending(association: Association, child: ChildSa): void {
  child.sendAt = null;
  if (child.sends) return;
  child.sends = true;
  installSending(association, child);
}

/** Says that a Child SA is up. */
export function announceChild(association: Association, child: ChildSa): void {
  association.outputs.push({ kind: 'child-up', child: child.id, name: child.template.name });
  association.event('child-up', { child: child.template.name, ...describeChild(child) });
}

/** `old` is no longer used for sending once `fresh` is; the one who rekeyed deletes it. */
export function replaceChild(association: Association, old: ChildSa, fresh: ChildSa): void {
  old.state = 'rekeyed';
  old.replacedBy = fresh.id;
  association.outputs.push({ kind: 'child-up', child: fresh.id, name: fresh.template.name });
  association.event('child-rekeyed', { child: fresh.template.name, ...describeChild(fresh), old_spi_in: formatEspSpi(old.spiIn) });
  association.commandDone(old.waiting, { ok: true, detail: `Child SA ${fresh.template.name} is rekeyed: ${formatEspSpi(fresh.spiIn)} in, ${formatEspSpi(fresh.spiOut)} out` });
  old.waiting = [];
}

/** The peer's rekey of `old` stands, not ours. Saying so again changes nothing. */
export function yieldToPeer(association: Association, old: ChildSa): void {
  const fresh = old.rekeyedByPeer?.child;
  if (fresh === undefined || old.state === 'rekeyed' || !association.children.has(fresh.id)) return;
  fresh.state = 'installed';
  replaceChild(association, old, fresh);
  if (!association.children.has(old.id)) beginSending(association, fresh);
}

/** Takes a Child SA away. What replaced it begins to send; packets still on their way to a replaced one are taken for a while. */
export function removeChild(association: Association, child: ChildSa, reason: string): void {
  if (!association.children.delete(child.id)) return;
  const replacement = child.replacedBy === null ? undefined : association.children.get(child.replacedBy);
  if (replacement !== undefined) beginSending(association, replacement);
  association.dataPlane({ kind: 'remove-outbound', child: child.id });
  const rekeyed = child.replacedBy !== null;
  if (rekeyed) association.lingering.set(child.id, after(association.now, inboundLingerMs));
  else association.dataPlane({ kind: 'remove-inbound', child: child.id });
  child.outboundKeys.encrKey.wipe();
  child.outboundKeys.integKey.wipe();
  association.commandDone(child.waiting, { ok: false, error: reason });
  child.waiting = [];
  association.outputs.push({ kind: 'child-down', child: child.id, name: child.template.name, reason, rekeyed });
  if (!rekeyed) association.event('child-down', { child: child.template.name, reason, spi_in: formatEspSpi(child.spiIn), spi_out: formatEspSpi(child.spiOut) });
}

/** Ends the waiting of inbound halves whose time has come; of all of them where `until` is null. */
export function dropLingering(association: Association, until: Instant | null): void {
  for (const [id, at] of association.lingering) {
    if (until !== null && at > until) continue;
    association.lingering.delete(id);
    association.dataPlane({ kind: 'remove-inbound', child: id });
  }
}

/** All Child SAs go over to the IKE SA that takes this one's place (RFC 7296 §2.18). */
export function moveChildren(from: Association, to: Association): void {
  for (const child of from.children.values()) to.children.set(child.id, child);
  for (const [id, at] of from.lingering) to.lingering.set(id, at);
  from.children.clear();
  from.lingering.clear();
}

/** The nonce that decides a collision: the lowest of an exchange's two (RFC 7296 §2.8.1). */
export function lowestNonce(nonces: readonly Uint8Array[]): Uint8Array {
  return nonces.reduce((least, nonce) => (compareBytes(nonce, least) < 0 ? nonce : least));
}

function installSending(association: Association, child: ChildSa): void {
  association.dataPlane(installOutbound(child, association.trafficPath, followsNewSource(association), association.env.settings.copyDscp));
}

function describeChild(child: ChildSa): Readonly<Record<string, string | readonly string[]>> {
  return {
    spi_in: formatEspSpi(child.spiIn),
    spi_out: formatEspSpi(child.spiOut),
    suite: formatEspSuite(child.suite),
    local_ts: child.selectors.local.map(formatSelector),
    remote_ts: child.selectors.remote.map(formatSelector),
  };
}

/** Deleting Child SAs and the IKE SA, and the two crossing (RFC 7296 §1.4.1, §2.25.1, §2.25.2). */
import { espSpi, type EspSpi } from '../util/brands.js';
import { exchangeType, protocolId } from '../wire/iana.js';
import { payloadsOf, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { espSpiBytes, type ChildSa } from './child-sa.js';
import { removeChild, yieldToPeer } from './children.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';

/** Child SAs of one exchange that a peer may delete before its answer is here: one, and some patience. */
const maxEarlyDeletes = 4;

/** Deletes one Child SA at both ends. */
class ChildDeletion implements Exchange {
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly name: string;
  readonly subject: { readonly kind: 'child'; readonly child: ChildSa['id'] };
  readonly #exchanger: Exchanger;
  readonly #child: ChildSa;
  readonly #reason: string;
  readonly #commands: readonly number[];

  constructor(exchanger: Exchanger, child: ChildSa, reason: string, commands: readonly number[]) {
    this.#exchanger = exchanger;
    this.#child = child;
    this.#reason = reason;
    this.#commands = commands;
    this.name = `delete of ${child.template.name}`;
    this.subject = { kind: 'child', child: child.id };
  }

  begin(): void {
    this.#child.state = 'deleting';
    this.#exchanger.send(this, [{ kind: 'delete', critical: false, protocol: protocolId.ESP, spiSize: 4, spis: [espSpiBytes(this.#child.spiIn)] }]);
  }

  /** The peer's half is in its answer, or in a Delete of its own that crossed ours (RFC 7296 §1.4.1). */
  answered(): void {
    const { association } = this.#exchanger;
    removeChild(association, this.#child, this.#reason);
    association.commandDone(this.#commands, { ok: true, detail: `Child SA ${this.#child.template.name} is deleted` });
    this.#exchanger.finish(this);
  }

  abandoned(reason: string): void {
    this.#exchanger.association.commandDone(this.#commands, { ok: false, error: reason });
  }
}

/** Tells the peer that under an SPI of ours it has a Child SA that is none here (RFC 7296 §1.4.1). */
class ChildDenial implements Exchange {
  readonly name = 'denial of a Child SA';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'child', child: null };
  readonly #exchanger: Exchanger;
  readonly #spiIn: EspSpi;

  constructor(exchanger: Exchanger, spiIn: EspSpi) {
    this.#exchanger = exchanger;
    this.#spiIn = spiIn;
  }

  begin(): void {
    this.#exchanger.send(this, [{ kind: 'delete', critical: false, protocol: protocolId.ESP, spiSize: 4, spis: [espSpiBytes(this.#spiIn)] }]);
  }

  answered(): void {
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    // With the IKE SA the peer's Child SA goes as well.
  }
}

/** Deletes the IKE SA and all in it. */
class IkeDeletion implements Exchange {
  readonly name = 'delete of the IKE SA';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'ike-delete' };
  readonly #exchanger: Exchanger;
  readonly #reason: string;
  readonly #commands: readonly number[];
  #answered = false;

  constructor(exchanger: Exchanger, reason: string, commands: readonly number[]) {
    this.#exchanger = exchanger;
    this.#reason = reason;
    this.#commands = commands;
  }

  begin(): void {
    const { association } = this.#exchanger;
    if (association.phase.kind === 'established') association.enter({ kind: 'deleting' });
    this.#exchanger.send(this, [{ kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] }]);
  }

  answered(): void {
    const { association } = this.#exchanger;
    this.#answered = true;
    association.commandDone(this.#commands, { ok: true, detail: 'the IKE SA is deleted' });
    association.control.close(this.#reason);
  }

  /** Gone is gone, whether or not the peer has said so. */
  abandoned(reason: string): void {
    if (!this.#answered) this.#exchanger.association.commandDone(this.#commands, { ok: true, detail: `the IKE SA is gone: ${reason}` });
  }
}

/** Tells the peer, under keys it believes in, that we do not believe in the IKE SA (RFC 7296 §2.21.2). */
export class FailureNotice implements Exchange {
  readonly name = 'failure notice';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #type: number;
  readonly #done: () => void;

  /** @param done ends the IKE SA */
  constructor(exchanger: Exchanger, type: number, done: () => void) {
    this.#exchanger = exchanger;
    this.#type = type;
    this.#done = done;
  }

  begin(): void {
    this.#exchanger.send(this, [notify(this.#type)]);
  }

  answered(): void {
    this.#done();
  }

  abandoned(): void {
    // The IKE SA is closing already.
  }
}

/** Deletes that Child SA when its turn comes, unless it is gone by then. */
export function deleteChild(child: ChildSa, reason: string, commands: readonly number[] = []): Intent {
  return (exchanger) => {
    const { association } = exchanger;
    if (association.children.get(child.id) === child && child.state !== 'deleting') return new ChildDeletion(exchanger, child, reason, commands);
    association.commandDone(commands, { ok: true, detail: `Child SA ${child.template.name} was gone already` });
    return null;
  };
}

/** Has the peer forget the Child SA that it may think it has under that SPI of ours. */
export function denyChild(spiIn: EspSpi): Intent {
  return (exchanger) => (exchanger.association.phase.kind === 'established' ? new ChildDenial(exchanger, spiIn) : null);
}

/** The data plane can't use the Child SA any longer; the peer, whose limits may be others, shall not either (RFC 7296 §2.8). */
export function expireChild(exchanger: Exchanger, child: ChildSa): void {
  const known = child.state !== 'deleting';
  removeChild(exchanger.association, child, 'its lifetime ended before it was rekeyed');
  if (known) exchanger.enqueue(denyChild(child.spiIn));
}

/** Deletes the IKE SA that has the turn: after a rekey, the one that stands. */
export function deleteIkeSa(reason: string, commands: readonly number[]): Intent {
  return (exchanger) => new IkeDeletion(exchanger, reason, commands);
}

/** The peer's Deletes in a request: takes the Child SAs away and returns the payloads to answer with, and whether the IKE SA goes. */
export function processDeletes({ association, active }: Exchanger, payloads: readonly Payload[]): { readonly answer: Payload[]; readonly ikeSa: boolean } {
  const deletes = payloadsOf(payloads, 'delete');
  if (deletes.some((d) => d.protocol === protocolId.IKE)) return { answer: [], ikeSa: true };
  const spis: Uint8Array[] = [];
  const children = new Map([...association.children.values()].map((child) => [child.spiOut, child] as const));
  for (const spi of deletes.filter((d) => d.protocol === protocolId.ESP).flatMap((d) => d.spis)) {
    // The peer names its inbound SPI: our outbound one.
    const spiOut = espSpi(new DataView(spi.buffer, spi.byteOffset, 4).getUint32(0));
    const child = children.get(spiOut);
    children.delete(spiOut);
    if (child === undefined) {
      if (active?.subject.kind === 'child' && association.earlyDeletes.size < maxEarlyDeletes) association.earlyDeletes.add(spiOut);
      continue;
    }
    const crossed = child.state === 'deleting';
    // RFC 7296 §2.8.1: who deletes the old one has rekeyed it, and knows of no other rekey: the peer's stands.
    if (child.rekeyedByPeer !== null) yieldToPeer(association, child);
    removeChild(association, child, 'deleted by the peer');
    // RFC 7296 §1.4.1: a Delete of ours is on its way already, and must not be said twice.
    if (!crossed) spis.push(espSpiBytes(child.spiIn));
  }
  return { answer: spis.length === 0 ? [] : [{ kind: 'delete', critical: false, protocol: protocolId.ESP, spiSize: 4, spis }], ikeSa: false };
}

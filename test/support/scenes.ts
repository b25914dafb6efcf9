/**
 * The exchanges in which a double can say something wrong, before and after authentication, each told to an end
 * that has another peer as well.
 */
import type { IkeSaMachine } from '../../lib/ike/io.js';
import { present } from '../../lib/util/assert.js';
import { bytesEqual, uint32 } from '../../lib/util/bytes.js';
import { exchangeType, isErrorNotify, keId, notifyName, notifyType, protocolId } from '../../lib/wire/iana.js';
import { encodePayloads, findPayload, notifiesOf, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble, type Heard } from './ike-double.js';
import { Clock, IkeEnd, proposals } from './ike-end.js';
import type { Tell } from './lies.js';

export interface Scene {
  readonly name: string;
  /** Goes through the exchange with what `tell` makes of its payloads. Null: there was nothing to make. */
  readonly play: (tell: Tell) => Outcome | null;
}

export interface Outcome {
  readonly double: IkeDouble;
  /** The other peer of the same end. */
  readonly bystander: IkeDouble;
  /**
   * A request is `granted`, refused with the notification of that name, or met with `silence`;
   * an answer is `granted` (taken), `refused` or waited past (`waiting`).
   */
  readonly what: string;
}

/** Another peer of that end, who does nothing wrong. */
export function bystander(end: IkeEnd): IkeDouble {
  const options = { seed: 77, spi: '00000000b157a4de', espSpi: 0xb157_0001 };
  return end.name === 'sun' ? IkeDouble.established(end, options) : IkeDouble.calledUp(end, undefined, undefined, options);
}

/** Its IKE SA answers, and its Child SA is where it was. */
export function isUnharmed(double: IkeDouble): boolean {
  const [child, other] = saOf(double)?.view().children ?? [];
  const whole = child !== undefined && other === undefined && double.end.inbound.has(child.id) && double.end.outbound.has(child.id);
  return whole && double.inform()?.payloads.length === 0;
}

/** The IKE SA of that double; null where it is gone. */
export function saOf(double: IkeDouble): IkeSaMachine | null {
  return double.end.sas.find((sa) => [sa.view().spiI, sa.view().spiR].includes(double.spi)) ?? null;
}

/** A request, or an answer, for a Child SA with a key exchange of its own. */
export function childPayloads(double: IkeDouble, spi = 0xabcd_0002): Payload[] {
  const [offer] = proposals('esp', espProposal);
  return [
    { kind: 'sa', critical: false, proposals: [{ ...present(offer, 'a proposal'), spi: uint32(spi) }] },
    ...fresh(double),
    ...double.childPayloads().filter((p) => p.kind !== 'sa'),
  ];
}

/** A request, or an answer, that rekeys the IKE SA. */
export function ikePayloads(double: IkeDouble): Payload[] {
  return [{ kind: 'sa', critical: false, proposals: double.ike.map((offer) => ({ ...offer, spi: new Uint8Array(8).fill(0x5b) })) }, ...fresh(double)];
}

export function rekeySa(double: IkeDouble): Payload {
  return notify(notifyType.REKEY_SA, new Uint8Array(0), protocolId.ESP, double.espSpi);
}

export const scenes: readonly Scene[] = [
  {
    name: 'IKE_SA_INIT request',
    play: (tell: Tell): Outcome | null => {
      const end = endOf('sun');
      const other = bystander(end);
      const double = new IkeDouble(end);
      const told = differs(tell, double.initPayloads());
      if (told === null) return null;
      double.sayInit(told);
      return { double, bystander: other, what: said(end.outbox.length === 0 ? null : double.plainAnswer(), 'ke') };
    },
  },
  {
    name: 'IKE_SA_INIT answer',
    play: (tell: Tell): Outcome | null => {
      const end = endOf('moon');
      const other = bystander(end);
      const double = new IkeDouble(end);
      double.initiator = false;
      const sa = end.initiate();
      double.hearInit();
      const told = differs(tell, double.initPayloads());
      if (told === null) return null;
      double.answerInit(told);
      return { double, bystander: other, what: !end.sas.includes(sa) ? 'refused' : sa.view().spiR === null ? 'waiting' : 'granted' };
    },
  },
  request('IKE_AUTH request', exchangeType.IKE_AUTH, 'auth', (double) => double.authPayloads()),
  {
    name: 'IKE_AUTH answer',
    play: (tell: Tell): Outcome | null => {
      const end = endOf('moon');
      const other = bystander(end);
      const double = IkeDouble.called(end);
      const asked = double.hear();
      const told = differs(tell, double.authPayloads());
      if (told === null) return null;
      double.answer(asked, told);
      const view = saOf(double)?.view();
      return { double, bystander: other, what: view === undefined || view.establishedAt === null ? 'refused' : view.children.length === 0 ? 'no Child SA' : 'granted' };
    },
  },
  request('Child SA request', exchangeType.CREATE_CHILD_SA, 'sa', (double) => childPayloads(double)),
  request('Child SA rekey request', exchangeType.CREATE_CHILD_SA, 'sa', (double) => [rekeySa(double), ...childPayloads(double)]),
  request('IKE SA rekey request', exchangeType.CREATE_CHILD_SA, 'sa', ikePayloads),
  request('INFORMATIONAL request', exchangeType.INFORMATIONAL, null, () => []),
  answer('Child SA answer', { kind: 'create-child', name: 'net' }, (double) => childPayloads(double)),
  answer('Child SA rekey answer', { kind: 'rekey-child', name: null }, (double) => childPayloads(double)),
  answer('IKE SA rekey answer', { kind: 'rekey-ike' }, ikePayloads),
  answer('INFORMATIONAL answer', { kind: 'check-liveness' }, () => []),
];

const espProposal = 'aes128gcm16-x25519';

function endOf(name: 'moon' | 'sun'): IkeEnd {
  return new IkeEnd({ name, clock: new Clock(), peer: { dpdMs: 0, esp: proposals('esp', espProposal) } });
}

function fresh(double: IkeDouble): Payload[] {
  return [
    { kind: 'nonce', critical: false, data: double.random.bytes(32) },
    { kind: 'ke', critical: false, group: keId.CURVE25519, data: double.pair.publicValue },
  ];
}

/** @param proof the payload that only a request that was granted is answered with; null: any answer without an error */
function request(name: string, exchange: number, proof: 'auth' | 'sa' | null, make: (double: IkeDouble) => Payload[]): Scene {
  return {
    name,
    play: (tell: Tell): Outcome | null => {
      const end = endOf('sun');
      const other = bystander(end);
      const double = exchange === exchangeType.IKE_AUTH ? IkeDouble.halfOpen(end) : IkeDouble.established(end);
      const told = differs(tell, make(double));
      return told === null ? null : { double, bystander: other, what: said(double.ask(exchange, told), proof) };
    },
  };
}

function answer(name: string, command: Parameters<IkeEnd['command']>[0], make: (double: IkeDouble) => Payload[]): Scene {
  return {
    name,
    play: (tell: Tell): Outcome | null => {
      const end = endOf('moon');
      const other = bystander(end);
      const double = IkeDouble.calledUp(end);
      const id = end.command(command, present(saOf(double), 'the IKE SA stands'));
      const asked = double.hear();
      const told = differs(tell, make(double));
      if (told === null) return null;
      double.answer(asked, told);
      const result = end.answer(id);
      return { double, bystander: other, what: result === null ? 'waiting' : result.ok ? 'granted' : 'refused' };
    },
  };
}

/** Null: it is what it was. */
function differs(tell: Tell, payloads: readonly Payload[]): Payload[] | null {
  const told = tell(payloads);
  return told.length === payloads.length && bytesEqual(encodePayloads(told).bytes, encodePayloads(payloads).bytes) ? null : told;
}

function said(heard: Heard | null, proof: 'auth' | 'ke' | 'sa' | null): string {
  if (heard === null) return 'silence';
  const error = notifiesOf(heard.payloads).find((n) => isErrorNotify(n.notifyType));
  if (proof !== null && findPayload(heard.payloads, proof) === null) return error === undefined ? heard.text : notifyName(error.notifyType);
  return error === undefined ? 'granted' : proof === 'auth' ? `no Child SA: ${notifyName(error.notifyType)}` : notifyName(error.notifyType);
}

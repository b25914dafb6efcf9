/** A recorded conversation with strongSwan (vectors/strongswan-*.json), its messages opened one after the other with strongSwan's keys. */
import { z } from 'zod';
import type { Protection } from '../../lib/crypto/algorithm.js';
import { createProtection } from '../../lib/crypto/protection.js';
import type { Registry } from '../../lib/crypto/registry.js';
import type { EspSuite, IkeSuite } from '../../lib/crypto/suite.js';
import { FragmentRoom, Reassembler } from '../../lib/ike/fragmentation.js';
import { openMessage, type OpenedMessage } from '../../lib/ike/message-protection.js';
import { espSuiteOf, ikeSuiteOf } from '../../lib/ike/proposal-selection.js';
import { parseSocketAddress, type SocketAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { ikeSpi, type IkeSpi } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { exchangeType, protocolId } from '../../lib/wire/iana.js';
import type { IkeHeader } from '../../lib/wire/ike-header.js';
import { decodeMessage } from '../../lib/wire/message.js';
import { decodeInnerPayloads, findPayload, type Payload, type PayloadKind, type PayloadOf } from '../../lib/wire/payload.js';
import type { Proposal } from '../../lib/wire/payloads/sa.js';
import { octets, readVectorFile } from './vector-file.js';

export const recordingNames: readonly string[] = ['gcm-x25519', 'cbc-modp2048', 'chacha20-ecp256', 'cbc-ecp521'];

const at = z.string().transform((text) => present(parseSocketAddress(text, null), text));
const endpoints = { by: z.enum(['mhtun', 'strongswan']), from: at, to: at };
const shape = z.object({
  source: z.string().min(1),
  psk: z.string().min(1),
  ikeSas: z.array(z.object({
    secret: octets, skeyseed: octets, sk_d: octets, sk_ai: octets, sk_ar: octets, sk_ei: octets, sk_er: octets, sk_pi: octets, sk_pr: octets,
  })).min(2),
  auths: z.array(z.object({ id: octets, octets, auth: octets })).length(2),
  childSas: z.array(z.object({
    spiIn: z.string(), spiOut: z.string(), secret: octets.nullable(), seed: octets,
    encrInitiator: octets, encrResponder: octets, integInitiator: octets, integResponder: octets,
  })).min(2),
  datagrams: z.array(z.union([z.strictObject({ ...endpoints, ike: octets }), z.strictObject({ ...endpoints, esp: octets })])).min(1),
});

export type Speaker = 'mhtun' | 'strongswan';

/** The fields are described in vectors/README.md. */
export interface Recording {
  readonly psk: string;
  readonly ikeSas: readonly Readonly<Record<'secret' | 'skeyseed' | 'sk_d' | 'sk_ai' | 'sk_ar' | 'sk_ei' | 'sk_er' | 'sk_pi' | 'sk_pr', Uint8Array>>[];
  readonly auths: readonly Readonly<Record<'id' | 'octets' | 'auth', Uint8Array>>[];
  readonly childSas: readonly RecordedChildKeys[];
  readonly datagrams: readonly (RecordedDatagram & ({ readonly ike: Uint8Array } | { readonly esp: Uint8Array }))[];
}

export interface RecordedDatagram {
  readonly by: Speaker;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
}

export interface RecordedChildKeys extends Readonly<Record<'seed' | 'encrInitiator' | 'encrResponder' | 'integInitiator' | 'integResponder', Uint8Array>> {
  /** As strongSwan sees it. */
  readonly spiIn: string;
  readonly spiOut: string;
  readonly secret: Uint8Array | null;
}

/** An IKE SA as the messages agreed on it; `keys` as strongSwan derived them. */
export interface RecordedIkeSa {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly suite: IkeSuite;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  /** The one that it follows. */
  readonly rekeyed: RecordedIkeSa | null;
  readonly keys: Recording['ikeSas'][number];
  readonly fromInitiator: Protection;
  readonly fromResponder: Protection;
}

/** Initiator and responder are those of the exchange that made it. */
export interface RecordedChildSa {
  readonly ike: RecordedIkeSa;
  readonly initiator: Speaker;
  /** What the initiator receives under, and what the responder does. */
  readonly spiI: string;
  readonly spiR: string;
  readonly suite: EspSuite;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly tsI: PayloadOf<'ts-i'>;
  readonly tsR: PayloadOf<'ts-r'>;
  readonly keys: RecordedChildKeys;
}

/** A message or a fragment of one. */
export interface RecordedMessage {
  readonly by: Speaker;
  readonly bytes: Uint8Array;
  readonly header: IkeHeader;
  readonly protection: Protection;
  readonly opened: OpenedMessage;
  /** All of a message, there with its last fragment. */
  readonly whole: { readonly content: OpenedMessage; readonly payloads: readonly Payload[] } | null;
}

export interface Replay {
  /** IKE_SA_INIT, request and response. */
  readonly init: readonly { readonly by: Speaker; readonly bytes: Uint8Array; readonly payloads: readonly Payload[] }[];
  readonly messages: readonly RecordedMessage[];
  readonly ikeSas: readonly RecordedIkeSa[];
  readonly childSas: readonly RecordedChildSa[];
}

export function readRecording(name: string): Recording {
  return readVectorFile(`strongswan-${name}`, shape);
}

/** The IKE messages of a recording in order, each once. */
export function ikeMessages(recording: Recording): { readonly by: Speaker; readonly bytes: Uint8Array }[] {
  const seen = new Set<string>();
  return recording.datagrams.flatMap((datagram) => {
    if (!('ike' in datagram) || seen.has(toHex(datagram.ike))) return [];
    seen.add(toHex(datagram.ike));
    return [{ by: datagram.by, bytes: datagram.ike }];
  });
}

/** Follows the whole conversation. @throws where a message is not what its sender must have meant */
export function replay(recording: Recording, registry: Registry): Replay {
  const follower = new Follower(recording, registry);
  for (const { by, bytes } of ikeMessages(recording)) follower.hear(by, bytes);
  return follower;
}

interface Exchange {
  readonly request: readonly Payload[];
  readonly response: readonly Payload[];
  readonly initiator: Speaker;
}

class Follower implements Replay {
  readonly init: { by: Speaker; bytes: Uint8Array; payloads: readonly Payload[] }[] = [];
  readonly messages: RecordedMessage[] = [];
  readonly ikeSas: RecordedIkeSa[] = [];
  readonly childSas: RecordedChildSa[] = [];
  readonly #recording: Recording;
  readonly #registry: Registry;
  readonly #reassemblers = new Map<string, Reassembler>();
  readonly #requests = new Map<string, readonly Payload[]>();

  constructor(recording: Recording, registry: Registry) {
    this.#recording = recording;
    this.#registry = registry;
  }

  hear(by: Speaker, bytes: Uint8Array): void {
    const { header, payloads } = decodeMessage(bytes);
    if (header.exchangeType === exchangeType.IKE_SA_INIT) {
      this.init.push({ by, bytes, payloads });
      const request = this.init[0];
      if (header.response && request !== undefined) {
        this.#addIkeSa({ request: request.payloads, response: payloads, initiator: request.by }, header.spiI, header.spiR, null);
      }
      return;
    }
    const ike = present(this.ikeSas.find((sa) => sa.spiI === header.spiI && sa.spiR === header.spiR), 'an IKE SA that was made before');
    const protection = header.initiator ? ike.fromInitiator : ike.fromResponder;
    const opened = present(openMessage(protection, bytes), `an authentic message ${header.messageId} by ${by}`);
    const name = `${header.spiI} ${by} ${header.response}`;
    const reassembler = this.#reassemblers.get(name) ?? new Reassembler(new FragmentRoom());
    this.#reassemblers.set(name, reassembler);
    const content = reassembler.add(header.messageId, opened);
    const whole = content === null ? null : { content, payloads: decodeInnerPayloads(content.first, content.plaintext) };
    this.messages.push({ by, bytes, header, protection, opened, whole });
    if (whole !== null) this.#follow(ike, by, header, whole.payloads);
  }

  #follow(ike: RecordedIkeSa, by: Speaker, header: IkeHeader, payloads: readonly Payload[]): void {
    const other = by === 'mhtun' ? 'strongswan' : 'mhtun';
    const initiator = header.response ? other : by;
    const name = `${header.spiI} ${initiator} ${header.messageId}`;
    if (!header.response) {
      this.#requests.set(name, payloads);
      return;
    }
    if (findPayload(payloads, 'sa') === null) return;
    const exchange = { request: present(this.#requests.get(name), 'a request before its response'), response: payloads, initiator };
    const { offered, chosen } = agreed(exchange);
    if (chosen.protocol === protocolId.IKE) this.#addIkeSa(exchange, ikeSpi(toHex(offered.spi)), ikeSpi(toHex(chosen.spi)), ike);
    else this.#addChildSa(exchange, ike, header.exchangeType === exchangeType.IKE_AUTH);
  }

  #addIkeSa(exchange: Exchange, spiI: IkeSpi, spiR: IkeSpi, rekeyed: RecordedIkeSa | null): void {
    const keys = present(this.#recording.ikeSas[this.ikeSas.length], 'the keys of another IKE SA');
    const suite = present(ikeSuiteOf(this.#registry, agreed(exchange).chosen), 'known algorithms');
    const { encr, integ } = suite;
    this.ikeSas.push({
      spiI, spiR, suite, rekeyed, keys, ni: payload(exchange.request, 'nonce').data, nr: payload(exchange.response, 'nonce').data,
      fromInitiator: createProtection(encr, integ, keys.sk_ei, keys.sk_ai),
      fromResponder: createProtection(encr, integ, keys.sk_er, keys.sk_ar),
    });
  }

  /** The first has the nonces of its IKE SA (RFC 7296 §2.17). */
  #addChildSa(exchange: Exchange, ike: RecordedIkeSa, first: boolean): void {
    const { request, response, initiator } = exchange;
    const { offered, chosen } = agreed(exchange);
    const [spiI, spiR] = [toHex(offered.spi), toHex(chosen.spi)];
    const [spiIn, spiOut] = initiator === 'strongswan' ? [spiI, spiR] : [spiR, spiI];
    const keys = this.#recording.childSas.find((sa) => sa.spiIn === spiIn && sa.spiOut === spiOut);
    this.childSas.push({
      ike, initiator, spiI, spiR,
      suite: present(espSuiteOf(this.#registry, chosen), 'known algorithms'),
      ni: first ? ike.ni : payload(request, 'nonce').data,
      nr: first ? ike.nr : payload(response, 'nonce').data,
      tsI: payload(response, 'ts-i'),
      tsR: payload(response, 'ts-r'),
      keys: present(keys, 'the keys of a Child SA'),
    });
  }
}

/** What was proposed under the number that was chosen. */
function agreed({ request, response }: Exchange): { readonly offered: Proposal; readonly chosen: Proposal } {
  const chosen = present(payload(response, 'sa').proposals[0], 'a chosen proposal');
  return { chosen, offered: present(payload(request, 'sa').proposals.find((p) => p.number === chosen.number), 'its offer') };
}

export function payload<Kind extends PayloadKind>(payloads: readonly Payload[], kind: Kind): PayloadOf<Kind> {
  return present(findPayload(payloads, kind), `a payload ${kind}`);
}

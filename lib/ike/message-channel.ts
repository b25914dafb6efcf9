/** Protects and opens the messages of one IKE SA under the keys that it has by then (RFC 7296 §3.14, RFC 7383). */
import type { MessageId } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';
import { decodeInnerPayloads, encodePayloads, type Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { drawMessage } from './drawing.js';
import { ikeDatagramLimit } from './fragmentation.js';
import { MessageSealer, openMessage, type OpenedMessage } from './message-protection.js';

interface Outgoing {
  readonly exchangeType: number;
  readonly id: MessageId;
  readonly response: boolean;
  readonly payloads: readonly Payload[];
}

export class MessageChannel {
  readonly #association: Association;
  #sealer: MessageSealer | null = null;

  constructor(association: Association) {
    this.#association = association;
  }

  /** Datagrams of a message of ours. @param whole in one, whatever its size */
  seal(message: Outgoing, whole = false): Uint8Array[] {
    const association = this.#association;
    const { exchangeType, id: messageId, response, payloads } = message;
    const { splits, traits, env } = association;
    const limit = splits && !whole ? ikeDatagramLimit(association.path, traits.mobike, env.settings.fragmentSize) : null;
    association.log('trace', `--> ${drawMessage(exchangeType, response, messageId, payloads)}`);
    const fields = { spiI: association.spiI, spiR: association.spiR, exchangeType, initiator: association.initiator, response, messageId };
    return this.#ours.seal(fields, payloads, limit);
  }

  /** What those payloads lack for a whole message of that size, rounded up to the cipher's block; negative: they are too large already. */
  missingOctets(payloads: readonly Payload[], messageBytes: number): number {
    return this.#ours.room(messageBytes) - encodePayloads(payloads).bytes.length;
  }

  /** Null: not authentic, or there are no keys yet, or a fragment that was not agreed on. A fragment comes back as one. */
  open(bytes: Uint8Array): OpenedMessage | null {
    const association = this.#association;
    const { keys, initiator } = association;
    if (keys === null) return null;
    const opened = openMessage(initiator ? keys.fromResponder : keys.fromInitiator, bytes);
    if (opened === null) {
      association.log('debug', 'a message that claims to be of this IKE SA is not authentic and was dropped');
      return null;
    }
    // RFC 7383 §2.3: both must have said in IKE_SA_INIT that they can.
    if (opened.fragment !== null && !association.traits.fragmentation) {
      association.log('debug', 'a fragment was dropped: fragmentation was not agreed on');
      return null;
    }
    association.introduction = [];
    return opened;
  }

  get #ours(): MessageSealer {
    const { establishedKeys: keys, initiator, env } = this.#association;
    this.#sealer ??= new MessageSealer(initiator ? keys.fromInitiator : keys.fromResponder, env.random);
    return this.#sealer;
  }
}

/** What an authenticated message says, with what makes it unacceptable outside; the error where it does not parse. */
export function parse(opened: OpenedMessage): Payload[] | DecodeError {
  try {
    const inner = decodeInnerPayloads(opened.first, opened.plaintext);
    return opened.unsupported === null ? inner : [opened.unsupported, ...inner];
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

/**
 * A peer that speaks IKE by hand: it has the right keys and says whatever a test wants, in either role,
 * before and after authentication. Nothing in it checks what the other end sends, but that it is authentic.
 */
import { SecretKey } from '../../lib/crypto/key.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { KeyPair } from '../../lib/crypto/algorithm.js';
import { sharedKeyAuth, signedOctets, type SignedOctets } from '../../lib/ike/authentication.js';
import { deriveIkeKeys, type IkeKeys } from '../../lib/ike/key-schedule.js';
import { MessageSealer, openMessage, type MessageFields } from '../../lib/ike/message-protection.js';
import { natDetectionNotifies } from '../../lib/ike/nat-detection.js';
import { ikeSuiteOf } from '../../lib/ike/proposal-selection.js';
import { FragmentRoom, Reassembler } from '../../lib/ike/fragmentation.js';
import { drawMessage } from '../../lib/ike/drawing.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { ikeSpi, messageId, type IkeSpi } from '../../lib/util/brands.js';
import { concat, uint32, utf8 } from '../../lib/util/bytes.js';
import { authMethod, exchangeType, notifyType } from '../../lib/wire/iana.js';
import { decodeIkeHeader, type IkeHeader } from '../../lib/wire/ike-header.js';
import { decodeMessage, encodeMessage } from '../../lib/wire/message.js';
import { decodeInnerPayloads, encodePayloads, findPayload, type Payload } from '../../lib/wire/payload.js';
import { authPayload } from '../../lib/wire/payloads/auth.js';
import { idPayload, type IdPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import type { Proposal } from '../../lib/wire/payloads/sa.js';
import { tsPayload } from '../../lib/wire/payloads/ts.js';
import type { ChildTemplate } from '../../lib/ike/peer.js';
import { addresses, identity, path, pathOf, proposals, usualPeer, type Flight, type IkeEnd } from './ike-end.js';
import { SeededRandom } from './world.js';

export interface DoubleOptions {
  readonly seed?: number;
  readonly suite?: string;
  /** Of its IKE SA, and of its first Child SA: others than usual where it is not the only double of its end. */
  readonly spi?: string;
  readonly espSpi?: number;
}

/** What differs from the right form of a protected message. */
export interface Form {
  /** Payloads before SK: authentic, but not secret. */
  readonly outside?: readonly Payload[];
  /** Changes the octets before what is encrypted; the message is authentic with them as they then are. */
  readonly touch?: (head: Uint8Array) => void;
  readonly fragment?: { readonly number: number; readonly total: number };
}

/** What differs from the right IKE_AUTH. */
export interface AuthOptions {
  readonly id?: IdPayload;
  readonly secret?: string;
  readonly template?: ChildTemplate;
  readonly more?: readonly Payload[];
}

/** A message of the other end, opened. */
export interface Heard {
  readonly header: IkeHeader;
  readonly payloads: Payload[];
  /** As the RFCs draw it. */
  readonly text: string;
}

export class IkeDouble {
  readonly end: IkeEnd;
  /** Plays the one that `end` is not. */
  readonly name: 'moon' | 'sun';
  readonly random: SeededRandom;
  readonly ike: readonly Proposal[];
  readonly nonce: Uint8Array;
  readonly pair: KeyPair;
  spi: IkeSpi;
  initiator = true;
  remoteSpi: IkeSpi = zeroSpi;
  keys: IkeKeys | null = null;
  /** SK_a of what this double sends; empty with AEAD. */
  integKey: Uint8Array | null = null;
  /** The first messages of both, as sent. */
  request: Uint8Array = new Uint8Array(0);
  response: Uint8Array = new Uint8Array(0);
  otherNonce: Uint8Array = new Uint8Array(0);
  /** Of the next request. */
  nextId = 0;
  espSpi: Uint8Array;
  #sealer: MessageSealer | null = null;
  readonly #reassembler = new Reassembler(new FragmentRoom());

  constructor(end: IkeEnd, options: DoubleOptions = {}) {
    this.end = end;
    this.name = end.name === 'moon' ? 'sun' : 'moon';
    this.random = new SeededRandom((options.seed ?? 1) + 1_000);
    this.spi = ikeSpi(options.spi ?? '00000000d0bb1e01');
    this.espSpi = uint32(options.espSpi ?? 0xabcd_0001);
    this.ike = proposals('ike', options.suite ?? 'aes128gcm16-prfsha256-x25519');
    this.nonce = this.random.bytes(32);
    this.pair = this.#ke().generate(this.random.bytes);
  }

  /** `end` as responder, and this double with an established IKE SA and a Child SA. */
  static established(end: IkeEnd, options: DoubleOptions = {}): IkeDouble {
    const double = IkeDouble.halfOpen(end, options);
    const answer = double.auth();
    if (answer === null || findPayload(answer.payloads, 'auth') === null) throw new Error(`IKE_AUTH was answered with ${answer?.text ?? 'nothing'}`);
    return double;
  }

  /** IKE_SA_INIT with `end` as responder is done. */
  static halfOpen(end: IkeEnd, options: DoubleOptions = {}, change: (payloads: Payload[]) => Payload[] = (p) => p): IkeDouble {
    const double = new IkeDouble(end, options);
    double.sayInit(change(double.initPayloads()));
    const answer = double.plainAnswer();
    double.finishInit(answer);
    return double;
  }

  /** `end` begins; its IKE_SA_INIT is answered. Its IKE_AUTH request is in its outbox. */
  static called(end: IkeEnd, change: (payloads: Payload[]) => Payload[] = (p) => p, options: DoubleOptions = {}): IkeDouble {
    const double = new IkeDouble(end, options);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    double.answerInit(change(double.initPayloads()));
    return double;
  }

  /** `end` begins, and IKE_AUTH is answered with what `change` makes of the right answer. */
  static calledUp(
    end: IkeEnd, change: (payloads: Payload[]) => Payload[] = (p) => p, changeInit?: (payloads: Payload[]) => Payload[], options: DoubleOptions = {},
  ): IkeDouble {
    const double = IkeDouble.called(end, changeInit, options);
    const request = double.hear();
    double.answer(request, change(double.authPayloads()));
    return double;
  }

  // -- IKE_SA_INIT

  initPayloads(): Payload[] {
    return [
      { kind: 'sa', critical: false, proposals: this.ike },
      { kind: 'ke', critical: false, group: this.#ke().transformId, data: this.pair.publicValue },
      { kind: 'nonce', critical: false, data: this.nonce },
      ...natDetectionNotifies(pathOf(this.name, 500), this.initiator ? this.spi : this.remoteSpi, this.initiator ? zeroSpi : this.spi, this.random.bytes),
      notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED),
    ];
  }

  /** @param touch changes the octets of the message; it is signed as it then is */
  sayInit(payloads: readonly Payload[], fields: Partial<IkeHeader> = {}, touch: (message: Uint8Array) => void = () => undefined): void {
    this.request = encodeMessage({ ...this.#header(exchangeType.IKE_SA_INIT, 0, false), ...fields }, payloads);
    touch(this.request);
    this.say(this.request, 500);
    this.nextId = 1;
  }

  /** The unprotected message that `end` sent last. */
  plainAnswer(): Heard {
    const { bytes } = this.takeFlight();
    this.response = bytes;
    const { header, payloads } = decodeMessage(bytes);
    return { header, payloads: [...payloads], text: drawMessage(header.exchangeType, header.response, header.messageId, payloads) };
  }

  finishInit({ header, payloads }: Heard): void {
    this.remoteSpi = header.spiR;
    this.#derive(payloads);
  }

  /** `end` has sent an IKE_SA_INIT request. */
  hearInit(): Heard {
    const { bytes } = this.takeFlight();
    this.request = bytes;
    const { header, payloads } = decodeMessage(bytes);
    this.remoteSpi = header.spiI;
    return { header, payloads: [...payloads], text: drawMessage(header.exchangeType, header.response, header.messageId, payloads) };
  }

  answerInit(payloads: readonly Payload[], fields: Partial<IkeHeader> = {}, touch: (message: Uint8Array) => void = () => undefined): void {
    this.response = encodeMessage({ ...this.#header(exchangeType.IKE_SA_INIT, 0, true), ...fields }, payloads);
    touch(this.response);
    this.#derive(decodeMessage(this.request).payloads);
    this.say(this.response, 500);
  }

  // -- IKE_AUTH

  authPayloads(options: AuthOptions = {}): Payload[] {
    const id = options.id ?? idPayload(this.initiator ? 'id-i' : 'id-r', identity(this.name));
    return [
      id,
      authPayload(authMethod.SHARED_KEY, this.authData(id, options.secret)),
      ...this.childPayloads(options.template),
      notify(notifyType.MOBIKE_SUPPORTED),
      ...(options.more ?? []),
    ];
  }

  authData(id: IdPayload, secret = 'a secret of more than twenty characters'): Uint8Array {
    return sharedKeyAuth(this.#known().suite.prf, new SecretKey(utf8(secret)), this.#signed(id));
  }

  /** What a signature of this end must be over. */
  authOctets(id: IdPayload): Uint8Array {
    return signedOctets(this.#known().suite.prf, this.#signed(id));
  }

  #signed(id: IdPayload): SignedOctets {
    const keys = this.#known();
    return { message: this.initiator ? this.request : this.response, otherNonce: this.otherNonce, id, skP: this.initiator ? keys.skPi : keys.skPr };
  }

  /** SA, TSi and TSr as IKE_AUTH has them, in the role that this end has. */
  childPayloads(template?: ChildTemplate): Payload[] {
    const { children: [usual] } = usualPeer(this.name);
    const { local, remote } = present(template ?? usual, 'a Child SA is configured');
    const range = (list: ChildTemplate['local']) => list.flatMap((t) => (t.kind === 'range' ? [t.selector] : []));
    const [i, r] = this.initiator ? [local, remote] : [remote, local];
    const [esp] = proposals('esp', 'aes128gcm16');
    return [
      { kind: 'sa', critical: false, proposals: [{ ...present(esp, 'a proposal'), spi: this.espSpi }] },
      tsPayload('ts-i', range(i)),
      tsPayload('ts-r', range(r)),
    ];
  }

  /** Sends IKE_AUTH; the answer. */
  auth(payloads: readonly Payload[] = this.authPayloads()): Heard | null {
    return this.ask(exchangeType.IKE_AUTH, payloads);
  }

  // -- Protected messages

  /** Sends a request and returns the answer; null where there is none. */
  ask(exchange: number, payloads: readonly Payload[], from?: DatagramPath): Heard | null {
    const id = this.nextId++;
    for (const bytes of this.seal(exchange, id, false, payloads)) this.say(bytes, 4500, from);
    return this.hearAnswer(id);
  }

  /** The same with octets that are a message already; `id` is that of the message. */
  askRaw(bytes: Uint8Array, id: number = this.nextId++): Heard | null {
    this.say(bytes);
    return this.hearAnswer(id);
  }

  inform(...payloads: readonly Payload[]): Heard | null {
    return this.ask(exchangeType.INFORMATIONAL, payloads);
  }

  create(...payloads: readonly Payload[]): Heard | null {
    return this.ask(exchangeType.CREATE_CHILD_SA, payloads);
  }

  /** The answer to request `id` of ours, taken out of the outbox; requests stay there. */
  hearAnswer(id: number): Heard | null {
    for (let i = 0; i < this.end.outbox.length; i++) {
      const flight = this.end.outbox[i];
      if (flight === undefined) continue;
      const header = decodeIkeHeader(flight.bytes);
      const toUs = (this.initiator ? header.spiI : header.spiR) === this.spi && header.initiator !== this.initiator;
      if (!header.response || header.messageId !== id || !toUs) continue;
      this.end.outbox.splice(i--, 1);
      const heard = this.open(flight.bytes);
      if (heard !== null) return heard;
    }
    return null;
  }

  /** The next request of `end`, taken out of the outbox. */
  hear(): Heard {
    for (;;) {
      const { bytes } = this.takeFlight();
      const heard = this.open(bytes);
      if (heard !== null) return heard;
    }
  }

  /** Answers a request of `end`. */
  answer(request: Heard, payloads: readonly Payload[], from?: DatagramPath): void {
    for (const bytes of this.seal(request.header.exchangeType, request.header.messageId, true, payloads)) this.say(bytes, 4500, from);
  }

  /** Datagrams of a protected message. @param fields of the header that differ */
  seal(
    exchange: number, id: number, response: boolean, payloads: readonly Payload[], limit: number | null = null, fields: Partial<MessageFields> = {},
  ): Uint8Array[] {
    const keys = this.#known();
    this.#sealer ??= new MessageSealer(this.initiator ? keys.fromInitiator : keys.fromResponder, this.random.bytes);
    const usual = { ...this.#names(), exchangeType: exchange, initiator: this.initiator, response, messageId: messageId(id) };
    return this.#sealer.seal({ ...usual, ...fields }, payloads, limit);
  }

  /** A protected message whose inside is these octets, of a suite with AEAD. */
  sealRaw(exchange: number, id: number, response: boolean, first: number, inner: Uint8Array, form: Form = {}): Uint8Array {
    const keys = this.#known();
    const protection = this.initiator ? keys.fromInitiator : keys.fromResponder;
    const plaintext = concat(inner, Uint8Array.of(0));
    const body = new Uint8Array(protection.ivBytes + plaintext.length + protection.icvBytes);
    const { outside = [], touch, fragment } = form;
    const encrypted: Payload = fragment === undefined
      ? { kind: 'sk', critical: false, nextPayload: first, body }
      : { kind: 'skf', critical: false, nextPayload: first, fragmentNumber: fragment.number, totalFragments: fragment.total, body };
    const message = encodeMessage(this.#header(exchange, id, response), [...outside, encrypted]);
    const associated = message.slice(0, message.length - body.length);
    touch?.(associated);
    const iv = concat(new Uint8Array(protection.ivBytes - 4).fill(0x80), uint32(this.random.below(2 ** 31)));
    return concat(associated, iv, protection.seal(iv, associated, plaintext, new Uint8Array(0)));
  }

  /** A protected message in another form than the right one. */
  sealAs(form: Form, exchange: number, id: number, response: boolean, payloads: readonly Payload[]): Uint8Array {
    const { first, bytes } = encodePayloads(payloads);
    return this.sealRaw(exchange, id, response, first, bytes, form);
  }

  /** Null: a fragment with others missing. @throws where the message is not authentic */
  open(bytes: Uint8Array): Heard | null {
    const keys = this.#known();
    const opened = present(openMessage(this.initiator ? keys.fromResponder : keys.fromInitiator, bytes), 'a message of the other end is authentic');
    const header = decodeIkeHeader(bytes);
    const whole = this.#reassembler.add(header.messageId, opened);
    if (whole === null) return null;
    const payloads = decodeInnerPayloads(whole.first, whole.plaintext);
    return { header, payloads, text: drawMessage(header.exchangeType, header.response, header.messageId, payloads) };
  }

  /** Brings octets to `end`. @param from the path as `end` sees it; its usual one where absent */
  say(bytes: Uint8Array, port = 4500, from?: DatagramPath): 'sa' | 'init' | 'nobody' {
    return this.end.receive(from ?? path(`${addresses[this.end.name]}:${port}`, `${addresses[this.name]}:${port}`), bytes);
  }

  takeFlight(): Flight {
    return present(this.end.outbox.shift(), `${this.end.name} has sent something`);
  }

  #derive(theirs: readonly Payload[]): void {
    const ke = findPayload(theirs, 'ke');
    const nonce = findPayload(theirs, 'nonce');
    if (ke === null || nonce === null) return;
    const shared = this.#ke().derive(this.pair.privateKey, ke.data);
    if (shared === null) return;
    this.otherNonce = nonce.data;
    const [ni, nr] = this.initiator ? [this.nonce, nonce.data] : [nonce.data, this.nonce];
    const [first] = this.ike;
    const suite = present(ikeSuiteOf(defaultRegistry, present(first, 'a proposal')), 'a suite');
    this.keys = deriveIkeKeys({ suite, ...this.#names(), ni, nr, shared, rekeyed: null }, (entry) => {
      if (entry.kind === 'ike') this.integKey = this.initiator ? entry.skAi : entry.skAr;
    });
  }

  #names(): { spiI: IkeSpi; spiR: IkeSpi } {
    return this.initiator ? { spiI: this.spi, spiR: this.remoteSpi } : { spiI: this.remoteSpi, spiR: this.spi };
  }

  #header(exchange: number, id: number, response: boolean): Omit<IkeHeader, 'nextPayload' | 'length'> {
    const usual = { majorVersion: 2, minorVersion: 0, version: false, reservedFlags: 0 };
    return { ...this.#names(), ...usual, exchangeType: exchange, initiator: this.initiator, response, messageId: messageId(id) };
  }

  #known(): IkeKeys {
    return present(this.keys, 'IKE_SA_INIT is done');
  }

  #ke(): ReturnType<typeof keOf> {
    return keOf(this.ike);
  }
}

const zeroSpi = ikeSpi('0000000000000000');

function keOf(ike: readonly Proposal[]) {
  const group = ike[0]?.transforms.find((t) => t.type === 4)?.id ?? 0;
  return present(defaultRegistry.ke(group), 'a key exchange');
}

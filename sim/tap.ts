/** Looks at every datagram that leaves a host: nothing in the clear, no IV twice with one key, nothing to who is no peer. */
import { createHash, type Hash } from 'node:crypto';
import type { IpAddress } from '../lib/util/address.js';
import { DecodeError } from '../lib/util/errors.js';
import { exchangeName, exchangeType } from '../lib/wire/iana.js';
import { decodeIkeHeader } from '../lib/wire/ike-header.js';
import type { VirtualHost } from '../test/support/virtual-host.js';
import type { Flight } from '../test/support/virtual-network.js';
import { isIke } from './faults/network.js';
import { plainWord } from './ledger.js';
import { attackerAddress, showFlight, type Stage } from './stage.js';

export class Tap {
  readonly #stage: Stage;
  readonly #report: (failure: string) => void;
  readonly #hash: Hash = createHash('sha256');
  /** What was sealed with each IV of each key. */
  readonly #ivs = new Map<string, Uint8Array>();
  /** From where something of a peer's came to each host. */
  readonly #heard = new WeakMap<VirtualHost, Set<IpAddress>>();
  readonly #count: (message: string) => void;

  /** @param count told the kind of each message */
  constructor(stage: Stage, report: (failure: string) => void, count: (message: string) => void) {
    this.#stage = stage;
    this.#report = report;
    this.#count = count;
    stage.network.listen((flight) => {
      this.#take(flight);
    });
    stage.network.watch(({ local, remote }) => {
      const host = this.#hostAt(local.address);
      if (host === null || remote.address === attackerAddress) return;
      const heard = this.#heard.get(host) ?? new Set();
      this.#heard.set(host, heard.add(remote.address));
    });
  }

  /** Of everything that was sent, with its time. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  #take(flight: Flight): void {
    const { bytes } = flight;
    this.#hash.update(`${this.#stage.world.now} ${showFlight(flight)} `).update(bytes);
    if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(plain)) this.#report(`an inner packet left in the clear: ${showFlight(flight)}`);
    if (bytes.length === 1) this.#count('keepalive');
    else if (isIke(flight)) this.#takeIke(flight);
    else this.#takeEsp(flight);
  }

  #takeEsp(flight: Flight): void {
    const { bytes } = flight;
    this.#count('ESP');
    // SPI and the explicit IV after the sequence number (RFC 4106 §3.1); an SPI is drawn at random by its receiver.
    this.#once(`ESP ${text(bytes, 0, 4)} ${text(bytes, 8, 16)}`, bytes);
    const host = this.#hostAt(flight.from.address);
    if (host !== null && flight.to.address !== attackerAddress && this.#heard.get(host)?.has(flight.to.address) !== true) this.#report(`ESP goes to where nothing ever came from: ${showFlight(flight)}`);
    // Whoever copies packets of a peer behind a NAT looks like the NAT, until he fails a test; without one nobody is followed.
    if (flight.to.address === attackerAddress && (host === null || !this.#believesInNat(host))) this.#report('ESP goes to somebody who copied packets');
  }

  /** A request that went out again from another address speaks of the first, as from behind a NAT, until the next one (RFC 4555 §3.5). */
  #believesInNat(host: VirtualHost): boolean {
    return this.#stage.nats.size > 0 || host.endpoint.look(host.clock.now()).some(({ sas }) => sas.some(({ natRemote }) => natRemote));
  }

  #hostAt(address: IpAddress): VirtualHost | null {
    const side = this.#stage.sideOf(address);
    return side === null ? null : this.#stage.host(side);
  }

  #takeIke(flight: Flight): void {
    const bytes = flight.bytes.subarray(flight.from.port === 500 ? 0 : 4);
    try {
      const header = decodeIkeHeader(bytes);
      // An answer to a message that was altered has the exchange of that.
      this.#count(known.has(header.exchangeType) ? `${exchangeName(header.exchangeType)} ${header.response ? 'response' : 'request'}` : 'of no exchange');
      if (header.nextPayload !== encrypted && header.nextPayload !== encryptedFragment) return;
      const at = ikeHeaderOctets + (header.nextPayload === encrypted ? 4 : 8);
      this.#once(`IKE ${text(bytes, 0, 16)} ${String(header.initiator)} ${text(bytes, at, at + 8)}`, bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#report(`a host sent what is no IKE message: ${showFlight(flight)}: ${error.message}`);
    }
  }

  /** The same octets again are a retransmission. */
  #once(name: string, bytes: Uint8Array): void {
    const before = this.#ivs.get(name);
    if (before === undefined) this.#ivs.set(name, bytes);
    else if (Buffer.compare(before, bytes) !== 0) this.#report(`an IV was used twice with one key: ${name}`);
  }
}

const plain = Buffer.from(plainWord);
const known: ReadonlySet<number> = new Set(Object.values(exchangeType));
const ikeHeaderOctets = 28;
/** Payloads SK (RFC 7296 §3.14) and SKF (RFC 7383 §2.5). */
const encrypted = 46;
const encryptedFragment = 53;

function text(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, to);
}

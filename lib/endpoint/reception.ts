/** Datagrams from outside: finds the IKE SA for each, lets in what begins one (RFC 7296 §2.6), and answers what belongs to none (§2.21.4). */
import { attemptIdOf, misfitInWords } from '../ike/attempt.js';
import { CookieSecret } from '../ike/cookie.js';
import { answerIkeSaInit, type InitAnswer } from '../ike/ike-sa.js';
import type { IkeEnvironment } from '../ike/io.js';
import type { DatagramPath } from '../util/address.js';
import type { IkeSpi, Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { unreachable } from '../util/unreachable.js';
import type { IkeHeader } from '../wire/ike-header.js';
import type { Alarms } from './alarms.js';
import { refusedAttempt } from './attempt.js';
import type { AttemptBook } from './attempt-book.js';
import { destinationOf, invalidSpiAnswer, saysInvalidSpi, wrongVersionAnswer } from './demux.js';
import { HalfOpenTable, type HalfOpenLimits } from './half-open-table.js';
import type { EndpointOutput } from './io.js';
import { maxIkeSas, maxRefusalsExplainedPerSecond, maxRefusalsLoggedPerSecond, maxUnprotectedAnswersPerSecond } from './limits.js';
import { RateLimit } from './rate-limit.js';
import { newLineage, type SaDriver, type SaEntry } from './sa-driver.js';

export interface ReceptionContext {
  readonly alarms: Alarms;
  readonly sas: SaDriver;
  readonly attempts: AttemptBook;
  readonly environment: IkeEnvironment;
  /** Read anew each time: a reload may change them. */
  readonly halfOpenLimits: () => HalfOpenLimits;
  readonly emit: (output: EndpointOutput) => void;
}

export class Reception {
  readonly #context: ReceptionContext;
  readonly #halfOpen: HalfOpenTable<SaEntry>;
  readonly #secret: CookieSecret;
  readonly #answers = new RateLimit(maxUnprotectedAnswersPerSecond);
  readonly #words = new RateLimit(maxRefusalsLoggedPerSecond);
  readonly #explanations = new RateLimit(maxRefusalsExplainedPerSecond);
  #dropped = 0;

  constructor(now: Instant, context: ReceptionContext) {
    this.#context = context;
    this.#secret = new CookieSecret(now, context.environment.random);
    this.#halfOpen = new HalfOpenTable(context.alarms, context.halfOpenLimits, (at, entry) => {
      context.sas.abandon(at, entry, 'not authenticated in time');
    });
  }

  /** Datagrams that were no use to anybody. */
  get dropped(): number {
    return this.#dropped;
  }

  fills(tell: FillTeller): void {
    this.#halfOpen.fills(tell);
  }

  /** Authenticated or gone: no longer half-open. */
  settled(entry: SaEntry): void {
    this.#halfOpen.settle(entry);
  }

  receive(now: Instant, path: DatagramPath, bytes: Uint8Array): void {
    const destination = destinationOf(bytes);
    switch (destination.kind) {
      case 'init':
        this.#init(now, path, bytes, destination.spiI);
        return;
      case 'sa':
        this.#forSa(now, path, bytes, destination.localSpi, destination.header);
        return;
      case 'wrong-version':
        if (!destination.header.response && this.#answers.take(now)) this.#transmit(path, wrongVersionAnswer(destination.header));
        this.#drop(path, `IKE version ${destination.header.majorVersion}`);
        return;
      case 'drop':
        this.#drop(path, destination.reason);
        return;
      default:
        unreachable(destination);
    }
  }

  #init(now: Instant, path: DatagramPath, bytes: Uint8Array, spiI: IkeSpi): void {
    const known = this.#halfOpen.find(path, spiI);
    if (known !== null) {
      this.#context.sas.drive(now, known, { kind: 'datagram', path, bytes });
      return;
    }
    const admission = this.#context.sas.size >= maxIkeSas ? 'refuse' : this.#halfOpen.admit(path);
    if (admission === 'refuse') {
      this.#drop(path, 'too many half-open IKE SAs');
      return;
    }
    const answer = answerIkeSaInit(now, this.#context.environment, path, bytes, { required: admission === 'cookie', secret: this.#secret });
    switch (answer.kind) {
      case 'ignore':
        this.#drop(path, answer.reason);
        return;
      case 'reply':
        this.#refused(now, path, spiI, answer, admission === 'welcome');
        this.#transmit(path, answer.bytes);
        return;
      case 'sa': {
        const entry = this.#context.sas.add(now, answer.ikeSa, newLineage(now, answer.ikeSa, false), null);
        if (!entry.closed) this.#halfOpen.add(now, path, spiI, entry, admission === 'cookie');
        return;
      }
      default:
        unreachable(answer);
    }
  }

  /** Anybody can make us say this: people get to see some of it, and nobody fills the log, the memory or the time with it. */
  #refused(now: Instant, path: DatagramPath, spiI: IkeSpi, { reason, misfit }: Extract<InitAnswer, { kind: 'reply' }>, welcome: boolean): void {
    const explained = misfit !== null && this.#explanations.take(now) ? misfit() : null;
    const words = explained === null ? reason : misfitInWords(explained);
    this.#log(welcome && this.#words.take(now) ? 'info' : 'debug', `IKE_SA_INIT from ${path.remote.address}: ${words}`, { attempt: attemptIdOf(spiI) });
    if (explained !== null) this.#context.attempts.keep(refusedAttempt(now, spiI, path, explained));
  }

  #forSa(now: Instant, path: DatagramPath, bytes: Uint8Array, localSpi: IkeSpi, header: IkeHeader): void {
    const entry = this.#context.sas.find(localSpi);
    if (entry !== null) {
      this.#context.sas.drive(now, entry, saysInvalidSpi(header, bytes) ? { kind: 'invalid-spi-hint' } : { kind: 'datagram', path, bytes });
      return;
    }
    this.#drop(path, 'no such IKE SA');
    // RFC 7296 §2.21.4: a response is never answered, and this is a hint without protection, so few of them.
    if (!header.response && this.#answers.take(now)) this.#transmit(path, invalidSpiAnswer(header));
  }

  #transmit(path: DatagramPath, bytes: Uint8Array): void {
    this.#context.emit({ kind: 'transmit', path, bytes, whole: false });
  }

  #drop(path: DatagramPath, reason: string): void {
    this.#dropped++;
    this.#log('trace', `dropped, from ${path.remote.address}: ${reason}`);
  }

  #log(level: 'info' | 'debug' | 'trace', message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#context.emit({ kind: 'log', level, message, fields });
  }
}

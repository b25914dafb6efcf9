/**
 * Requests to the kernel over netlink, with their answers, and the groups that tell of changes. The kernel answers while it
 * takes the request, so a request is an ordinary call.
 */
import { concat } from '../util/bytes.js';
import { DecodeError, PlatformError } from '../util/errors.js';
import { addon, type NativeNetlink } from './addon.js';
import { errnoName, systemError } from './errno.js';
import { decodeMessages, encodeMessage, isDone, netlinkFlag, verdictOf, type NetlinkMessage } from './netlink-codec.js';

export const netlinkProtocol = { route: 0, netfilter: 12, generic: 16 } as const;

/** A request without the number that this file gives it. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** Null where all went well. `text` is the kernel's own explanation, if it gave one. */
export interface NetlinkRefusal {
  readonly errno: string;
  readonly text: string | null;
  /** Which of the requests. */
  readonly index: number;
}

/** The kernel says a dump was cut into by changes (NLM_F_DUMP_INTR); after so many times what there is must do. */
export const maxDumpAttempts: number = 8;
/** Room for many messages at once; what the addon reads goes on while 64 KiB are left. */
const receiveOctets = 262_144;

export class NetlinkClient {
  readonly #native: NativeNetlink;
  #sequence = 1;

  /** @throws PlatformError */
  constructor(protocol: number) {
    this.#native = openNative(protocol, []);
  }

  /** Several requests in one system call, in order (for nfnetlink: a batch). All are tried. */
  change(requests: readonly NetlinkRequest[]): NetlinkRefusal | null {
    const first = this.#sequence;
    const messages = requests.map((request) => this.#number(request));
    for (const answer of this.#exchange(concat(...messages))) {
      const verdict = verdictOf(answer);
      if (verdict !== null && verdict.errno !== 0) {
        return { errno: errnoName(verdict.errno), text: verdict.text, index: verdict.sequence - first };
      }
    }
    return null;
  }

  /** Everything of one kind. @throws PlatformError */
  dump(type: number, payload: Uint8Array): NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const sequence = this.#sequence;
      const answers = this.#exchange(this.#number({ type, flags: netlinkFlag.dump, payload }));
      const out: NetlinkMessage[] = [];
      let interrupted = false;
      for (const answer of answers) {
        if (answer.sequence !== sequence) continue;
        if ((answer.flags & netlinkFlag.dumpInterrupted) !== 0) interrupted = true;
        const verdict = verdictOf(answer);
        if (verdict !== null && verdict.errno !== 0) throw refused('can\'t ask the kernel', { errno: errnoName(verdict.errno), text: verdict.text, index: 0 });
        if (verdict === null && !isDone(answer)) out.push(answer);
      }
      if (!interrupted || attempt === maxDumpAttempts) return out;
    }
  }

  /** Several questions in one system call, each with one answer or none: null where there is no such thing. */
  askAll(requests: readonly NetlinkRequest[]): (NetlinkMessage | null)[] {
    if (requests.length === 0) return [];
    const first = this.#sequence;
    const messages = requests.map((request) => this.#number(request));
    const out: (NetlinkMessage | null)[] = requests.map(() => null);
    for (const answer of this.#exchange(concat(...messages))) {
      if (verdictOf(answer) === null) out[answer.sequence - first] ??= answer;
    }
    return out;
  }

  close(): void {
    this.#native.close();
  }

  #number(request: NetlinkRequest): Uint8Array {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) >>> 0;
    return encodeMessage({ type: request.type, flags: request.flags | netlinkFlag.request, sequence, payload: request.payload });
  }

  #exchange(bytes: Uint8Array): NetlinkMessage[] {
    const answer = this.#native.transact(bytes);
    if (typeof answer === 'number') throw systemError('can\'t ask the kernel', errnoName(answer));
    return decodeMessages(answer);
  }
}

/** A refusal as an error. */
export function refused(doing: string, refusal: NetlinkRefusal): PlatformError {
  const error = systemError(doing, refusal.errno);
  return refusal.text === null ? error : new PlatformError(`${error.message}: ${refusal.text}`, error.errno, error.advice);
}

/** What the kernel says to IPv6 where it has none, or has it switched off on an interface. */
export function hasNoIpv6(refusal: NetlinkRefusal): boolean {
  return ['EAFNOSUPPORT', 'EOPNOTSUPP', 'EACCES', 'ENODEV'].includes(refusal.errno);
}

export interface NetlinkGroups {
  close(): void;
}

/** What the kernel told, in order. */
export interface Told {
  readonly messages: readonly NetlinkMessage[];
  /** The kernel had to drop some (ENOBUFS): nothing that was known can be relied on. */
  readonly lost: boolean;
}

/**
 * Listens to multicast groups. `told` is called from the event loop; the octets are lent until it returns. @throws PlatformError
 */
export function watchGroups(protocol: number, groups: readonly number[], told: (news: Told) => void): NetlinkGroups {
  const native = openNative(protocol, groups);
  const buffer = new Uint8Array(receiveOctets);
  const started = native.start(buffer, (octets, error) => told(decodeTold(buffer.subarray(0, octets), error !== 0)));
  if (started < 0) {
    native.close();
    throw systemError('can\'t watch the links', errnoName(started));
  }
  return { close: () => void native.close() };
}

/** What can't be read is as good as lost. */
function decodeTold(octets: Uint8Array, lost: boolean): Told {
  try {
    return { messages: decodeMessages(octets), lost };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { messages: [], lost: true };
  }
}

function openNative(protocol: number, groups: readonly number[]): NativeNetlink {
  const native = new (addon().NetlinkSocket)();
  const opened = native.open(protocol, groups);
  if (opened < 0) throw systemError('can\'t open a netlink socket', errnoName(opened));
  return native;
}

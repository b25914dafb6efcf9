/**
 * What a host name stands for, and for how long. Which addresses is for the system's own resolver to say, since it knows /etc/hosts,
 * search domains and mDNS as every program on this host does; it never says for how long. So DNS is asked beside it, and its times to
 * live count for the addresses that both name.
 */
import { lookup, Resolver } from 'node:dns';
import type { EndpointJobResult } from '../endpoint/io.js';
import { parseAddress, type IpAddress } from '../util/address.js';

export type Resolved = Extract<EndpointJobResult, { kind: 'resolved' }>;

/** Who is asked. Each answers once, or never. */
export interface NameSources {
  /** The system's resolver: addresses, or its error (`ENOTFOUND`, `EAI_AGAIN`, …). */
  lookUp(name: string, done: (error: string | null, addresses: readonly string[]) => void): void;
  /** DNS: addresses with their times to live in seconds; none where it knows none. Returns what breaks the question off. */
  ask(name: string, done: (records: readonly { readonly address: string; readonly ttl: number }[]) => void): () => void;
  /** Calls `run` in a while unless the returned function is called first. */
  later(ms: number, run: () => void): () => void;
}

/** A resolver that does not answer holds up one attempt so long, no longer. */
export const resolveTimeoutMs = 10_000;
/** So long DNS may take for the time to live once the addresses are known. */
export const ttlPatienceMs = 1_000;
/** Of what is not from DNS: a line of /etc/hosts may be changed as well. */
export const unknownTtlMs = 60_000;

/** @param done called once */
export function resolveName(name: string, sources: NameSources, done: (result: Resolved) => void): void {
  new Question(name, sources, done).begin();
}

class Question {
  readonly #name: string;
  readonly #sources: NameSources;
  readonly #done: (result: Resolved) => void;
  /** What waits or runs, to be broken off at the end. */
  readonly #pending: (() => void)[] = [];
  /** The system's answer; null: none, or one that leaves it to DNS. */
  #addresses: readonly IpAddress[] | null = null;
  #answered = false;
  #ttls: ReadonlyMap<IpAddress, number> | null = null;
  #error: string | null = `no answer within ${resolveTimeoutMs / 1000} s`;
  #closed = false;

  constructor(name: string, sources: NameSources, done: (result: Resolved) => void) {
    this.#name = name;
    this.#sources = sources;
    this.#done = done;
  }

  begin(): void {
    this.#pending.push(this.#sources.later(resolveTimeoutMs, () => this.#end()));
    this.#pending.push(this.#sources.ask(this.#name, (records) => this.#takeRecords(records)));
    this.#sources.lookUp(this.#name, (error, addresses) => this.#takeAnswer(error, addresses));
  }

  #takeAnswer(error: string | null, texts: readonly string[]): void {
    if (this.#closed) return;
    this.#answered = true;
    this.#error = error;
    // The name does not exist, says who must know; after any other error DNS may still know it.
    if (error === null || error === 'ENOTFOUND') this.#addresses = texts.flatMap((text) => parseAddress(text) ?? []);
    if (this.#ttls !== null || this.#addresses?.length === 0) this.#end();
    else this.#pending.push(this.#sources.later(ttlPatienceMs, () => this.#end()));
  }

  #takeRecords(records: readonly { readonly address: string; readonly ttl: number }[]): void {
    if (this.#closed) return;
    this.#ttls = new Map(records.flatMap(({ address, ttl }) => {
      const parsed = parseAddress(address);
      return parsed === null ? [] : [[parsed, ttl] as const];
    }));
    if (this.#answered) this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const breakOff of this.#pending) breakOff();
    const ttls = this.#ttls ?? new Map<IpAddress, number>();
    const addresses = this.#addresses ?? [...ttls.keys()];
    const seconds = addresses.flatMap((address) => ttls.get(address) ?? []);
    const ttlMs = seconds.length === 0 ? unknownTtlMs : Math.min(...seconds) * 1000;
    const result = addresses.length === 0 ? { ttlMs: 0, error: this.#error } : { ttlMs, error: null };
    this.#done({ kind: 'resolved', addresses, ...result });
  }
}

/** Tries of each question to DNS, and how long the first waits: twice is within `resolveTimeoutMs`. */
const dnsOptions = { timeout: 2_000, tries: 2 } as const;

export const systemNameSources: NameSources = {
  lookUp(name, done) {
    lookup(name, { all: true, order: 'verbatim' }, (error, found) => {
      if (error === null) done(null, found.map(({ address }) => address));
      else done(error.code ?? error.message, []);
    });
  },
  ask(name, done) {
    // One for each question: the servers of /etc/resolv.conf change with the network.
    const resolver = new Resolver(dnsOptions);
    const records: { readonly address: string; readonly ttl: number }[] = [];
    let open = 2;
    const take = (error: NodeJS.ErrnoException | null, found: readonly { readonly address: string; readonly ttl: number }[] | undefined): void => {
      if (error === null && found !== undefined) records.push(...found);
      if (--open === 0) done(records);
    };
    resolver.resolve4(name, { ttl: true }, take);
    resolver.resolve6(name, { ttl: true }, take);
    return () => {
      resolver.cancel();
    };
  },
  later(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

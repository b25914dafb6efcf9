/**
 * A range of addresses to lend. What is free is not written down: a mark shows how far the range has been given out, and behind it
 * only what came back is remembered. So a pool of 2^64 addresses takes no more room than its leases.
 */
import type { IpAddress } from '../util/address.js';
import { addressFamily, type AddressFamily } from '../util/address.js';
import { addressAt, offsetIn, rangeAsPrefix, rangeContains, rangeSize, type AddressRange } from '../util/address-range.js';

export class AddressPool {
  readonly name: string;
  readonly range: AddressRange;
  readonly family: AddressFamily;
  readonly #first: bigint;
  readonly #last: bigint;
  /** Never given to whom it falls: static assignments, our own addresses, resolvers. */
  readonly #reserved: ReadonlySet<IpAddress>;
  readonly #reservedInside: number;
  readonly #taken = new Set<IpAddress>();
  /** Below the mark and free again, the longest free first. */
  readonly #returned = new Set<IpAddress>();
  /** From here on nothing was given out in turn. */
  #mark: bigint;

  constructor(name: string, range: AddressRange, reserved: Iterable<IpAddress>) {
    this.name = name;
    this.range = range;
    this.family = addressFamily(range.start);
    const { first, last } = usableOffsets(range);
    this.#first = first;
    this.#last = last;
    this.#mark = first;
    this.#reserved = new Set([...reserved].filter((address) => this.contains(address)));
    this.#reservedInside = this.#reserved.size;
  }

  /** Addresses that somebody can be lent, those assigned by hand not among them. */
  get total(): bigint {
    return this.#last - this.#first + 1n - BigInt(this.#reservedInside);
  }

  /** An address that a host can have. */
  contains(address: IpAddress): boolean {
    if (!rangeContains(this.range, address)) return false;
    const offset = offsetIn(this.range, address);
    return offset >= this.#first && offset <= this.#last;
  }

  /** It may be lent to anybody, and nobody has it. */
  isFree(address: IpAddress): boolean {
    return this.contains(address) && !this.#reserved.has(address) && !this.#taken.has(address);
  }

  /** Takes this one; false where it is not free. */
  take(address: IpAddress): boolean {
    if (!this.isFree(address)) return false;
    this.#taken.add(address);
    this.#returned.delete(address);
    return true;
  }

  /** Takes one that is free; null: there is none. */
  takeAny(): IpAddress | null {
    while (this.#mark <= this.#last) {
      const address = addressAt(this.range, this.#mark++);
      if (this.take(address)) return address;
    }
    const [address] = this.#returned;
    return address !== undefined && this.take(address) ? address : null;
  }

  /** It is free again. */
  giveBack(address: IpAddress): void {
    if (this.#taken.delete(address) && offsetIn(this.range, address) < this.#mark) this.#returned.add(address);
  }
}

/**
 * Of an IPv4 prefix the first address names the network and the last is its broadcast address, but for /31 (RFC 3021) and /32; of an
 * IPv6 prefix the first is any router's (RFC 4291 §2.6.1), but for /127 (RFC 6164) and /128.
 */
function usableOffsets(range: AddressRange): { readonly first: bigint; readonly last: bigint } {
  const size = rangeSize(range);
  if (rangeAsPrefix(range) === null || size <= 2n) return { first: 0n, last: size - 1n };
  return { first: 1n, last: addressFamily(range.start) === 4 ? size - 2n : size - 1n };
}

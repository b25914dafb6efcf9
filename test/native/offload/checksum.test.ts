import { expect } from 'chai';
import fc from 'fast-check';
import { counting, sumOf } from '../../support/inner-packets.js';
import { payloadOf } from './arbitraries.js';
import { OffloadProgram } from './program.js';

describe('the Internet checksum of the offloads', function () {
  this.timeout(120_000);
  let program: OffloadProgram;

  before(() => {
    program = new OffloadProgram();
  });

  after(() => program.close());

  /** Sums are in the machine's byte order: as a word in memory. */
  function inMemory(sum: number): number {
    return new DataView(Uint16Array.of(sum).buffer).getUint16(0);
  }

  async function compare(bytes: Uint8Array): Promise<void> {
    const { sum, copySum, copy } = await program.sum(bytes);
    expect(inMemory(sum)).to.equal(sumOf(bytes));
    expect(copySum).to.equal(sum);
    expect(Buffer.compare(copy, bytes)).to.equal(0);
  }

  it('is that of the plain sum for every length up to some hundred octets', async () => {
    for (let length = 0; length <= 300; length++) await compare(counting(length).map((octet) => 255 - octet));
  });

  it('carries correctly over runs of nothing but ones, longer than a lane has room for', async () => {
    for (const length of [65_536, 1_048_576, 2_097_154]) expect((await program.sum(new Uint8Array(length).fill(0xff))).sum, `${length}`).to.equal(0xffff);
    const odd = await program.sum(new Uint8Array(2_097_155).fill(0xff));
    expect(inMemory(odd.sum)).to.equal(0xff00);
  });

  it('is that of the plain sum for any octets', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(255), fc.nat(3000), (seed, length) => compare(payloadOf(seed, length))), { numRuns: 300 });
  });
});

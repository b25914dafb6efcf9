/** Which IKE_SA_INIT requests are read when there are too many (RFC 7296 §2.6): whoever is really there comes through. */
import { expect } from 'chai';
import { InitGate } from '../../lib/endpoint/init-gate.js';
import { maxInitBurst, maxInitsPerSecond, maxReturningInitsPerSecond } from '../../lib/endpoint/limits.js';
import { ikeSpi, instant, messageId } from '../../lib/util/brands.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { encodeMessage, type OutgoingHeader } from '../../lib/wire/message.js';
import { notify } from '../../lib/wire/payloads/notify.js';

const header: OutgoingHeader = {
  spiI: ikeSpi('1111111111111111'), spiR: ikeSpi('0000000000000000'), majorVersion: 2, minorVersion: 0, exchangeType: exchangeType.IKE_SA_INIT,
  initiator: true, version: false, response: false, reservedFlags: 0, messageId: messageId(0),
};

function init(n: number, change: Partial<OutgoingHeader> = {}, cookie = false): Uint8Array {
  const spiI = ikeSpi((n + 1).toString(16).padStart(16, '0'));
  const payloads = [...(cookie ? [notify(notifyType.COOKIE, new Uint8Array(36))] : []), { kind: 'nonce', critical: false, data: new Uint8Array(32) } as const];
  return encodeMessage({ ...header, spiI, ...change }, payloads);
}

function admits(gate: InitGate, at: number, bytes: Uint8Array, source: number): boolean {
  return gate.admits(instant(at), bytes, 0, bytes.length, source);
}

/** A flood of a second; how many came through. @returns the time after it */
function flood(gate: InitGate, from: number, count: number): { readonly admitted: number; readonly at: number } {
  let admitted = 0;
  for (let n = 0; n < count; n++) if (admits(gate, from + (n * 1000) / count, init(from * 1e6 + n), n * 7919)) admitted++;
  return { admitted, at: from + 1000 };
}

describe('the gate for IKE_SA_INITs', () => {
  it('lets through as many as honest ones are, and of a flood no more than its budget and a few by chance', () => {
    const gate = new InitGate((length) => new Uint8Array(length).fill(0x5a));
    for (let n = 0; n < maxInitBurst; n++) expect(admits(gate, 0, init(n), n)).to.equal(true);
    const quiet = new InitGate((length) => new Uint8Array(length).fill(0x5a));
    const { admitted } = flood(quiet, 0, 50_000);
    expect(admitted).to.be.within(maxInitsPerSecond, maxInitsPerSecond + maxInitBurst + 150);
    expect(quiet.dropped).to.equal(50_000 - admitted);
  });

  it('lets through who comes again with the same, from the same source alone, for some seconds', () => {
    const gate = new InitGate((length) => new Uint8Array(length).fill(0x33));
    let { at } = flood(gate, 0, 20_000);
    const late = at - 0.001;
    const [honest, other, forgotten] = [init(77_000_001), init(77_000_002), init(77_000_003)];
    for (const bytes of [honest, other, forgotten]) expect(admits(gate, late, bytes, 4711), 'the first time').to.equal(false);
    expect(admits(gate, late, honest, 4711), 'again').to.equal(true);
    expect(admits(gate, late, other, 4712), 'again, but from elsewhere').to.equal(false);
    for (let second = 0; second < 10; second++) at = flood(gate, at, 2_000).at;
    expect(admits(gate, at - 0.001, forgotten, 4711), 'long after').to.equal(false);
  });

  it('has a budget of its own for those with a cookie', () => {
    const gate = new InitGate((length) => new Uint8Array(length).fill(0x77));
    const { at } = flood(gate, 0, 20_000);
    expect(admits(gate, at - 0.001, init(1, {}, true), 1)).to.equal(true);
    let admitted = 0;
    for (let n = 0; n < 10_000; n++) if (admits(gate, at + n / 10, init(n, {}, true), n)) admitted++;
    expect(admitted).to.be.within(maxReturningInitsPerSecond, maxReturningInitsPerSecond + maxInitBurst);
  });

  it('lets through who comes again with a cookie, though forgers bring others by the thousand', () => {
    const gate = new InitGate((length) => new Uint8Array(length).fill(0x21));
    for (let n = 0; n < 20_000; n++) admits(gate, n / 20, init(n, {}, true), n);
    const honest = init(77_000_001, {}, true);
    expect(admits(gate, 999.99, honest, 4711), 'the first time').to.equal(false);
    expect(admits(gate, 999.99, honest, 4711), 'again').to.equal(true);
    expect(admits(gate, 999.99, init(77_000_002, {}, true), 4711), 'another').to.equal(false);
  });

  it('is for first requests alone: whatever else comes is none of its business', () => {
    const gate = new InitGate((length) => new Uint8Array(length));
    flood(gate, 0, 5_000);
    for (const change of [{ response: true }, { exchangeType: exchangeType.IKE_AUTH }, { spiR: ikeSpi('2222222222222222') }]) {
      expect(admits(gate, 999.9, init(1, change), 1)).to.equal(true);
    }
    expect(admits(gate, 999.9, init(1).subarray(0, 27), 1)).to.equal(true);
  });
});

/** NAT detection hashes (RFC 7296 §2.23) and cookies (§2.6). */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { CookieSecret } from '../../lib/ike/cookie.js';
import { findNat, natDetectionNotifies, natHash } from '../../lib/ike/nat-detection.js';
import { after, ikeSpi, instant } from '../../lib/util/brands.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { notifyType } from '../../lib/wire/iana.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { address, path, reversed } from '../support/ike-end.js';
import { SeededRandom } from '../support/world.js';

const spiI = ikeSpi('0011223344556677');
const spiR = ikeSpi('8899aabbccddeeff');
const sent = path('10.1.0.1:4500', '10.1.0.2:4500');
const seeded = (): ((n: number) => Uint8Array) => new SeededRandom(5).bytes;
const source = (data: Uint8Array) => notify(notifyType.NAT_DETECTION_SOURCE_IP, data);
const destination = (data: Uint8Array) => notify(notifyType.NAT_DETECTION_DESTINATION_IP, data);

describe('NAT detection', () => {
  it('hashes SPIs, address and port as RFC 7296 §2.23 says, for both families', () => {
    const sha1 = (hex: string): string => createHash('sha1').update(fromHex(hex)).digest('hex');
    expect(toHex(natHash(spiI, spiR, { address: address('10.1.0.1'), port: 500 }))).to.equal(sha1('0011223344556677 8899aabbccddeeff 0a010001 01f4'));
    expect(toHex(natHash(spiI, spiR, { address: address('2001:db8::1'), port: 4500 })))
      .to.equal(sha1('0011223344556677 8899aabbccddeeff 20010db8000000000000000000000001 1194'));
  });

  it('sends a source hash that fits nothing, so that the peer encapsulates, and an honest destination hash', () => {
    const notifies = natDetectionNotifies(sent, spiI, spiR, seeded());
    const finding = findNat(notifies, reversed(sent), spiI, spiR);
    expect(finding).to.deep.equal({ supported: true, local: false, remote: true });
  });

  it('finds no NAT where both hashes fit', () => {
    const there = reversed(sent);
    expect(findNat([source(natHash(spiI, spiR, there.remote)), destination(natHash(spiI, spiR, there.local))], there, spiI, spiR))
      .to.deep.equal({ supported: true, local: false, remote: false });
  });

  it('finds which side is behind one, by address or by port alone', () => {
    const there = reversed(sent);
    const right = [natHash(spiI, spiR, there.remote), natHash(spiI, spiR, there.local)] as const;
    const other = natHash(spiI, spiR, { ...there.remote, port: 4501 });
    expect(findNat([source(other), destination(right[1])], there, spiI, spiR)).to.include({ local: false, remote: true });
    expect(findNat([source(right[0]), destination(other)], there, spiI, spiR)).to.include({ local: true, remote: false });
  });

  it('takes any of several source hashes (a host of many addresses sends one for each)', () => {
    const there = reversed(sent);
    const notifies = [source(new Uint8Array(20)), source(natHash(spiI, spiR, there.remote)), destination(natHash(spiI, spiR, there.local))];
    expect(findNat(notifies, there, spiI, spiR)).to.deep.equal({ supported: true, local: false, remote: false });
  });

  it('is not supported by a peer that sends one kind or none, and is not upset by hashes of any length', () => {
    expect(findNat([], sent, spiI, spiR)).to.deep.equal({ supported: false, local: false, remote: false });
    expect(findNat([source(new Uint8Array(20))], sent, spiI, spiR).supported).to.equal(false);
    const odd = [source(new Uint8Array(0)), destination(new Uint8Array(5_000))];
    expect(findNat(odd, sent, spiI, spiR)).to.deep.equal({ supported: true, local: true, remote: true });
  });
});

describe('A cookie', () => {
  const ni = new Uint8Array(32).fill(1);
  const from = { address: address('198.51.100.1'), port: 500 };
  const start = instant(0);
  const at = (ms: number) => after(start, ms);

  it('is good for its nonce, address, port and SPI alone', () => {
    const secret = new CookieSecret(start, seeded());
    const cookie = secret.make(start, ni, from, spiI);
    expect(cookie.length).to.be.within(1, 64);
    expect(secret.check(start, cookie, ni, from, spiI)).to.equal(true);
    expect(secret.check(start, cookie, new Uint8Array(32), from, spiI)).to.equal(false);
    expect(secret.check(start, cookie, ni, { ...from, port: 501 }, spiI)).to.equal(false);
    expect(secret.check(start, cookie, ni, { ...from, address: address('198.51.100.2') }, spiI)).to.equal(false);
    expect(secret.check(start, cookie, ni, from, spiR)).to.equal(false);
    expect(secret.check(start, cookie.slice(1), ni, from, spiI)).to.equal(false);
    expect(secret.check(start, new Uint8Array(0), ni, from, spiI)).to.equal(false);
    expect(new CookieSecret(start, new SeededRandom(6).bytes).check(start, cookie, ni, from, spiI)).to.equal(false);
  });

  it('outlives one change of the secret, and not two', () => {
    const secret = new CookieSecret(start, seeded());
    const cookie = secret.make(at(59_000), ni, from, spiI);
    expect(secret.check(at(61_000), cookie, ni, from, spiI)).to.equal(true);
    expect(toHex(secret.make(at(61_000), ni, from, spiI))).to.not.equal(toHex(cookie));
    expect(secret.check(at(122_000), cookie, ni, from, spiI)).to.equal(false);
  });

  it('is gone after a long silence', () => {
    const secret = new CookieSecret(start, seeded());
    const cookie = secret.make(start, ni, from, spiI);
    expect(secret.check(at(500_000), cookie, ni, from, spiI)).to.equal(false);
  });
});

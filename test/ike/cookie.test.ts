/** Cookies: what they are bound to, and how long they are good (RFC 7296 §2.6). */
import { expect } from 'chai';
import { CookieSecret } from '../../lib/ike/cookie.js';
import { ikeSpi, instant } from '../../lib/util/brands.js';
import { address } from '../support/ike-end.js';
import { SeededRandom } from '../support/world.js';

const ni = new Uint8Array(32).fill(1);
const from = { address: address('10.0.0.1'), port: 500 };
const spi = ikeSpi('0102030405060708');

function secret(): CookieSecret {
  const random = new SeededRandom(1);
  return new CookieSecret(instant(0), (length) => Uint8Array.from({ length }, () => Math.floor(random.fraction() * 256)));
}

describe('a cookie', () => {
  it('is good for the nonce, address, port and SPI that it was made for, and no other', () => {
    const cookies = secret();
    const made = cookies.make(instant(0), ni, from, spi);
    expect(made).to.have.length(36);
    expect(cookies.check(instant(1), made, ni, from, spi)).to.equal(true);
    expect(cookies.check(instant(1), made, new Uint8Array(32).fill(2), from, spi), 'nonce').to.equal(false);
    expect(cookies.check(instant(1), made, ni, { ...from, address: address('10.0.0.2') }, spi), 'address').to.equal(false);
    expect(cookies.check(instant(1), made, ni, { ...from, port: 501 }, spi), 'port').to.equal(false);
    expect(cookies.check(instant(1), made, ni, from, ikeSpi('0102030405060709')), 'SPI').to.equal(false);
    for (const at of [0, 3, 4, 35]) {
      const changed = made.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(cookies.check(instant(1), changed, ni, from, spi), `octet ${at}`).to.equal(false);
    }
    expect(cookies.check(instant(1), made.subarray(0, 35), ni, from, spi), 'cut').to.equal(false);
  });

  it('is good for the life of its secret and that of the next, and names the secret it is of', () => {
    const cookies = secret();
    const first = cookies.make(instant(59_999), ni, from, spi);
    expect(cookies.make(instant(59_999), ni, from, spi)).to.deep.equal(first);
    const second = cookies.make(instant(60_000), ni, from, spi);
    expect([first[3], second[3]]).to.deep.equal([1, 2]);
    expect(cookies.check(instant(119_999), first, ni, from, spi)).to.equal(true);
    expect(cookies.check(instant(120_000), first, ni, from, spi)).to.equal(false);
    expect(cookies.check(instant(120_000), second, ni, from, spi)).to.equal(true);
  });

  it('is of no use after a silence of two lives', () => {
    const cookies = secret();
    const made = cookies.make(instant(59_999), ni, from, spi);
    expect(cookies.check(instant(120_000), made, ni, from, spi)).to.equal(false);
  });
});

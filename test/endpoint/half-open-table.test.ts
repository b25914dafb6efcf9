/** Who may begin an IKE SA, and when cookies are asked for (RFC 7296 §2.6). */
import { expect } from 'chai';
import { Alarms } from '../../lib/endpoint/alarms.js';
import { HalfOpenTable } from '../../lib/endpoint/half-open-table.js';
import { halfOpenLifetimeMs } from '../../lib/endpoint/limits.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { ikeSpi, instant, type IkeSpi } from '../../lib/util/brands.js';
import { ip } from '../support/virtual-host.js';

function pathFrom(address: string, port = 500): DatagramPath {
  const here = address.includes(':') ? '2001:db8::2' : '10.0.0.2';
  return { local: { address: ip(here), port: 500 }, remote: { address: ip(address), port }, device: null };
}

function spi(n: number): IkeSpi {
  return ikeSpi(n.toString(16).padStart(16, '0'));
}

const maxHalfOpen = 2000;
const maxHalfOpenPerSource = 64;

function table(threshold = 30): { table: HalfOpenTable<number>; alarms: Alarms; expired: number[] } {
  const alarms = new Alarms();
  const expired: number[] = [];
  const limits = { cookieThreshold: threshold, cookieThresholdPerSource: 3, maxHalfOpen, maxHalfOpenPerSource };
  return { table: new HalfOpenTable<number>(alarms, () => limits, (_now, sa) => expired.push(sa)), alarms, expired };
}

describe('the half-open table', () => {
  it('asks the fourth of one address for a cookie, and of one IPv6 /64', () => {
    const { table: open } = table();
    for (let n = 1; n <= 3; n++) {
      expect(open.admit(pathFrom('10.0.0.1'))).to.equal('welcome');
      expect(open.admit(pathFrom(`2001:db8:1:2::${n}`))).to.equal('welcome');
      open.add(instant(0), pathFrom('10.0.0.1', 500 + n), spi(n), n);
      open.add(instant(0), pathFrom(`2001:db8:1:2::${n}`), spi(100 + n), 100 + n);
    }
    expect(open.admit(pathFrom('10.0.0.1'))).to.equal('cookie');
    expect(open.admit(pathFrom('2001:db8:1:2::9'))).to.equal('cookie');
    expect(open.admit(pathFrom('2001:db8:1:3::9'))).to.equal('welcome');
    open.settle(1);
    expect(open.admit(pathFrom('10.0.0.1'))).to.equal('welcome');
  });

  it('asks everybody from the threshold on, and always where it is 0', () => {
    const { table: open } = table();
    for (let n = 0; n < 30; n++) open.add(instant(0), pathFrom(`10.0.${n}.1`), spi(n + 1), n);
    expect(open.admit(pathFrom('10.9.9.9'))).to.equal('cookie');
    expect(table(0).table.admit(pathFrom('10.9.9.9'))).to.equal('cookie');
  });

  it('refuses past the limits of one source and of all', () => {
    const { table: open } = table();
    for (let n = 0; n < maxHalfOpenPerSource; n++) open.add(instant(0), pathFrom('10.0.0.1', n + 1), spi(n + 1), n, true);
    expect(open.admit(pathFrom('10.0.0.1'))).to.equal('refuse');
    for (let n = open.open; n < maxHalfOpen; n++) open.add(instant(0), pathFrom(`10.${1 + (n >> 8)}.${n & 255}.1`), spi(n + 1), n, true);
    expect(open.admit(pathFrom('172.16.0.1'))).to.equal('refuse');
    open.settle(0);
    expect(open.admit(pathFrom('172.16.0.1'))).to.equal('cookie');
  });

  it('locks nobody out for those who never showed that they are where they say', () => {
    const { table: open } = table(100_000);
    for (let n = 0; n < maxHalfOpenPerSource; n++) open.add(instant(0), pathFrom('10.0.0.1', n + 1), spi(n + 1), n);
    expect(open.admit(pathFrom('10.0.0.1'))).to.equal('cookie');
    expect(open.admit(pathFrom('172.16.0.1'))).to.equal('welcome');
    for (let n = open.open; n < maxHalfOpen; n++) open.add(instant(0), pathFrom(`10.${1 + (n >> 8)}.${n & 255}.1`), spi(n + 1), n);
    expect(open.admit(pathFrom('172.16.0.1')), 'whatever the threshold').to.equal('cookie');
    expect(open.admit(pathFrom('10.0.0.1'))).to.equal('cookie');
  });

  it('finds the SA of a repeated request, from the same source alone, for as long as such SAs live', () => {
    const { table: open } = table();
    open.add(instant(0), pathFrom('10.0.0.1'), spi(7), 1);
    open.settle(1);
    expect(open.find(pathFrom('10.0.0.1'), spi(7))).to.equal(1);
    expect(open.find(pathFrom('10.0.0.1', 501), spi(7))).to.equal(null);
    expect(open.find(pathFrom('10.0.0.1'), spi(8))).to.equal(null);
    open.wake(instant(halfOpenLifetimeMs));
    expect(open.find(pathFrom('10.0.0.1'), spi(7))).to.equal(null);
  });

  it('keeps nobody out for those that came and went, and remembers a bounded number of them', () => {
    const { table: open } = table();
    for (let n = 1; n <= 3 * maxHalfOpen; n++) {
      expect(open.admit(pathFrom('10.0.0.1', n)), `${n}`).to.equal('welcome');
      open.add(instant(n), pathFrom('10.0.0.1', n), spi(n), n);
      open.settle(n);
    }
    const known = Array.from({ length: 3 * maxHalfOpen }, (_, i) => open.find(pathFrom('10.0.0.1', i + 1), spi(i + 1))).filter((sa) => sa !== null);
    expect(known).to.have.length(maxHalfOpen);
    expect(known[0], 'the newest').to.equal(2 * maxHalfOpen + 1);
  });

  it('drops what was not settled in time, and nothing else', () => {
    const { table: open, alarms, expired } = table();
    for (let n = 1; n <= 3; n++) open.add(instant(n * 1000), pathFrom('10.0.0.1', n), spi(n), n);
    open.settle(2);
    expect(alarms.next()).to.equal(1000 + halfOpenLifetimeMs);
    open.wake(instant(2000 + halfOpenLifetimeMs));
    expect(expired).to.deep.equal([1]);
    expect(open.open).to.equal(1);
    open.wake(instant(9000 + halfOpenLifetimeMs));
    expect(expired).to.deep.equal([1, 3]);
    expect(alarms.next()).to.equal(null);
  });
});

import { expect } from 'chai';
import { age, bitRate, bytes, clockTime, duration, elapsed, milliseconds, percent, spread } from '../../lib/cli/units.js';

describe('quantities for eyes', () => {
  it('say durations as people do', () => {
    const said = [0, 0.0426, 0.95, 1.25, 59, 60, 3599, 3600, 7500, 172_799, 172_800, -5].map(duration);
    expect(said).to.deep.equal(['0 ms', '43 ms', '950 ms', '1.3 s', '59 s', '1m 00s', '59m 59s', '1h 00m', '2h 05m', '47h 59m', '2d 0h', '0 ms']);
  });

  it('say how long ago something was in whole seconds', () => {
    expect([null, 0, 999, 1000, 1999, 59_999, 60_000].map(age)).to.deep.equal(['never', 'now', 'now', '1 s ago', '1 s ago', '59 s ago', '1m 00s ago']);
    expect([0, 2500, 61_000].map(elapsed)).to.deep.equal(['0 s', '2 s', '1m 01s']);
  });

  it('say sizes and rates as people do', () => {
    expect([0, 999, 1000, 12_345, 999_999, 1.5e9, 1e20].map(bytes)).to.deep.equal(['0 B', '999 B', '1.0 kB', '12.3 kB', '1000 kB', '1.5 GB', '100000 PB']);
    expect([0, 12_345_678].map(bitRate)).to.deep.equal(['0 bit/s', '12.3 Mbit/s']);
  });

  it('say round-trip times and shares, and a dash for what nobody knows', () => {
    expect([null, 0, 0.44, 20.06, 123.4].map(milliseconds)).to.deep.equal(['–', '0 ms', '0.4 ms', '20.1 ms', '123 ms']);
    expect([spread(20.06, 0.4), spread(20.06, null), spread(null, null)]).to.deep.equal(['20.1 ± 0.4 ms', '20.1 ms', '–']);
    expect([null, 0, 0.015, 0.333].map(percent)).to.deep.equal(['–', '0 %', '1.5 %', '33 %']);
  });

  it('say the time of day here, and the day only where it is another', () => {
    const now = new Date(2026, 10, 22, 23, 59);
    expect(clockTime(new Date(2026, 10, 22, 4, 5, 6).toISOString(), now)).to.equal('04:05:06');
    expect(clockTime(new Date(2026, 8, 1, 4, 5, 6).toISOString(), now)).to.equal('2026-09-01 04:05:06');
    expect(clockTime('some day', now)).to.equal('some day');
  });
});

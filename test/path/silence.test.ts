/** How long a pause has to be to count as silence. */
import { expect } from 'chai';
import { leastSilentMs } from '../../lib/path/limits.js';
import { Silence } from '../../lib/path/silence.js';
import { instant } from '../../lib/util/brands.js';

describe('the time after which silence is told', () => {
  it('doubles with false alarms that follow each other, until the tests come as often as alarms would', () => {
    const silence = new Silence();
    const told: (number | null)[] = [];
    for (let n = 0; n < 8; n++) {
      told.push(silence.silentMs);
      silence.falseAlarm(instant(n), false);
    }
    expect(told).to.deep.equal([12, 12, 24, 48, 96, 192, 384, null]);
  });

  it('stays where they are rare: a host stutters', () => {
    const silence = new Silence();
    for (let n = 0; n < 20; n++) silence.falseAlarm(instant(n * 2_001), false);
    expect(silence.silentMs).to.equal(leastSilentMs);
  });

  it('shrinks again in calm, by half every five seconds, and no further than at first', () => {
    const silence = new Silence();
    for (let n = 0; n < 3; n++) silence.falseAlarm(instant(n), false);
    silence.advance(instant(5_001), false);
    expect(silence.silentMs).to.equal(48);
    silence.advance(instant(5_002), false);
    expect(silence.silentMs).to.equal(24);
    for (let now = 11_000; silence.nextAt !== null; now += 5_000) silence.advance(instant(now), false);
    expect(silence.silentMs).to.equal(leastSilentMs);
  });

  it('shrinks more slowly each time that this brings a false alarm, and as before once it brings none', () => {
    const silence = new Silence();
    let now = 0;
    const alarm = (): void => {
      silence.falseAlarm(instant(now), false);
    };
    const waitForShrink = (): number => {
      const began = now;
      now = silence.nextAt ?? Number.NaN;
      silence.advance(instant(now), false);
      return now - began;
    };
    for (let n = 0; n < 8; n++) alarm();
    const waits: number[] = [];
    for (let n = 0; n < 5; n++) {
      waits.push(waitForShrink());
      alarm();
      alarm();
    }
    expect(waits).to.deep.equal([5_000, 10_000, 20_000, 40_000, 40_000]);
    expect([waitForShrink(), waitForShrink(), waitForShrink()]).to.deep.equal([40_000, 40_000, 5_000]);
  });

  it('takes the last doubling back where the alarm was right after all', () => {
    const silence = new Silence();
    for (let n = 0; n < 3; n++) silence.falseAlarm(instant(n), false);
    silence.justified();
    expect(silence.silentMs).to.equal(24);
    silence.justified();
    expect(silence.silentMs).to.equal(24);
  });

  it('doubles each time where alarms cost money, and ends where the gaps are of seconds', () => {
    const silence = new Silence();
    const told: (number | null)[] = [];
    for (let n = 0; n < 9; n++) {
      told.push(silence.silentMs);
      silence.falseAlarm(instant(n * 10_000), true);
    }
    expect(told).to.deep.equal([12, 24, 48, 96, 192, 384, 768, null, null]);
    silence.advance(instant(80_000 + 299_999), true);
    expect(silence.silentMs).to.equal(null);
    silence.advance(instant(80_000 + 300_000), true);
    expect(silence.silentMs).to.equal(750);
    silence.moved(true);
    expect(silence.silentMs).to.equal(750);
    silence.moved(false);
    expect(silence.silentMs, 'on a path that costs nothing').to.equal(200);
  });
});

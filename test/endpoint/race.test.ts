/** The race of address pairs at the start: how long the dead ones hold up the one that lives. */
import { expect } from 'chai';
import { startPairs, type StartPair } from '../../lib/endpoint/address-pairs.js';
import { maxRacingAtOnce, racePaceMs } from '../../lib/endpoint/limits.js';
import { Race, type Racer } from '../../lib/endpoint/race.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { ikeSpi, instant } from '../../lib/util/brands.js';
import { candidate } from '../support/candidates.js';
import { ip } from '../support/virtual-host.js';

/** An IKE SA in a race: knows its path and whether it was answered. */
class Runner implements Racer {
  closed = false;
  answered = false;
  readonly path: DatagramPath;

  constructor(path: DatagramPath) {
    this.path = path;
  }

  view(): ReturnType<Racer['view']> {
    return { spiR: this.answered ? ikeSpi('0123456789abcdef') : null };
  }
}

const ports = { port: 500, natPort: 4500 };
const limitMs = 10_000;

function pairsOf(own: number, theirs: number): StartPair[] {
  const locals = Array.from({ length: own }, (_, i) => candidate(`10.${i + 1}.0.1`, `eth${i}`));
  return startPairs(locals, Array.from({ length: theirs }, (_, i) => ({ address: ip(`10.${i + 1}.0.2`), port: null })), ports);
}

/** When the first answer was there; null: none within ten seconds. Pairs of `alive` answer after a round trip. @param lateMs timers ring so late */
function firstAnswer(
  pairs: readonly StartPair[], alive: (index: number) => boolean, rttMs: number, lateMs = 0,
): { readonly at: number | null; readonly most: number } {
  const running = new Map<Runner, number>();
  let now = 0;
  let most = 0;
  const race = new Race<Runner>({
    start: (at, pair) => {
      const runner = new Runner(pair.path);
      running.set(runner, at + rttMs);
      most = Math.max(most, running.size);
      return runner;
    },
    abandon: (_at, runner) => {
      runner.closed = true;
      running.delete(runner);
    },
  }, pairs);
  race.advance(instant(0));
  while (now < limitMs) {
    now += 5;
    for (const [runner, at] of [...running]) {
      const index = pairs.findIndex(({ path }) => path === runner.path);
      if (at > now || !alive(index)) continue;
      runner.answered = true;
      race.answered(instant(now), runner);
      return { at: now, most };
    }
    const next = race.nextAt();
    if (next !== null && next + lateMs <= now) race.advance(instant(now));
  }
  return { at: null, most };
}

describe('the race of address pairs', () => {
  const rttMs = 20;

  for (let own = 1; own <= 4; own++) {
    for (let theirs = 1; theirs <= 4; theirs++) {
      it(`finds the first pair of ${own}×${theirs} that lives within a round trip and its pace, whatever the others are`, () => {
        const pairs = pairsOf(own, theirs);
        const count = pairs.length;
        for (let alive = 1; alive < 2 ** count; alive++) {
          const first = Math.log2(alive & -alive);
          const { at, most } = firstAnswer(pairs, (index) => (alive & (1 << index)) !== 0, rttMs);
          if (at === null || at > first * racePaceMs + rttMs + 5 || most > maxRacingAtOnce) {
            expect.fail(`pairs ${alive.toString(2)} alive: answered at ${at ?? 'no time'}, ${most} at once`);
          }
        }
      }).timeout(120_000);
    }
  }

  it('loses no turn where timers ring late', () => {
    for (let index = 0; index < 16; index++) {
      const { at } = firstAnswer(pairsOf(4, 4), (i) => i === index, rttMs, 10);
      expect(at, `pair ${index}`).to.be.a('number').and.to.be.at.most(index * racePaceMs + rttMs + 15);
    }
  });

  it('finds the only pair that lives even where a round trip takes longer than the first turn of each', () => {
    for (let index = 0; index < 16; index++) {
      const { at } = firstAnswer(pairsOf(4, 4), (i) => i === index, 700);
      expect(at, `pair ${index}`).to.be.a('number').and.to.be.lessThan(8_000);
    }
  });
});

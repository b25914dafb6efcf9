import { expect } from 'chai';
import { graphLevels } from '../../../lib/cli/sparkline.js';
import { plain } from '../../../lib/cli/style.js';
import type { Key } from '../../../lib/cli/watch/keys.js';
import { Watch, type WatchInput, type WatchOutput } from '../../../lib/cli/watch/watch.js';
import { instant } from '../../../lib/util/brands.js';
import { activePath, downPath, status, statusWith } from '../fixtures.js';
import { Screen } from './screen.js';

/** The view with a terminal before it; time goes on as the test says. */
class Desk {
  screen: Screen;
  /** What was asked for but for writing. */
  readonly said: string[] = [];
  written = '';
  wakeAt: number | null = null;
  #now = 0;
  readonly #watch: Watch;

  constructor(columns = 80, rows = 24) {
    this.screen = new Screen(columns, rows);
    const options = { style: plain, levels: graphLevels({}), pathsOnly: false, peer: null, intervalMs: 1000, clock: () => new Date(2026, 10, 22) };
    this.#watch = new Watch(instant(0), options);
    this.give({ kind: 'size', size: { columns, rows } });
  }

  give(input: WatchInput, afterMs = 0): void {
    this.#now += afterMs;
    this.#watch.handleInput(instant(this.#now), input);
    for (let output: WatchOutput | { kind: 'wake'; at: number | null } = this.#watch.pollOutput(); ; output = this.#watch.pollOutput()) {
      if (output.kind === 'wake') {
        this.wakeAt = output.at;
        return;
      }
      if (output.kind !== 'write') {
        this.said.push(output.kind);
        continue;
      }
      this.written += output.text;
      this.screen.write(output.text);
    }
  }

  key(...keys: readonly Key[]): void {
    for (const key of keys) this.give({ kind: 'key', key });
  }

  /** What was written since the last look. */
  take(): string {
    const text = this.written;
    this.written = '';
    return text;
  }
}

const many = { ...status, peers: Array.from({ length: 30 }, (_, index) => ({ name: `peer${index}`, down_reason: null, ike_sas: [] })) };

describe('a live view', () => {
  it('asks at once, shows the answer, and asks again a while after it', () => {
    const desk = new Desk();
    expect(desk.said).to.deep.equal(['ask']);
    expect(desk.wakeAt).to.equal(null);
    desk.give({ kind: 'answer', status }, 40);
    expect(desk.screen.lines()[0]).to.match(/^moon  mh0/);
    expect(desk.screen.lines().join('\n')).to.contain('> active    fibre (eth0)');
    expect(desk.screen.lines().at(-1)).to.contain('q quit');
    expect(desk.wakeAt).to.equal(1040);
    desk.give({ kind: 'wake' }, 1000);
    expect(desk.said).to.deep.equal(['ask', 'ask']);
    expect(desk.wakeAt).to.equal(null);
  });

  it('writes nothing where nothing changed, and only the line that did', () => {
    const desk = new Desk();
    const losing = (loss: number): void => {
      desk.give({ kind: 'answer', status: statusWith({ child_sas: [], paths: [{ ...activePath, loss }, downPath] }) }, 1000);
    };
    losing(0.5);
    desk.take();
    losing(0.5);
    expect(desk.take()).to.equal('');
    losing(0.6);
    expect(desk.take()).to.match(/^\u001b\[\d+;1H> active [^\u001b]* 60 %[^\u001b]*\u001b\[K$/);
  });

  it('says that the daemon is gone, for how long, and finds it again', () => {
    const desk = new Desk();
    desk.give({ kind: 'answer', status });
    desk.give({ kind: 'no-answer', reason: 'the daemon is gone' }, 1000);
    expect(desk.screen.lines()[0]).to.equal('the daemon is gone, for 0 s now; waiting for it to come back');
    expect(desk.screen.lines().join('\n')).to.contain('> active    fibre (eth0)');
    expect(desk.wakeAt).to.equal(2000);
    desk.give({ kind: 'wake' }, 1000);
    desk.give({ kind: 'no-answer', reason: 'the daemon is gone' }, 2000);
    expect(desk.screen.lines()[0]).to.contain('for 3 s now');
    desk.give({ kind: 'wake' }, 1000);
    desk.give({ kind: 'answer', status });
    expect(desk.screen.lines()[0]).to.match(/^moon/);
    expect(desk.said).to.deep.equal(['ask', 'ask', 'ask']);
  });

  it('stands still while paused, and asks at once when it goes on', () => {
    const desk = new Desk();
    desk.give({ kind: 'answer', status });
    desk.give({ kind: 'wake' }, 1000);
    desk.key('pause');
    expect(desk.screen.lines()[0]).to.match(/ PAUSED$/);
    desk.give({ kind: 'answer', status: many });
    expect(desk.screen.lines().join('\n')).to.contain('sun');
    expect(desk.wakeAt).to.equal(null);
    desk.give({ kind: 'wake' }, 5000);
    expect(desk.said).to.deep.equal(['ask', 'ask']);
    desk.key('pause');
    expect(desk.said).to.deep.equal(['ask', 'ask', 'ask']);
    // What is on its way is not asked for twice, and its answer counts.
    desk.key('pause', 'pause');
    expect(desk.said).to.deep.equal(['ask', 'ask', 'ask']);
    desk.give({ kind: 'answer', status: many });
    expect(desk.screen.lines().join('\n')).to.contain('peer7').and.not.contain('PAUSED');
    desk.key('pause');
    desk.give({ kind: 'no-answer', reason: 'the daemon is gone' });
    expect(desk.screen.lines()[0]).to.match(/^moon.* PAUSED$/);
  });

  it('scrolls by lines and pages, and no further than there is something', () => {
    const desk = new Desk(40, 10);
    const first = (): string | undefined => desk.screen.lines()[1];
    desk.give({ kind: 'answer', status: many });
    const top = first();
    desk.key('down', 'down');
    expect(first()).to.match(/peer1 /);
    desk.key('page-down');
    expect(first()).to.match(/peer9 /);
    desk.key('page-up', 'up', 'up', 'up');
    expect(first()).to.equal(top);
    desk.key('bottom', 'down');
    expect(desk.screen.lines().at(-2)).to.match(/^peer29/);
    expect(desk.screen.lines().at(-1)).to.match(/84–91 of 91 lines$/);
    desk.key('top');
    expect(first()).to.equal(top);
    desk.key('bottom');
    desk.give({ kind: 'answer', status: { ...status, peers: [] } });
    expect(first()).to.equal('no peers are configured');
  });

  it('draws everything anew on a terminal of another size, or when asked to', () => {
    const desk = new Desk();
    desk.give({ kind: 'answer', status });
    desk.screen = new Screen(50, 12);
    desk.give({ kind: 'size', size: { columns: 50, rows: 12 } });
    expect(desk.screen.lines()[0]).to.match(/^moon/);
    expect(desk.screen.lines().at(-1)).to.match(/lines$/);
    const whole = desk.screen.lines();
    desk.screen = new Screen(50, 12);
    desk.key('redraw');
    expect(desk.screen.lines()).to.deep.equal(whole);
  });

  it('ends and steps aside when the person wants it', () => {
    const desk = new Desk();
    desk.key('suspend', 'quit');
    expect(desk.said).to.deep.equal(['ask', 'suspend', 'end']);
  });
});

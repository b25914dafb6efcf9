import { expect } from 'chai';
import { Alarms } from '../../lib/endpoint/alarms.js';
import { firstNameRetryMs, lastNameRetryMs, maxAddressesPerName, maxNameAgeMs, minNameAgeMs } from '../../lib/endpoint/limits.js';
import { ResolvedNames } from '../../lib/endpoint/resolved-names.js';
import { WorkDesk } from '../../lib/endpoint/work-desk.js';
import { present } from '../../lib/util/assert.js';
import { instant } from '../../lib/util/brands.js';
import { configOf, ip } from '../support/virtual-host.js';

const peer = present(configOf(`[endpoint]
id = "moon"
[[peer]]
name = "sun"
id = "sun"
addresses = ["10.1.0.2", "sun.example", "sun.example:4501", "10.9.0.1"]
psk = "a secret of more than twenty characters"
[[peer.child]]
name = "net"
local = ["192.168.1.0/24"]
remote = ["192.168.2.0/24"]
`).peers[0], 'a peer');

class Rig {
  now = 0;
  wanted = true;
  readonly warnings: string[] = [];
  readonly changes: string[] = [];
  readonly alarms = new Alarms();
  readonly names: ResolvedNames;
  readonly #questions: number[] = [];
  readonly #work: WorkDesk;

  constructor(fraction = 0) {
    this.#work = new WorkDesk((id) => this.#questions.push(id));
    this.names = new ResolvedNames(this.#work, (message) => this.warnings.push(message));
    this.names.keepFresh({
      alarms: this.alarms,
      draw: () => fraction,
      isWanted: () => this.wanted,
      changed: (_now, name) => this.changes.push(name),
    });
  }

  get asked(): number {
    return this.#questions.length;
  }

  ask(): void {
    this.names.resolve(instant(this.now), peer, () => undefined);
  }

  answer(addresses: readonly string[], ttlMs = 60_000): void {
    const id = present(this.#questions.shift(), 'a question');
    const error = addresses.length === 0 ? 'EAI_AGAIN' : null;
    this.#work.done(instant(this.now), id, { kind: 'resolved', addresses: addresses.map(ip), ttlMs, error });
  }

  /** Until the next alarm; how long that was. */
  pass(): number | null {
    const next = this.alarms.next();
    if (next === null) return null;
    const waited = next - this.now;
    this.now = next;
    this.alarms.due(next)?.wake(next);
    return waited;
  }

  get locations(): string[] {
    return this.names.locationsOf(peer).map(({ address, port }) => (port === null ? address : `${address}:${port}`));
  }
}

describe('resolved names', () => {
  it('stand in their place among the addresses of the peer, with the port each has there', () => {
    const rig = new Rig();
    rig.ask();
    expect(rig.asked).to.equal(1);
    rig.answer(['10.2.0.2', 'fd00::2']);
    expect(rig.locations).to.deep.equal(['10.1.0.2', '10.2.0.2', 'fd00::2', '10.2.0.2:4501', 'fd00::2:4501', '10.9.0.1']);
  });

  it('are asked again when the answer has aged, within bounds, and not all in one moment', () => {
    for (const [ttlMs, expected] of [[60_000, 60_000], [0, minNameAgeMs], [86_400_000, maxNameAgeMs]] as const) {
      const rig = new Rig();
      rig.ask();
      rig.answer(['10.2.0.2'], ttlMs);
      expect(rig.pass()).to.equal(expected);
      expect(rig.asked).to.equal(1);
    }
    const late = new Rig(0.5);
    late.ask();
    late.answer(['10.2.0.2']);
    expect(late.pass()).to.be.closeTo(63_000, 1);
  });

  it('tell their owner when they lead elsewhere, not when a server turns its list round', () => {
    const rig = new Rig();
    rig.ask();
    rig.answer(['10.2.0.2', '10.2.0.3']);
    expect(rig.changes).to.deep.equal(['sun.example']);
    rig.pass();
    rig.answer(['10.2.0.3', '10.2.0.2']);
    expect(rig.changes).to.have.length(1);
    expect(rig.locations.slice(1, 3)).to.deep.equal(['10.2.0.2', '10.2.0.3']);
    rig.pass();
    rig.answer(['10.2.0.4', '10.2.0.3']);
    expect(rig.changes).to.have.length(2);
    expect(rig.locations.slice(1, 3)).to.deep.equal(['10.2.0.3', '10.2.0.4']);
  });

  it('keep the last good answer when a question fails, and ask more and more rarely', () => {
    const rig = new Rig();
    rig.ask();
    rig.answer(['10.2.0.2']);
    rig.pass();
    const waits: (number | null)[] = [];
    for (let i = 0; i < 7; i++) {
      rig.answer([]);
      waits.push(rig.pass());
    }
    expect(waits).to.deep.equal([1, 2, 4, 8, 16].map((n) => n * firstNameRetryMs).concat(lastNameRetryMs, lastNameRetryMs));
    expect(rig.locations).to.include('10.2.0.2');
    expect(rig.warnings[0]).to.equal('the name sun.example has no address: EAI_AGAIN');
    rig.answer(['10.2.0.2'], 60_000);
    expect(rig.changes).to.have.length(1);
    expect(rig.pass()).to.equal(60_000);
  });

  it('are let be when nobody wants them, until somebody asks', () => {
    const rig = new Rig();
    rig.ask();
    rig.answer(['10.2.0.2']);
    rig.wanted = false;
    rig.pass();
    expect([rig.asked, rig.pass()]).to.deep.equal([0, null]);
    rig.wanted = true;
    rig.ask();
    rig.answer(['10.2.0.2']);
    expect(rig.pass()).to.equal(60_000);
    expect(rig.asked).to.equal(1);
  });

  it('are asked once for all who wait, and stand for so many addresses at most', () => {
    const rig = new Rig();
    let answered = 0;
    for (let i = 0; i < 3; i++) rig.names.resolve(instant(0), peer, () => answered++);
    expect(rig.asked).to.equal(1);
    rig.answer(Array.from({ length: maxAddressesPerName + 5 }, (_item, i) => `10.2.0.${i + 1}`));
    expect(answered).to.equal(3);
    expect(rig.locations).to.have.length(2 + 2 * maxAddressesPerName);
  });
});

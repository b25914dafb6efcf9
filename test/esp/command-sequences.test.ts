/** Commands, packets and time in any order: whatever a control plane does, the data plane keeps its promises. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { DataPlaneCommand } from '../../lib/esp/data-plane.js';
import { after } from '../../lib/util/brands.js';
import { endless, here4, networks, outer4, outer6, policy, Rig, there4, type RigChild } from '../compliance/data-plane/rig.js';
import { udpPacket } from '../support/inner-packets.js';
import { softPlane } from '../support/soft-plane.js';

type Step =
  | { readonly kind: 'install'; readonly which: number; readonly half: number }
  | { readonly kind: 'remove'; readonly which: number; readonly half: 'remove-inbound' | 'remove-outbound' }
  | { readonly kind: 'switch'; readonly which: number }
  | { readonly kind: 'policies'; readonly acquire: boolean | null }
  | { readonly kind: 'out' } | { readonly kind: 'in'; readonly which: number; readonly sequence: number }
  | { readonly kind: 'wait'; readonly ms: number };

const which = fc.nat(4);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('install' as const), which, half: fc.nat(1) }),
  fc.record({ kind: fc.constant('remove' as const), which, half: fc.constantFrom('remove-inbound' as const, 'remove-outbound' as const) }),
  fc.record({ kind: fc.constant('switch' as const), which }),
  fc.record({ kind: fc.constant('policies' as const), acquire: fc.option(fc.boolean()) }),
  fc.record({ kind: fc.constant('out' as const) }),
  fc.record({ kind: fc.constant('in' as const), which, sequence: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4_000 }) }),
);

/** What must be true of the plane, kept beside it. */
class Expectation {
  readonly rig = new Rig(softPlane);
  readonly #children: readonly RigChild[];
  readonly #delivered = new Set<string>();
  readonly #ended = new Set<number>();
  /** Keys are wiped with each install, so each half can be installed once. */
  readonly #spent = new Set<string>();
  readonly #inbound = new Set<number>();
  readonly #outbound = new Set<number>();

  constructor() {
    const lifetime = { ...endless, softPackets: 3, hardPackets: 5 };
    this.#children = Array.from({ length: 5 }, (_, n) =>
      this.rig.child({ lifetimeOut: lifetime, lifetimeIn: { ...lifetime, hardAt: after(this.rig.plane.now, 3_000 * (n + 1)) } }));
  }

  async step(step: Step): Promise<void> {
    const { plane } = this.rig;
    if (step.kind === 'wait') await plane.advance(step.ms);
    else if (step.kind === 'out') plane.tunPacket(udpPacket(here4, there4, 100));
    else if (step.kind === 'in') this.rig.receive(this.#child(step.which).peer.seal(udpPacket(there4, here4, 60 + step.sequence), { sequence: step.sequence }));
    else plane.apply(this.#commands(step));
    await this.#check(step);
  }

  #commands(step: Exclude<Step, { readonly kind: 'wait' | 'out' | 'in' }>): readonly DataPlaneCommand[] {
    if (step.kind === 'policies') return [{ kind: 'set-policies', policies: step.acquire === null ? [] : [policy('sun/net', networks, 10, step.acquire)] }];
    const child = this.#child(step.which);
    if (step.kind === 'switch') return [{ kind: 'switch-path', children: [child.id], path: outer6, reportNewSource: true }];
    if (step.kind === 'remove') {
      (step.half === 'remove-inbound' ? this.#inbound : this.#outbound).delete(child.id);
      // A child without halves is forgotten; the same id would be a new one.
      if (!this.#inbound.has(child.id) && !this.#outbound.has(child.id)) this.#ended.delete(child.id);
      return [{ kind: step.half, child: child.id }];
    }
    const install = child.installs[step.half];
    if (install === undefined || this.#spent.has(`${child.id} ${step.half}`)) return [];
    this.#spent.add(`${child.id} ${step.half}`);
    (step.half === 0 ? this.#inbound : this.#outbound).add(child.id);
    return [install];
  }

  async #check(step: Step): Promise<void> {
    const { sent, written, events } = await this.rig.plane.outputs();
    for (const one of sent) {
      // Nothing leaves but ESP of a child that is installed and has not ended.
      const child = this.#children.find((candidate) => candidate.peer.open(one.bytes) !== null);
      expect(child, 'a sent packet opens').not.to.equal(undefined);
      expect(this.#outbound.has(child?.id ?? 0), 'its SA is installed').to.equal(true);
      expect(this.#ended.has(child?.id ?? 0), 'and has not ended').to.equal(false);
      expect([outer4, outer6]).to.deep.include(one.path);
    }
    for (const packet of written) {
      if (packet[9] === 1) continue;
      // What came before its SA comes with it.
      expect(['in', 'install']).to.include(step.kind);
      const id = step.kind === 'in' || step.kind === 'install' ? this.#child(step.which).id : 0;
      expect(this.#inbound.has(id) && !this.#ended.has(id), 'delivered by a living SA').to.equal(true);
      expect(this.#delivered.has(`${id} ${packet.length}`), 'delivered once').to.equal(false);
      this.#delivered.add(`${id} ${packet.length}`);
    }
    for (const event of events) {
      if (event.kind !== 'hard-expired') continue;
      expect(this.#ended.has(event.child), 'told once').to.equal(false);
      this.#ended.add(event.child);
    }
  }

  #child(n: number): RigChild {
    const child = this.#children[n];
    if (child === undefined) throw new Error('five children');
    return child;
  }

  end(): void {
    const { plane } = this.rig;
    plane.apply(this.#children.flatMap((child): DataPlaneCommand[] => [{ kind: 'remove-inbound', child: child.id }, { kind: 'remove-outbound', child: child.id }]));
    expect(plane.counters().children).to.deep.equal([]);
  }
}

describe('any sequence of commands, packets and time', () => {
  it('sends only by living SAs, delivers each packet once, and tells of each end once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (sequence) => {
        const expectation = new Expectation();
        for (const step of sequence) await expectation.step(step);
        expectation.end();
      }),
      { numRuns: 300 },
    );
  }).timeout(60_000);
});

/** The handshake in memory that spares the first peer the wait. */
import { expect } from 'chai';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { rehearse } from '../../lib/daemon/rehearsal.js';
import { instant } from '../../lib/util/brands.js';

describe('the rehearsal of a handshake', () => {
  it('brings both ends up, and leaves no timer behind', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    expect(rehearse({ clock: { now: () => instant(1_000) }, random: systemRandom, registry: defaultRegistry })).to.equal(true);
    expect(timers()).to.equal(before);
  });
});

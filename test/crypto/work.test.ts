/** Slow cryptography as jobs. */
import { expect } from 'chai';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { executeCryptoJob } from '../../lib/crypto/work.js';
import { AssertionError, assert } from '../../lib/util/assert.js';

describe('Crypto jobs', () => {
  for (const ke of defaultRegistry.kes) {
    it(`agree on a secret with ${ke.name}`, () => {
      const group = ke.transformId;
      const [a, b] = [0, 1].map(() => executeCryptoJob({ kind: 'ke-generate', group }, defaultRegistry, systemRandom));
      assert(a?.kind === 'ke-generated' && b?.kind === 'ke-generated', 'both generated');
      const ab = executeCryptoJob({ kind: 'ke-derive', group, privateKey: a.pair.privateKey, peerPublic: b.pair.publicValue }, defaultRegistry, systemRandom);
      const ba = executeCryptoJob({ kind: 'ke-derive', group, privateKey: b.pair.privateKey, peerPublic: a.pair.publicValue }, defaultRegistry, systemRandom);
      assert(ab.kind === 'ke-derived' && ba.kind === 'ke-derived', 'both derived');
      expect(ab.secret?.expose()).to.deep.equal(ba.secret?.expose());
      expect(ab.secret).not.to.equal(null);
    });

    it(`draw the private value of ${ke.name} from the given source alone`, () => {
      const fixed = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);
      const [a, b] = [0, 1].map(() => executeCryptoJob({ kind: 'ke-generate', group: ke.transformId }, defaultRegistry, fixed));
      assert(a?.kind === 'ke-generated' && b?.kind === 'ke-generated', 'both generated');
      expect(a.pair.publicValue).to.deep.equal(b.pair.publicValue);
    });
  }

  it('say that a public value must be refused', () => {
    const made = executeCryptoJob({ kind: 'ke-generate', group: 19 }, defaultRegistry, systemRandom);
    assert(made.kind === 'ke-generated', 'generated');
    const job = { kind: 'ke-derive', group: 19, privateKey: made.pair.privateKey, peerPublic: new Uint8Array(64) } as const;
    expect(executeCryptoJob(job, defaultRegistry, systemRandom)).to.deep.equal({ kind: 'ke-derived', secret: null });
  });

  it('for a group that is not there are our own mistake', () => {
    expect(() => executeCryptoJob({ kind: 'ke-generate', group: 2 }, defaultRegistry, systemRandom)).to.throw(AssertionError);
  });
});

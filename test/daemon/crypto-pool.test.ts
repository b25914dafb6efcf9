/** Key exchanges in other threads give what this thread gives, and secrets cross without a trace. */
import { expect } from 'chai';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { executeJob, type SlowJob, type SlowJobResult } from '../../lib/pki/work.js';
import { packJob, packResult, unpackJob, unpackResult } from '../../lib/daemon/crypto-message.js';
import { CryptoPool } from '../../lib/daemon/crypto-pool.js';

const warnings: string[] = [];
let inline = 0;

function makePool(): CryptoPool {
  return new CryptoPool((job) => {
    inline++;
    return executeJob(job, { registry: defaultRegistry, random: systemRandom, calendar: Date.now });
  }, (message) => warnings.push(message), new URL('../support/crypto-worker.mjs', import.meta.url));
}

function run(pool: CryptoPool, job: SlowJob): Promise<SlowJobResult> {
  return new Promise((resolve) => {
    pool.execute(job, resolve);
  });
}

describe('the pool of key exchanges', () => {
  for (const ke of defaultRegistry.kes) {
    it(`agrees with this thread on ${ke.name}`, async () => {
      const pool = makePool();
      const generated = await run(pool, { kind: 'ke-generate', group: ke.transformId });
      if (generated.kind !== 'ke-generated') throw new Error('a pair was asked for');
      const here = ke.generate(systemRandom);
      const derived = await run(pool, { kind: 'ke-derive', group: ke.transformId, privateKey: generated.pair.privateKey, peerPublic: here.publicValue });
      const expected = ke.derive(here.privateKey, generated.pair.publicValue);
      expect(derived.kind === 'ke-derived' ? derived.secret?.expose() : null).to.deep.equal(expected?.expose());
      pool.close();
    }).timeout(20_000);
  }

  it('did the slow ones elsewhere and the quick ones here', () => {
    expect(warnings).to.deep.equal([]);
    // x25519, x448, ecp256 and modp2048, twice each.
    expect(inline).to.equal(8);
  });

  it('delivers nothing after it is closed', async () => {
    const pool = makePool();
    let delivered = 0;
    pool.execute({ kind: 'ke-generate', group: 16 }, () => delivered++);
    pool.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(delivered).to.equal(0);
  });
});

describe('a job on its way to another thread', () => {
  it('arrives as it was, by transfer, and leaves no secret behind', () => {
    const pair = defaultRegistry.ke(31)?.generate(systemRandom);
    if (pair === undefined) throw new Error('x25519 is there');
    const secret = Uint8Array.from(pair.privateKey.expose());
    const { message, secrets } = packJob(7, { kind: 'ke-derive', group: 31, privateKey: pair.privateKey, peerPublic: pair.publicValue });
    const arrived = structuredClone(message, { transfer: [...secrets] });
    expect(message.kind === 'ke-derive' ? message.privateKey.length : -1).to.equal(0);
    const job = unpackJob(arrived);
    expect(job.kind === 'ke-derive' ? job.privateKey.expose() : null).to.deep.equal(secret);
    expect(arrived.kind === 'ke-derive' ? arrived.privateKey.every((octet) => octet === 0) : false).to.equal(true);
    expect(pair.privateKey.expose()).to.deep.equal(secret);

    const back = packResult(7, { kind: 'ke-generated', pair });
    expect(pair.privateKey.expose().every((octet) => octet === 0)).to.equal(true);
    const result = unpackResult(structuredClone(back.message, { transfer: [...back.secrets] }));
    expect(result.kind === 'ke-generated' ? result.pair.privateKey.expose() : null).to.deep.equal(secret);
  });
});

/** Key exchanges and signatures in other threads give what this thread gives, and secrets cross without a trace. */
import { expect } from 'chai';
import { encodeDigitalSignature, sign, usualScheme, verify } from '../../lib/crypto/signature.js';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { executeJob, type SlowJob, type SlowJobResult } from '../../lib/pki/work.js';
import { packJob, packResult, unpackJob, unpackResult } from '../../lib/daemon/crypto-message.js';
import { CryptoPool } from '../../lib/daemon/crypto-pool.js';
import type { Crl } from '../../lib/pki/crl.js';
import { authMethod } from '../../lib/wire/iana.js';
import { identity } from '../support/ike-end.js';
import { authority, crlOf, issue, testKey, trustOf } from '../support/test-pki.js';

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

  it('signs with RSA elsewhere, and with curves here', async () => {
    const pool = makePool();
    const octets = Uint8Array.of(1, 2, 3);
    for (const [kind, here] of [['rsa', 0], ['ed25519', 1], ['p384', 1]] as const) {
      const [key, how, before] = [testKey(kind), usualScheme(kind), inline];
      const signed = await run(pool, { kind: 'sign', key, how, octets });
      expect(signed.kind === 'signed' && verify(key.publicKey, how, octets, signed.signature), kind).to.equal(true);
      expect(inline - before, kind).to.equal(here);
    }
    pool.close();
    expect(warnings).to.deep.equal([]);
  }).timeout(20_000);

  it('judges certificates elsewhere, by the calendar of this moment', async () => {
    const pool = makePool();
    const [hour, now, before] = [3_600_000, Date.now(), inline];
    const lab = authority('CN=Lab', null, { notBefore: now - hour, notAfter: now + hour });
    const [octets, how] = [Uint8Array.of(1, 2, 3), usualScheme('p256')];
    const judged = async (notAfter: number, crls: readonly Crl[] = []): Promise<SlowJobResult> => {
      const { certificate, key } = issue('CN=moon', lab, { names: ['dns:moon'], notBefore: now - hour, notAfter });
      const evidence = {
        identity: identity('moon'), certificates: [{ encoding: 4, data: certificate.der }], method: authMethod.DIGITAL_SIGNATURE,
        auth: encodeDigitalSignature(how, sign(key, how, octets)), octets,
      };
      return run(pool, { kind: 'judge-proof', evidence, trust: trustOf([lab], { crls }) });
    };
    expect(await judged(now + hour, [crlOf(lab, [])])).to.deep.include({ kind: 'proof-judged', problem: null });
    expect(JSON.stringify(await judged(now - 1000))).to.contain('its certificate expired');
    expect(inline).to.equal(before);
    pool.close();
  }).timeout(20_000);

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

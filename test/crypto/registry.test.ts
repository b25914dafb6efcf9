/** The registry finds every algorithm, by number and by name, and nothing else; providers stand in for each other. */
import { expect } from 'chai';
import { allKeywords, lookUpKeyword } from '../../lib/crypto/keywords.js';
import { defaultProvider } from '../../lib/crypto/providers/default.js';
import { combineProviders, primitives, type Primitive, type Provider } from '../../lib/crypto/providers/provider.js';
import { nobleProvider } from '../../lib/crypto/providers/noble.js';
import { opensslProvider } from '../../lib/crypto/providers/openssl.js';
import { createRegistry, defaultRegistry } from '../../lib/crypto/registry.js';
import { esnId, transformType } from '../../lib/wire/iana.js';
import { utf8 } from '../../lib/util/bytes.js';

describe('Registry', () => {
  const all = [...defaultRegistry.encrs, ...defaultRegistry.integs, ...defaultRegistry.prfs, ...defaultRegistry.kes];

  it('finds every algorithm by its transform', () => {
    for (const a of defaultRegistry.encrs) expect(defaultRegistry.encr(a.transformId, a.keyLengthBits)).to.equal(a);
    for (const a of defaultRegistry.integs) expect(defaultRegistry.integ(a.transformId)).to.equal(a);
    for (const a of defaultRegistry.prfs) expect(defaultRegistry.prf(a.transformId)).to.equal(a);
    for (const a of defaultRegistry.kes) expect(defaultRegistry.ke(a.transformId)).to.equal(a);
  });

  it('has exactly the algorithms that keywords name', () => {
    const named = new Set(allKeywords().map((k) => lookUpKeyword(k)).filter((k) => k?.transformType !== transformType.ESN).map((k) => k?.name));
    expect([...named].sort()).to.deep.equal(all.map((a) => a.name).sort());
  });

  it('and the keywords agree on what each name means', () => {
    for (const keyword of allKeywords()) {
      const meaning = lookUpKeyword(keyword);
      switch (meaning?.transformType) {
        case transformType.ENCR: {
          const { transformId, keyLengthBits } = defaultRegistry.encrByName(keyword) ?? {};
          expect([transformId, keyLengthBits], keyword).to.deep.equal([meaning.id, meaning.keyLength]);
          break;
        }
        case transformType.PRF:
          expect(defaultRegistry.prfByName(keyword)?.transformId, keyword).to.equal(meaning.id);
          break;
        case transformType.INTEG:
          expect(defaultRegistry.integByName(keyword)?.transformId, keyword).to.equal(meaning.id);
          break;
        case transformType.KE:
          expect(defaultRegistry.keByName(keyword)?.transformId, keyword).to.equal(meaning.id);
          break;
        default:
          expect([esnId.NO_ESN, esnId.ESN], keyword).to.include(meaning?.id);
      }
    }
  });

  it('does not find a transform with a key length that it should not have, or without one that it should', () => {
    // RFC 7296 §3.3.5: AES needs the attribute; RFC 7634: ChaCha20-Poly1305 has none.
    expect(defaultRegistry.encr(20, null)).to.equal(null);
    expect(defaultRegistry.encr(12, 64)).to.equal(null);
    expect(defaultRegistry.encr(28, 256)).to.equal(null);
  });

  it('does not find what we do not have', () => {
    expect(defaultRegistry.encr(3, null)).to.equal(null);
    expect(defaultRegistry.integ(2)).to.equal(null);
    expect(defaultRegistry.prf(2)).to.equal(null);
    expect(defaultRegistry.ke(2)).to.equal(null);
    expect(defaultRegistry.encrByName('sha256')).to.equal(null);
    expect(defaultRegistry.keByName('modp1024')).to.equal(null);
  });

  it('holds algorithms that say how long their parts are', () => {
    for (const a of defaultRegistry.encrs) {
      expect(a.keymatBytes, a.name).to.equal((a.keyLengthBits ?? 256) / 8 + (a.aead ? 4 : 0));
      expect([a.ivBytes, a.blockBytes, a.icvBytes], a.name).to.deep.equal(a.aead ? [8, 4, 16] : [16, 16, 0]);
    }
    expect(defaultRegistry.kes.map((a) => [a.name, a.publicBytes])).to.deep.equal([
      ['x25519', 32], ['x448', 56], ['ecp256', 64], ['ecp384', 96], ['ecp521', 132],
      ['modp2048', 256], ['modp3072', 384], ['modp4096', 512],
    ]);
  });
});

describe('Combined providers', () => {
  it('take from the second what the first lacks', () => {
    const asked: string[] = [];
    const noSha1: Provider = {
      ...opensslProvider,
      has: (primitive) => primitive !== 'sha1' && primitive !== 'x448',
      hash: (name, parts) => {
        asked.push(name);
        return opensslProvider.hash(name, parts);
      },
      montgomeryPublic: () => expect.fail('not asked for x448'),
    };
    const combined = combineProviders(noSha1, nobleProvider);
    expect(combined.hash('sha1', [utf8('abc')])).to.deep.equal(opensslProvider.hash('sha1', [utf8('abc')]));
    expect(combined.hash('sha256', [utf8('abc')])).to.deep.equal(opensslProvider.hash('sha256', [utf8('abc')]));
    expect(asked).to.deep.equal(['sha256']);
    expect(createRegistry(combined).keByName('x448')?.generate((n) => new Uint8Array(n)).publicValue).to.have.length(56);
  });

  it('are not needed where OpenSSL has every algorithm, as it has here', () => {
    const every: Readonly<Record<Primitive, true>> = {
      'aes-gcm': true, 'aes-cbc': true, 'chacha20-poly1305': true, sha1: true, sha256: true, sha384: true, sha512: true,
      x25519: true, x448: true, p256: true, p384: true, p521: true, modp: true,
    };
    expect(primitives).to.have.members(Object.keys(every));
    for (const primitive of primitives) expect(opensslProvider.has(primitive), primitive).to.equal(true);
    expect(defaultProvider).to.equal(opensslProvider);
  });
});

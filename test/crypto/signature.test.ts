/** Signatures, and keys and algorithms that are none or were made to confuse (RFC 7427, RFC 8420, RFC 8017, RFC 4055). */
import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { maxRsaBits, privateKeyFromPem, privateKeyPem, publicKeyFrom, type KeyKind } from '../../lib/crypto/asymmetric-key.js';
import { chooseScheme, decodeDigitalSignature, encodeDigitalSignature, olderMethodOf, schemeOf, sign, signOlder, usualScheme, verify, verifyOlder } from '../../lib/crypto/signature.js';
import { integer, objectIdentifier, sequence } from '../../lib/pki/issue.js';
import { sha256 as hashOf } from '../../lib/crypto/hash.js';
import { concat, fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import { DecodeError } from '../../lib/util/errors.js';
import { derTag, writeDer } from '../../lib/wire/der.js';
import { testKey } from '../support/test-pki.js';

const kinds: readonly KeyKind[] = ['rsa', 'p256', 'p384', 'p521', 'ed25519', 'ed448'];
const text = utf8('what is signed');
const derNull = Uint8Array.of(5, 0);
const sha256 = '2.16.840.1.101.3.4.2.1';

describe('Signatures', () => {
  for (const kind of kinds) {
    it(`of ${kind} are made and checked by every scheme that a peer may ask for`, () => {
      const key = testKey(kind);
      for (const hash of kind.startsWith('ed') ? [5] : [2, 3, 4]) {
        const scheme = chooseScheme(kind, [hash]);
        expect(scheme?.hashNumber).to.equal(hash);
        if (scheme === null) continue;
        const { identifier, signature } = decodeDigitalSignature(encodeDigitalSignature(scheme, sign(key, scheme, text)));
        expect(schemeOf(identifier, kind)).to.equal(scheme);
        expect(verify(key.publicKey, scheme, text, signature)).to.equal(true);
        expect(verify(key.publicKey, scheme, utf8('something else'), signature)).to.equal(false);
        expect(verify(testKey(kind, 'other').publicKey, scheme, text, signature)).to.equal(false);
      }
      expect(chooseScheme(kind, kind.startsWith('ed') ? [2, 3, 4] : [1, 5])).to.equal(null);
    });
  }

  it('are named as in RFC 7427, appendix A', () => {
    const name = (scheme: ReturnType<typeof usualScheme> | null): string => toHex(scheme?.identifiers[0] ?? new Uint8Array(0));
    expect(name(usualScheme('rsa'))).to.equal('300d06092a864886f70d01010b0500');
    expect(name(usualScheme('p256'))).to.equal('300a06082a8648ce3d040302');
    expect(name(usualScheme('p521'))).to.equal('300a06082a8648ce3d040304');
    expect(name(usualScheme('ed25519'))).to.equal('300506032b6570');
    expect(name(chooseScheme('rsa', [2]))).to.equal(
      '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120');
  });

  it('choose the hash that fits the key, and PSS', () => {
    expect(chooseScheme('p384', [2, 3, 4])?.name).to.equal('ECDSA with sha384');
    expect(chooseScheme('rsa', [4, 2])?.name).to.equal('RSASSA-PSS with sha256');
    expect(chooseScheme('p384', [2])?.name).to.equal('ECDSA with sha256');
  });

  it('have no algorithm but those that are allowed, octet by octet', () => {
    const usual = sequence(objectIdentifier(sha256), derNull);
    const pss = (salt: Uint8Array, mask: readonly Uint8Array[] = [objectIdentifier('1.2.840.113549.1.1.8'), usual], hash = usual): Uint8Array =>
      sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence(writeDer(0xa0, hash), writeDer(0xa1, sequence(...mask)), writeDer(0xa2, salt)));
    const salt = (...octets: readonly number[]): Uint8Array => writeDer(derTag.integer, Uint8Array.from(octets));
    expect(schemeOf(pss(salt(32)), 'rsa')?.padding).to.equal('pss');
    const bad: Readonly<Record<string, Uint8Array>> = {
      'a negative salt': pss(salt(0xff)), 'a huge salt': pss(salt(0x7f, 0xff, 0xff, 0xff)), 'another salt': pss(salt(20)), 'no salt': pss(salt(0)),
      'MGF1 without a hash': pss(salt(32), [objectIdentifier('1.2.840.113549.1.1.8')]),
      'MGF1 with another hash': pss(salt(32), [objectIdentifier('1.2.840.113549.1.1.8'), sequence(objectIdentifier('2.16.840.1.101.3.4.2.3'), derNull)]),
      'PSS without parameters': sequence(objectIdentifier('1.2.840.113549.1.1.10')), 'PSS with default ones (SHA-1)': sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence()),
      'RSA with SHA-1': sequence(objectIdentifier('1.2.840.113549.1.1.5'), derNull), 'RSA with MD5': sequence(objectIdentifier('1.2.840.113549.1.1.4'), derNull),
      'RSA with parameters': sequence(objectIdentifier('1.2.840.113549.1.1.11'), sequence()), 'RSA with more after NULL': sequence(objectIdentifier('1.2.840.113549.1.1.11'), derNull, derNull),
      'plain RSA': sequence(objectIdentifier('1.2.840.113549.1.1.1'), derNull), 'nothing': new Uint8Array(0), 'NULL': derNull,
    };
    for (const [what, identifier] of Object.entries(bad)) expect(schemeOf(identifier, 'rsa'), what).to.equal(null);
    expect(schemeOf(sequence(objectIdentifier('1.2.840.10045.4.3.2'), derNull), 'p256'), 'ECDSA with NULL').to.equal(null);
    expect(schemeOf(sequence(objectIdentifier('1.3.101.112'), derNull), 'ed25519'), 'Ed25519 with NULL').to.equal(null);
    for (const kind of kinds) for (const other of kinds) {
      const fits = kind === other || (kind.startsWith('p') && other.startsWith('p'));
      if (!fits) expect(schemeOf(usualScheme(kind).identifiers[0] ?? derNull, other), `${kind} as ${other}`).to.equal(null);
    }
  });

  it('that are empty, zero, too long, or the modulus itself, are refused', () => {
    for (const kind of kinds) {
      const { publicKey } = testKey(kind);
      const good = sign(testKey(kind), usualScheme(kind), text);
      const zeros = [0, good.length, 10_000].map((length) => new Uint8Array(length));
      for (const bad of [...zeros, concat(good, Uint8Array.of(0)), good.slice(1), new Uint8Array(good.length).fill(0xff)]) {
        expect(verify(publicKey, usualScheme(kind), text, bad), kind).to.equal(false);
        for (const method of [1, 9, 10, 11]) expect(verifyOlder(publicKey, method, text, bad, true), kind).to.equal(false);
      }
    }
    const { n = '' } = testKey('rsa').publicKey.expose().export({ format: 'jwk' });
    const modulus = new Uint8Array(Buffer.from(n, 'base64url'));
    for (const padding of ['pss', 'pkcs1'] as const) expect(verify(testKey('rsa').publicKey, { hash: 'sha256', padding }, text, modulus)).to.equal(false);
  });

  it('of PKCS#1 are compared with the whole of what they must be', () => {
    // Made by hand, as whoever hopes for a lenient reader would: with octets after the hash, or with short padding.
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = publicKeyFrom(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
    expect(key.ok).to.equal(true);
    const raw = privateKey.export({ format: 'jwk' });
    const number = (part: string | undefined): bigint => BigInt(`0x${Buffer.from(part ?? '', 'base64url').toString('hex')}`);
    const signRaw = (block: Uint8Array): Uint8Array => {
      let [base, exponent, result] = [BigInt(`0x${toHex(block)}`), number(raw.d), 1n];
      for (const n = number(raw.n); exponent > 0n; exponent >>= 1n) {
        if ((exponent & 1n) === 1n) result = (result * base) % n;
        base = (base * base) % n;
      }
      return fromHex(result.toString(16).padStart(512, '0'));
    };
    const digest = sequence(sequence(objectIdentifier(sha256), derNull), writeDer(derTag.octetString, hashOf(text)));
    const block = (padding: number, info: Uint8Array, after: number): Uint8Array =>
      concat(Uint8Array.of(0, 1), new Uint8Array(padding).fill(0xff), Uint8Array.of(0), info, new Uint8Array(after));
    const check = (signature: Uint8Array): boolean => key.ok && verify(key.key, { hash: 'sha256', padding: 'pkcs1' }, text, signature);
    expect(check(signRaw(block(253 - digest.length, digest, 0))), 'as it must be').to.equal(true);
    expect(check(signRaw(block(251 - digest.length, digest, 2))), 'octets after it').to.equal(false);
    expect(check(signRaw(block(8, digest, 245 - digest.length))), 'short padding, zeros after it').to.equal(false);
    expect(check(signRaw(block(0, digest, 253 - digest.length))), 'no padding').to.equal(false);
  });

  it('by older methods are of their one curve alone, and not in DER (RFC 4754)', () => {
    for (const kind of ['p256', 'p384', 'p521'] as const) {
      const older = olderMethodOf(kind, false);
      if (older === null) throw new Error('each curve has one');
      const signature = signOlder(testKey(kind), older, text);
      expect(verifyOlder(testKey(kind).publicKey, older.method, text, signature, false)).to.equal(true);
      expect(verifyOlder(testKey(kind).publicKey, older.method, text, sign(testKey(kind), usualScheme(kind), text), false)).to.equal(false);
      for (const method of [1, 9, 10, 11, 14].filter((other) => other !== older.method)) {
        expect(verifyOlder(testKey(kind).publicKey, method, text, signature, true)).to.equal(false);
      }
    }
    const wrongCurve = signOlder(testKey('p384'), { method: 9, kind: 'p384', hash: 'sha256' }, text);
    expect(verifyOlder(testKey('p384').publicKey, 9, text, wrongCurve, false), 'SHA-256 with P-384').to.equal(false);
    expect(olderMethodOf('ed25519', true)).to.equal(null);
  });

  it('do not parse where the algorithm is missing or longer than all', () => {
    for (const data of [[], [0], [5, 0x30], [255]]) expect(() => decodeDigitalSignature(Uint8Array.from(data))).to.throw(DecodeError);
  });
});

describe('A public key', () => {
  const rsa = (modulus: Uint8Array, exponent: Uint8Array): Uint8Array =>
    sequence(sequence(objectIdentifier('1.2.840.113549.1.1.1'), derNull), writeDer(derTag.bitString, Uint8Array.of(0), sequence(integer(modulus), integer(exponent))));
  const odd = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xc5);
  const f4 = Uint8Array.of(1, 0, 1);

  for (const [what, spki, problem] of [
    ['of 88 bits', rsa(odd(11), f4), /too short|can’t be read/], ['of one octet', rsa(odd(1), f4), /too short|can’t be read/], ['of 1024 bits', rsa(odd(128), f4), /1024 bits, which is too short: 2048 at least/],
    [`of more than ${maxRsaBits} bits`, rsa(odd(1025), f4), /too long: 8192 at most/], ['of 160,000 bits', rsa(odd(20_000), f4), /more than anybody needs/],
    ['with exponent 0', rsa(odd(256), Uint8Array.of(0)), /impossible public exponent|can’t be read/], ['with exponent 1', rsa(odd(256), Uint8Array.of(1)), /impossible public exponent/],
    ['with an even exponent', rsa(odd(256), Uint8Array.of(1, 0, 0)), /impossible public exponent/], ['with an exponent of 256 bits', rsa(odd(256), odd(32)), /impossible public exponent/],
    ['with an even modulus', rsa(Uint8Array.from(odd(256), (octet, i) => (i === 255 ? 0xc4 : octet)), f4), /even modulus/], ['with modulus 0', rsa(new Uint8Array(1), f4), /too short|can’t be read/],
  ] as const) {
    it(`of RSA ${what} is refused`, () => {
      const read = publicKeyFrom(spki);
      expect(read.ok ? 'taken' : read.problem).to.match(problem);
    });
  }

  it('of another kind, or none at all, is refused', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'der', type: 'spki' });
    expect(publicKeyFrom(new Uint8Array(other))).to.deep.include({ ok: false });
    expect(publicKeyFrom(new Uint8Array(generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' })))).to.deep.include({ ok: false });
    const point = testKey('p256').publicKey.spki.slice();
    point[point.length - 1] = (point[point.length - 1] ?? 0) ^ 1;
    expect(publicKeyFrom(point), 'a point that is not on the curve').to.deep.include({ ok: false });
    for (const bad of [new Uint8Array(0), Uint8Array.of(0x30, 0), utf8('-----BEGIN PUBLIC KEY-----')]) expect(publicKeyFrom(bad)).to.deep.include({ ok: false });
  });

  it('and its private one are read again, encrypted or not, and show nothing of themselves', () => {
    for (const kind of kinds) {
      const key = testKey(kind);
      for (const passphrase of [null, 'open sesame']) {
        const read = privateKeyFromPem(privateKeyPem(key, passphrase), passphrase);
        expect(read.ok && toHex(read.key.publicKey.spki)).to.equal(toHex(key.publicKey.spki));
      }
      expect(privateKeyFromPem(privateKeyPem(key, 'open sesame'), 'wrong')).to.deep.equal({ ok: false, problem: 'the private key can’t be decrypted with this passphrase' });
      expect(JSON.stringify({ key })).to.equal('{"key":"[redacted]"}');
    }
  });
});

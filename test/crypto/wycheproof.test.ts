/**
 * Project Wycheproof's vectors, over both providers. They are not part of this project: they are read
 * from the directory that MHTUN_WYCHEPROOF names, or from `../shared/wycheproof` beside the repository.
 */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { SecretKey } from '../../lib/crypto/key.js';
import type { HashName } from '../../lib/crypto/providers/provider.js';
import { present } from '../../lib/util/assert.js';
import { concat } from '../../lib/util/bytes.js';
import { providers } from '../support/providers.js';
import { skipBecause } from '../support/skip.js';
import { octets } from '../support/vector-file.js';

const directory = process.env['MHTUN_WYCHEPROOF'] ?? fileURLToPath(new URL('../../../shared/wycheproof', import.meta.url));
const available = existsSync(directory);
const howToGetThem = 'no Wycheproof vectors: git clone --depth 1 https://github.com/C2SP/wycheproof and set MHTUN_WYCHEPROOF=$PWD/wycheproof/testvectors_v1';

const base = z.object({ tcId: z.int(), comment: z.string(), result: z.enum(['valid', 'invalid', 'acceptable']) });
const aeadGroup = z.object({
  ivSize: z.int(), keySize: z.int(), tagSize: z.int(),
  tests: z.array(base.extend({ key: octets, iv: octets, aad: octets, msg: octets, ct: octets, tag: octets })),
});
const cbcGroup = z.object({ tests: z.array(base.extend({ key: octets, iv: octets, msg: octets, ct: octets })) });
const macGroup = z.object({ tagSize: z.int(), tests: z.array(base.extend({ key: octets, msg: octets, tag: octets })) });
const dhGroup = z.object({ tests: z.array(base.extend({ public: octets, private: octets, shared: octets })) });

const nothing = new Uint8Array(0);

for (const { name, provider, registry } of providers) {
  // The title is printed before anything runs, so it has to say why nothing will.
  describe(`Wycheproof over ${name}${available ? '' : ` (${howToGetThem})`}`, () => {
    before(function () {
      if (!available) skipBecause(this, howToGetThem);
    });

    for (const [file, nameOf] of [
      ['aes_gcm', (bits: number) => `aes${bits}gcm16`],
      ['chacha20_poly1305', () => 'chacha20poly1305'],
    ] as const) {
      it(`${file}: every case with the nonce and the tag that IPsec has`, () => {
        let ran = 0;
        for (const group of read(file, aeadGroup)) {
          if (group.ivSize !== 96 || group.tagSize !== 128) continue;
          const algorithm = present(registry.encrByName(nameOf(group.keySize)), file);
          for (const test of group.tests) {
            const cipher = algorithm.create(concat(test.key, test.iv.subarray(0, 4)));
            const sealed = concat(test.ct, test.tag);
            const opened = cipher.open(test.iv.subarray(4), test.aad, sealed);
            expect(opened, label(test)).to.deep.equal(test.result === 'valid' ? test.msg : null);
            if (test.result === 'valid') expect(cipher.seal(test.iv.subarray(4), test.aad, test.msg), label(test)).to.deep.equal(sealed);
            ran++;
          }
        }
        expect(ran).to.be.greaterThan(100);
      });
    }

    it('aes_cbc_pkcs5: every case, the padding added here', () => {
      let ran = 0;
      for (const test of read('aes_cbc_pkcs5', cbcGroup).flatMap((group) => group.tests)) {
        const cipher = present(registry.encrByName(`aes${test.key.length * 8}`), 'AES-CBC').create(test.key);
        const opened = cipher.open(test.iv, nothing, test.ct);
        if (test.result === 'valid') {
          expect(opened, label(test)).to.deep.equal(padded(test.msg));
          expect(cipher.seal(test.iv, nothing, padded(test.msg)), label(test)).to.deep.equal(test.ct);
        } else {
          // What is invalid is so by its padding, which is not this layer's, or by its length, which is.
          const whole = test.ct.length > 0 && test.ct.length % 16 === 0;
          expect(opened?.length ?? null, label(test)).to.equal(whole ? test.ct.length : null);
        }
        ran++;
      }
      expect(ran).to.be.greaterThan(100);
    }).timeout(20_000);

    for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      it(`hmac_${hash}: every case, as HMAC and as PRF`, () => {
        let ran = 0;
        for (const group of read(`hmac_${hash}`, macGroup)) {
          for (const test of group.tests) {
            for (const [how, mac] of macs(hash, test.key, test.msg)) {
              const same = Buffer.from(mac.subarray(0, group.tagSize / 8)).equals(Buffer.from(test.tag));
              expect(same, `${how} ${label(test)}`).to.equal(test.result === 'valid');
              ran++;
            }
          }
        }
        expect(ran).to.be.greaterThan(100);
      });
    }

    for (const [file, keName] of [['x25519', 'x25519'], ['x448', 'x448']] as const) {
      it(`${file}: every case; an all-zero secret is refused`, () => {
        const ke = present(registry.keByName(keName), keName);
        let ran = 0;
        for (const test of read(file, dhGroup).flatMap((group) => group.tests)) {
          const zero = test.shared.every((octet) => octet === 0);
          const refused = test.result === 'invalid' || zero || test.public.length !== ke.publicBytes;
          const secret = ke.derive(new SecretKey(test.private), test.public);
          expect(secret?.expose() ?? null, label(test)).to.deep.equal(refused ? null : test.shared);
          ran++;
        }
        expect(ran).to.be.greaterThan(100);
      }).timeout(60_000);
    }

    for (const [file, keName] of [['secp256r1', 'ecp256'], ['secp384r1', 'ecp384'], ['secp521r1', 'ecp521']] as const) {
      it(`ecdh_${file}: every case; only uncompressed points on the curve are taken`, () => {
        const ke = present(registry.keByName(keName), keName);
        let ran = 0;
        for (const test of read(`ecdh_${file}_ecpoint`, dhGroup).flatMap((group) => group.tests)) {
          const uncompressed = test.public[0] === 4 && test.public.length === ke.publicBytes + 1;
          // On the wire the format octet is not there (RFC 5903 §7); any other encoding has a wrong length.
          const secret = ke.derive(new SecretKey(fitted(test.private, ke.publicBytes / 2)), uncompressed ? test.public.subarray(1) : test.public);
          expect(secret?.expose() ?? null, label(test)).to.deep.equal(uncompressed && test.result !== 'invalid' ? test.shared : null);
          ran++;
        }
        expect(ran).to.be.greaterThan(100);
      }).timeout(120_000);
    }

    /** The ways in which this key and message can be authenticated. */
    function macs(hash: HashName, key: Uint8Array, message: Uint8Array): [string, Uint8Array][] {
      const out: [string, Uint8Array][] = [['hmac', provider.hmac(hash, key, [message])]];
      const prf = registry.prfByName(`prf${hash}`);
      if (prf !== null) out.push([prf.name, prf.prf(key, message)]);
      return out;
    }
  });
}

function read<Group extends z.ZodType>(file: string, group: Group): z.output<Group>[] {
  const json: unknown = JSON.parse(readFileSync(`${directory}/${file}_test.json`, 'utf8'));
  return z.object({ testGroups: z.array(group).min(1) }).parse(json).testGroups;
}

function label(test: z.output<typeof base>): string {
  return `case ${test.tcId} (${test.comment})`;
}

/** PKCS #5 padding. */
function padded(message: Uint8Array): Uint8Array {
  const pad = 16 - (message.length % 16);
  return concat(message, new Uint8Array(pad).fill(pad));
}

/** A number as octets of the given length: zeros at the front come and go. */
function fitted(number: Uint8Array, length: number): Uint8Array {
  const first = number.findIndex((octet) => octet !== 0);
  const digits = number.subarray(first < 0 ? number.length : first);
  return concat(new Uint8Array(length - digits.length), digits);
}

/** AES in CBC mode (RFC 3602). Authentication is the integrity algorithm's, padding the protocol's. */
import { assert } from '../../util/assert.js';
import { encrId } from '../../wire/iana.js';
import type { EncrAlgorithm } from '../algorithm.js';
import type { Provider } from '../providers/provider.js';

const blockBytes = 16;

export function aesCbc(provider: Provider, keyLengthBits: 128 | 192 | 256): EncrAlgorithm {
  const keymatBytes = keyLengthBits / 8;
  return {
    name: `aes${keyLengthBits}`,
    transformId: encrId.AES_CBC,
    keyLengthBits,
    keymatBytes,
    ivBytes: blockBytes,
    blockBytes,
    aead: false,
    icvBytes: 0,
    create(keymat) {
      assert(keymat.length === keymatBytes, `aes${keyLengthBits} takes ${keymatBytes} octets of KEYMAT`);
      const context = provider.aesCbc(keymat);
      const seal = (iv: Uint8Array, _aad: Uint8Array, plaintext: Uint8Array): Uint8Array => {
        assert(iv.length === blockBytes, 'the IV is one block');
        assert(plaintext.length % blockBytes === 0, 'the plaintext is whole blocks');
        return context.encrypt(iv, plaintext);
      };
      return {
        seal,
        sealInto: (iv, aad, plaintext, target, at) => target.set(seal(iv, aad, plaintext), at),
        open(iv, _aad, sealed) {
          assert(iv.length === blockBytes, 'the IV is one block');
          if (sealed.length === 0 || sealed.length % blockBytes !== 0) return null;
          return context.decrypt(iv, sealed);
        },
        wipe: () => context.wipe(),
      };
    },
  };
}

import { expect } from 'chai';
import fc from 'fast-check';
import { keywordOf } from '../../lib/crypto/keywords.js';
import { keyLengthOf, type Proposal } from '../../lib/wire/payloads/sa.js';
import { defaultProposals, parseProposal, type ProposalUse } from '../../lib/config/proposal.js';

describe('parseProposal', () => {
  const good: readonly (readonly [ProposalUse, string, string])[] = [
    ['ike', 'aes256gcm16-prfsha384-x25519', 'aes256gcm16 prfsha384 x25519'],
    ['ike', 'aes256gcm128-prfsha2_384-curve25519', 'aes256gcm16 prfsha384 x25519'],
    ['ike', 'aes256-sha256-modp3072', 'aes256 prfsha256 sha256 modp3072'],
    ['ike', 'aes128-sha256-sha512-ecp256', 'aes128 prfsha256 prfsha512 sha256 sha512 ecp256'],
    ['ike', 'aes256-sha256-prfsha512-modp3072', 'aes256 prfsha512 sha256 modp3072'],
    ['ike', 'aes256gcm16-sha384-ecp384', 'aes256gcm16 prfsha384 ecp384'],
    ['ike', 'aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-x448-ecp521', 'aes256gcm16 aes128gcm16 chacha20poly1305 prfsha256 x448 ecp521'],
    ['ike', 'x25519-prfsha256-aes192gcm16', 'aes192gcm16 prfsha256 x25519'],
    ['esp', 'aes256gcm16', 'aes256gcm16 noesn'],
    ['esp', 'aes256gcm16-x25519', 'aes256gcm16 x25519 noesn'],
    ['esp', 'aes256gcm16-esn', 'aes256gcm16 esn'],
    ['esp', 'aes256gcm16-esn-noesn', 'aes256gcm16 esn noesn'],
    ['esp', 'aes256gcm16-noesn-esn', 'aes256gcm16 noesn esn'],
    ['esp', 'chacha20poly1305-ecp256-ecp384', 'chacha20poly1305 ecp256 ecp384 noesn'],
    ['esp', 'aes128-aes256-sha256-sha512-modp2048', 'aes128 aes256 sha256 sha512 modp2048 noesn'],
  ];
  for (const [use, text, transforms] of good) {
    it(`reads ${text} for ${use}`, () => {
      expect(shown(parsed(text, use))).to.equal(transforms);
    });
  }

  it('numbers the proposal and names its protocol', () => {
    expect(parsed('aes256gcm16-prfsha384-x25519', 'ike', 3)).to.include({ number: 3, protocol: 1 });
    expect(parsed('aes256gcm16', 'esp', 1)).to.include({ number: 1, protocol: 3 });
    expect(parsed('aes256gcm16', 'esp', 1).spi).to.have.length(0);
  });

  it('gives a key length to AES and none to ChaCha20-Poly1305 (RFC 7634 §2)', () => {
    expect(parsed('aes192-sha256', 'esp').transforms.map(keyLengthOf)).to.deep.equal([192, null, null]);
    expect(parsed('chacha20poly1305', 'esp').transforms.map(keyLengthOf)).to.deep.equal([null, null]);
  });

  const bad: readonly (readonly [ProposalUse, string, string])[] = [
    ['ike', '', 'a keyword is missing'],
    ['ike', 'aes256gcm16--x25519', 'a keyword is missing beside a "-"'],
    ['ike', 'aes256gcm16-x25519', 'the PRF is missing: add one, as -prfsha256'],
    ['ike', 'aes256gcm16-prfsha256', 'the key exchange is missing: add one, as -x25519'],
    ['ike', 'aes256-modp2048', 'the integrity algorithm is missing: add one, as -sha256'],
    ['ike', 'aes256-prfsha256-modp2048', 'the integrity algorithm is missing'],
    ['ike', 'sha256-modp2048', 'the encryption algorithm is missing'],
    ['ike', 'aes256gcm16-aes256-sha256-x25519', 'aes256gcm16 and aes256 need a proposal each'],
    ['ike', 'aes256gcm16-sha256-prfsha256-x25519', 'leave sha256 out: the cipher has integrity of its own'],
    ['ike', 'aes256gcm16-prfsha256-x25519-esn', 'esn and noesn belong to esp proposals'],
    ['ike', 'aes256gcm16-prfsha256-x25519,aes128-sha256-x25519', 'one proposal a string'],
    ['ike', 'aes256gcm16-prfsha256-x25519-x25519', 'x25519 is named twice'],
    ['ike', 'aes256gcm16-prfsha256-x25519-curve25519', 'curve25519 is named twice'],
    ['ike', 'aes256-sha1-modp2048', 'sha1 is refused: SHA-1'],
    ['ike', 'aes256-sha-modp2048', 'sha is refused: SHA-1'],
    ['ike', 'aes256-md5-modp2048', 'md5 is refused: MD5'],
    ['ike', 'aes256-sha256-prfsha1-modp2048', 'prfsha1 is refused'],
    ['ike', 'des-sha256-modp2048', 'des is refused: DES'],
    ['ike', '3des-sha256-modp2048', '3des is refused'],
    ['ike', 'aes256-sha256-modp1536', 'modp1536 is refused: the group is too small'],
    ['ike', 'aes256-sha256-modp1024', 'modp1024 is refused'],
    ['ike', 'aes256-sha256-modp768', 'modp768 is refused'],
    ['ike', 'aes256-sha256-modp8192', 'modp8192 is not supported'],
    ['ike', '3des-md5-modp768', 'md5 is refused'],
    ['ike', 'aes257gcm16-prfsha256-x25519', 'no algorithm is called "aes257gcm16"; did you mean "aes'],
    ['ike', 'rot13-sha256-x25519', 'no algorithm is called "rot13"'],
    ['ike', 'AES256-sha256-x25519', 'no algorithm is called "AES256"; did you mean "aes256"?'],
    ['esp', 'aes256', 'the integrity algorithm is missing: add one, as -sha256'],
    ['esp', 'aes256gcm16-sha256', 'leave sha256 out'],
    ['esp', 'aes256gcm16-prfsha256', 'prfsha256 belongs to ike proposals'],
    ['esp', 'aes256gcm16-aes256-sha256', 'need a proposal each'],
    ['esp', 'null-sha256', 'null is refused'],
    ['esp', 'aes128gcm8', 'aes128gcm8 is not supported: tags under 16 octets'],
    ['esp', 'x25519', 'the encryption algorithm is missing'],
  ];
  for (const [use, text, words] of bad) {
    it(`refuses ${text === '' ? 'nothing' : text} for ${use}: ${words}`, () => {
      const result = parseProposal(text, use, 1);
      expect(result.ok ? 'it was taken' : result.problem).to.contain(words);
    });
  }

  it('has defaults that it can read', () => {
    for (const use of ['ike', 'esp'] as const) {
      for (const text of defaultProposals[use]) expect(shown(parsed(text, use)), text).to.not.equal('');
    }
  });

  it('never throws, whatever the text', () => {
    const word = fc.constantFrom('aes256', 'aes128gcm16', 'sha256', 'x25519', 'prfsha256', 'esn', 'none', '', 'constructor', '__proto__');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(word).map((words) => words.join('-'))), fc.constantFrom('ike' as const, 'esp' as const), (text, use) => {
        const result = parseProposal(text, use, 1);
        expect(result.ok ? result.proposal.transforms.length : result.problem.length).to.be.greaterThan(0);
      }),
    );
  });
});

function parsed(text: string, use: ProposalUse, number = 1): Proposal {
  const result = parseProposal(text, use, number);
  if (!result.ok) throw new Error(result.problem);
  return result.proposal;
}

function shown(proposal: Proposal): string {
  return proposal.transforms.map((t) => [1, 2, 3, 4, 5].map((type) => (type === t.type ? nameOf(t.type, t.id, keyLengthOf(t)) : '')).join('')).join(' ');
}

function nameOf(type: number, id: number, keyLength: number | null): string {
  switch (type) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      return keywordOf(type, id, keyLength) ?? '?';
    default:
      return '?';
  }
}

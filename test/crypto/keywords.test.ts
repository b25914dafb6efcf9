/** The words of a proposal: the same as strongSwan's, or refused with a reason. */
import { expect } from 'chai';
import { allKeywords, keywordOf, lookUpKeyword, lookUpRefusedKeyword } from '../../lib/crypto/keywords.js';

describe('Proposal keywords', () => {
  it('have the aliases that strongSwan has', () => {
    for (const [alias, name] of [
      ['aes', 'aes128'], ['aes128gcm', 'aes128gcm16'], ['aes128gcm128', 'aes128gcm16'], ['aes192gcm', 'aes192gcm16'],
      ['aes256gcm128', 'aes256gcm16'], ['sha2_256', 'sha256'], ['sha2_384', 'sha384'], ['sha2_512', 'sha512'],
      ['curve25519', 'x25519'], ['curve448', 'x448'],
    ] as const) expect(lookUpKeyword(alias)?.name, alias).to.equal(name);
  });

  it('are found again by their transform, under the name that we print', () => {
    for (const keyword of allKeywords()) {
      const meaning = lookUpKeyword(keyword);
      expect(meaning === null ? null : keywordOf(meaning.transformType, meaning.id, meaning.keyLength), keyword).to.equal(meaning?.name);
    }
    expect(keywordOf(1, 20, null)).to.equal(null);
  });

  it('are lower case, as the configuration writes them', () => {
    expect(lookUpKeyword('AES128')).to.equal(null);
  });

  it('are either supported or refused, never both', () => {
    for (const keyword of allKeywords()) expect(lookUpRefusedKeyword(keyword), keyword).to.equal(null);
  });

  it('are refused as broken where an RFC deprecates them or they protect nothing', () => {
    for (const keyword of [
      'null', 'des', '3des', 'blowfish', 'blowfish256', 'cast128', 'sha', 'sha1', 'sha1_160', 'prfsha1', 'md5', 'md5_128', 'prfmd5',
      'sha256_96', 'modp768', 'modp1024', 'modp1024s160', 'modp1536', 'modp2048s224', 'modp2048s256', 'modpnull', 'none', 'modpnone',
      'ecp192', 'ecp224', 'aes128gmac', 'chacha20poly1305compat',
    ]) {
      expect(lookUpKeyword(keyword), keyword).to.equal(null);
      expect(lookUpRefusedKeyword(keyword)?.kind, keyword).to.equal('broken');
    }
  });

  it('are refused as unsupported where they are sound but not here', () => {
    for (const keyword of [
      'aes128ctr', 'aes256ccm16', 'aes128ccm', 'aes128gcm8', 'aes256gcm96', 'camellia', 'camellia256ctr', 'serpent', 'twofish192',
      'aesxcbc', 'aescmac', 'prfaesxcbc', 'prfcamelliaxcbc', 'modp6144', 'modp8192', 'ecp256bp', 'ke1_mlkem768', 'mlkem768', 'ntru128', 'kyber3',
    ]) {
      expect(lookUpKeyword(keyword), keyword).to.equal(null);
      expect(lookUpRefusedKeyword(keyword)?.kind, keyword).to.equal('unsupported');
    }
  });

  it('give a reason that is a clause, not a sentence', () => {
    for (const keyword of ['3des', 'sha1', 'modp1024', 'aes128ctr', 'ecp224bp']) {
      expect(lookUpRefusedKeyword(keyword)?.reason, keyword).to.match(/[a-z0-9).]$/).and.not.match(/\.$/);
    }
  });

  it('that nobody knows are not refused by name', () => {
    for (const word of ['', 'aes512', 'sha3', 'md5sum', 'xmodp1024']) expect(lookUpRefusedKeyword(word), word).to.equal(null);
  });
});

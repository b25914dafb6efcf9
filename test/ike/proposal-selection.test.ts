/** What is chosen of proposals, and which choices of a peer are believed (RFC 7296 §2.7, §3.3). */
import { expect } from 'chai';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { formatEspSuite, formatIkeSuite } from '../../lib/crypto/suite.js';
import { acceptAnswer, chooseProposal, espSuiteOf, ikeSuiteOf, keyExchangeGroups, withoutKeyExchange, withSpi } from '../../lib/ike/proposal-selection.js';
import { encrId, esnId, integId, keId, prfId, protocolId, transformType } from '../../lib/wire/iana.js';
import { transform, type Proposal, type Transform } from '../../lib/wire/payloads/sa.js';
import { proposals } from '../support/ike-end.js';

const ike = (...texts: readonly string[]): Proposal[] => proposals('ike', ...texts);
const esp = (...texts: readonly string[]): Proposal[] => proposals('esp', ...texts);
const add = (list: readonly Proposal[], ...more: readonly Transform[]): Proposal[] => list.map((p) => ({ ...p, transforms: [...p.transforms, ...more] }));
const drop = (list: readonly Proposal[], type: number): Proposal[] => list.map((p) => ({ ...p, transforms: p.transforms.filter((t) => t.type !== type) }));

function chosenIke(ours: readonly Proposal[], theirs: readonly Proposal[]): string | null {
  const chosen = chooseProposal(ours, theirs);
  const suite = chosen === null ? null : ikeSuiteOf(defaultRegistry, chosen);
  return suite === null ? null : formatIkeSuite(suite);
}

function chosenEsp(ours: readonly Proposal[], theirs: readonly Proposal[]): string | null {
  const chosen = chooseProposal(ours, theirs);
  const suite = chosen === null ? null : espSuiteOf(defaultRegistry, chosen);
  return suite === null ? null : formatEspSuite(suite);
}

describe('Choosing a proposal', () => {
  it('follows our order, not the peer’s, of proposals and of transforms', () => {
    expect(chosenIke(ike('aes256gcm16-prfsha384-x25519', 'aes128gcm16-prfsha256-x25519'), ike('aes128gcm16-prfsha256-x25519', 'aes256gcm16-prfsha384-x25519')))
      .to.equal('aes256gcm16-prfsha384-x25519');
    expect(chosenIke(ike('aes256gcm16-aes128gcm16-prfsha256-ecp256-x25519'), ike('aes128gcm16-aes256gcm16-prfsha256-x25519-ecp256'))).to.equal('aes256gcm16-prfsha256-ecp256');
  });

  it('answers with one transform of each type, the peer’s number and the peer’s SPI', () => {
    const theirs = esp('aes256gcm16', 'aes128gcm16-aes256gcm16').map((p) => ({ ...p, spi: Uint8Array.of(1, 2, 3, p.number) }));
    const chosen = chooseProposal(esp('aes128gcm16'), theirs);
    expect(chosen?.number).to.equal(2);
    expect(chosen?.spi).to.deep.equal(Uint8Array.of(1, 2, 3, 2));
    expect(chosen?.transforms.map(({ type }) => type)).to.deep.equal([transformType.ENCR, transformType.ESN]);
  });

  it('takes a key length as part of the algorithm: another, or none, is another', () => {
    const lengths = (bits: number | null): Proposal[] => add(drop(ike('aes128gcm16-prfsha256-x25519'), transformType.ENCR), transform(transformType.ENCR, encrId.AES_GCM_16, bits));
    const ours = ike('aes128gcm16-prfsha256-x25519');
    expect(chosenIke(ours, lengths(128))).to.not.equal(null);
    for (const bits of [null, 0, 127, 129, 256, 65_535]) expect(chosenIke(ours, lengths(bits)), `${bits} bits`).to.equal(null);
  });

  it('takes no transform with a key length given twice, or as a long attribute', () => {
    const odd = (attributes: Transform['attributes']): Proposal[] =>
      add(drop(ike('aes128gcm16-prfsha256-x25519'), transformType.ENCR), { type: transformType.ENCR, id: encrId.AES_GCM_16, attributes });
    const length = { type: 14, value: Uint8Array.of(0, 128), short: true } as const;
    expect(chosenIke(ike('aes128gcm16-prfsha256-x25519'), odd([length]))).to.not.equal(null);
    expect(chosenIke(ike('aes128gcm16-prfsha256-x25519'), odd([length, length]))).to.equal(null);
    expect(chosenIke(ike('aes128gcm16-prfsha256-x25519'), odd([{ ...length, short: false }]))).to.equal(null);
  });

  it('passes over a transform with an unknown attribute, and takes another of its type (RFC 7296 §3.3.6)', () => {
    const strange: Transform = { ...transform(transformType.PRF, prfId.HMAC_SHA2_256), attributes: [{ type: 99, value: Uint8Array.of(0, 1), short: true }] };
    const theirs = add(drop(ike('aes128gcm16-prfsha256-x25519'), transformType.PRF), strange);
    expect(chosenIke(ike('aes128gcm16-prfsha256-x25519'), theirs)).to.equal(null);
    expect(chosenIke(ike('aes128gcm16-prfsha256-x25519'), add(theirs, transform(transformType.PRF, prfId.HMAC_SHA2_256)))).to.equal('aes128gcm16-prfsha256-x25519');
  });

  it('passes over a proposal with an unknown transform type, and takes the next (RFC 7296 §3.3.6)', () => {
    const ours = ike('aes128gcm16-prfsha256-x25519');
    for (const type of [0, transformType.ADDKE1, 13, 255]) {
      expect(chosenIke(ours, add(ours, transform(type, 1))), `type ${type}`).to.equal(null);
      expect(chosenIke(ours, [...add(ours, transform(type, 1)), ...ours])).to.equal('aes128gcm16-prfsha256-x25519');
    }
  });

  it('passes over unknown transforms of known types', () => {
    const ours = ike('aes128gcm16-prfsha256-x25519');
    const theirs = add(ours, transform(transformType.ENCR, 4_000), transform(transformType.PRF, 77), transform(transformType.KE, 1_025));
    expect(chosenIke(ours, theirs)).to.equal('aes128gcm16-prfsha256-x25519');
  });

  it('takes AEAD with integrity NONE or without integrity, and not with an algorithm for it (RFC 7296 §3.3.3)', () => {
    const ours = ike('aes128gcm16-prfsha256-x25519');
    expect(chosenIke(ours, add(ours, transform(transformType.INTEG, integId.NONE)))).to.equal('aes128gcm16-prfsha256-x25519');
    expect(chosenIke(ours, add(ours, transform(transformType.INTEG, integId.HMAC_SHA2_256_128)))).to.equal(null);
    expect(chooseProposal(ours, add(ours, transform(transformType.INTEG, integId.NONE)))?.transforms.map(({ type }) => type)).to.include(transformType.INTEG);
  });

  it('never takes a cipher without integrity where it needs some', () => {
    const cbc = ike('aes128-sha256-x25519');
    for (const list of [drop(cbc, transformType.INTEG), add(drop(cbc, transformType.INTEG), transform(transformType.INTEG, integId.NONE))]) {
      expect(chosenIke(cbc, list)).to.equal(null);
      expect(chosenIke(list, list), 'nor if our own configuration said so').to.equal(null);
    }
    expect(chosenEsp(esp('aes128-sha256'), drop(esp('aes128-sha256'), transformType.INTEG))).to.equal(null);
  });

  it('takes no IKE proposal that lacks a type, and none of another protocol', () => {
    const ours = ike('aes128-sha256-prfsha256-x25519');
    for (const type of [transformType.ENCR, transformType.PRF, transformType.INTEG, transformType.KE]) expect(chosenIke(ours, drop(ours, type)), `without ${type}`).to.equal(null);
    expect(chosenIke(ours, ours.map((p) => ({ ...p, protocol: protocolId.ESP })))).to.equal(null);
    expect(chosenEsp(esp('aes128gcm16'), esp('aes128gcm16').map((p) => ({ ...p, protocol: protocolId.AH })))).to.equal(null);
    expect(chosenIke(ours, [])).to.equal(null);
    expect(chosenIke(ours, [{ number: 1, protocol: protocolId.IKE, spi: new Uint8Array(0), transforms: [] }])).to.equal(null);
  });

  it('takes key exchange NONE for its absence in ESP (RFC 7296 §3.3.2)', () => {
    const none = add(esp('aes128gcm16'), transform(transformType.KE, keId.NONE));
    expect(chosenEsp(esp('aes128gcm16'), none)).to.equal('aes128gcm16');
    expect(chosenEsp(esp('aes128gcm16-x25519'), none)).to.equal(null);
    expect(chosenEsp(esp('aes128gcm16'), esp('aes128gcm16-x25519'))).to.equal(null);
    expect(chosenEsp(esp('aes128gcm16'), add(esp('aes128gcm16-x25519'), transform(transformType.KE, keId.NONE)))).to.equal('aes128gcm16');
  });

  it('takes a missing ESN transform for no ESN', () => {
    expect(chosenEsp(esp('aes128gcm16'), drop(esp('aes128gcm16'), transformType.ESN))).to.equal('aes128gcm16');
    expect(chosenEsp(esp('aes128gcm16-esn'), drop(esp('aes128gcm16'), transformType.ESN))).to.equal(null);
    expect(chosenEsp(esp('aes128gcm16-esn-noesn'), esp('aes128gcm16-noesn-esn'))).to.equal('aes128gcm16-esn');
    expect(esnId.NO_ESN).to.equal(0);
  });

  it('has no suite for algorithms that the registry lacks', () => {
    const ours = add(drop(ike('aes128gcm16-prfsha256-x25519'), transformType.PRF), transform(transformType.PRF, prfId.AES128_CMAC));
    const chosen = chooseProposal(ours, ours);
    expect(chosen === null ? null : ikeSuiteOf(defaultRegistry, chosen)).to.equal(null);
  });
});

describe('An answer to our proposals', () => {
  const ours = esp('aes256gcm16-aes128gcm16-x25519', 'aes128-sha256');
  const pick = (list: readonly Proposal[], number: number): Proposal[] => list.map((p) => ({ ...p, number, spi: Uint8Array.of(1, 2, 3, 4) }));

  it('is one of them by number, with one transform of each type', () => {
    expect(acceptAnswer(ours, pick(esp('aes128gcm16-x25519'), 1))?.spi).to.deep.equal(Uint8Array.of(1, 2, 3, 4));
    expect(acceptAnswer(ours, pick(esp('aes128-sha256'), 2))).to.not.equal(null);
  });
  it('is not believed with another number, protocol or algorithm', () => {
    for (const number of [0, 2, 3, 255]) expect(acceptAnswer(ours, pick(esp('aes128gcm16-x25519'), number)), `number ${number}`).to.equal(null);
    expect(acceptAnswer(ours, pick(esp('aes192gcm16-x25519'), 1))).to.equal(null);
    expect(acceptAnswer(ours, pick(esp('aes128gcm16-x25519'), 1).map((p) => ({ ...p, protocol: protocolId.AH })))).to.equal(null);
  });
  it('is not believed with two proposals, none, a type twice, a type dropped or a type added', () => {
    const right = pick(esp('aes128gcm16-x25519'), 1);
    expect(acceptAnswer(ours, [...right, ...right])).to.equal(null);
    expect(acceptAnswer(ours, [])).to.equal(null);
    expect(acceptAnswer(ours, pick(esp('aes256gcm16-aes128gcm16-x25519'), 1))).to.equal(null);
    expect(acceptAnswer(ours, drop(right, transformType.KE))).to.equal(null);
    expect(acceptAnswer(ours, drop(right, transformType.ENCR))).to.equal(null);
    expect(acceptAnswer(ours, add(right, transform(transformType.INTEG, integId.HMAC_SHA2_256_128)))).to.equal(null);
    expect(acceptAnswer(ours, add(right, transform(transformType.ADDKE1, 35)))).to.equal(null);
  });
  it('is not believed with ESN where none was offered', () => {
    expect(acceptAnswer(ours, add(drop(pick(esp('aes128gcm16-x25519'), 1), transformType.ESN), transform(transformType.ESN, esnId.ESN)))).to.equal(null);
  });
});

describe('Proposals to send', () => {
  it('are numbered from 1 and carry the SPI', () => {
    expect(withSpi(esp('aes128gcm16', 'aes256gcm16').reverse(), Uint8Array.of(9)).map(({ number, spi }) => [number, [...spi]])).to.deep.equal([[1, [9]], [2, [9]]]);
  });
  it('name their key exchanges in order and once', () => {
    expect(keyExchangeGroups(ike('aes128gcm16-prfsha256-ecp256-x25519', 'aes256gcm16-prfsha256-x25519-modp2048'))).to.deep.equal([keId.ECP_256, keId.CURVE25519, keId.MODP_2048]);
    expect(keyExchangeGroups(add(esp('aes128gcm16'), transform(transformType.KE, keId.NONE)))).to.deep.equal([]);
    expect(keyExchangeGroups(withoutKeyExchange(esp('aes128gcm16-x25519')))).to.deep.equal([]);
  });
});

/** Tests of the registries' numbers and names. */
import { expect } from 'chai';
import * as iana from '../../lib/wire/iana.js';

describe('IANA registries', () => {
  it('name each number once', () => {
    for (const [name, registry] of Object.entries(iana)) {
      if (typeof registry === 'function') continue;
      const numbers = Object.values(registry);
      expect(new Set(numbers).size, name).to.equal(numbers.length);
    }
  });

  it('have numbers that rise within a registry, as the RFCs list them', () => {
    for (const [name, registry] of Object.entries(iana)) {
      if (typeof registry === 'function') continue;
      const numbers = Object.values(registry);
      expect([...numbers].sort((a, b) => a - b), name).to.deep.equal(numbers);
    }
  });

  it('give the RFC\'s name of a number, and the number where there is none', () => {
    expect(iana.exchangeName(34)).to.equal('IKE_SA_INIT');
    expect(iana.payloadName(46)).to.equal('SK');
    expect(iana.notifyName(16400)).to.equal('UPDATE_SA_ADDRESSES');
    expect(iana.notifyName(12345)).to.equal('unknown(12345)');
    expect(iana.nameOf(iana.keId, 31)).to.equal('CURVE25519');
  });

  it('tell errors from status notifications', () => {
    expect(iana.isErrorNotify(iana.notifyType.CHILD_SA_NOT_FOUND)).to.equal(true);
    expect(iana.isErrorNotify(16383)).to.equal(true);
    expect(iana.isErrorNotify(iana.notifyType.INITIAL_CONTACT)).to.equal(false);
  });
});

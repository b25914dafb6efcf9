/** How suites are written in status and logs. */
import { expect } from 'chai';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { formatEspSuite, formatIkeSuite } from '../../lib/crypto/suite.js';
import { present } from '../../lib/util/assert.js';

describe('Suites in words', () => {
  const encr = (name: string) => present(defaultRegistry.encrByName(name), name);
  const integ = present(defaultRegistry.integByName('sha256'), 'sha256');
  const prf = present(defaultRegistry.prfByName('prfsha384'), 'prfsha384');
  const ke = present(defaultRegistry.keByName('curve25519'), 'x25519');

  it('name the algorithms of an IKE SA in the order of a proposal', () => {
    expect(formatIkeSuite({ encr: encr('aes256gcm16'), integ: null, prf, ke })).to.equal('aes256gcm16-prfsha384-x25519');
    expect(formatIkeSuite({ encr: encr('aes128'), integ, prf, ke })).to.equal('aes128-sha256-prfsha384-x25519');
  });

  it('name those of a Child SA, without what it has not', () => {
    expect(formatEspSuite({ encr: encr('aes128gcm'), integ: null, ke: null, esn: false })).to.equal('aes128gcm16');
    expect(formatEspSuite({ encr: encr('aes256'), integ, ke, esn: true })).to.equal('aes256-sha256-x25519-esn');
  });
});

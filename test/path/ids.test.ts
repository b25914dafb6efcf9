/** Names of networks and paths. */
import { expect } from 'chai';
import { networkId, pathIdOf, type NetworkTraits } from '../../lib/path/ids.js';
import { parsePrefix } from '../../lib/util/address-range.js';
import { present } from '../../lib/util/assert.js';
import { ip } from '../support/virtual-host.js';

const lan: NetworkTraits = { interface: 'eth0', prefix: present(parsePrefix('10.1.0.0/24'), 'a prefix'), gateway: ip('10.1.0.254'), family: 4 };

describe('the name of a network', () => {
  it('is `n-` and 16 hex digits, the same in every run', () => {
    expect(networkId(lan)).to.equal('n-6208920424d0a78e');
    expect(networkId({ ...lan })).to.equal(networkId(lan));
  });

  it('differs by link, prefix, gateway and family', () => {
    const others: NetworkTraits[] = [
      { ...lan, interface: 'eth1' }, { ...lan, gateway: null }, { ...lan, gateway: ip('10.1.0.1') },
      { ...lan, prefix: present(parsePrefix('10.1.0.0/25'), 'a prefix') }, { ...lan, family: 6 },
    ];
    expect(new Set([lan, ...others].map(networkId)).size).to.equal(others.length + 1);
  });
});

describe('the name of a path', () => {
  it('stays when the peer\'s address changes within its network, and differs between networks', () => {
    const id = pathIdOf(networkId(lan), ip('198.51.100.7'));
    expect(id).to.match(/^p-[0-9a-f]{16}$/);
    expect(pathIdOf(networkId(lan), ip('198.51.100.9'))).to.equal(id);
    expect(pathIdOf(networkId(lan), ip('198.51.101.7'))).not.to.equal(id);
    expect(pathIdOf(networkId({ ...lan, interface: 'eth1' }), ip('198.51.100.7'))).not.to.equal(id);
    expect(pathIdOf(networkId(lan), ip('2001:db8::1'))).to.equal(pathIdOf(networkId(lan), ip('2001:db8::ffff:1')));
    expect(pathIdOf(networkId(lan), ip('2001:db8:0:1::1'))).not.to.equal(pathIdOf(networkId(lan), ip('2001:db8::1')));
  });
});

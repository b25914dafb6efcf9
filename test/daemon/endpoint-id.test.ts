import { expect } from 'chai';
import { endpointIdBytes, endpointIdOf } from '../../lib/daemon/endpoint-id.js';
import { present } from '../../lib/util/assert.js';
import { toHex } from '../../lib/util/bytes.js';
import { parseIdentity } from '../../lib/wire/identity.js';

const machine = '0123456789abcdef0123456789abcdef\n';
const moon = { id: present(parseIdentity('moon'), 'an identity'), interface: 'mh0' };
const noChance = (): Uint8Array => {
  throw new Error('nothing is drawn');
};

describe('the endpoint id', () => {
  it('is the same at each start of one endpoint, and another for another', () => {
    const of = (endpoint: typeof moon, machineId: string): string => toHex(endpointIdOf(endpoint, machineId, noChance).bytes);
    const ids = [
      of(moon, machine),
      of({ ...moon, interface: 'mh1' }, machine),
      of({ ...moon, id: present(parseIdentity('sun'), 'an identity') }, machine),
      of(moon, machine.replace('0', '1')),
    ];
    expect(new Set(ids).size).to.equal(ids.length);
    expect(of(moon, machine)).to.equal(ids[0]);
    expect(ids[0]).to.match(/^[0-9a-f]{32}$/).and.to.not.contain('0123456789abcdef');
  });

  it('is drawn where the machine has no id', () => {
    const drawn = (length: number): Uint8Array => new Uint8Array(length).fill(7);
    for (const machineId of [null, '', 'uninitialized\n']) {
      expect(endpointIdOf(moon, machineId, drawn)).to.deep.equal({ bytes: new Uint8Array(endpointIdBytes).fill(7), stable: false });
    }
  });
});

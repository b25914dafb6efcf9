import { expect } from 'chai';
import { UplinkLog } from '../../lib/daemon/uplink-log.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { candidate } from '../support/candidates.js';

const gateway = present(parseAddress('10.1.0.254'), 'an address');

describe('the log of uplinks', () => {
  it('says once which addresses there are, and which gateway fell silent or answers again', () => {
    const lines: string[] = [];
    const log = new UplinkLog((level, message) => lines.push(`${level}: ${message}`), () => []);
    const other = candidate('10.2.0.1', 'eth1');
    log.tell([candidate('10.1.0.1', 'eth0', { gateway }), other]);
    log.tell([candidate('10.1.0.1', 'eth0', { gateway, signalDbm: -50 }), other]);
    log.tell([candidate('10.1.0.1', 'eth0', { gateway, reach: 'gateway-silent' }), other]);
    log.tell([candidate('10.1.0.1', 'eth0', { gateway, reach: 'gateway-silent' }), other]);
    log.tell([candidate('10.1.0.1', 'eth0', { gateway }), other]);
    log.tell([{ ...other, leaving: true }]);
    log.tell([]);
    expect(lines).to.deep.equal([
      'info: own addresses: 10.1.0.1 (eth0), 10.2.0.1 (eth1)',
      'warn: the gateway 10.1.0.254 on eth0 does not answer',
      'info: the gateway 10.1.0.254 on eth0 answers again',
      'info: own addresses: 10.2.0.1 (eth1, about to go)',
      'info: no own address is left',
    ]);
  });
});

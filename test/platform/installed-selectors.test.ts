import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { DataPlaneCommand } from '../../lib/esp/data-plane.js';
import { InstalledSelectors } from '../../lib/platform/installed-selectors.js';
import { parsePrefix, prefixRange, type AddressRange } from '../../lib/util/address-range.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi } from '../../lib/util/brands.js';

const configured = [{ remote: range('192.168.2.0/24'), local: [range('192.168.1.0/24')] }];

describe('selectors that are known once a Child SA stands', () => {
  it('are protected while it stands', () => {
    const installed = new InstalledSelectors();
    expect(installed.follow([install(1, '10.1.0.1/32', '10.1.0.2/32')], configured)).to.equal(true);
    expect(installed.pairs()).to.deep.equal([{ remote: range('10.1.0.2/32'), local: [range('10.1.0.1/32')] }]);
    expect(installed.follow([{ kind: 'remove-outbound', child: childSaId(1) }], configured)).to.equal(true);
    expect(installed.pairs()).to.deep.equal([]);
  });

  it('stay through a rekey', () => {
    const installed = new InstalledSelectors();
    installed.follow([install(1, '10.1.0.1/32', '10.1.0.2/32')], configured);
    installed.follow([install(2, '10.1.0.1/32', '10.1.0.2/32'), { kind: 'remove-outbound', child: childSaId(1) }], configured);
    expect(installed.pairs()).to.have.length(1);
  });

  it('are of no interest where the configuration has them already, narrowed or not', () => {
    const installed = new InstalledSelectors();
    expect(installed.follow([install(1, '192.168.1.0/24', '192.168.2.0/24'), install(2, '192.168.1.0/24', '192.168.2.64/26')], configured)).to.equal(false);
    expect(installed.follow([{ kind: 'remove-outbound', child: childSaId(1) }], configured)).to.equal(false);
    expect(installed.pairs()).to.deep.equal([]);
  });
});

function install(child: number, local: string, remote: string): DataPlaneCommand {
  const encr = present(defaultRegistry.encrByName('aes128gcm16'), 'AES-GCM is there');
  const address = present(parseAddress('10.1.0.1'), 'an address');
  const empty = new SecretKey(new Uint8Array(0));
  return {
    kind: 'install-outbound', child: childSaId(child), spi: espSpi(1000), priority: 0, reportNewSource: false, copyDscp: false,
    keying: { encr, integ: null, encrKey: empty, integKey: empty, esn: false },
    selectors: { local: [selector(local)], remote: [selector(remote)] },
    lifetime: { softBytes: null, hardBytes: null, softPackets: null, hardPackets: null, hardAt: null },
    path: { local: { address, port: 4500 }, remote: { address, port: 4500 }, device: null },
  };
}

function selector(text: string): { range: AddressRange; protocol: number; startPort: number; endPort: number } {
  return { range: range(text), protocol: 0, startPort: 0, endPort: 65535 };
}

function range(text: string): AddressRange {
  return prefixRange(present(parsePrefix(text), 'a prefix'));
}

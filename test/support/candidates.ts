/** Own addresses as the link model would give them. */
import { networkId } from '../../lib/path/ids.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import type { LocalNetwork } from '../../lib/path/network.js';
import { addressFamily, parseAddress } from '../../lib/util/address.js';
import { prefixRange } from '../../lib/util/address-range.js';
import { present } from '../../lib/util/assert.js';

/** On a wire of its own with a default route, of prefix length 24 or 64, unless `network` says otherwise. */
export function candidate(text: string, device: string, network: Partial<LocalNetwork> = {}): LocalCandidate {
  const address = present(parseAddress(text), `${text} is an address`);
  const family = addressFamily(address);
  const length = family === 4 ? 24 : 64;
  const prefix = { address: prefixRange({ address, length }).start, length };
  const id = networkId({ interface: device, prefix, gateway: null, family });
  return {
    address,
    device,
    leaving: false,
    network: {
      id, name: null, interface: device, linkKind: 'wired', prefix, gateway: null, reach: 'beyond', family, class: 'primary', cost: 1, metered: false,
      linkMtu: 1500, signalDbm: null, ...network,
    },
  };
}

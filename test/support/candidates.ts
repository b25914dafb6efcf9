/** Own addresses as the link model would give them. */
import { networkId } from '../../lib/path/ids.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import type { LinkKind, LocalNetwork } from '../../lib/path/network.js';
import { addressFamily, parseAddress } from '../../lib/util/address.js';
import { prefixRange } from '../../lib/util/address-range.js';
import { present } from '../../lib/util/assert.js';

/**
 * On a link of its own with a default route, of prefix length 24 or 64, unless `network` says otherwise. The device's name tells the
 * kind: `wlan0` is wireless and secondary, `wwan0` mobile, metered and for backup, anything else a wire and primary.
 */
export function candidate(text: string, device: string, network: Partial<LocalNetwork> = {}, leaving = false): LocalCandidate {
  const address = present(parseAddress(text), `${text} is an address`);
  const family = addressFamily(address);
  const length = family === 4 ? 24 : 64;
  const prefix = { address: prefixRange({ address, length }).start, length };
  const id = networkId({ interface: device, prefix, gateway: null, family });
  const linkKind = kindOf(device);
  const mobile = linkKind === 'mobile';
  return {
    address,
    device,
    leaving,
    network: {
      id, name: null, interface: device, linkKind, prefix, gateway: null, reach: 'beyond', family,
      class: mobile ? 'backup' : linkKind === 'wireless' ? 'secondary' : 'primary', cost: mobile ? 10 : 1, metered: mobile,
      linkMtu: 1500, signalDbm: null, ...network,
    },
  };
}

/** An own address, in a network as its device tells, unless something else is said. */
export interface HostAddress {
  readonly address: string;
  readonly device: string;
  readonly network?: Partial<LocalNetwork>;
}

export function candidateAt({ address, device, network }: HostAddress): LocalCandidate {
  return candidate(address, device, network);
}

function kindOf(device: string): LinkKind {
  if (device.startsWith('wwan')) return 'mobile';
  return device.startsWith('wlan') ? 'wireless' : 'wired';
}

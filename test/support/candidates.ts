/** Own addresses as the platform tells of them, made up: what kind of network is behind each is told by the name of its device. */
import type { LocalCandidate } from '../../lib/path/io.js';
import type { LinkKind, LocalNetwork } from '../../lib/path/network.js';
import { parsePrefix } from '../../lib/util/address-range.js';
import { addressFamily, parseAddress, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

/** `eth0`: wired and primary; `wlan0`: wireless and secondary; `wwan0`: mobile, metered and backup. */
export function candidate(address: string, device: string, more: Partial<LocalNetwork> = {}, leaving = false): LocalCandidate {
  const own = present(parseAddress(address), address);
  return { address: own, device, network: { ...networkOf(own, device), ...more }, leaving };
}

function networkOf(address: IpAddress, device: string): LocalNetwork {
  const family = addressFamily(address);
  const prefix = family === 4 ? `${address.split('.').slice(0, 2).join('.')}.0.0/16` : `${address.split(':').slice(0, 2).join(':')}::/32`;
  const linkKind = kindOf(device);
  return {
    id: `n-${device}-${prefix}`,
    name: null,
    interface: device,
    linkKind,
    prefix: present(parsePrefix(prefix), prefix),
    gateway: null,
    family,
    class: linkKind === 'mobile' ? 'backup' : linkKind === 'wireless' ? 'secondary' : 'primary',
    cost: linkKind === 'mobile' ? 10 : 1,
    metered: linkKind === 'mobile',
    linkMtu: 1500,
    signalDbm: null,
  };
}

function kindOf(device: string): LinkKind {
  if (device.startsWith('wwan')) return 'mobile';
  return device.startsWith('wlan') ? 'wireless' : 'wired';
}

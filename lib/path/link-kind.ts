/** What kind of link this is: told by the kernel where it can, by its name where it can't. */
import type { LinkKind } from './network.js';

export interface LinkFacts {
  readonly name: string;
  /** ARPHRD number (linux/if_arp.h). */
  readonly hardware: number;
  /** IFLA_INFO_KIND, empty for real hardware. */
  readonly infoKind: string;
  /** What the driver says the device is (`wlan`, `wwan`); empty: nothing. */
  readonly deviceType: string;
  readonly mtu: number;
}

const hardware = { ethernet: 1, ppp: 512, rawIp: 519, phonet: 820, phonetPipe: 821 } as const;

/** RFC 2516 §7: Ethernet less eight octets. A modem's PPP has its 1500 and more. */
const pppoeMtu = 1492;

export function linkKindOf(facts: LinkFacts): LinkKind {
  const { name, deviceType, infoKind } = facts;
  if (deviceType === 'wlan') return 'wireless';
  if (deviceType === 'wwan' || infoKind === 'wwan' || infoKind === 'rmnet') return 'mobile';
  switch (facts.hardware) {
    case hardware.ppp:
      // Over a wire as PPPoE, or over a modem: the MTU tells, since PPPoE takes eight octets of Ethernet's.
      return facts.mtu === pppoeMtu ? 'wired' : 'mobile';
    case hardware.rawIp:
    case hardware.phonet:
    case hardware.phonetPipe:
      return infoKind === '' ? 'mobile' : 'other';
    case hardware.ethernet:
      return kindByName(name);
    default:
      return 'other';
  }
}

/** Drivers that do not say what they drive still name it, as does whoever makes a link by hand: `usb0` is a telephone that shares its network. */
function kindByName(name: string): LinkKind {
  if (/^(wlan|ath|ra)\d+$|^wl[opsx]\w+$/.test(name)) return 'wireless';
  if (/^(wwan|rmnet|usb|ppp)\d+$|^ww[opsx]\w+$/.test(name)) return 'mobile';
  return 'wired';
}

import { expect } from 'chai';
import { linkKindOf, type LinkFacts } from '../../lib/path/link-kind.js';

const ethernet = 1;
const ppp = 512;
const rawIp = 519;

describe('the kind of a link', () => {
  const cases: readonly (readonly [string, Partial<LinkFacts>, string])[] = [
    ['an Ethernet card', { name: 'enp3s0' }, 'wired'],
    ['what the driver calls Wi-Fi, whatever its name', { name: 'lan7', deviceType: 'wlan' }, 'wireless'],
    ['a Wi-Fi card that only its name tells', { name: 'wlp2s0' }, 'wireless'],
    ['a modem that says so', { name: 'enx0a1b2c3d4e5f', deviceType: 'wwan' }, 'mobile'],
    ['a modem that the kernel makes', { name: 'm0', hardware: rawIp, infoKind: 'wwan' }, 'mobile'],
    ['a modem without Ethernet headers', { name: 'x0', hardware: rawIp }, 'mobile'],
    ['a telephone that shares its network', { name: 'usb0' }, 'mobile'],
    ['PPP over Ethernet, by its eight octets less', { name: 'ppp0', hardware: ppp, mtu: 1492 }, 'wired'],
    ['PPP over a modem', { name: 'ppp0', hardware: ppp }, 'mobile'],
    ['a bridge of any name', { name: 'wlan-bridge', infoKind: 'bridge' }, 'wired'],
    ['a link made by hand and named so', { name: 'wwan0', infoKind: 'veth' }, 'mobile'],
    ['a WireGuard tunnel that is listed by hand', { name: 'wg0', hardware: 65_534, infoKind: 'wireguard' }, 'other'],
  ];
  for (const [title, facts, expected] of cases) {
    it(`is ${expected} for ${title}`, () => {
      expect(linkKindOf({ name: 'eth0', hardware: ethernet, infoKind: '', deviceType: '', mtu: 1500, ...facts })).to.equal(expected);
    });
  }
});

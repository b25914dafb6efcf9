/** The table of Child SAs: what may be installed, who sends first, and what is left after an end. */
import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { ChildSaTable } from '../../lib/esp/child-sa.js';
import type { EspKeying, InstallInbound, InstallOutbound } from '../../lib/esp/data-plane.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi, instant } from '../../lib/util/brands.js';
import { endless, networks, outer4, selector } from '../compliance/data-plane/rig.js';
import { keyingOf, plainCipher } from '../support/esp-peer.js';

const cbc = { encr: 'aes128', integ: 'sha256' };

function table(): ChildSaTable {
  return new ChildSaTable((length) => new Uint8Array(length), 0);
}

function inbound(child: number, spi: number, change: Partial<InstallInbound> = {}): InstallInbound {
  return { kind: 'install-inbound', child: childSaId(child), spi: espSpi(spi), keying: keyingOf(plainCipher, child, false), selectors: networks, lifetime: endless, replayWindow: 64, ...change };
}

function outbound(child: number, change: Partial<InstallOutbound> = {}): InstallOutbound {
  return {
    kind: 'install-outbound', child: childSaId(child), spi: espSpi(0x2000 + child), keying: keyingOf(plainCipher, child, false), selectors: networks, lifetime: endless,
    priority: 10, path: outer4, reportNewSource: false, copyDscp: false, ...change,
  };
}

function sendersOf(children: ChildSaTable): number[] {
  return children.senders.map(({ id }) => Number(id));
}

describe('the table of Child SAs', () => {
  it('takes keys that fit their algorithms, and wipes them, fitting or not', () => {
    const aead = (): EspKeying => keyingOf(plainCipher, 1, false);
    const both = (): EspKeying => keyingOf(cbc, 1, false);
    const wrong: readonly EspKeying[] = [
      { ...aead(), encrKey: new SecretKey(new Uint8Array(19).fill(1)) },
      { ...aead(), integKey: new SecretKey(new Uint8Array(1).fill(1)) },
      { ...aead(), integ: both().integ, integKey: both().integKey },
      { ...both(), integKey: new SecretKey(new Uint8Array(31).fill(1)) },
      { ...both(), integ: null, integKey: new SecretKey(new Uint8Array(0)) },
    ];
    for (const [index, keying] of wrong.entries()) {
      expect(table().installInbound(inbound(1, 0x1000, { keying })), `inbound ${index}`).to.equal(false);
      expect([...keying.encrKey.expose(), ...keying.integKey.expose()].every((octet) => octet === 0), `wiped ${index}`).to.equal(true);
    }
    expect(table().installOutbound(outbound(1, { keying: present(wrong[0], 'one') }), null)).to.equal(false);
    for (const keying of [aead(), both()]) expect(table().installInbound(inbound(1, 0x1000, { keying }))).to.equal(true);
  });

  it('has one half in each direction, and an SPI once', () => {
    const children = table();
    expect(children.installInbound(inbound(1, 0x1000))).to.equal(true);
    expect(children.installInbound(inbound(1, 0x1001)), 'another half').to.equal(false);
    expect(children.installInbound(inbound(2, 0x1000)), 'an SPI in use').to.equal(false);
    expect(children.installInbound(inbound(3, 255)), 'a reserved SPI').to.equal(false);
    expect(children.installInbound(inbound(3, 256)), 'the first that is none').to.equal(true);
    expect(children.installOutbound(outbound(1), null)).to.equal(true);
    expect(children.installOutbound(outbound(1), null), 'another half').to.equal(false);
    // The peer chose it: the same for two is its own affair.
    expect(children.installOutbound(outbound(2, { spi: espSpi(0x2001) }), null)).to.equal(true);
    expect([children.bySpi(0x1000)?.id, children.bySpi(0x1001), children.bySpi(256)?.id]).to.deep.equal([childSaId(1), undefined, childSaId(3)]);
  });

  it('forgets a child with its last half, and its SPI with the inbound one', () => {
    const children = table();
    children.installInbound(inbound(1, 0x1000));
    children.installOutbound(outbound(1), null);
    children.removeInbound(childSaId(1));
    expect([children.bySpi(0x1000), children.get(childSaId(1))?.inbound, sendersOf(children)]).to.deep.equal([undefined, null, [1]]);
    expect(children.installInbound(inbound(2, 0x1000)), 'the SPI is free').to.equal(true);
    children.removeOutbound(childSaId(1));
    expect([children.get(childSaId(1)), sendersOf(children)]).to.deep.equal([null, []]);
    children.removeInbound(childSaId(9));
    children.removeOutbound(childSaId(9));
    expect([...children.all()].map(({ id }) => id)).to.deep.equal([childSaId(2)]);
  });

  it('sends by the lowest priority, among equals by the one installed last, and by the priority of a policy as it is now', () => {
    const children = table();
    children.installOutbound(outbound(1, { priority: 20 }), null);
    children.installOutbound(outbound(2, { priority: 10 }), null);
    children.installOutbound(outbound(3, { priority: 20, policy: 'net' }), null);
    children.installOutbound(outbound(4, { priority: 99, policy: 'net' }), 10);
    expect(sendersOf(children)).to.deep.equal([4, 2, 3, 1]);
    const before = children.changes;
    children.reorder((name) => (name === 'net' ? 15 : null));
    expect(sendersOf(children)).to.deep.equal([2, 4, 3, 1]);
    children.reorder(() => null);
    expect(sendersOf(children)).to.deep.equal([2, 3, 1, 4]);
    expect(children.changes).to.equal(before + 2);
  });

  it('is selective while a sender asks for protocol or ports', () => {
    const children = table();
    children.installOutbound(outbound(1), null);
    expect(children.selectiveSenders).to.equal(false);
    children.installOutbound(outbound(2, { selectors: { local: [selector('192.168.1.0/24', 17)], remote: [selector('192.168.2.0/24')] } }), null);
    expect(children.selectiveSenders).to.equal(true);
    children.removeOutbound(childSaId(2));
    expect(children.selectiveSenders).to.equal(false);
  });

  it('keeps the place and the SPI of a child that has ended, which ends once and takes no other half', () => {
    const children = table();
    children.installInbound(inbound(1, 0x1000));
    children.installOutbound(outbound(2), null);
    const child = present(children.get(childSaId(1)), 'the child');
    expect([children.expire(child), children.expire(child)]).to.deep.equal([true, false]);
    expect(children.bySpi(0x1000)).to.equal(child);
    expect(children.installOutbound(outbound(1), null)).to.equal(false);
    expect(sendersOf(children)).to.deep.equal([2]);
    children.clear();
    expect([[...children.all()], children.bySpi(0x1000), sendersOf(children)]).to.deep.equal([[], undefined, []]);
  });

  it('knows the time that ends a child first, and asks for a rekey when either half does', () => {
    const children = table();
    children.installInbound(inbound(1, 0x1000, { lifetime: { ...endless, hardAt: instant(500) } }));
    children.installOutbound(outbound(1, { lifetime: { ...endless, hardAt: instant(400), softPackets: 1 } }), null);
    const child = present(children.get(childSaId(1)), 'the child');
    expect([child.hardAt(), child.softReached()]).to.deep.equal([400, false]);
    child.outbound?.lifetime.count(100);
    expect(child.softReached()).to.equal(true);
    children.removeOutbound(childSaId(1));
    expect([child.hardAt(), child.softReached()]).to.deep.equal([500, false]);
  });
});

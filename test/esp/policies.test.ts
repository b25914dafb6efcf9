/** The table of policies: their order, and what waits with them. */
import { expect } from 'chai';
import type { EspPolicy } from '../../lib/esp/data-plane.js';
import { heldPacketMs, maxHeldBytes, maxHeldPacketsPerPolicy } from '../../lib/esp/limits.js';
import { PacketView } from '../../lib/esp/packet-view.js';
import { PolicyTable, type PolicyEntry } from '../../lib/esp/policies.js';
import { present } from '../../lib/util/assert.js';
import { concat } from '../../lib/util/bytes.js';
import { instant } from '../../lib/util/brands.js';
import { here4, networks, policy, selector, there4 } from '../compliance/data-plane/rig.js';
import { udpPacket } from '../support/inner-packets.js';

const now = instant(1_000);
const narrow = { local: [selector('192.168.1.0/24', 17)], remote: [selector('192.168.2.0/24')] };

function tableOf(...policies: readonly EspPolicy[]): PolicyTable {
  const table = new PolicyTable();
  table.set(policies);
  return table;
}

function entryOf(table: PolicyTable, name: string): PolicyEntry {
  return present(table.entries.find((entry) => entry.policy.name === name), name);
}

function viewOf(length: number, spare = 0): PacketView {
  const view = new PacketView();
  expect(view.parse(concat(udpPacket(here4, there4, length), new Uint8Array(spare)))).to.equal(true);
  return view;
}

describe('the table of policies', () => {
  it('has the lowest priority first, and among equals the order given', () => {
    const table = tableOf(policy('c', networks, 20, true), policy('a', networks, 10, true), policy('b', networks, 10, true));
    expect(table.entries.map((entry) => entry.policy.name)).to.deep.equal(['a', 'b', 'c']);
    expect([table.priorityOf('c'), table.priorityOf('d')]).to.deep.equal([20, null]);
    expect(table.changes).to.equal(1);
    table.set([]);
    expect([table.priorityOf('c'), table.changes, table.entries.length]).to.deep.equal([null, 2, 0]);
  });

  it('is selective when any of its policies is', () => {
    expect(tableOf(policy('a', networks, 10, true)).selective).to.equal(false);
    expect(tableOf(policy('a', networks, 10, true), policy('b', narrow, 20, true)).selective).to.equal(true);
  });

  it('keeps of a packet what is its own, until its time', () => {
    const table = tableOf(policy('a', networks, 10, true), policy('b', networks, 20, true));
    const view = viewOf(100, 50);
    expect(table.nextExpiry()).to.equal(null);
    expect(table.hold(now, entryOf(table, 'b'), view, null)).to.equal(true);
    expect(table.hold(now, entryOf(table, 'a'), view, instant(now + 5))).to.equal(true);
    expect(table.nextExpiry()).to.equal(now + 5);
    expect(table.takeExpired(instant(now + 4))).to.deep.equal([]);
    expect(table.takeExpired(instant(now + 5))).to.have.length(1);
    expect(table.nextExpiry()).to.equal(now + heldPacketMs);
    expect(table.takeHeld().map(({ packet }) => packet.length)).to.deep.equal([100]);
    expect(table.takeHeld()).to.deep.equal([]);
    expect(table.nextExpiry()).to.equal(null);
  });

  it('keeps so many for each policy', () => {
    const table = tableOf(policy('a', networks, 10, true), policy('b', networks, 20, true));
    for (let n = 0; n < maxHeldPacketsPerPolicy; n++) expect(table.hold(now, entryOf(table, 'a'), viewOf(100), null)).to.equal(true);
    expect(table.hold(now, entryOf(table, 'a'), viewOf(100), null)).to.equal(false);
    expect(table.hold(now, entryOf(table, 'b'), viewOf(100), null)).to.equal(true);
  });

  it('keeps so many octets in all, and what is too old, taken or without its policy makes room', () => {
    const large = 32_768;
    const names = ['a', 'b'];
    const table = tableOf(...names.map((name) => policy(name, networks, 10, true)));
    const fill = (): number => {
      let held = 0;
      for (const name of names) while (entryOf(table, name).held.length < 20 && table.hold(now, entryOf(table, name), viewOf(large), null)) held++;
      return held;
    };
    expect(fill()).to.equal(maxHeldBytes / large);
    expect(table.hold(now, entryOf(table, 'b'), viewOf(28), null)).to.equal(false);
    expect(table.takeExpired(instant(now + heldPacketMs))).to.have.length(32);
    expect(fill()).to.equal(32);
    table.takeHeld();
    expect(fill()).to.equal(32);
    // 20 of the first are lost, the 12 of the second stay.
    expect(table.set([policy('b', networks, 10, true)])).to.equal(20);
    expect(entryOf(table, 'b').held).to.have.length(12);
    expect(table.hold(now, entryOf(table, 'b'), viewOf(large), null)).to.equal(true);
  });

  it('gives up what waits with a policy that no longer asks for an SA', () => {
    const table = tableOf(policy('a', networks, 10, true));
    table.hold(now, entryOf(table, 'a'), viewOf(100), null);
    expect(table.set([policy('a', networks, 10, false)])).to.equal(1);
    expect(table.takeHeld()).to.deep.equal([]);
  });

  it('keeps the pace of a policy that is set again', () => {
    const table = tableOf(policy('a', networks, 10, true));
    expect(entryOf(table, 'a').acquirePacer.allows(now)).to.equal(true);
    table.set([policy('a', narrow, 20, true), policy('b', networks, 20, true)]);
    expect(entryOf(table, 'a').acquirePacer.allows(now)).to.equal(false);
    expect(entryOf(table, 'b').acquirePacer.allows(now)).to.equal(true);
  });
});

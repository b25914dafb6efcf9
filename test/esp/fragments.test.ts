/** What the tracker of fragments remembers, and for how long. */
import { expect } from 'chai';
import { FragmentTracker } from '../../lib/esp/fragments.js';
import { fragmentFlowMs, heldFragmentMs, maxFragmentFlows } from '../../lib/esp/limits.js';
import { PacketView } from '../../lib/esp/packet-view.js';
import { instant } from '../../lib/util/brands.js';
import { counting, ipPacket, udp } from '../support/inner-packets.js';
import { here4, there4 } from '../compliance/data-plane/rig.js';

const now = instant(0);

function first(identification: number): PacketView {
  return viewOf(ipPacket({ from: here4, to: there4, protocol: 17, body: udp(9, 53, counting(8)), moreFragments: true, identification }));
}

function later(identification: number): PacketView {
  return viewOf(ipPacket({ from: here4, to: there4, protocol: 17, body: counting(8), fragmentOffset: 16, identification }));
}

function viewOf(packet: Uint8Array): PacketView {
  const view = new PacketView();
  expect(view.parse(packet)).to.equal(true);
  return view;
}

describe('the tracker of fragments', () => {
  it('remembers a bounded number of first fragments, those that came last', () => {
    const tracker = new FragmentTracker();
    for (let id = 0; id < maxFragmentFlows; id++) tracker.learn(now, first(id));
    tracker.learn(now, first(0));
    tracker.learn(now, first(maxFragmentFlows));
    expect([0, 1, 2, maxFragmentFlows].map((id) => tracker.recall(now, later(id)))).to.deep.equal([true, false, true, true]);
  });

  it('forgets a first fragment in time, though another was learnt again since', () => {
    const tracker = new FragmentTracker();
    tracker.learn(now, first(1));
    tracker.learn(instant(10), first(2));
    tracker.learn(instant(20), first(1));
    expect(tracker.nextExpiry()).to.equal(10 + fragmentFlowMs);
    expect(tracker.recall(instant(9 + fragmentFlowMs), later(2))).to.equal(true);
    expect(tracker.recall(instant(10 + fragmentFlowMs), later(2))).to.equal(false);
    tracker.expire(instant(10 + fragmentFlowMs));
    expect(tracker.nextExpiry()).to.equal(20 + fragmentFlowMs);
  });

  it('says when what it holds is to be given up, and how much it was', () => {
    const tracker = new FragmentTracker();
    expect(tracker.nextExpiry()).to.equal(null);
    expect(tracker.hold(now, later(1))).to.equal(true);
    expect(tracker.hold(instant(5), later(2))).to.equal(true);
    expect(tracker.nextExpiry()).to.equal(heldFragmentMs);
    expect(tracker.expire(instant(heldFragmentMs))).to.equal(1);
    expect(tracker.nextExpiry()).to.equal(5 + heldFragmentMs);
    expect(tracker.learn(instant(heldFragmentMs), first(2))).to.have.length(1);
    expect(tracker.expire(instant(1e6))).to.equal(0);
  });
});

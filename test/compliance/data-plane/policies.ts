/** What happens to a packet that has a policy but no SA, or not even that (RFC 4301 §5.1): it never leaves in clear. */
import { expect } from 'chai';
import type { DataPlaneCommand, EspSelectors } from '../../../lib/esp/data-plane.js';
import { counting, ipPacket, sumOf, udpPacket } from '../../support/inner-packets.js';
import { here4, here6, ip, networks, only, outer4, policy, Rig, selector, there4, there6, type DataPlaneKind } from './rig.js';

const set = (...policies: readonly ReturnType<typeof policy>[]): DataPlaneCommand => ({ kind: 'set-policies', policies });
const packet = udpPacket(here4, there4, 100);

/** RFC 1812 §5.2.7.1 code 13, RFC 4443 §3.1 code 1. */
function isProhibited(answer: Uint8Array): boolean {
  return (answer[0] ?? 0) >> 4 === 4 ? answer[20] === 3 && answer[21] === 13 : answer[40] === 1 && answer[41] === 1;
}

export function testPolicies(kind: DataPlaneKind): void {
  describe('policies', () => {
    testRefusal(kind);
    testAcquire(kind);
    testHolding(kind);
    testOrder(kind);
    testMany(kind);
  });
}

function testRefusal(kind: DataPlaneKind): void {
  for (const [name, commands] of [['no policy', []], ['a policy without SA', [set(policy('sun/net', networks, 10, false))]]] as const) {
    it(`refuse with ICMP a packet that has ${name}`, async () => {
      const rig = new Rig(kind);
      rig.plane.apply(commands);
      for (const one of [packet, udpPacket(here6, there6, 100)]) {
        rig.plane.tunPacket(one);
        const { sent, written, events } = await rig.plane.outputs();
        expect(sent).to.deep.equal([]);
        expect(events).to.deep.equal([]);
        expect(isProhibited(only(written))).to.equal(true);
        if (one === packet) expect(sumOf(only(written).subarray(20))).to.equal(0xffff);
      }
      expect(rig.plane.counters().dropped['no-sa']).to.equal(2);
    });
  }
}

function testAcquire(kind: DataPlaneKind): void {
  it('ask for an SA with the packet as selector, once a second', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(packet);
    rig.plane.tunPacket(udpPacket(here6, there6, 100));
    const local = { range: { start: here4, end: here4 }, protocol: 17, startPort: 1000, endPort: 1000 };
    const remote = { range: { start: there4, end: there4 }, protocol: 17, startPort: 2000, endPort: 2000 };
    const { events, written } = await rig.plane.outputs();
    expect(events).to.deep.equal([{ kind: 'acquire', policy: 'sun/net', local, remote }]);
    expect(written).to.deep.equal([]);
    await rig.plane.advance(999);
    rig.plane.tunPacket(packet);
    expect(await rig.events()).to.deep.equal([]);
    await rig.plane.advance(1);
    rig.plane.tunPacket(packet);
    expect((await rig.events()).map((event) => event.kind)).to.deep.equal(['acquire']);
  });

  it('ask for each of several policies on its own', async () => {
    const rig = new Rig(kind);
    const other: EspSelectors = { local: [selector('192.168.1.0/24')], remote: [selector('192.168.3.0/24')] };
    rig.plane.apply([set(policy('sun/net', networks, 10, true), policy('sun/other', other, 20, true))]);
    rig.plane.tunPacket(packet);
    rig.plane.tunPacket(udpPacket(here4, ip('192.168.3.1'), 100));
    expect((await rig.events()).map((event) => event.kind === 'acquire' && event.policy)).to.deep.equal(['sun/net', 'sun/other']);
  });

  it('ask for nothing on behalf of what stays on one link', async () => {
    const rig = new Rig(kind);
    const all = [selector('0.0.0.0/0'), selector('::/0')];
    rig.plane.apply([set(policy('sun/all', { local: all, remote: all }, 10, true))]);
    rig.plane.tunPacket(udpPacket(here4, ip('224.0.0.22'), 60));
    rig.plane.tunPacket(udpPacket(ip('169.254.1.1'), there4, 60));
    rig.plane.tunPacket(udpPacket(ip('fe80::1'), ip('ff02::16'), 60));
    rig.plane.tunPacket(udpPacket(here6, ip('ff02::2'), 60));
    rig.plane.tunPacket(udpPacket(here6, ip('fe80::2'), 60));
    expect(await rig.events()).to.deep.equal([]);
    expect(rig.plane.counters().dropped['no-sa']).to.equal(5);
    rig.plane.tunPacket(udpPacket(here6, ip('ff05::2'), 60));
    rig.plane.tunPacket(udpPacket(here4, ip('224.0.1.1'), 60));
    expect((await rig.events()).map((event) => event.kind)).to.deep.equal(['acquire']);
  });

  it('ask with any port for a protocol that has none', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(ipPacket({ from: here4, to: there4, protocol: 47, body: counting(20) }));
    const event = only(await rig.events());
    expect(event.kind === 'acquire' && [event.local.protocol, event.local.startPort, event.local.endPort]).to.deep.equal([47, 0, 65_535]);
  });
}

function testHolding(kind: DataPlaneKind): void {
  it('hold packets until the SA is there, then send them in order', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    for (let length = 100; length < 110; length++) rig.plane.tunPacket(udpPacket(here4, there4, length));
    const child = rig.install();
    const sent = await rig.sent();
    expect(sent.map((one) => child.peer.open(one.bytes)?.payload.length)).to.deep.equal([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
    expect(sent[0]?.path).to.deep.equal(outer4);
    rig.plane.tunPacket(packet);
    expect(child.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(11);
  });

  it('hold a bounded number and drop the rest', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    for (let i = 0; i < 1_000; i++) rig.plane.tunPacket(packet);
    const dropped = rig.plane.counters().dropped['queue-full'];
    expect(dropped).to.be.within(700, 999);
    rig.install();
    expect(await rig.sent()).to.have.length(1_000 - dropped);
  });

  it('hold on only to what an SA that came does not fit', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(packet);
    rig.plane.tunPacket(udpPacket(here6, there6, 100));
    await rig.plane.outputs();
    await rig.plane.advance(2_000);
    rig.install({ selectors: { local: [selector('fd01::/64')], remote: [selector('fd02::/64')] } });
    const first = await rig.plane.outputs();
    expect(first.sent).to.have.length(1);
    // That a packet is still held is no news.
    expect(first.events).to.deep.equal([]);
    rig.install();
    expect(await rig.sent()).to.have.length(1);
  });

  it('give up what waited too long, with ICMP', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(packet);
    await rig.plane.advance(60_000);
    expect(isProhibited(only(await rig.written()))).to.equal(true);
    rig.install();
    expect(await rig.sent()).to.deep.equal([]);
    expect(rig.plane.counters().dropped['no-sa']).to.equal(1);
  });

  it('keep what they hold when they are set again, and drop it with the policy', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(packet);
    rig.plane.apply([set(policy('moon/net', networks, 5, false), policy('sun/net', networks, 10, true))]);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.plane.tunPacket(packet);
    rig.plane.apply([set()]);
    rig.install();
    expect(await rig.sent()).to.deep.equal([]);
    expect(rig.plane.counters().dropped['no-sa']).to.equal(2);
  });
}

function testOrder(kind: DataPlaneKind): void {
  const host: EspSelectors = { local: [selector('192.168.1.0/24')], remote: [selector('192.168.2.20/32')] };

  it('send a packet by the SA of lowest priority that fits', async () => {
    const rig = new Rig(kind);
    const wide = rig.install({ priority: 20 });
    const narrow = rig.install({ priority: 10, selectors: host });
    rig.install({ priority: 30 });
    rig.plane.tunPacket(packet);
    rig.plane.tunPacket(udpPacket(here4, ip('192.168.2.21'), 100));
    const [first, second] = await rig.sent();
    expect(narrow.peer.open(first?.bytes ?? counting(0))?.sequence).to.equal(1);
    expect(wide.peer.open(second?.bytes ?? counting(0))?.sequence).to.equal(1);
  });

  it('do not let a later SA carry what an earlier policy protects', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/host', host, 5, false), policy('sun/net', networks, 10, false))]);
    rig.install({ priority: 10 });
    rig.plane.tunPacket(packet);
    rig.plane.tunPacket(udpPacket(here4, ip('192.168.2.21'), 100));
    const { sent, written } = await rig.plane.outputs();
    expect(sent).to.have.length(1);
    expect(isProhibited(only(written))).to.equal(true);
  });

  it('lend their order to the SAs that are for them, as it is now', async () => {
    const rig = new Rig(kind);
    const [office, all] = [policy('office/net', host, 0, false), policy('exit/all', networks, 1, false)];
    rig.plane.apply([set(office, all)]);
    const narrow = rig.install({ selectors: host, policy: 'office/net', priority: 0 });
    const wide = rig.install({ policy: 'exit/all', priority: 0 });
    const carrier = async (): Promise<number> => {
      rig.plane.tunPacket(packet);
      return new DataView(only(await rig.sent()).bytes.slice().buffer).getUint32(0);
    };
    expect(await carrier()).to.equal(narrow.spiOut);
    rig.plane.apply([set({ ...all, priority: 0 }, { ...office, priority: 1 })]);
    expect(await carrier()).to.equal(wide.spiOut);
    rig.plane.apply([set(office, all)]);
    expect(await carrier()).to.equal(narrow.spiOut);
    // Without policies both have their own priority, and the one installed last goes first.
    rig.plane.apply([set()]);
    expect(await carrier()).to.equal(wide.spiOut);
  });

  it('give way to an SA of the same priority', async () => {
    const rig = new Rig(kind);
    rig.plane.apply([set(policy('sun/net', networks, 10, true))]);
    rig.install({ priority: 10 });
    rig.plane.tunPacket(packet);
    expect(await rig.sent()).to.have.length(1);
    expect(await rig.events()).to.deep.equal([]);
  });
}

/** Many SAs, so that whatever shortcut a plane takes for flows it knows is taken, and must be given up when things change. */
function testMany(kind: DataPlaneKind): void {
  const one = (n: number): EspSelectors => ({ local: [selector('192.168.1.0/24')], remote: [selector(`10.${n >> 8}.${n & 255}.0/24`)] });

  it('find among many SAs the right one for each flow, again and again, as they come and go', async () => {
    const rig = new Rig(kind);
    const children = Array.from({ length: 300 }, (_, n) => rig.install({ selectors: one(n), priority: n }));
    for (let round = 0; round < 2; round++) {
      for (const [n, child] of children.entries()) rig.plane.tunPacket(udpPacket(here4, ip(`10.${n >> 8}.${n & 255}.7`), 60 + (child.spiOut & 7)));
    }
    const spis = (await rig.sent()).map((sent) => new DataView(sent.bytes.buffer, sent.bytes.byteOffset).getUint32(0));
    expect(spis).to.deep.equal([...children, ...children].map((child) => child.spiOut));
    const fresh = rig.install({ selectors: one(7), priority: 7 });
    rig.plane.tunPacket(udpPacket(here4, ip('10.0.7.7'), 100));
    expect(fresh.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(1);
    rig.plane.apply([{ kind: 'remove-outbound', child: fresh.id }]);
    rig.plane.tunPacket(udpPacket(here4, ip('10.0.7.7'), 100));
    expect(children[7]?.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(3);
    rig.plane.apply([set(policy('sun/first', one(7), 0, false))]);
    rig.plane.tunPacket(udpPacket(here4, ip('10.0.7.7'), 100));
    expect(await rig.sent()).to.deep.equal([]);
  });
}

/** Fragments of inner packets under selectors with ports (RFC 4301 §7): they follow their first fragment, or don't pass. */
import { expect } from 'chai';
import type { EspSelectors } from '../../../lib/esp/data-plane.js';
import { toHex } from '../../../lib/util/bytes.js';
import { counting, ipPacket, udp } from '../../support/inner-packets.js';
import { here4, here6, only, Rig, selector, there4, there6, type DataPlaneKind, type RigChild } from './rig.js';

const dns: EspSelectors = {
  local: [selector('192.168.1.0/24', 17), selector('fd01::/64', 17)],
  remote: [selector('192.168.2.0/24', 17, 53, 53), selector('fd02::/64', 17, 53, 53)],
};

type Direction = 'in' | 'out';

export function testFragments(kind: DataPlaneKind): void {
  describe('fragments', () => {
    for (const direction of ['out', 'in'] as const) {
      for (const family of [4, 6] as const) describe(`of IPv${family}, ${direction}bound`, () => testDirection(kind, direction, family));
    }
    testBounds(kind);
  });
}

interface Pieces {
  readonly first: Uint8Array;
  readonly middle: Uint8Array;
  readonly last: Uint8Array;
}

function piecesOf(direction: Direction, family: 4 | 6, port: number, identification = 7): Pieces {
  const [here, there] = family === 4 ? [here4, there4] : [here6, there6];
  const [from, to] = direction === 'out' ? [here, there] : [there, here];
  const common = { from, to, protocol: 17, identification };
  const ports = direction === 'out' ? [9, port] as const : [port, 9] as const;
  return {
    first: ipPacket({ ...common, body: udp(ports[0], ports[1], counting(24)), moreFragments: true }),
    middle: ipPacket({ ...common, body: counting(16), fragmentOffset: 32, moreFragments: true }),
    last: ipPacket({ ...common, body: counting(9), fragmentOffset: 48 }),
  };
}

/** What comes out at the other side, in order. */
async function through(rig: Rig, child: RigChild, direction: Direction, ...packets: readonly Uint8Array[]): Promise<readonly string[]> {
  for (const packet of packets) {
    if (direction === 'out') rig.plane.tunPacket(packet);
    else rig.receive(child.peer.seal(packet));
  }
  const { sent, written } = await rig.plane.outputs();
  return direction === 'in' ? written.map(toHex) : sent.map((one) => toHex(child.peer.open(one.bytes)?.payload ?? counting(0)));
}

function testDirection(kind: DataPlaneKind, direction: Direction, family: 4 | 6): void {
  it('pass after a first one that may pass', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const { first, middle, last } = piecesOf(direction, family, 53);
    expect(await through(rig, child, direction, first, middle, last)).to.deep.equal([first, middle, last].map(toHex));
  });

  it('pass when they overtake the first one', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const { first, middle, last } = piecesOf(direction, family, 53);
    expect(await through(rig, child, direction, last, middle)).to.deep.equal([]);
    expect(await through(rig, child, direction, first)).to.deep.equal([first, last, middle].map(toHex));
  });

  it('do not pass when the first one must not', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const { first, middle, last } = piecesOf(direction, family, 54);
    expect(await through(rig, child, direction, last, first, middle)).to.deep.equal([]);
    const { dropped } = rig.plane.counters();
    expect(dropped['selector-mismatch'] + dropped['no-sa']).to.equal(3);
  });

  it('do not pass on the strength of another packet', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const { first } = piecesOf(direction, family, 53, 7);
    const { middle, last } = piecesOf(direction, family, 53, 8);
    expect(await through(rig, child, direction, first, middle, last)).to.deep.equal([toHex(first)]);
  });

  it('are judged by the first one that came last', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const allowed = piecesOf(direction, family, 53);
    const denied = piecesOf(direction, family, 54);
    expect(await through(rig, child, direction, allowed.first, denied.first, allowed.last)).to.deep.equal([toHex(allowed.first)]);
  });

  it('are no longer waited for after a while', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const { first, last } = piecesOf(direction, family, 53);
    expect(await through(rig, child, direction, last)).to.deep.equal([]);
    await rig.plane.advance(5_000);
    await rig.plane.outputs();
    expect(await through(rig, child, direction, first)).to.deep.equal([toHex(first)]);
    await rig.plane.advance(60_000);
    expect(await through(rig, child, direction, last)).to.deep.equal([]);
  });

  it('need no tracking where neither protocol nor port is asked for', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    const { middle, last } = piecesOf(direction, family, 54);
    expect(await through(rig, child, direction, last, middle)).to.deep.equal([last, middle].map(toHex));
  });

  it('fit OPAQUE without their first one', async () => {
    const rig = new Rig(kind);
    const opaque = (prefix: string): ReturnType<typeof selector> => selector(prefix, 17, 65_535, 0);
    const selectors = { local: [opaque('192.168.1.0/24'), opaque('fd01::/64')], remote: [opaque('192.168.2.0/24'), opaque('fd02::/64')] };
    const child = rig.install({ selectors });
    const { first, middle, last } = piecesOf(direction, family, 53);
    expect(await through(rig, child, direction, last, first, middle)).to.deep.equal([last, middle].map(toHex));
  });
}

function testBounds(kind: DataPlaneKind): void {
  it('that wait are bounded in number, and the room comes back', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    for (let id = 0; id < 5_000; id++) rig.receive(child.peer.seal(piecesOf('in', 4, 53, id).last));
    expect(await rig.written()).to.deep.equal([]);
    const dropped = rig.plane.counters().dropped['selector-mismatch'];
    expect(dropped).to.be.within(4_000, 4_999);
    await rig.plane.advance(5_000);
    expect(rig.plane.counters().dropped['selector-mismatch']).to.equal(5_000);
    const { first, last } = piecesOf('in', 4, 53, 3);
    expect(await through(rig, child, 'in', last, first)).to.deep.equal([first, last].map(toHex));
  });

  it('may wait and go on again and again', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    for (let id = 0; id < 200; id++) {
      const { first, last } = piecesOf('in', 4, 53, id);
      const long = ipPacket({ from: there4, to: here4, protocol: 17, identification: id, body: counting(1_400), fragmentOffset: 48 });
      expect(await through(rig, child, 'in', long, last, first), `packet ${id}`).to.deep.equal([first, long, last].map(toHex));
    }
  });

  it('of one child tell nothing about those of another', async () => {
    const rig = new Rig(kind);
    const one = rig.install({ selectors: dns });
    const other = rig.install({ selectors: dns });
    const { first, last } = piecesOf('in', 4, 53);
    expect(await through(rig, one, 'in', first)).to.have.length(1);
    expect(await through(rig, other, 'in', last)).to.deep.equal([]);
    expect(await through(rig, one, 'in', last)).to.deep.equal([toHex(last)]);
  });

  it('take an IPv6 atomic fragment for the whole packet it is', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const atomic = ipPacket({ from: here6, to: there6, protocol: 17, body: udp(9, 53, counting(4)), fragmentOffset: 0 });
    expect(only(await through(rig, child, 'out', atomic))).to.equal(toHex(atomic));
  });

  it('find their protocol by their first one where it lies behind extension headers', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ selectors: dns });
    const options = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
    const common = { from: here6, to: there6, protocol: 60, identification: 99 };
    const first = ipPacket({ ...common, body: Uint8Array.from([...options, ...udp(9, 53, counting(8))]), moreFragments: true });
    const last = ipPacket({ ...common, body: counting(8), fragmentOffset: 24 });
    expect(await through(rig, child, 'out', last, first)).to.deep.equal([first, last].map(toHex));
  });
}

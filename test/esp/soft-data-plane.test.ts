/** The TypeScript data plane: the compliance suite, and what only its driver sees. */
import { expect } from 'chai';
import { instant } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { SoftDataPlane } from '../../lib/esp/soft-data-plane.js';
import { dataPlaneCompliance } from '../compliance/data-plane-compliance.js';
import { here4, innerHost, outer4, Rig, there4 } from '../compliance/data-plane/rig.js';
import { udpPacket } from '../support/inner-packets.js';
import { softPlane, SoftPlaneUnderTest } from '../support/soft-plane.js';

dataPlaneCompliance(softPlane);

describe('the TypeScript data plane and its driver', () => {
  const socket = { local: outer4.local, device: 'eth0' } as const;

  it('opens each socket once and closes it once', () => {
    const plane = new SoftPlaneUnderTest(innerHost, 0);
    plane.apply([{ kind: 'open-socket', ...socket }, { kind: 'open-socket', ...socket }, { kind: 'open-socket', local: socket.local, device: null }]);
    plane.apply([{ kind: 'close-socket', ...socket }, { kind: 'close-socket', ...socket }]);
    expect(plane.sockets).to.deep.equal([
      { kind: 'open-socket', ...socket }, { kind: 'open-socket', local: socket.local, device: null }, { kind: 'close-socket', ...socket },
    ]);
  });

  it('closes every open socket when it is closed', () => {
    const plane = new SoftPlaneUnderTest(innerHost, 0);
    plane.apply([{ kind: 'open-socket', ...socket }]);
    plane.close();
    expect(plane.sockets.at(-1)).to.deep.equal({ kind: 'close-socket', ...socket });
    expect(plane.wakeAt).to.equal(null);
  });

  it('reports a socket error once a second for each socket, and counts each packet lost', async () => {
    const plane = new SoftPlaneUnderTest(innerHost, 0);
    const error = { kind: 'socket-error', local: outer4.local, remote: outer4.remote, device: null, errno: 'ENETUNREACH', packetLost: true } as const;
    const event = { kind: 'socket-error', local: outer4.local, remote: outer4.remote, device: null, errno: 'ENETUNREACH' };
    for (let i = 0; i < 5; i++) plane.input(error);
    plane.input({ ...error, device: 'lte0', packetLost: false });
    expect((await plane.outputs()).events).to.deep.equal([event, { ...event, device: 'lte0' }]);
    await plane.advance(1_000);
    plane.input(error);
    expect((await plane.outputs()).events).to.deep.equal([event]);
    expect(plane.counters().dropped['send-failed']).to.equal(6);
  });

  it('never decrypts in the octets that it was given, nor changes those of the TUN device', async () => {
    const rig = new Rig(softPlane);
    const child = rig.install();
    const packet = udpPacket(here4, there4, 80);
    const sealed = child.peer.seal(udpPacket(there4, here4, 80));
    const forged = sealed.map((octet, i) => (i === sealed.length - 1 ? octet ^ 1 : octet));
    const before = [packet, forged, sealed].map(toHex);
    rig.plane.tunPacket(packet);
    for (const bytes of [forged, sealed, sealed]) rig.receive(bytes);
    expect((await rig.plane.outputs()).written).to.have.length(1);
    expect([packet, forged, sealed].map(toHex)).to.deep.equal(before);
  });

  it('asks to be woken only while there is something to do', () => {
    const plane = new SoftPlaneUnderTest(innerHost, 0);
    plane.apply([]);
    expect(plane.wakeAt).to.equal(null);
  });

  it('takes an input before its outputs are drained for the mistake it is', () => {
    const machine = new SoftDataPlane({ host: innerHost, random: (length) => new Uint8Array(length) });
    machine.handleInput(instant(0), { kind: 'wake' });
    expect(() => machine.handleInput(instant(0), { kind: 'wake' })).to.throw('drained');
  });
});

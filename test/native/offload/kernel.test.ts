import { expect } from 'chai';
import { counting } from '../../support/inner-packets.js';
import { skipBecause } from '../../support/skip.js';
import { whyNoNamespaces } from '../namespaces.js';
import { OffloadProgram } from './program.js';
import { superPacketOf, tcpFlag, type PacketSpec } from './segments.js';

const { ack, psh, fin, cwr, ece } = tcpFlag;

const packets: Readonly<Record<string, readonly [PacketSpec, number]>> = {
  'TCP over IPv4': [{ payload: counting(10_000), id: 0xfffc, sequence: 0xfffffff0 }, 1400],
  'TCP over IPv6': [{ version: 6, payload: counting(10_000) }, 1400],
  'UDP over IPv4': [{ protocol: 'udp', payload: counting(10_000), id: 5 }, 1400],
  'UDP over IPv6': [{ protocol: 'udp', version: 6, payload: counting(10_000) }, 1400],
  'flags and options': [{ payload: counting(5000), flags: ack | psh | fin | cwr | ece, options: counting(12).fill(1), tos: 0xba, window: 7, urgent: 3 }, 1000],
  'no end of segments': [{ payload: counting(5000) }, 88],
  'one segment': [{ payload: counting(500), flags: ack | psh }, 500],
};

describe('the splitter beside the kernel', function () {
  this.timeout(60_000);
  let program: OffloadProgram | null = null;

  before(function () {
    const reason = whyNoNamespaces();
    if (reason !== null) skipBecause(this, reason);
    program = new OffloadProgram('ip link set lo up');
  });

  after(() => program?.close());

  for (const [what, [spec, gsoSize]] of Object.entries(packets)) {
    it(`cuts ${what} into the same packets`, async () => {
      const { header, packet } = superPacketOf({ ttl: 64, ...spec }, gsoSize);
      const forwarded = superPacketOf({ ttl: 63, ...spec }, gsoSize);
      const found = await program?.kernel(header, packet);
      // The kernel's own first words on a new IPv6 interface are not ours.
      expect(found?.filter((one) => one[0] !== 0x60 || one[6] === packet[6])).to.deep.equal(await program?.split(forwarded.header, forwarded.packet));
    });
  }
});

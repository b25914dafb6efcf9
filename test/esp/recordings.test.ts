/** ESP packets recorded between mhtun and strongSwan, through the TypeScript data plane at either end. */
import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { createProtection } from '../../lib/crypto/protection.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { DataPlaneCommand } from '../../lib/esp/data-plane.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { espHeaderBytes } from '../../lib/wire/esp-packet.js';
import { knownSelectors } from '../../lib/wire/payloads/ts.js';
import { endless, innerHost } from '../compliance/data-plane/rig.js';
import { providers } from '../support/providers.js';
import { readRecording, recordingNames, replay, type RecordedChildSa, type RecordedDatagram, type Recording, type Speaker } from '../support/recording.js';
import { softPlane } from '../support/soft-plane.js';

const nothing = new Uint8Array(0);

for (const name of recordingNames) {
  describe(`The recorded ESP packets of ${name}`, () => {
    const recording = readRecording(name);

    for (const receiver of ['mhtun', 'strongswan'] as const) {
      it(`are opened by a data plane with the keys of ${receiver}`, async () => {
        const plane = softPlane.create(innerHost, 0);
        plane.apply(replay(recording, defaultRegistry).childSas.map((child, index) => installInbound(child, receiver, index + 1)));
        const packets = espPackets(recording).filter(({ by }) => by !== receiver);
        for (const { from, to, esp } of packets) plane.datagram({ local: to, remote: from, device: null }, esp, 0);
        const { written } = await plane.outputs();
        expect(packets).not.to.have.length(0);
        expect(written).to.have.length(packets.length);
        // Pings: IPv4, ICMP, and an echo request or its reply.
        for (const packet of written) expect([(packet[0] ?? 0) >> 4, packet[9], (packet[20] ?? 0) & ~8]).to.deep.equal([4, 1, 0]);
        plane.close();
      });
    }

    for (const { name: provider, registry } of providers) {
      it(`are sealed to the same octets under the same IVs over ${provider}`, () => {
        const children = replay(recording, registry).childSas;
        for (const { esp } of espPackets(recording)) {
          const spi = toHex(esp.subarray(0, 4));
          const child = present(children.find(({ spiI, spiR }) => spi === spiI || spi === spiR), `a Child SA ${spi}`);
          const [encrKey, integKey] = keysUnder(child, spi === child.spiI);
          const protection = createProtection(child.suite.encr, child.suite.integ, encrKey, integKey);
          const header = esp.subarray(0, espHeaderBytes);
          const iv = esp.subarray(espHeaderBytes, espHeaderBytes + protection.ivBytes);
          const sealed = esp.subarray(espHeaderBytes + protection.ivBytes);
          const plaintext = present(protection.open(iv, header, sealed, nothing), 'an authentic packet');
          expect(toHex(protection.seal(iv, header, plaintext, nothing))).to.equal(toHex(sealed));
        }
      });
    }
  });
}

function espPackets(recording: Recording): (RecordedDatagram & { readonly esp: Uint8Array })[] {
  return recording.datagrams.flatMap((datagram) => ('esp' in datagram ? [datagram] : []));
}

/** What the initiator receives is sealed with the responder's keys. */
function keysUnder({ keys }: RecordedChildSa, toInitiator: boolean): readonly [Uint8Array, Uint8Array] {
  return toInitiator ? [keys.encrResponder, keys.integResponder] : [keys.encrInitiator, keys.integInitiator];
}

function installInbound(child: RecordedChildSa, receiver: Speaker, id: number): DataPlaneCommand {
  const isInitiator = child.initiator === receiver;
  const [encrKey, integKey] = keysUnder(child, isInitiator);
  const [tsI, tsR] = [knownSelectors(child.tsI), knownSelectors(child.tsR)];
  const { encr, integ, esn } = child.suite;
  return {
    kind: 'install-inbound', child: childSaId(id), spi: espSpi(Number.parseInt(isInitiator ? child.spiI : child.spiR, 16)),
    keying: { encr, integ, encrKey: new SecretKey(encrKey), integKey: new SecretKey(integKey), esn },
    selectors: isInitiator ? { local: tsI, remote: tsR } : { local: tsR, remote: tsI }, lifetime: endless, replayWindow: 64,
  };
}

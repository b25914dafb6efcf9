/** Keys end with their SA: however it ends, the cipher of each direction is wiped. */
import { expect } from 'chai';
import type { EncrAlgorithm } from '../../lib/crypto/algorithm.js';
import { SecretKey } from '../../lib/crypto/key.js';
import type { DataPlaneCommand, EspLifetime } from '../../lib/esp/data-plane.js';
import { childSaId, espSpi } from '../../lib/util/brands.js';
import { endless, here4, innerHost, networks, outer4, there4 } from '../compliance/data-plane/rig.js';
import { udpPacket } from '../support/inner-packets.js';
import { SoftPlaneUnderTest } from '../support/soft-plane.js';

/** A cipher that encrypts nothing and counts how often it is wiped. */
class CountedWipes {
  wiped = 0;
  readonly algorithm: EncrAlgorithm = {
    name: 'counted', transformId: 0, keyLengthBits: null, keymatBytes: 4, ivBytes: 8, blockBytes: 4, aead: true, icvBytes: 16,
    create: () => ({
      seal: (_iv, _aad, plaintext) => Uint8Array.from([...plaintext, ...new Uint8Array(16)]),
      sealInto: (_iv, _aad, plaintext, target, at) => target.set(plaintext, at),
      open: () => null,
      wipe: () => {
        this.wiped++;
      },
    }),
  };
}

const child = childSaId(1);

function installed(lifetime: EspLifetime = endless): { readonly plane: SoftPlaneUnderTest; readonly cipher: CountedWipes } {
  const plane = new SoftPlaneUnderTest(innerHost, 0);
  const cipher = new CountedWipes();
  const keying = (): Extract<DataPlaneCommand, { readonly kind: 'install-inbound' }>['keying'] =>
    ({ encr: cipher.algorithm, integ: null, encrKey: new SecretKey(new Uint8Array(4)), integKey: new SecretKey(new Uint8Array(0)), esn: false });
  plane.apply([
    { kind: 'install-inbound', child, spi: espSpi(0x1000), keying: keying(), selectors: networks, lifetime: endless, replayWindow: 64 },
    {
      kind: 'install-outbound', child, spi: espSpi(0x2000), keying: keying(), selectors: networks, lifetime, priority: 1, path: outer4,
      reportNewSource: false, copyDscp: false,
    },
  ]);
  return { plane, cipher };
}

describe('keys', () => {
  it('are wiped one direction at a time as each is removed', () => {
    const { plane, cipher } = installed();
    plane.apply([{ kind: 'remove-inbound', child }]);
    expect(cipher.wiped).to.equal(1);
    plane.apply([{ kind: 'remove-outbound', child }]);
    expect(cipher.wiped).to.equal(2);
  });

  it('of both directions are wiped when one meets its hard limit', () => {
    const { plane, cipher } = installed({ ...endless, hardPackets: 1 });
    plane.tunPacket(udpPacket(here4, there4, 60));
    expect(cipher.wiped).to.equal(0);
    plane.tunPacket(udpPacket(here4, there4, 60));
    expect(cipher.wiped).to.equal(2);
  });

  it('of every SA are wiped when the plane is closed', () => {
    const { plane, cipher } = installed();
    plane.close();
    expect(cipher.wiped).to.equal(2);
  });
});

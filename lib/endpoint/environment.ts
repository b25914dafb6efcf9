/** What every IKE SA of the endpoint is given: chance, algorithms, the peers, numbers that nobody else has, and the settings as they are now. */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import { eapEnds } from '../eap/ends.js';
import { FragmentRoom } from '../ike/fragmentation.js';
import type { IkeEnvironment, IkeSettings } from '../ike/io.js';
import type { LeaseOffice } from '../ike/lease.js';
import type { OwnAddress, PeerDirectory } from '../ike/peer.js';
import { childSaId, type EspSpi, type IkeSpi } from '../util/brands.js';
import { GuessLimits } from './guess-limits.js';
import { drawEspSpi, drawIkeSpi } from './spi-choice.js';

export interface Surroundings {
  readonly random: RandomBytes;
  readonly registry: Registry;
  readonly keyLog: IkeEnvironment['keyLog'];
  readonly endpointId: Uint8Array;
  readonly directory: PeerDirectory;
  readonly leases: LeaseOffice;
  /** Read anew each time: a reload may change them. */
  settings(): IkeSettings;
  ownAddresses(): readonly OwnAddress[];
  /** An IKE SA has this SPI. */
  isTaken(spi: IkeSpi): boolean;
  /** A Child SA receives on this SPI. */
  isTakenInbound(spi: EspSpi): boolean;
}

/** EAP at either end, and a memory of who guessed. */
export function eapSurroundings(): Pick<IkeEnvironment, 'eap' | 'guesses'> {
  return { eap: eapEnds, guesses: new GuessLimits() };
}

export function environmentOf(from: Surroundings): IkeEnvironment {
  let lastChild = 0;
  return {
    random: from.random,
    registry: from.registry,
    directory: from.directory,
    keyLog: from.keyLog,
    endpointId: from.endpointId,
    leases: from.leases,
    ...eapSurroundings(),
    fragmentRoom: new FragmentRoom(),
    get settings() {
      return from.settings();
    },
    ownAddresses: () => from.ownAddresses(),
    allocateIkeSpi: () => drawIkeSpi(from.random, (spi) => from.isTaken(spi)),
    allocateChild: () => ({ id: childSaId(++lastChild), spi: drawEspSpi(from.random, (spi) => from.isTakenInbound(spi)) }),
  };
}

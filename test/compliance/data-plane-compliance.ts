/** One suite for every data plane: what `lib/esp/data-plane.ts` promises, seen only from outside. */
import { testCongestion } from './data-plane/congestion.js';
import { testEarly } from './data-plane/early.js';
import { testFragments } from './data-plane/fragments.js';
import { testHostile } from './data-plane/hostile.js';
import { testIke } from './data-plane/ike.js';
import { testLifetimes } from './data-plane/lifetimes.js';
import { testMtu } from './data-plane/mtu.js';
import { testPackets } from './data-plane/packets.js';
import { testPolicies } from './data-plane/policies.js';
import { testRekey } from './data-plane/rekey.js';
import { testReplay } from './data-plane/replay.js';
import { testReports } from './data-plane/reports.js';
import type { DataPlaneKind } from './data-plane/rig.js';
import { testSelectors } from './data-plane/selectors.js';
import { testWatch } from './data-plane/watch.js';

/** Defines the tests; call it once in a test file. */
export function dataPlaneCompliance(kind: DataPlaneKind): void {
  describe(`${kind.name} complies`, () => {
    testPackets(kind);
    testReplay(kind);
    testLifetimes(kind);
    testSelectors(kind);
    testFragments(kind);
    testCongestion(kind);
    testMtu(kind);
    testPolicies(kind);
    testRekey(kind);
    testEarly(kind);
    testReports(kind);
    testWatch(kind);
    testIke(kind);
    testHostile(kind);
  });
}

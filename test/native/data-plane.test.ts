/** The native data plane: the compliance suite, twice. */
import { dataPlaneCompliance } from '../compliance/data-plane-compliance.js';
import { nativePlane } from '../support/native-plane.js';

dataPlaneCompliance(nativePlane(false));
dataPlaneCompliance(nativePlane(true));

/** What an endpoint is made of. */
import type { Config } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import type { RememberedLease } from '../gateway/lease-book.js';
import type { IkeEnvironment } from '../ike/io.js';

export interface EndpointOptions {
  readonly config: Config;
  readonly random: RandomBytes;
  readonly registry: Registry;
  readonly keyLog: IkeEnvironment['keyLog'];
  readonly endpointId: Uint8Array;
  /** Who had which address in an earlier run. */
  readonly remembered?: readonly RememberedLease[];
}

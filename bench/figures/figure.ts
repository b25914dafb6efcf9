/** One figure of a tunnel: what `throughput` has a row for. */
import type { Tunnel } from '../tunnels/tunnel.js';

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly better: 'more' | 'less';
  /** Decimals that mean something. */
  readonly decimals: number;
  /** @throws LabError when it can't be measured; NaN where the tunnel has no such figure */
  measure(tunnel: Tunnel, options: MeasureOptions): Promise<number>;
}

export interface MeasureOptions {
  /** Of one flow, or of pings. */
  readonly seconds: number;
  /** A rate that is searched for is found to this factor. */
  readonly closeEnough: number;
}

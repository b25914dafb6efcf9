/** What is told of a few measurements of the same thing. */

export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly values: readonly number[];
}

/** What is no number is left out; null when nothing is left. */
export function summarize(values: readonly number[]): Summary | null {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return null;
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1] ?? NaN;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return { median: (lower + upper) / 2, low, high, values };
}

/** Of two subjects measured in turns: each repetition has a ratio of its own, so that what disturbed both does not count. */
export function ratioOf(values: readonly number[], others: readonly number[]): Summary | null {
  return summarize(values.map((value, index) => value / (others[index] ?? NaN)));
}

/** The smallest value that `share` of all are not above (nearest rank). @param values at least one */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** The slope of the line through points that is nearest to them (least squares), and its standard error. */
export function slopeOf(points: readonly (readonly [number, number])[]): { readonly slope: number; readonly error: number } {
  const n = points.length;
  const mean = (pick: (point: readonly [number, number]) => number): number => points.reduce((sum, point) => sum + pick(point), 0) / n;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residue = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(residue / Math.max(1, n - 2) / spread) };
}

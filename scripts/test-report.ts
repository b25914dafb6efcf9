/** What a part of `npm test` found, and how it is printed. */

export interface PartResult {
  readonly passed: number;
  readonly failed: number;
  /** Tests that did not run: each with its reason in the text. */
  readonly skipped: readonly string[];
  /** Printed when something failed. */
  readonly details: string;
}

/** A part that ended as a whole, well or badly. */
export function single(ok: boolean, details: string): PartResult {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [], details: ok ? '' : details };
}

export function sum(results: readonly PartResult[]): PartResult {
  return {
    passed: results.reduce((n, result) => n + result.passed, 0),
    failed: results.reduce((n, result) => n + result.failed, 0),
    skipped: results.flatMap((result) => result.skipped),
    details: results.map((result) => result.details).filter((text) => text !== '').join('\n'),
  };
}

/** `unit: 812 passed, 0 failed, 3 skipped (12.3 s)`. */
export function partLine(name: string, result: PartResult, seconds: number): string {
  const skipped = result.skipped.length > 0 ? `, ${result.skipped.length} skipped` : '';
  return `${name}: ${result.passed} passed, ${result.failed} failed${skipped} (${seconds.toFixed(1)} s)`;
}

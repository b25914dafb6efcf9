/** Assertions for our own mistakes; they stay on in production. The peer's mistakes are errors, not assertions. */

/** Thrown when the program contradicts itself. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** @throws AssertionError when `condition` is false */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which our own logic says is there. @throws AssertionError when it is not */
export function present<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

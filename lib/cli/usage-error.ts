/** How a mistake in the arguments is said. */

/** Exit code 2, with where to read on. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

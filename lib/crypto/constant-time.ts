/** Comparison of secrets that takes the same time wherever they differ. */
import { timingSafeEqual } from 'node:crypto';

/** Same length and content. The length is not secret; the content is. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

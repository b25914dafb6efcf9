/** Closes every switch over a union: a new member then fails to compile. */
import { AssertionError } from './assert.js';

/** @throws AssertionError always */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

/** Skipping says why: the reason becomes part of the suite's title, and `npm test` lists it among what did not run. */
import type { Context } from 'mocha';

/** From a test: that test is not run. From a `before` hook: no test of the suite is. */
export function skipBecause(context: Context, reason: string): never {
  const suite = context.test?.parent;
  if (suite !== undefined && !suite.title.includes(reason)) suite.title = `${suite.title} (${reason})`;
  return context.skip();
}

/** What a verb is: the words that it takes, what `--help` says of it, and what it does. */
import type { Arguments, Syntax } from './arguments.js';
import type { CliIo } from './io.js';

/** 0 done, 1 it did not succeed, 2 usage or configuration. */
export type ExitCode = 0 | 1 | 2;

export interface Verb extends Syntax {
  readonly summary: string;
  /** Lines as one would type them, and what they do. At least one. */
  readonly examples: readonly (readonly [line: string, is: string])[];
  /** What else there is to know; empty where that is all. */
  readonly more: string;
  run(io: CliIo, args: Arguments): ExitCode | Promise<ExitCode>;
}

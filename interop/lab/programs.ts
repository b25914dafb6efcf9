/** The lab's own programs in C++ (interop/programs): compiled when they are first needed, and again when they changed. */
import { compile } from '../../scripts/compile.js';

/** A wire with length. */
export function wireProgram(): string {
  return compileOwn('wire');
}

/** Datagrams at an even rate both ways, and an account of them. */
export function streamProgram(): string {
  return compileOwn('stream');
}

/** Hides registers that are too large for a user-mode kernel from it. */
export function narrowProgram(): string {
  return compileOwn('narrow');
}

function compileOwn(name: string): string {
  return compile({ name, sources: [`interop/programs/${name}.cc`], includes: ['interop/programs'], flags: ['-O2'] });
}

/** Loaded before a program: whoever asks for the addon gets the one that `MHTUN_SANITIZED` names (scripts/sanitized.ts). */
import Module from 'node:module';
import process from 'node:process';

const path = process.env['MHTUN_SANITIZED'] ?? '';
const original: unknown = Reflect.get(Module, '_load');

function load(this: unknown, ...args: readonly unknown[]): unknown {
  if (args[0] === 'node-gyp-build') return () => loaded();
  return typeof original === 'function' ? Reflect.apply(original, this, args) : undefined;
}

function loaded(): unknown {
  const into = { exports: {} };
  process.dlopen(into, path);
  return into.exports;
}

Reflect.set(Module, '_load', load);

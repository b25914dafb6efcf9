/**
 * Loaded before a program: whoever asks for the addon gets the one that `MHTUN_SANITIZED` names (scripts/sanitized.ts). Plain
 * JavaScript, since the thread that translates TypeScript loads it, too.
 */
import Module from 'node:module';
import process from 'node:process';

const original = Module._load;

Module._load = function load(...args) {
  return args[0] === 'node-gyp-build' ? loaded : Reflect.apply(original, this, args);
};

function loaded() {
  const into = { exports: {} };
  process.dlopen(into, process.env['MHTUN_SANITIZED']);
  return into.exports;
}

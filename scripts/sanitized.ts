/**
 * `node --import=tsx scripts/sanitized.ts`: builds the addon with the address and undefined-behaviour sanitizers of gcc and
 * runs the tests of the native data plane over it. The first octet read too far, the first number that overflows, ends it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { compile } from './compile.js';
import { root } from './project.js';
import { runMocha } from './test-runners.js';

const suites = ['test/native/data-plane.test.ts', 'test/native/data-plane-differential.test.ts', 'test/native/data-plane-queue.test.ts'];

/** Where Node keeps its headers, OpenSSL's among them. */
function headers(): string {
  const folder = join(dirname(dirname(realpathSync(process.execPath))), 'include', 'node');
  if (!existsSync(join(folder, 'openssl', 'evp.h'))) throw new Error(`Node has no headers in ${folder}`);
  return folder;
}

function build(): string {
  const defines = ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'].map((define) => `-D${define}`);
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  const foreign = [headers(), join(root, 'node_modules', 'node-addon-api')].flatMap((folder) => ['-isystem', folder]);
  return compile({ name: 'addon', sources: ['native/src'], includes: ['native/src'], flags: ['-O1', '-g', '-fPIC', '-shared', ...sanitizers, ...defines, ...foreign] });
}

// Node itself is not built with them, so that they have to be there before it; what it leaves behind at its end is its own.
process.env['LD_PRELOAD'] = ['libasan.so', 'libubsan.so'].map((name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()).join(' ');
process.env['ASAN_OPTIONS'] = 'detect_leaks=0:abort_on_error=0:detect_stack_use_after_return=0';
process.env['UBSAN_OPTIONS'] = 'print_stacktrace=1';
process.env['MHTUN_SANITIZED'] = build();
process.env['NODE_OPTIONS'] = `--import=tsx --import=${join(root, 'scripts', 'sanitized-addon.mjs')}`;

const result = await runMocha({ name: 'native-sanitized', files: suites, ignore: [] });
if (result.details !== '') console.log(result.details);
console.log(`${result.passed} passed, ${result.failed} failed`);
process.exitCode = result.failed === 0 ? 0 : 1;

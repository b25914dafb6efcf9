/**
 * Packs the program as npm would publish it, installs the archive into an empty folder and starts it there: what is
 * missing from `files` in package.json, or only a development dependency, shows here and nowhere else.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './project.js';

/** Must be in the archive. */
const wanted = ['LICENSE', 'README.md', 'dist/bin/mhtun.js', 'man/mhtun.8', 'man/mhtun.toml.5', 'native/binding.gyp', 'native/build/Release/mhtun.node', 'systemd/mhtun.service'];
/** Must not be: sources of tests, caches, anything of the machine that packed it. */
const unwanted = /^(test|interop|bench|scripts|docs|node_modules|\.lab)\/|\.tsbuildinfo$|\.log$|\.o$|\.d$|Makefile/;

main();

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'mhtun-package-'));
  try {
    const archive = pack(folder);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    npm(folder, ['install', '--no-audit', '--no-fund', '--loglevel=error', '--omit=dev', archive]);
    tryProgram(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pack(folder: string): string {
  npm(root, ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder]);
  const name = execFileSync('ls', [folder], { encoding: 'utf8' }).trim();
  const archive = join(folder, name);
  const files = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n').map((path) => path.replace(/^package\//, ''));
  const missing = wanted.filter((path) => !files.includes(path));
  const extra = files.filter((path) => unwanted.test(path));
  if (missing.length > 0) throw new Error(`the archive lacks ${missing.join(', ')}`);
  if (extra.length > 0) throw new Error(`the archive has ${extra.join(', ')}, which do not belong there`);
  console.log(`${name}: ${files.length} files`);
  return archive;
}

/** The verbs that need no daemon and no privileges. */
function tryProgram(folder: string): void {
  const program = join(folder, 'node_modules', '.bin', 'mhtun');
  if (!existsSync(program)) throw new Error('the package installs no program `mhtun`');
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  const secret = execFileSync(program, ['psk'], { encoding: 'utf8' }).trim();
  const config = join(folder, 'mhtun.toml');
  const lines = ['[endpoint]', 'id = "moon"', '[[peer]]', 'name = "sun"', 'id = "sun"', `psk = "${secret}"`];
  const child = ['[[peer.child]]', 'name = "net"', 'local = ["192.168.1.0/24"]', 'remote = ["192.168.2.0/24"]'];
  writeFileSync(config, `${[...lines, ...child].join('\n')}\n`, { mode: 0o600 });
  execFileSync(program, ['check', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  const addon = join(folder, 'node_modules', 'mhtun', 'dist', 'lib', 'platform', 'addon.js');
  const load = `const { addon } = await import(${JSON.stringify(addon)}); addon();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', load], { cwd: folder, stdio: 'inherit' });
  console.log(`mhtun ${version} starts from the package`);
}

function npm(cwd: string, args: readonly string[]): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'], timeout: 150_000 });
}

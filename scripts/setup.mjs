/**
 * Installs what a command needs and lacks: `node scripts/setup.mjs NEED…`, each need one of
 *   packages  npm packages as package-lock.json names them
 *   addon     native/build (and the Debian packages to compile it)
 *   dist      dist/, from lib/ and bin/
 *   lab       Debian packages for the lab of network namespaces
 *   interop   Debian packages for peers in containers and user-mode kernels
 *   compiler  what small C++ programs of tests and benchmarks are built with
 *   fuzz      clang with what its fuzzer and its sanitizers need
 *   probe     what the probe of the benchmarks is built with
 *   wireguard the tool that sets wireguard-go up for the benchmarks
 * With `--check` it changes nothing and says what is missing. Quick when nothing is.
 *
 * It runs before any package is installed, hence plain JavaScript with nothing but Node's own modules.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules', '.cache', 'setup');
const minimumNode = [20, 19];

/** Per need: Debian package → a command that shows it is there (null: ask dpkg alone). */
const debianPackages = {
  packages: {},
  addon: { 'g++': 'g++', make: 'make', python3: 'python3' },
  dist: {},
  lab: {
    iproute2: 'ip',
    nftables: 'nft',
    'iputils-ping': 'ping',
    iperf3: 'iperf3',
    tcpdump: 'tcpdump',
    procps: 'pgrep',
    conntrack: 'conntrack',
    // The lab's own programs are compiled when they are needed (interop/programs).
    'g++': 'g++',
  },
  compiler: { 'g++': 'g++' },
  fuzz: { clang: 'clang++' },
  probe: { 'libssl-dev': null },
  wireguard: { 'wireguard-tools': 'wg' },
  interop: { podman: 'podman', runc: 'runc', debootstrap: 'debootstrap', uidmap: 'newuidmap', 'user-mode-linux': 'linux.uml', kmod: 'modprobe' },
};

/** What one need builds on. */
const requires = { packages: [], addon: ['packages'], dist: ['packages'], lab: [], interop: ['lab'], compiler: [], fuzz: [], probe: ['compiler'], wireguard: [] };

/** Who asks for these can do without: a package that cannot be had is a reason, not a failure. */
const dispensable = new Set(['fuzz', 'probe', 'wireguard']);

/** Thrown with a sentence for the user. */
class SetupError extends Error {
  exitCode = 1;
}

/** What is missing can only be installed by someone else: exit code 3. */
class NeedsAdministrator extends SetupError {
  exitCode = 3;
}

function main() {
  const checkOnly = process.argv.includes('--check');
  const asked = process.argv.slice(2).filter((arg) => arg !== '--check');
  try {
    requireNode();
    const needs = withRequired(asked.length > 0 ? asked : ['addon', 'dist']);
    if (checkOnly) report(needs);
    else install(needs);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`setup: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

function install(needs) {
  installDebianPackages(needs);
  // Again: the name of one package is known only once there are package lists.
  if (needs.includes('fuzz')) installDebianPackages(needs);
  if (needs.includes('packages') && missingNpmPackages().length > 0) locked(installNpmPackages);
  if (needs.includes('addon') && addonIsStale()) locked(buildAddon);
  if (needs.includes('dist') && distIsStale()) locked(buildDist);
}

function report(needs) {
  const lacking = missingDebianPackages(needs).map((name) => `Debian package ${name}`);
  if (needs.includes('packages') && missingNpmPackages().length > 0) lacking.push('npm packages');
  if (needs.includes('addon') && addonIsStale()) lacking.push('the addon');
  if (needs.includes('dist') && distIsStale()) lacking.push('dist/');
  for (const what of lacking) process.stdout.write(`missing: ${what}\n`);
  if (lacking.length > 0) process.exitCode = 1;
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor = 0, wantMinor = 0] = minimumNode;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new SetupError(`mhtun needs Node ${minimumNode.join('.')} or later; this is ${process.versions.node}`);
}

function withRequired(asked) {
  const out = [];
  const add = (need) => {
    if (!Object.hasOwn(requires, need)) throw new SetupError(`unknown need "${need}"; known: ${Object.keys(requires).join(', ')}`);
    for (const other of requires[need]) add(other);
    if (!out.includes(need)) out.push(need);
  };
  for (const need of asked) add(need);
  return out;
}

// ---- Debian packages ----

function missingDebianPackages(needs) {
  const wanted = {};
  for (const need of needs) if (need !== 'addon' || addonIsStale()) Object.assign(wanted, debianPackages[need]);
  if (needs.includes('fuzz')) for (const name of clangRuntime()) wanted[name] = null;
  const absent = Object.entries(wanted).filter(([, command]) => command === null || !onPath(command));
  return absent.map(([name]) => name).filter((name) => !dpkgHas(name));
}

/** Debian keeps the libraries of clang's sanitizers in a package of their own, named for the version; where it does not, there is none. */
function clangRuntime() {
  const asked = spawnSync('apt-cache', ['depends', 'clang'], { encoding: 'utf8' });
  const version = /Depends: clang-(\d+)/.exec(asked.stdout ?? '')?.[1];
  const name = `libclang-rt-${version}-dev`;
  return version !== undefined && spawnSync('apt-cache', ['show', name]).status === 0 ? [name] : [];
}

function onPath(command) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)));
}

function dpkgHas(name) {
  const asked = spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.endsWith(' installed');
}

function installDebianPackages(needs) {
  const missing = missingDebianPackages(needs);
  if (missing.length === 0) return;
  const byHand = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!onPath('apt-get')) throw new NeedsAdministrator(`install what Debian calls: ${missing.join(' ')}`);
  if (process.getuid() !== 0) throw new NeedsAdministrator(`these packages are missing; run\n  sudo ${byHand}`);
  say(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-o', 'DPkg::Lock::Timeout=300', '-qq', 'install', '-y', '--no-install-recommends', ...missing];
  const quiet = { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
  // A fresh machine has no package lists, or old ones that name files which are gone.
  if (spawnSync('apt-get', apt, quiet).status === 0) return;
  try {
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', 'update'], { env });
    run('apt-get', apt, { env, hint: `try by hand: ${byHand}` });
  } catch (error) {
    if (needs.every((need) => dispensable.has(need) || ['packages', 'compiler'].includes(need))) throw new NeedsAdministrator(`cannot be installed here: ${missing.join(' ')}`);
    throw error;
  }
}

// ---- npm packages ----

/** Packages that package-lock.json names and node_modules lacks or has in another version. */
function missingNpmPackages() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const hidden = join(root, 'node_modules', '.package-lock.json');
  const present = existsSync(hidden) ? JSON.parse(readFileSync(hidden, 'utf8')).packages : {};
  return Object.keys(wanted).filter((path) => {
    if (path === '' || (wanted[path].optional && present[path] === undefined)) return false;
    return present[path]?.version !== wanted[path].version;
  });
}

function installNpmPackages() {
  if (missingNpmPackages().length === 0) return;
  say('installing npm packages');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // With packages already there, only what differs is fetched; the lock file is not written to.
  const args = existsSync(join(root, 'node_modules', '.package-lock.json')) ? ['install', '--no-save'] : ['ci'];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) run(process.execPath, [npm, ...args, ...quiet]);
  else run('npm', [...args, ...quiet]);
}

// ---- the addon and dist/ ----

const addonInputs = ['native/binding.gyp', 'native/src', 'node_modules/node-addon-api/package.json'];
const distInputs = ['lib', 'bin', 'tsconfig.json', 'tsconfig.build.json', 'node_modules/typescript/package.json'];

function addonIsStale() {
  if (!existsSync(join(root, 'native', 'binding.gyp'))) return false;
  const built = join(root, 'native', 'build', 'Release');
  const present = existsSync(built) && readdirSync(built).some((name) => name.endsWith('.node'));
  return !present || readStamp('addon') !== fingerprint(addonInputs);
}

function buildAddon() {
  if (!addonIsStale()) return;
  say('building the addon');
  const stamp = fingerprint(addonInputs);
  const gyp = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  // Headers that came with Node save fetching them; where there are none node-gyp fetches.
  const prefix = dirname(dirname(process.execPath));
  const local = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const jobs = ['-j', 'max'];
  run(process.execPath, [gyp, 'rebuild', '-C', 'native', ...jobs, ...local, '--loglevel=error'], { hint: 'the addon did not compile' });
  writeStamp('addon', stamp);
}

function distIsStale() {
  return !existsSync(join(root, 'dist', 'bin', 'mhtun.js')) || readStamp('dist') !== fingerprint(distInputs);
}

function buildDist() {
  if (!distIsStale()) return;
  say('building dist/');
  const stamp = fingerprint(distInputs);
  // Files of sources that are gone must not linger: dist/ is what gets packed.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  rmSync(join(root, 'node_modules', '.cache', 'build.tsbuildinfo'), { force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { hint: 'the sources do not compile' });
  const program = join(root, 'dist', 'bin', 'mhtun.js');
  if (existsSync(program)) chmodSync(program, 0o755);
  writeStamp('dist', stamp);
}

/** Changes with the name, size or content of any input. */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else {
      hash.update(`${path.slice(root.length)}\0${stat.size}\0`).update(readFileSync(path));
    }
  };
  for (const input of inputs) visit(join(root, input));
  return hash.digest('hex');
}

function readStamp(name) {
  const path = join(cache, `${name}.stamp`);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function writeStamp(name, value) {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, `${name}.stamp`), value);
}

// ---- running things ----

/** Two commands started side by side must not build into each other's files. */
function locked(work) {
  const path = join(root, '.setup.lock');
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) rmSync(path, { force: true });
    else if (Date.now() > deadline) throw new SetupError(`another setup holds ${path}`);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    work();
  } finally {
    rmSync(path, { force: true });
  }
}

function ownerLives(path) {
  let pid = 0;
  try {
    pid = Number(readFileSync(path, 'utf8'));
    // Empty: its maker is between creating and writing it, unless it is old.
    if (pid === 0) return Date.now() - statSync(path).mtimeMs < 2_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function run(command, args, { env = process.env, hint = '' } = {}) {
  const done = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  const how = done.error?.message ?? `exit code ${done.status}`;
  throw new SetupError(`${command === process.execPath ? 'node' : command} ${args.join(' ')}: ${how}${hint === '' ? '' : `; ${hint}`}`);
}

function say(text) {
  process.stderr.write(`setup: ${text} …\n`);
}

main();

/**
 * A user-mode Linux kernel on this machine's own file tree, for what the machine's kernel lacks (ESP, ESN). It boots in
 * about a second; /run is private to it, everything else is the machine's and writable.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type Finished } from './exec.js';
import { projectRoot } from './lab.js';
import { narrowProgram } from './programs.js';

/** Why there is none here, or null. */
export function userModeKernelObstacle(): string | null {
  if (!existsSync(kernel)) return 'needs a user-mode kernel: sudo apt-get install -y --no-install-recommends user-mode-linux';
  if (!existsSync(moduleFolder) || readdirSync(moduleFolder).length === 0) return `needs the modules of the user-mode kernel in ${moduleFolder}`;
  return null;
}

/** Runs a command inside a fresh kernel; both its outputs come as stdout. */
export async function runInUserModeKernel(argv: readonly string[], timeoutS: number): Promise<Finished> {
  const folder = mkdtempSync(join(projectRoot, '.lab', 'kernel-'));
  const boot = join(folder, 'init');
  const result = join(folder, 'exit-code');
  writeFileSync(boot, bootScript(argv, result, timeoutS));
  chmodSync(boot, 0o755);
  try {
    const booted = await run([...(hasWideRegisters() ? [narrowProgram()] : []), kernel, 'rootfstype=hostfs', 'rootflags=/', 'rw', `init=${boot}`, 'mem=1024M', 'con=null', 'con0=fd:0,fd:1', 'quiet'], {
      timeoutMs: (timeoutS + 30) * 1000,
    });
    const code = existsSync(result) ? Number(readFileSync(result, 'utf8')) : 1;
    return { code, stdout: booted.stdout, stderr: booted.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bootScript(argv: readonly string[], result: string, timeoutS: number): string {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return [
    '#!/bin/bash',
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root MHTUN_LAB_SLOW=1',
    ...['MHTUN_PROGRAM', 'MHTUN_DATA_PLANE'].flatMap((name) => (process.env[name] === undefined ? [] : [`export ${name}='${process.env[name]}'`])),
    ...(hasWideRegisters() ? noWideRegisters : []),
    'mount -t proc none /proc; mount -t sysfs none /sys; mount -t tmpfs none /run; mkdir -p /run/lock /run/netns',
    // The modules are looked for under /lib/modules, which belongs to the machine's own kernel.
    `mkdir -p /run/modules/lib; ln -s ${moduleFolder} /run/modules/lib/modules`,
    `printf '#!/bin/sh\\nexec /sbin/modprobe -d /run/modules "$@"\\n' > /run/modules/modprobe; chmod 755 /run/modules/modprobe`,
    'echo /run/modules/modprobe > /proc/sys/kernel/modprobe',
    `for module in ${modules.join(' ')}; do /run/modules/modprobe $module 2>/dev/null || true; done`,
    'mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun',
    'ip link set lo up',
    `cd '${projectRoot}'`,
    `timeout ${timeoutS} ${quoted} 2>&1; echo $? > '${result}'`,
    // A minimal Debian has no halt; the kernel's own way is the same.
    'halt -f -p 2>/dev/null || { echo 1 > /proc/sys/kernel/sysrq; echo o > /proc/sysrq-trigger; sleep 5; }',
    '',
  ].join('\n');
}

/** With AMX the registers of a process are more than a user-mode kernel has room for. */
function hasWideRegisters(): boolean {
  return /\bamx_tile\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** Threads of one process then share what is beyond SSE: nothing may use it. */
const noWideRegisters = [
  'export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX_Usable,-AVX2_Usable,-AVX512F,-AVX512VL,-AVX512BW,-AVX_Fast_Unaligned_Load',
  // AVX, and whatever is newer.
  'export OPENSSL_ia32cap=~0x1000000000000000:0',
];

const kernel = '/usr/bin/linux.uml';
const moduleFolder = '/usr/lib/uml/modules';
const modules = [
  ...['tun', 'veth', 'esp4', 'esp6', 'xfrm_user', 'udp_tunnel', 'seqiv', 'echainiv', 'gcm', 'ccm', 'ctr', 'cbc', 'authenc', 'authencesn'],
  ...['hmac', 'jitterentropy_rng', 'drbg'],
  ...['ghash-generic', 'sha512_generic', 'chacha20poly1305', 'nf_tables', 'nft_chain_nat', 'nft_masq', 'nft_reject_inet', 'nft_ct', 'nf_conntrack'],
];

/**
 * Exercises of the native data plane, each run by `data-plane-life.test.ts` as a process of its own in a network namespace of
 * its own: `node --expose-gc --import=tsx data-plane-exercise.ts NAME`. One that fails throws.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { DataPlaneCommand, DataPlaneEvent, EspKeying, EspSelectors } from '../../lib/esp/data-plane.js';
import { addon } from '../../lib/platform/addon.js';
import { systemClock } from '../../lib/platform/clock.js';
import type { SystemTun } from '../../lib/platform/interfaces.js';
import { startNativeDataPlane, type NativeDataPlane } from '../../lib/platform/native-data-plane.js';
import { openTunDevice } from '../../lib/platform/tun-device.js';
import { present } from '../../lib/util/assert.js';
import { childSaId, espSpi } from '../../lib/util/brands.js';
import { compile } from '../../scripts/compile.js';
import { endless, networks, path } from '../compliance/data-plane/rig.js';

const loopback = path('127.0.0.1', '127.0.0.2', 'lo');

/** So many ends of a process under traffic, in each way. */
const busyAttempts = 5;
/** That have come through before the process ends. */
const busyPackets = 1_000;

const nativeFolder = fileURLToPath(new URL('../../native', import.meta.url));
/** JavaScript, since a worker has no loader of ours. */
const workerSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createRequire } = require('node:module');
  const addon = createRequire(workerData.folder + '/')('node-gyp-build')(workerData.folder);
  const tun = new addon.TunDevice();
  tun.open('mh0', 1);
  const plane = new addon.DataPlane();
  parentPort.postMessage(plane.start(tun.descriptor(), 'mh0', 1, performance.now(), 0, 0, () => undefined));
  if (workerData.way === 'exit') setTimeout(() => process.exit(0), 20);
  if (workerData.way === 'throw') setTimeout(() => { throw new Error('on purpose'); }, 20);
`;

const exercises: Readonly<Record<string, () => Promise<void> | void>> = {
  async 'close-twice'() {
    const { plane, tun, events } = start('mh0');
    plane.apply([{ kind: 'open-socket', local: loopback.local, device: 'lo' }, ...child(1, randomBytes(20))]);
    expect(threads()).to.equal(2);
    plane.close();
    plane.close();
    expect(threads()).to.equal(0);
    plane.apply([{ kind: 'set-mtu', mtu: 1_300 }]);
    plane.sendIke(loopback, new Uint8Array(40), false);
    expect(plane.counters().children).to.deep.equal([]);
    tun.close();
    await pause(20);
    expect(events).to.deep.equal([]);
  },

  'descriptors'() {
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; i++) {
      const { plane, tun } = start('mh0', i % 2 === 0 ? 1 : 3);
      plane.apply([{ kind: 'open-socket', local: loopback.local, device: null }]);
      plane.close();
      tun.close();
    }
    expect(threads()).to.equal(0);
    expect(readdirSync('/proc/self/fd').length).to.be.at.most(before + 12);
  },

  async 'garbage'() {
    const collect = present(globalThis.gc, 'started with --expose-gc');
    // One that runs stays, even forgotten; one that never did goes.
    (() => start('mh0'))();
    for (let i = 0; i < 20; i++) new (addon().DataPlane)();
    for (let i = 0; i < 5; i++) {
      collect();
      await pause(10);
    }
    expect(threads()).to.equal(2);
    process.exit(0);
  },

  async 'worker-ends'() {
    for (const way of ['terminate', 'exit', 'throw']) {
      const worker = new Worker(workerSource, { eval: true, workerData: { way, folder: nativeFolder }, execArgv: [] });
      const errors: unknown[] = [];
      worker.on('error', (error) => errors.push(error));
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      const started = await new Promise<unknown>((resolve) => worker.once('message', resolve));
      expect(started).to.equal(0);
      if (way === 'terminate') {
        expect(threads()).to.equal(2);
        await worker.terminate();
      }
      await exited;
      expect(errors).to.have.length(way === 'throw' ? 1 : 0);
      expect(threads()).to.equal(0);
    }
  },

  async 'exit-at-each-stage'() {
    for (const stage of ['made', 'started', 'socket', 'child', 'closed']) {
      const argv = ['--import=tsx', fileURLToPath(import.meta.url), `exit-when-${stage}`];
      expect(execFileSync(process.execPath, argv, { timeout: 20_000 }).toString(), stage).to.equal('');
    }
    await pause(0);
  },

  /** Both threads seal and open while the process ends, in whatever way. */
  async 'exit-under-traffic'() {
    const env = { ...process.env, LD_PRELOAD: compile({ name: 'threads-at-end', sources: ['test/native/threads-at-end.cc'], includes: [], flags: ['-O1', '-shared', '-fPIC'] }) };
    for (const [way, code] of [['exit', 0], ['throw', 1], ['drained', 0]] as const) {
      for (let attempt = 0; attempt < busyAttempts; attempt++) {
        const ended = spawnSync(process.execPath, ['--import=tsx', fileURLToPath(import.meta.url), `busy-${way}`], { env, timeout: 20_000 });
        expect({ code: ended.status, signal: ended.signal }, `${way}: ${ended.stderr.toString()}`).to.deep.equal({ code, signal: null });
      }
    }
    await pause(0);
  },

  async 'busy-exit'() {
    await startBusy();
    process.exit(0);
  },
  async 'busy-throw'() {
    await startBusy();
    throw new Error('on purpose');
  },
  /** Nothing is left to do, so that Node takes the environment down in order. */
  async 'busy-drained'() {
    const { plane, tun } = await startBusy();
    plane.close();
    tun.close();
  },

  'exit-when-made': () => {
    new (addon().DataPlane)();
    process.exit(0);
  },
  'exit-when-started': () => {
    start('mh1');
    process.exit(0);
  },
  'exit-when-socket': () => {
    start('mh1').plane.apply([{ kind: 'open-socket', local: loopback.local, device: null }]);
    process.exit(0);
  },
  'exit-when-child': () => {
    start('mh1').plane.apply([...child(1, randomBytes(20)), { kind: 'watch', children: [childSaId(1)], silentMs: 1 }]);
    process.exit(0);
  },
  'exit-when-closed': () => {
    start('mh1').plane.close();
    process.exit(0);
  },

  /** 100,000 Child SAs come and go, some packets lying held meanwhile. */
  'installs-leave-nothing'() {
    const { plane } = start('mh0');
    const round = (times: number): number => {
      for (let n = 0; n < times; n++) {
        const id = childSaId(n + 1);
        plane.apply(child(id, randomBytes(20)));
        plane.apply([{ kind: 'remove-inbound', child: id }, { kind: 'remove-outbound', child: id }]);
      }
      globalThis.gc?.();
      // JavaScript's own heap grows and shrinks as it likes.
      const { rss, heapTotal, external } = process.memoryUsage();
      return rss - heapTotal - external;
    };
    const warm = round(10_000);
    // A hundred octets of each would show.
    expect(round(100_000) - warm).to.be.lessThan(10 << 20);
    plane.close();
  },

  async 'deleted-interface'() {
    const { tun, plane } = start('mh0');
    const failed = new Promise<string>((resolve) => tun.onError(resolve));
    execFileSync('ip', ['link', 'del', 'mh0']);
    expect(await failed).to.equal('EBADFD');
    plane.close();
  },

  'keys-are-gone'() {
    const { plane } = start('mh0');
    const key = randomBytes(20);
    // What is looked for must not itself be found.
    const pattern = key.subarray(0, 16).map((octet) => octet ^ 0xff);
    plane.apply(child(1, key));
    key.fill(0);
    expect(occurrences(pattern)).to.be.greaterThan(0);
    plane.apply([{ kind: 'remove-inbound', child: childSaId(1) }, { kind: 'remove-outbound', child: childSaId(1) }]);
    expect(occurrences(pattern)).to.equal(0);
    plane.close();
  },

  'packets-are-in-no-core-dump'() {
    const { plane } = start('mh0');
    const areas = readFileSync('/proc/self/smaps', 'utf8').split('\n').filter((line) => line.startsWith('VmFlags:') && / dd\b/.test(line));
    expect(areas.length).to.be.at.least(3);
    plane.close();
  },
};

interface Started {
  readonly plane: NativeDataPlane;
  readonly tun: SystemTun;
  readonly events: DataPlaneEvent[];
}

function start(name: string, workers = 1): Started {
  const tun = openTunDevice(name, workers);
  const events: DataPlaneEvent[] = [];
  const plane = startNativeDataPlane({ host: { innerAddresses: [] }, tun, workers, clock: systemClock, mark: 0, listener: (event) => events.push(event) });
  return { plane, tun, events };
}

/** Whose packets come back to itself: sealed, sent over loopback, opened and delivered while the caller goes on. */
async function startBusy(): Promise<Started> {
  const started = start('mh1');
  for (const args of ['addr add 192.168.1.1/24 dev mh1', 'link set mh1 up', 'route add 192.168.2.0/24 dev mh1']) execFileSync('ip', args.split(' '));
  const keymat = randomBytes(20);
  const [, outbound] = child(1, keymat);
  // With the SPI of the other's packets, and its networks the other way round.
  const [inbound] = child(0x1001, keymat, { local: networks.remote, remote: networks.local });
  started.plane.apply([
    { kind: 'open-socket', local: loopback.local, device: 'lo' },
    { kind: 'open-socket', local: loopback.remote, device: 'lo' },
    present(outbound, 'both directions'),
    present(inbound, 'both directions'),
  ]);
  const socket = createSocket('udp4');
  const received = (): number => started.plane.counters().children.reduce((sum, { packetsIn }) => sum + packetsIn, 0);
  while (received() < busyPackets) {
    for (let n = 0; n < 200; n++) socket.send(new Uint8Array(1_000), 9, '192.168.2.1');
    await pause(0);
  }
  socket.unref();
  return started;
}

/** Both directions with the key and salt given, which are not kept. */
function child(id: number, keymat: Uint8Array, selectors: EspSelectors = networks): readonly DataPlaneCommand[] {
  const encr = present(defaultRegistry.encrByName('aes128gcm16'), 'AES-GCM is there');
  const keying = (): EspKeying => ({ encr, integ: null, encrKey: new SecretKey(keymat), integKey: new SecretKey(new Uint8Array(0)), esn: true });
  const common = { child: childSaId(id), selectors, lifetime: endless };
  return [
    { ...common, kind: 'install-inbound', spi: espSpi(0x1000 + id), keying: keying(), replayWindow: 4096 },
    { ...common, kind: 'install-outbound', spi: espSpi(0x2000 + id), keying: keying(), priority: 1, path: loopback, reportNewSource: true, copyDscp: false },
  ];
}

/** Of the data plane, in this process. */
function threads(): number {
  const names = readdirSync('/proc/self/task').map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim());
  return names.filter((name) => name === 'mhtun-send' || name === 'mhtun-receive').length;
}

/** How often the octets, each inverted, lie in memory that this process can write to. */
function occurrences(inverted: Uint8Array): number {
  const wanted = (block: Uint8Array, at: number): boolean => inverted.every((octet, i) => block[at + i] === (octet ^ 0xff));
  const memory = openSync('/proc/self/mem', 'r');
  let found = 0;
  const block = Buffer.alloc(1 << 20);
  const first = (inverted[0] ?? 0) ^ 0xff;
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [, from = '0', to = '0'] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    for (let at = parseInt(from, 16), end = parseInt(to, 16); at < end; at += block.length - inverted.length) {
      const got = readOrNone(memory, block, Math.min(block.length, end - at), at);
      for (let i = block.indexOf(first); i >= 0 && i + inverted.length <= got; i = block.indexOf(first, i + 1)) if (wanted(block, i)) found++;
    }
  }
  block.fill(0);
  closeSync(memory);
  return found;
}

function readOrNone(file: number, into: Uint8Array, length: number, at: number): number {
  try {
    return readSync(file, into, 0, length, at);
  } catch {
    return 0;
  }
}

await present(exercises[process.argv[2] ?? ''], 'an exercise of that name')();

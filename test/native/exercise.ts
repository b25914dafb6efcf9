/**
 * Exercises of the addon, each run by `addon.test.ts` as a process of its own in a network namespace of its own:
 * `node --expose-gc --import=tsx exercise.ts NAME`. One that fails throws.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import process from 'node:process';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { addon } from '../../lib/platform/addon.js';
import { DatagramQueue } from '../../lib/platform/datagram-queue.js';
import type { UdpSocket } from '../../lib/platform/interfaces.js';
import { startLinkMonitor } from '../../lib/platform/link-monitor.js';
import { NetlinkClient, netlinkProtocol } from '../../lib/platform/netlink.js';
import { bringUp } from '../../lib/platform/rtnetlink-link.js';
import { serviceNotifier } from '../../lib/platform/service-notifier.js';
import { openTunDevice } from '../../lib/platform/tun-device.js';
import { openUdpSocket } from '../../lib/platform/udp-socket.js';
import type { IpAddress, SocketAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { PlatformError } from '../../lib/util/errors.js';
import { ip, sh, until } from './host.js';
import { netlinkExercises } from './netlink-exercises.js';

const loopback = ip('127.0.0.1');
const loopback6 = ip('::1');

const exercises: Readonly<Record<string, () => Promise<void> | void>> = {
  async 'tun-packets'() {
    const tun = openTunDevice('mh0');
    const client = new NetlinkClient(netlinkProtocol.route);
    bringUp(client, tun.index, 1390);
    sh('ip addr add 10.9.0.1/24 dev mh0');
    const packets: Uint8Array[] = [];
    let batches = 0;
    tun.onPackets(
      (packet) => packets.push(packet.slice()),
      () => (batches += 1),
    );
    const plain = createSocket('udp4');
    await new Promise<void>((resolve) => plain.send('hello', 7, '10.9.0.2', () => resolve()));
    await until(() => packets.length > 0);
    // The first and only one: no router solicitation of the kernel's own before it.
    const packet = present(packets[0], 'a packet');
    expect(packet[0]).to.equal(0x45);
    expect(new TextDecoder().decode(packet.subarray(28))).to.equal('hello');
    expect(batches).to.equal(1);
    // And back: the same packet with its ends exchanged arrives at the socket that sent it.
    const answer = packet.slice();
    answer.set(packet.subarray(16, 20), 12);
    answer.set(packet.subarray(12, 16), 16);
    answer.set(packet.subarray(22, 24), 20);
    answer.set(packet.subarray(20, 22), 22);
    const arrived = new Promise<string>((resolve) => plain.once('message', (data) => resolve(data.toString())));
    expect(tun.write(answer)).to.equal(true);
    expect(await arrived).to.equal('hello');
    expect(tun.write(new Uint8Array(1))).to.equal(false);
    plain.close();
    client.close();
    tun.close();
  },

  async 'tun-deleted'() {
    const tun = openTunDevice('mh0');
    sh('ip link set mh0 up');
    const errors: string[] = [];
    tun.onPackets(() => undefined, () => undefined);
    tun.onError((errno) => errors.push(errno));
    sh('ip link del mh0');
    await until(() => errors.length > 0);
    await pause(50);
    expect(errors).to.have.length(1);
    expect(tun.write(new Uint8Array(20).fill(0x45))).to.equal(false);
    tun.close();
  },

  'tun-names'() {
    const tun = openTunDevice('mh0');
    expect(platformError(() => openTunDevice('mh0')).errno).to.equal('EBUSY');
    expect(platformError(() => openTunDevice('lo')).advice).to.match(/another "interface"|ip link show lo|no name/);
    expect(platformError(() => openTunDevice('a name that is much too long')).advice).to.contain('15 characters');
    expect(platformError(() => openTunDevice('')).errno).to.equal('EINVAL');
    tun.close();
    openTunDevice('mh0').close();
  },

  async 'udp-datagrams'() {
    const a = udp(loopback);
    const b = udp(loopback);
    const seen: { length: number; tos: number; port: number; paths: object }[] = [];
    a.onDatagrams((bytes, path, tos) => seen.push({ length: bytes.length, tos, port: path.remote.port, paths: path }), () => undefined);
    for (const [length, tos] of [[0, 0], [1, 0xb9], [1400, 0x03], [60_000, 0x02]] as const) {
      expect(b.send(new Uint8Array(length), a.local, tos)).to.equal(null);
    }
    await until(() => seen.length === 4);
    expect(seen.map(({ length, tos }) => [length, tos])).to.deep.equal([[0, 0], [1, 0xb9], [1400, 3], [60_000, 2]]);
    expect(new Set(seen.map((item) => item.paths)).size).to.equal(1);
    expect(seen[0]?.port).to.equal(b.local.port);
    const six = udp(loopback6);
    const seenSix: number[] = [];
    six.onDatagrams((_bytes, path, tos) => seenSix.push(tos, path.remote.port), () => undefined);
    expect(six.send(new Uint8Array(9), six.local, 0x2e)).to.equal(null);
    await until(() => seenSix.length > 0);
    expect(seenSix).to.deep.equal([0x2e, six.local.port]);
    for (const socket of [a, b, six]) socket.close();
  },

  'udp-refusals'() {
    const a = udp(loopback);
    expect(a.send(new Uint8Array(70_000), a.local, 0)).to.equal('EMSGSIZE');
    expect(a.send(new Uint8Array(7), { address: ip('203.0.113.1'), port: 7 }, 0)).to.equal('ENETUNREACH');
    expect(a.send(new Uint8Array(7), { address: loopback6, port: 7 }, 0)).to.equal('EAFNOSUPPORT');
    expect(openUdpSocket({ local: a.local, device: null, mark: 0 })).to.deep.equal({ ok: false, errno: 'EADDRINUSE' });
    expect(openUdpSocket({ local: { address: ip('203.0.113.1'), port: 0 }, device: null, mark: 0 })).to.deep.equal({ ok: false, errno: 'EADDRNOTAVAIL' });
    expect(openUdpSocket({ local: { address: loopback, port: 0 }, device: 'nowhere', mark: 0 })).to.deep.equal({ ok: false, errno: 'ENODEV' });
    a.close();
    expect(a.send(new Uint8Array(7), a.local, 0)).to.equal('EBADF');
  },

  async 'udp-batches'() {
    const a = udp(loopback);
    const b = udp(loopback);
    const got: number[] = [];
    const failures: string[] = [];
    a.onDatagrams((bytes) => got.push(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)), () => undefined);
    const queue = new DatagramQueue((_socket, remote, errno) => failures.push(`${remote.address} ${errno}`));
    const body = new Uint8Array(100);
    for (let i = 0; i < 300; i++) {
      body[0] = i >> 8;
      body[1] = i & 0xff;
      // In the middle of a batch one that can't leave: the others do.
      if (i % 100 === 50) queue.send(b, { address: ip('203.0.113.1'), port: 7 }, body, 0);
      queue.send(b, a.local, body, 3);
    }
    queue.flush();
    queue.flush();
    await until(() => got.length === 300);
    expect(got).to.deep.equal(Array.from({ length: 300 }, (_, i) => i));
    expect(failures).to.deep.equal(Array(3).fill('203.0.113.1 ENETUNREACH'));
    queue.send(b, a.local, body, 0);
    b.close();
    queue.flush();
    expect(failures.at(-1)).to.equal('127.0.0.1 EBADF');
    a.close();
  },

  async 'udp-runs'() {
    const a = udp(loopback);
    const b = udp(loopback);
    const got: string[] = [];
    const failures: string[] = [];
    a.onDatagrams((bytes, _path, tos) => got.push(`${bytes.length}:${bytes[0] ?? 0}:${tos}`), () => undefined);
    const queue = new DatagramQueue((_socket, _remote, errno) => failures.push(errno));
    const sent: string[] = [];
    const send = (length: number, tos: number): void => {
      const body = new Uint8Array(length).fill(sent.length & 0xff);
      sent.push(`${length}:${length === 0 ? 0 : sent.length & 0xff}:${tos}`);
      queue.send(b, a.local, body, tos);
    };
    // One length and shorter ones, longer ones, none at all, another TOS in between, and more octets than one IP packet holds.
    for (const length of [1400, 1400, 1400, 200, 200, 1400, 0, 0, 1400, 7, 1400, 9000, 9000, 9000, 9000, 9000, 9000, 9000, 9000, 9000]) send(length, 0);
    for (let i = 0; i < 20; i++) send(1000, i % 5 === 4 ? 3 : 2);
    queue.flush();
    await until(() => got.length === sent.length);
    expect(got).to.deep.equal(sent);
    // A link that is too narrow for them: they leave one by one, in fragments.
    sh('ip link set lo mtu 1300');
    for (let i = 0; i < 100; i++) send(1400, 0);
    queue.flush();
    await until(() => got.length === sent.length);
    expect(got).to.deep.equal(sent);
    expect(failures).to.deep.equal([]);
    a.close();
    b.close();
  },

  async 'close-inside-listener'() {
    const a = udp(loopback);
    const b = udp(loopback);
    let got = 0;
    a.onDatagrams(
      () => {
        got += 1;
        a.close();
        a.close();
      },
      () => undefined,
    );
    for (let i = 0; i < 10; i++) b.send(new Uint8Array(10), a.local, 0);
    await until(() => got > 0);
    await pause(20);
    expect(got).to.equal(1);
    b.close();
  },

  async 'descriptors'() {
    const before = descriptors();
    for (let round = 0; round < 50; round++) {
      const tun = openTunDevice(`mh${round}`);
      const socket = udp(loopback);
      const client = new NetlinkClient(netlinkProtocol.route);
      if (round % 2 === 0) {
        tun.onPackets(() => undefined, () => undefined);
        socket.onDatagrams(() => undefined, () => undefined);
      }
      // The failures must leave nothing open either.
      openUdpSocket({ local: socket.local, device: null, mark: 0 });
      platformError(() => openTunDevice(`mh${round}`));
      if (round % 3 === 0) await turn();
      for (const item of [tun, socket, client, tun, socket, client]) item.close();
    }
    await pause(20);
    expect(descriptors().filter((name) => !before.includes(name))).to.deep.equal([]);
  },

  async 'garbage'() {
    const collect = present(globalThis.gc, 'started with --expose-gc');
    const before = descriptors();
    for (let i = 0; i < 20; i++) {
      const native = addon();
      new native.TunDevice().open(`mh${i}`, 0);
      new native.NetlinkSocket().open(0, []);
      new native.UdpSocket();
    }
    // One that delivers stays, even forgotten.
    let got = 0;
    const local = forgottenListener(() => (got += 1));
    for (let i = 0; i < 10; i++) {
      collect();
      await pause(5);
    }
    const sender = udp(loopback);
    sender.send(new Uint8Array(3), local, 0);
    await until(() => got === 1);
    sender.close();
    expect(descriptors().filter((name) => name.includes('tun'))).to.deep.equal([]);
    // The forgotten socket and no other.
    expect(descriptors().filter((name) => !before.includes(name) && name.startsWith('socket'))).to.have.length(1);
    expect(sh('ip -o link show type tun || true')).to.equal('');
    process.exit(0);
  },

  async 'worker-ends'() {
    const before = descriptors().length;
    for (const way of ['exit', 'terminate', 'return']) {
      const worker = new Worker(workerSource, { eval: true, workerData: { way, folder: nativeFolder }, execArgv: [] });
      const exited = new Promise<number>((resolve, reject) => worker.once('exit', resolve).once('error', reject));
      const results = await new Promise<readonly number[]>((resolve) => worker.once('message', resolve));
      expect(results.every((value) => value >= 0), results.join()).to.equal(true);
      if (way === 'terminate') await worker.terminate();
      await exited;
    }
    await pause(100);
    expect(descriptors().length).to.be.at.most(before + 2);
    expect(sh('ip -o link show type tun || true')).to.equal('');
  },

  async 'exit-with-everything-open'() {
    const tun = openTunDevice('mh0');
    const socket = udp(loopback);
    tun.onPackets(() => undefined, () => undefined);
    socket.onDatagrams(() => undefined, () => undefined);
    startLinkMonitor({ mark: 0, uses: () => [], told: () => undefined, read: () => undefined });
    await pause(10);
    process.exit(0);
  },

  async 'uncaught-in-listener'() {
    const a = udp(loopback);
    const caught: string[] = [];
    process.on('uncaughtException', (error) => caught.push(error.message));
    let got = 0;
    a.onDatagrams(
      () => {
        got += 1;
        throw new Error(`thrown ${got}`);
      },
      () => undefined,
    );
    for (let i = 0; i < 2; i++) {
      a.send(new Uint8Array(1), a.local, 0);
      await until(() => got === i + 1);
    }
    await pause(10);
    expect(caught).to.deep.equal(['thrown 1', 'thrown 2']);
    a.close();
  },

  async 'service-notifier'() {
    for (const socket of [`/tmp/mhtun-notify-${process.pid}`, `@mhtun-notify-${process.pid}`]) {
      // Node has no unix datagram sockets.
      const script = 'import os,socket,sys\np=sys.argv[1]\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n'
        + 's.bind(p.replace("@","\\0"))\nprint("bound",flush=True)\ns.settimeout(15)\nprint(s.recv(999).decode(),flush=True)\nif p[0]=="/": os.unlink(p)';
      const receiver = spawn('python3', ['-c', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      receiver.stdout.on('data', (data: Buffer) => (said += data.toString()));
      await until(() => said === 'bound\n');
      serviceNotifier(socket).ready('two\nlines');
      await until(() => said.endsWith('\n') && said !== 'bound\n');
      expect(said).to.equal(`bound\nREADY=1\nSTATUS=two lines\nMAINPID=${process.pid}\n`);
    }
    // Nobody there: a courtesy that fails is no failure.
    serviceNotifier('').ready('x');
    serviceNotifier('/nowhere/at/all').stopping();
    serviceNotifier(`/${'long'.repeat(50)}`).reloading();
  },
};

const nativeFolder = fileURLToPath(new URL('../../native', import.meta.url));

// Plain JavaScript, since not every Node takes a loader along into a worker.
const workerSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createRequire } = require('node:module');
  const native = createRequire(workerData.folder + '/')('node-gyp-build')(workerData.folder);
  const slots = new Uint8Array(64 * 70000);
  const tun = new native.TunDevice();
  const udp = new native.UdpSocket();
  const netlink = new native.NetlinkSocket();
  const results = [tun.open('mhw'), udp.open(Uint8Array.of(4, 0, 0, 0, 127, 0, 0, 1, ...new Array(12).fill(0)), '', 0, 65536), netlink.open(0, [1])];
  results.push(tun.start(slots, 70000, new Int32Array(64), () => {}));
  results.push(udp.start(slots, 70000, new Int32Array(64 * 9), () => {}));
  results.push(netlink.start(new Uint8Array(65536), () => {}));
  parentPort.postMessage(results);
  if (workerData.way === 'exit') setTimeout(() => process.exit(0), 10);
  if (workerData.way === 'return') for (const item of [tun, udp, netlink]) item.close();
`;

function forgottenListener(listener: () => void): SocketAddress {
  const socket = udp(loopback);
  socket.onDatagrams(listener, () => undefined);
  return socket.local;
}

function udp(address: IpAddress): UdpSocket {
  const opened = openUdpSocket({ local: { address, port: 0 }, device: null, mark: 0 });
  if (!opened.ok) throw new Error(opened.errno);
  return opened.socket;
}

/** Names of what is open, such as `socket:[123]` and `/dev/net/tun`. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

function platformError(action: () => unknown): PlatformError {
  try {
    action();
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

await present({ ...exercises, ...netlinkExercises }[process.argv[2] ?? ''], 'an exercise of that name')();

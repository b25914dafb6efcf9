/**
 * What does a packet cost the TypeScript data plane, without sockets and TUN? Seals and opens packets of
 * 64 and 1,400 octets in one process. Time is the processor's and the median of many batches counts, so
 * that a busy machine disturbs little.
 */
import { parseArgs } from 'node:util';
import { SecretKey } from '../lib/crypto/key.js';
import { systemRandom } from '../lib/crypto/random.js';
import { defaultRegistry } from '../lib/crypto/registry.js';
import type { EspKeying, EspLifetime, EspSelectors } from '../lib/esp/data-plane.js';
import { SoftDataPlane } from '../lib/esp/soft-data-plane.js';
import type { SoftInput, SoftOutput } from '../lib/esp/soft-data-plane-io.js';
import { parseAddress, type DatagramPath, type IpAddress } from '../lib/util/address.js';
import { parsePrefix, prefixRange } from '../lib/util/address-range.js';
import { present } from '../lib/util/assert.js';
import { childSaId, espSpi, instant } from '../lib/util/brands.js';

interface Row {
  readonly cipher: string;
  readonly octets: number;
  readonly sealMicroseconds: number;
  readonly openMicroseconds: number;
  /** One flow of such packets sealed by one processor and opened by another. */
  readonly megabitsPerSecond: number;
}

export function softDataPlane(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { packets: { type: 'string', default: '100000' } } });
  const rows: Row[] = [];
  for (const [encr, integ] of ciphers) {
    for (const octets of [1_400, 64]) {
      // The first run lets the compiler do its work.
      measure(encr, integ, octets, 20_000);
      const row = measure(encr, integ, octets, Number(values.packets));
      rows.push(row);
      process.stdout.write(`${format(row)}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: 'soft-data-plane', node: process.version, rows })}\n`);
  return Promise.resolve();
}

const ciphers = [['aes128gcm16', null], ['aes256gcm16', null], ['chacha20poly1305', null], ['aes256', 'sha256']] as const;

function format(row: Row): string {
  const [seal, open] = [row.sealMicroseconds, row.openMicroseconds].map((value) => value.toFixed(2));
  return `${row.cipher.padEnd(18)} ${String(row.octets).padStart(5)} octets  seal ${seal ?? ''} µs  open ${open ?? ''} µs  ${row.megabitsPerSecond.toFixed(0)} Mbit/s`;
}

const here: DatagramPath = { local: { address: address('10.1.0.1'), port: 4500 }, remote: { address: address('10.1.0.2'), port: 4500 }, device: null };
const there: DatagramPath = { local: here.remote, remote: here.local, device: null };
const everything = { range: prefixRange(present(parsePrefix('0.0.0.0/0'), 'a prefix')), protocol: 0, startPort: 0, endPort: 65_535 };
const selectors: EspSelectors = { local: [everything], remote: [everything] };
const lifetime: EspLifetime = { softBytes: null, hardBytes: null, softPackets: null, hardPackets: null, hardAt: null };

/** Packets between two looks at the clock; fewer than a replay window, since the last is opened first. */
const batchPackets = 500;
function measure(encr: string, integ: string | null, octets: number, packets: number): Row {
  const sender = newPlane();
  const receiver = newPlane();
  install(sender, receiver, encr, integ);
  const packet = innerPacket(octets);
  const sealing: number[] = [];
  const opening: number[] = [];
  for (let done = 0; done < packets; done += batchPackets) {
    const datagrams: Uint8Array[] = [];
    sealing.push(perPacket(() => feed(sender, { kind: 'tun-packet', packet }, (output) => output.kind === 'send' && datagrams.push(output.bytes))));
    let delivered = 0;
    opening.push(perPacket(() => {
      const bytes = present(datagrams.pop(), 'a datagram');
      feed(receiver, { kind: 'datagram', path: there, bytes, tos: 0 }, (output) => output.kind === 'tun-write' && delivered++);
    }));
    if (delivered !== batchPackets) throw new Error(`${delivered} of ${batchPackets} delivered`);
  }
  const cipher = integ === null ? encr : `${encr}-${integ}`;
  const [sealMicroseconds, openMicroseconds] = [median(sealing), median(opening)];
  return { cipher, octets, sealMicroseconds, openMicroseconds, megabitsPerSecond: (octets * 8) / Math.max(sealMicroseconds, openMicroseconds) };
}

function perPacket(step: () => void): number {
  const before = process.cpuUsage();
  for (let n = 0; n < batchPackets; n++) step();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / batchPackets;
}

function median(values: readonly number[]): number {
  return present([...values].sort((a, b) => a - b)[values.length >> 1], 'a value');
}

function feed(plane: SoftDataPlane, input: SoftInput, each: (output: SoftOutput) => void): void {
  plane.handleInput(instant(performance.now()), input);
  for (let output = plane.pollOutput(); output.kind !== 'wake'; output = plane.pollOutput()) each(output);
}

function newPlane(): SoftDataPlane {
  return new SoftDataPlane({ host: { innerAddresses: [] }, random: systemRandom });
}

function install(sender: SoftDataPlane, receiver: SoftDataPlane, encrName: string, integName: string | null): void {
  const encr = present(defaultRegistry.encrByName(encrName), encrName);
  const integ = integName === null ? null : present(defaultRegistry.integByName(integName), integName);
  const keying = (): EspKeying => ({
    encr, integ, esn: true,
    encrKey: new SecretKey(new Uint8Array(encr.keymatBytes).fill(7)), integKey: new SecretKey(new Uint8Array(integ?.keyBytes ?? 0).fill(9)),
  });
  const child = childSaId(1);
  const spi = espSpi(0x1234);
  const common = { child, spi, selectors, lifetime };
  feed(sender, { kind: 'commands', commands: [{ ...common, kind: 'install-outbound', keying: keying(), priority: 1, path: here, reportNewSource: true, copyDscp: false }] }, () => undefined);
  feed(receiver, { kind: 'commands', commands: [{ ...common, kind: 'install-inbound', keying: keying(), replayWindow: 4096 }] }, () => undefined);
}

function innerPacket(octets: number): Uint8Array {
  const packet = new Uint8Array(octets);
  packet.set([0x45, 0, octets >> 8, octets & 0xff, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
  return packet;
}

function address(text: string): IpAddress {
  return present(parseAddress(text), text);
}

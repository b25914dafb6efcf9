/** The C++ program beside this file, which splits, merges and sums for tests; `kernel` asks the machine's kernel instead. */
import { spawn, type ChildProcess } from 'node:child_process';
import { endianness } from 'node:os';
import { compile } from '../../../scripts/compile.js';
import { present } from '../../../lib/util/assert.js';
import { concat } from '../../../lib/util/bytes.js';

/** What the kernel says in front of a packet: virtio_net_hdr. */
export interface VnetHeader {
  readonly flags: number;
  readonly gsoType: number;
  readonly headerLength: number;
  readonly gsoSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

export const gso = { none: 0, tcp4: 1, tcp6: 4, udp: 5, ecn: 0x80 } as const;
export const needsChecksum = 1;
export const plain: VnetHeader = { flags: 0, gsoType: gso.none, headerLength: 0, gsoSize: 0, checksumStart: 0, checksumOffset: 0 };

export interface Write {
  readonly header: VnetHeader;
  readonly packet: Uint8Array;
}

export interface MergeOptions {
  readonly tcp4?: boolean;
  readonly tcp6?: boolean;
  readonly udp?: boolean;
}

export class OffloadProgram {
  readonly #child: ChildProcess;
  readonly #waiting: ((reply: Uint8Array[] | null) => void)[] = [];
  #received: Buffer = Buffer.alloc(0);
  #errors = '';
  #ended = false;

  /** @param prelude shell commands that come before it, in a network namespace of its own */
  constructor(prelude?: string) {
    const path = offloadProgram();
    const argv = prelude === undefined ? [path] : ['unshare', '--net', 'sh', '-c', `${prelude}; exec "$0"`, path];
    this.#child = spawn(present(argv[0], 'a program'), argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    // A sanitizer ends it: who waits learns why.
    this.#child.on('close', () => {
      this.#ended = true;
      this.#waiting.splice(0).forEach((answer) => answer(null));
    });
    this.#child.stdin?.on('error', () => undefined);
  }

  async sum(bytes: Uint8Array): Promise<{ readonly sum: number; readonly copySum: number; readonly copy: Uint8Array }> {
    const [sum, copySum, copy] = present(await this.#ask('c', bytes), 'an answer');
    const number = (item: Uint8Array | undefined): number => Buffer.from(present(item, 'a number')).readUInt32LE();
    return { sum: number(sum), copySum: number(copySum), copy: present(copy, 'the copy') };
  }

  /** null: malformed. */
  async split(header: VnetHeader, packet: Uint8Array): Promise<Uint8Array[] | null> {
    return this.#ask('s', concat(encodeVnet(header), packet));
  }

  async merge(packets: readonly Uint8Array[], options: MergeOptions = { tcp4: true, tcp6: true, udp: true }): Promise<Write[]> {
    const bits = (options.tcp4 === true ? 1 : 0) | (options.tcp6 === true ? 2 : 0) | (options.udp === true ? 4 : 0);
    const writes = present(await this.#ask('m', concat(Uint8Array.of(bits), ...packets.flatMap((packet) => [uint32(packet.length), packet]))), 'writes');
    return writes.map((write) => ({ header: decodeVnet(write), packet: write.subarray(vnetOctets) }));
  }

  /** null: the kernel refuses it. */
  async kernel(header: VnetHeader, packet: Uint8Array): Promise<Uint8Array[] | null> {
    return this.#ask('k', concat(encodeVnet(header), packet));
  }

  close(): void {
    this.#child.stdin?.end();
  }

  async #ask(what: string, body: Uint8Array): Promise<Uint8Array[] | null> {
    const reply = new Promise<Uint8Array[] | null>((resolve) => (this.#ended ? resolve(null) : this.#waiting.push(resolve)));
    this.#child.stdin?.write(concat(uint32(1 + body.length), Uint8Array.of(what.charCodeAt(0)), body));
    const answer = await reply;
    if (answer === null && this.#ended) throw new Error(`the program ended: ${this.#errors}`);
    return answer;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let answer = parseAnswer(this.#received); answer !== null; answer = parseAnswer(this.#received)) {
      this.#received = this.#received.subarray(answer.octets);
      present(this.#waiting.shift(), 'a question')(answer.items);
    }
  }
}

/** Built with sanitizers: an octet read too far ends it. */
function offloadProgram(): string {
  const flags = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const own = ['program.cc', 'tun_pair.cc'].map((file) => `test/native/offload/${file}`);
  return compile({ name: 'offload-test', sources: [...own, 'native/src/offload'], includes: ['native/src', 'test/native/offload'], flags });
}

const vnetOctets = 10;
const refused = 0xffffffff;

function parseAnswer(buffer: Buffer): { readonly items: Uint8Array[] | null; readonly octets: number } | null {
  if (buffer.length < 4) return null;
  const count = buffer.readUInt32LE(0);
  if (count === refused) return { items: null, octets: 4 };
  const items: Uint8Array[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (buffer.length < at + 4 || buffer.length < at + 4 + buffer.readUInt32LE(at)) return null;
    const length = buffer.readUInt32LE(at);
    items.push(Uint8Array.from(buffer.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return { items, octets: at };
}

function encodeVnet(header: VnetHeader): Uint8Array {
  const view = new DataView(new ArrayBuffer(vnetOctets));
  view.setUint8(0, header.flags);
  view.setUint8(1, header.gsoType);
  [header.headerLength, header.gsoSize, header.checksumStart, header.checksumOffset].forEach((value, i) => view.setUint16(2 + 2 * i, value, little));
  return new Uint8Array(view.buffer);
}

function decodeVnet(write: Uint8Array): VnetHeader {
  const view = new DataView(write.buffer, write.byteOffset, vnetOctets);
  const word = (at: number): number => view.getUint16(at, little);
  return { flags: view.getUint8(0), gsoType: view.getUint8(1), headerLength: word(2), gsoSize: word(4), checksumStart: word(6), checksumOffset: word(8) };
}

function uint32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, little);
  return new Uint8Array(view.buffer);
}

const little = endianness() === 'LE';

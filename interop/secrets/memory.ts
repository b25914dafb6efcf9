/** Looks for octets in all the memory of another process, as a debugger would read it. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Something to look for: its name, and its octets. */
export interface Needle {
  readonly name: string;
  readonly octets: Uint8Array;
}

export interface Found {
  readonly name: string;
  /** What the memory is, as the kernel names it; empty for what was just asked for. */
  readonly area: string;
  readonly address: number;
}

export interface Search {
  readonly found: readonly Found[];
  /** How much was searched. */
  readonly bytes: number;
}

/**
 * All places where one is, as octets and as digits of hex. Of a long one its first sixteen octets count: what is left of a key may have been half
 * overwritten.
 */
export function searchMemory(pid: number, needles: readonly Needle[]): Search {
  const forms = needles.flatMap(({ name, octets }) => {
    const start = Buffer.from(octets.subarray(0, significantOctets));
    const digits = start.toString('hex');
    return [[name, start], [`${name} in hex`, Buffer.from(digits)], [`${name} in hex, two octets a letter`, Buffer.from(digits, 'utf16le')]] as const;
  });
  const overlap = Math.max(...forms.map(([, bytes]) => bytes.length)) - 1;
  const found: Found[] = [];
  let bytes = 0;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const block = Buffer.alloc(blockBytes + overlap);
    for (const { from, until, area } of readableAreas(pid)) {
      for (let at = from; at < until; at += blockBytes) {
        const got = readAt(memory, block.subarray(0, Math.min(block.length, until - at)), at);
        bytes += Math.min(got, blockBytes);
        const text = block.subarray(0, got);
        for (const [name, form] of forms) {
          // What begins in the overlap belongs to the next block.
          for (let hit = text.indexOf(form); hit >= 0 && hit < blockBytes; hit = text.indexOf(form, hit + 1)) found.push({ name, area, address: at + hit });
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return { found, bytes };
}

interface Area {
  readonly from: number;
  readonly until: number;
  readonly area: string;
}

function readableAreas(pid: number): Area[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n');
  return lines.flatMap((line) => {
    const [, from = '', until = '', rights = '', area = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    return rights.startsWith('r') && !area.startsWith('[v') ? [{ from: Number(`0x${from}`), until: Number(`0x${until}`), area }] : [];
  });
}

/** Fewer octets where the area is gone meanwhile or cannot be read. */
function readAt(file: number, into: Buffer, position: number): number {
  let got = 0;
  try {
    while (got < into.length) {
      const read = readSync(file, into, got, into.length - got, position + got);
      if (read === 0) break;
      got += read;
    }
  } catch {
    // EIO: no page there.
  }
  return got;
}

const significantOctets = 16;
const blockBytes = 4 << 20;

/** PEM (RFC 7468): labelled base64 in text. */
import { fromBase64, toBase64 } from './base64.js';

export interface PemBlock {
  /** As `CERTIFICATE`. */
  readonly label: string;
  /** As it stands, for what reads PEM itself. */
  readonly text: string;
  /** Null: no base64, or headers in it, as an older encrypted key has. */
  readonly der: Uint8Array | null;
}

/** Blocks in one file: a bundle of all public authorities has about 150. */
export const maxPemBlocks = 1000;

/** In order; text between blocks is a comment. Null: more than `maxPemBlocks`. */
export function readPem(text: string): PemBlock[] | null {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const labelEnd = text.indexOf(dashes, at + begin.length);
    if (labelEnd < 0) break;
    const label = text.slice(at + begin.length, labelEnd);
    const ending = `-----END ${label}-----`;
    const end = text.indexOf(ending, labelEnd);
    if (end < 0) break;
    if (blocks.length === maxPemBlocks) return null;
    const body = text.slice(labelEnd + dashes.length, end);
    blocks.push({ label, text: `${text.slice(at, end + ending.length)}\n`, der: fromBase64(body.replace(/\s+/g, '')) });
    at = end + ending.length;
  }
  return blocks;
}

export function writePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `${begin}${label}${dashes}\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const begin = '-----BEGIN ';
const dashes = '-----';

/** Base64 (RFC 4648 §4), both ways. */

/** With padding, in one line. */
export function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => alphabet.charAt((group >> shift) & 0x3f));
    out += left >= 3 ? digits.join('') : `${digits.slice(0, left + 1).join('')}${'='.repeat(3 - left)}`;
  }
  return out;
}

/** Null where it is none; padding may be missing. */
export function fromBase64(text: string): Uint8Array | null {
  const digits = text.replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9+/]+$/.test(digits) || digits.length % 4 === 1) return null;
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | (valueOf.get(digit) ?? 0)) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[at++] = (bits >> count) & 0xff;
  }
  return out;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const valueOf: ReadonlyMap<string, number> = new Map(Array.from(alphabet, (digit, value) => [digit, value]));

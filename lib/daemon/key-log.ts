/**
 * Key material for Wireshark, behind the explicit switch MHTUN_KEYLOG=FOLDER and nothing else: the files
 * `ikev2_decryption_table` and `esp_sa` as a Wireshark profile has them (`WIRESHARK_CONFIG_DIR=FOLDER tshark …` reads them there).
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyLogEntry } from '../ike/io.js';
import { addressFamily } from '../util/address.js';
import { toHex } from '../util/bytes.js';

export function openKeyLog(folder: string): (entry: KeyLogEntry) => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return (entry) => {
    const file = entry.kind === 'ike' ? 'ikev2_decryption_table' : 'esp_sa';
    const line = entry.kind === 'ike' ? ikeLine(entry) : espLine(entry);
    appendFileSync(join(folder, file), `${line}\n`, { mode: 0o600 });
  };
}

export function ikeLine(entry: Extract<KeyLogEntry, { kind: 'ike' }>): string {
  const keys = [entry.spiI, entry.spiR, toHex(entry.skEi), toHex(entry.skEr)].join(',');
  return `${commentMark(entry.encr)}${keys},"${ikeEncr(entry.encr)}",${toHex(entry.skAi)},${toHex(entry.skAr)},"${ikeInteg(entry.integ)}"`;
}

export function espLine(entry: Extract<KeyLogEntry, { kind: 'esp' }>): string {
  const { local, remote } = entry.path;
  const [from, to] = entry.inbound ? [remote, local] : [local, remote];
  const family = addressFamily(from.address) === 4 ? 'IPv4' : 'IPv6';
  const spi = `0x${entry.spi.toString(16).padStart(8, '0')}`;
  const integKey = entry.integ === null ? '' : `0x${toHex(entry.integKey)}`;
  const fields = [family, from.address, to.address, spi, espEncr(entry.encr), `0x${toHex(entry.encrKey)}`, espInteg(entry.integ), integKey];
  return `${commentMark(entry.encr)}${fields.map((field) => `"${field}"`).join(',')}`;
}

/** Wireshark (4.0) knows no ChaCha20-Poly1305 here, and a name that it does not know would cost it the whole file. */
function commentMark(encr: string): string {
  return encr.startsWith('chacha') ? '# ' : '';
}

/** Wireshark's names of algorithms, by our keywords. */
function ikeEncr(name: string): string {
  const gcm = /^aes(\d+)gcm16$/.exec(name);
  if (gcm !== null) return `AES-GCM-${gcm[1] ?? ''} with 16 octet ICV [RFC5282]`;
  const cbc = /^aes(\d+)$/.exec(name);
  return cbc === null ? 'ChaCha20-Poly1305 [RFC7634]' : `AES-CBC-${cbc[1] ?? ''} [RFC3602]`;
}

function ikeInteg(name: string | null): string {
  return name === null ? 'NONE [RFC4306]' : `HMAC_SHA2_${hashBits(name)}_${hashBits(name) / 2} [RFC4868]`;
}

function espEncr(name: string): string {
  if (name.includes('gcm')) return 'AES-GCM with 16 octet ICV [RFC4106]';
  return name.startsWith('chacha') ? 'ChaCha20 with Poly1305 [RFC7634]' : 'AES-CBC [RFC3602]';
}

function espInteg(name: string | null): string {
  return name === null ? 'NULL' : `HMAC-SHA-${hashBits(name)}-${hashBits(name) / 2} [RFC4868]`;
}

function hashBits(integ: string): number {
  return Number(integ.replace(/\D/g, ''));
}

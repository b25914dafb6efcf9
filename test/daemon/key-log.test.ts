/** Lines that Wireshark reads, and that nothing is written without the switch. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { espLine, ikeLine, openKeyLog } from '../../lib/daemon/key-log.js';
import type { KeyLogEntry } from '../../lib/ike/io.js';
import { espSpi, ikeSpi } from '../../lib/util/brands.js';
import { ip } from '../support/virtual-host.js';

const ike: Extract<KeyLogEntry, { kind: 'ike' }> = {
  kind: 'ike', spiI: ikeSpi('0102030405060708'), spiR: ikeSpi('1112131415161718'), encr: 'aes256', integ: 'sha256',
  skEi: Uint8Array.of(1), skEr: Uint8Array.of(2), skAi: Uint8Array.of(3), skAr: Uint8Array.of(4),
};
const esp: Extract<KeyLogEntry, { kind: 'esp' }> = {
  kind: 'esp', spi: espSpi(0xc0ffee), inbound: true, encr: 'aes128gcm16', integ: null, encrKey: Uint8Array.of(5, 6), integKey: new Uint8Array(0),
  path: { local: { address: ip('10.0.0.1'), port: 4500 }, remote: { address: ip('10.0.0.2'), port: 4500 }, device: null },
};

describe('the key log', () => {
  it('writes IKE keys as ikev2_decryption_table has them', () => {
    expect(ikeLine(ike)).to.equal('0102030405060708,1112131415161718,01,02,"AES-CBC-256 [RFC3602]",03,04,"HMAC_SHA2_256_128 [RFC4868]"');
    expect(ikeLine({ ...ike, encr: 'aes192gcm16', integ: null, skAi: new Uint8Array(0), skAr: new Uint8Array(0) }))
      .to.equal('0102030405060708,1112131415161718,01,02,"AES-GCM-192 with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"');
  });

  it('writes ESP keys as esp_sa has them, from sender to receiver', () => {
    expect(espLine(esp)).to.equal('"IPv4","10.0.0.2","10.0.0.1","0x00c0ffee","AES-GCM with 16 octet ICV [RFC4106]","0x0506","NULL",""');
    expect(espLine({ ...esp, inbound: false, encr: 'aes256', integ: 'sha384', integKey: Uint8Array.of(7) }))
      .to.equal('"IPv4","10.0.0.1","10.0.0.2","0x00c0ffee","AES-CBC [RFC3602]","0x0506","HMAC-SHA-384-192 [RFC4868]","0x07"');
  });

  it('writes what Wireshark has no name for as comments', () => {
    expect(ikeLine({ ...ike, encr: 'chacha20poly1305', integ: null })).to.match(/^# /);
    expect(espLine({ ...esp, encr: 'chacha20poly1305' })).to.match(/^# /);
  });

  it('keeps its files from others', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mhtun-keys-'));
    const write = openKeyLog(join(folder, 'keys'));
    write(ike);
    write(esp);
    write(esp);
    expect(readFileSync(join(folder, 'keys', 'ikev2_decryption_table'), 'utf8')).to.equal(`${ikeLine(ike)}\n`);
    expect(readFileSync(join(folder, 'keys', 'esp_sa'), 'utf8')).to.equal(`${espLine(esp)}\n${espLine(esp)}\n`);
    expect(statSync(join(folder, 'keys', 'esp_sa')).mode & 0o777).to.equal(0o600);
    expect(statSync(join(folder, 'keys')).mode & 0o777).to.equal(0o700);
    rmSync(folder, { recursive: true });
  });
});

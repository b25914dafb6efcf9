/** Reads what lab/capture.ts wrote: UDP over IPv4 in a capture of tcpdump on all devices. */
import { readFileSync } from 'node:fs';
import { LabError } from './exec.js';

export interface CapturedDatagram {
  /** `10.1.1.2:500` */
  readonly from: string;
  readonly to: string;
  readonly payload: Uint8Array;
}

/** The datagrams in the order in which they were seen; IPv6 and IP fragments are left out. @throws LabError */
export function readCapture(file: string): CapturedDatagram[] {
  return parseCapture(readFileSync(file));
}

/** @throws LabError where it is no such capture */
export function parseCapture(bytes: Uint8Array): CapturedDatagram[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < fileHeaderBytes || view.getUint32(0, true) !== magic) throw new LabError('no capture of this machine');
  if (view.getUint32(20, true) !== linkTypeSll2) throw new LabError('a capture of another kind of device');
  const found: CapturedDatagram[] = [];
  for (let at = fileHeaderBytes; at + recordHeaderBytes <= bytes.length; ) {
    const length = view.getUint32(at + 8, true);
    at += recordHeaderBytes;
    // The last record may have been cut when tcpdump ended.
    if (at + length > bytes.length) break;
    const datagram = parsePacket(bytes.subarray(at, at + length));
    if (datagram !== null) found.push(datagram);
    at += length;
  }
  return found;
}

function parsePacket(record: Uint8Array): CapturedDatagram | null {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  if (record.length < sll2HeaderBytes + 28 || view.getUint16(0) !== etherTypeIpv4) return null;
  const ip = sll2HeaderBytes;
  const udp = ip + (view.getUint8(ip) & 0x0f) * 4;
  const fragmented = (view.getUint16(ip + 6) & 0x3fff) !== 0;
  if (view.getUint8(ip + 9) !== protocolUdp || fragmented || udp + 8 > record.length) return null;
  const address = (at: number): string => [...record.subarray(at, at + 4)].join('.');
  return {
    from: `${address(ip + 12)}:${view.getUint16(udp)}`,
    to: `${address(ip + 16)}:${view.getUint16(udp + 2)}`,
    payload: record.slice(udp + 8, udp + view.getUint16(udp + 4)),
  };
}

const magic = 0xa1b2c3d4;
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
/** "Linux cooked" of the second version: 20 octets before each packet, the EtherType first. */
const linkTypeSll2 = 276;
const sll2HeaderBytes = 20;
const etherTypeIpv4 = 0x0800;
const protocolUdp = 17;

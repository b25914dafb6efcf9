/** strongSwan's control protocol, vici, as its users need it: commands with their streamed events. Own reading of the protocol's description. */
import { createConnection } from 'node:net';
import { LabError } from './exec.js';

/** A message: names with text, lists of text, and sections. */
export interface Section {
  readonly [name: string]: string | readonly string[] | Section;
}

export interface ViciReply {
  readonly reply: Section;
  readonly events: readonly Section[];
}

/** Runs one command over a connection of its own. `event`: what to collect while it runs. @throws LabError */
export function vici(
  socketPath: string,
  command: string,
  message: Section = {},
  event: string | null = null,
  timeoutMs = 20_000,
): Promise<ViciReply> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    const events: Section[] = [];
    let buffered: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => {
      fail(new LabError(`vici ${command}: no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);

    function fail(error: Error): void {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    }

    function sendCommand(): void {
      socket.write(packet(packetTypes.request, command, encode(message)));
    }

    function take(type: number, body: Buffer): void {
      if (type === packetTypes.eventConfirm) {
        sendCommand();
      } else if (type === packetTypes.event) {
        events.push(decode(body.subarray(1 + body.readUInt8(0))));
      } else if (type === packetTypes.response) {
        clearTimeout(timer);
        socket.destroy();
        resolve({ reply: decode(body), events });
      } else {
        fail(new LabError(`vici ${command}: refused (packet type ${type})`));
      }
    }

    socket.on('connect', () => {
      if (event === null) sendCommand();
      else socket.write(packet(packetTypes.eventRegister, event, Buffer.alloc(0)));
    });
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, Buffer.from(chunk)]);
      while (buffered.length >= 4 && buffered.length >= 4 + buffered.readUInt32BE(0)) {
        const end = 4 + buffered.readUInt32BE(0);
        const type = buffered.readUInt8(4);
        const body = buffered.subarray(5, end);
        buffered = buffered.subarray(end);
        take(type, body);
      }
    });
    socket.on('error', (error) => {
      fail(new LabError(`vici ${command}: ${error.message}`));
    });
    socket.on('close', () => {
      fail(new LabError(`vici ${command}: the daemon closed the connection`));
    });
  });
}

/** The text under a name; empty when there is none. */
export function textOf(section: Section, name: string): string {
  const value = section[name];
  return typeof value === 'string' ? value : '';
}

export function listOf(section: Section, name: string): readonly string[] {
  const value = section[name];
  return isList(value) ? value : [];
}

/** The sections under a name, or all sections of this one, by their names. */
export function sectionsOf(section: Section, name: string | null = null): [string, Section][] {
  const from = name === null ? section : section[name];
  if (from === undefined || typeof from === 'string' || isList(from)) return [];
  const found: [string, Section][] = [];
  for (const [key, value] of Object.entries(from)) {
    if (typeof value !== 'string' && !isList(value)) found.push([key, value]);
  }
  return found;
}

function isList(value: string | readonly string[] | Section | undefined): value is readonly string[] {
  return Array.isArray(value);
}

const packetTypes = { request: 0, response: 1, eventRegister: 3, eventConfirm: 5, event: 7 } as const;
const elements = { sectionStart: 1, sectionEnd: 2, keyValue: 3, listStart: 4, listItem: 5, listEnd: 6 } as const;

function packet(type: number, name: string, message: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([type, name.length]), Buffer.from(name), message]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function encode(message: Section): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(message)) {
    if (typeof value === 'string') {
      parts.push(named(elements.keyValue, name), long(value));
    } else if (isList(value)) {
      parts.push(named(elements.listStart, name));
      for (const item of value) parts.push(Buffer.from([elements.listItem]), long(item));
      parts.push(Buffer.from([elements.listEnd]));
    } else {
      parts.push(named(elements.sectionStart, name), encode(value), Buffer.from([elements.sectionEnd]));
    }
  }
  return Buffer.concat(parts);
}

function named(element: number, name: string): Buffer {
  return Buffer.concat([Buffer.from([element, name.length]), Buffer.from(name)]);
}

function long(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function decode(bytes: Buffer): Section {
  let at = 0;

  function name(): string {
    const length = bytes.readUInt8(at);
    at += 1 + length;
    return bytes.toString('utf8', at - length, at);
  }

  function value(): string {
    const length = bytes.readUInt16BE(at);
    at += 2 + length;
    return bytes.toString('utf8', at - length, at);
  }

  function list(): string[] {
    const items: string[] = [];
    while (at < bytes.length && bytes.readUInt8(at) === elements.listItem) {
      at += 1;
      items.push(value());
    }
    at += 1;
    return items;
  }

  function section(): Section {
    const fields: Record<string, string | readonly string[] | Section> = {};
    while (at < bytes.length) {
      const element = bytes.readUInt8(at);
      at += 1;
      if (element === elements.sectionEnd) break;
      const key = name();
      if (element === elements.sectionStart) fields[key] = section();
      else if (element === elements.listStart) fields[key] = list();
      else if (element === elements.keyValue) fields[key] = value();
      else throw new LabError(`vici: element ${element} is none that is known`);
    }
    return fields;
  }

  return section();
}

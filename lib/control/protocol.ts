/**
 * The protocol of the control socket apart from the socket: JSON objects, one a line, UTF-8.
 * A request is `{"id":1,"verb":"status"}`; it is answered by `{"id":1,"ok":true,"result":…}` or
 * `{"id":1,"ok":false,"error":"…","exitCode":1}`, and `events` with `follow` by any number of
 * `{"id":1,"event":{…}}`. A line that is no request is answered with `"id":null`.
 */
import { parseRecordedFiles, type RecordedFiles } from '../config/recorded-files.js';
import type { ControlReply, ControlRequest, EventDocument } from './messages.js';

/**
 * Octets of the longest request line: a configuration of thousands of peers that `reload` brings along fits.
 * Only root and the daemon's user can ask.
 */
export const maxControlRequestBytes: number = 32 * 1024 * 1024;
/** Octets of the longest line a client takes: a status of thousands of peers fits. */
export const maxControlReplyBytes: number = 64 * 1024 * 1024;

/** What a request line turned out to be. `id` null: not even that could be read. */
export type DecodedRequest =
  | { readonly ok: true; readonly id: number; readonly request: ControlRequest }
  | { readonly ok: false; readonly id: number | null; readonly error: string };

/** What a line from the daemon turned out to be. */
export type DecodedAnswer =
  | { readonly kind: 'reply'; readonly id: number | null; readonly reply: ControlReply }
  | { readonly kind: 'event'; readonly id: number; readonly event: EventDocument }
  | { readonly kind: 'malformed' };

export function encodeRequest(id: number, request: ControlRequest): string {
  return `${JSON.stringify({ id, ...request })}\n`;
}

export function encodeReply(id: number | null, reply: ControlReply): string {
  return `${JSON.stringify({ id, ...reply })}\n`;
}

export function encodeEvent(id: number, event: EventDocument): string {
  return `${JSON.stringify({ id, event })}\n`;
}

/** Never throws: whoever may open the socket may write anything into it. */
export function decodeRequest(line: string): DecodedRequest {
  const value = parseJson(line);
  if (!isRecord(value)) return { ok: false, id: null, error: 'a request is one JSON object on one line' };
  const id = value['id'];
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return { ok: false, id: null, error: '"id" must be a whole number' };
  const request = toRequest(new Fields(value));
  return typeof request === 'string' ? { ok: false, id, error: request } : { ok: true, id, request };
}

export function decodeAnswer(line: string): DecodedAnswer {
  const value = parseJson(line);
  if (!isRecord(value)) return { kind: 'malformed' };
  const id = typeof value['id'] === 'number' ? value['id'] : null;
  const event = value['event'];
  if (id !== null && isEvent(event)) return { kind: 'event', id, event };
  if (value['ok'] === true) return { kind: 'reply', id, reply: { ok: true, result: value['result'] ?? null } };
  const error = value['error'];
  if (value['ok'] !== false || typeof error !== 'string') return { kind: 'malformed' };
  return { kind: 'reply', id, reply: { ok: false, error, exitCode: value['exitCode'] === 2 ? 2 : 1 } };
}

/** What every event has; its own fields are not looked at. */
export function isEvent(value: unknown): value is EventDocument {
  if (!isRecord(value)) return false;
  const peer = value['peer'];
  return typeof value['time'] === 'string' && typeof value['event'] === 'string' && (peer === null || typeof peer === 'string');
}

/** Cuts a stream of octets into lines, and notices one that grows past the limit. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param limit octets of the longest line, its end not counted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that `chunk` completes, empty ones left out; null when a line is too long (the stream is then of no more use). */
  push(chunk: Uint8Array): string[] | null {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return null;
      const line = this.#take();
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    return this.#keep(chunk.subarray(start)) ? lines : null;
  }

  #keep(part: Uint8Array): boolean {
    this.#length += part.length;
    if (this.#length > this.#limit) return false;
    if (part.length > 0) this.#parts.push(part.slice());
    return true;
  }

  #take(): string {
    const decoder = new TextDecoder();
    let text = '';
    for (const part of this.#parts) text += decoder.decode(part, { stream: true });
    text += decoder.decode();
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}

const newline = 0x0a;

/** The fields of a request by name; remembers the first that is not what it must be. */
class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  problem: string | null = null;

  constructor(value: Readonly<Record<string, unknown>>) {
    this.#value = value;
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value === 'string') return value;
    this.problem ??= `"${name}" must be a string`;
    return '';
  }

  textOrNull(name: string): string | null {
    return (this.#value[name] ?? null) === null ? null : this.text(name);
  }

  flag(name: string): boolean {
    const value = this.#value[name] ?? false;
    if (typeof value === 'boolean') return value;
    this.problem ??= `"${name}" must be true or false`;
    return false;
  }

  filesOrNull(name: string): RecordedFiles | null {
    const value = this.#value[name] ?? null;
    const files = value === null ? null : parseRecordedFiles(value);
    if (value !== null && files === null) this.problem ??= `"${name}" must be the recorded files of a configuration`;
    return files;
  }

  durationOrNull(name: string): number | null {
    const value = this.#value[name] ?? null;
    if (value === null || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value;
    this.problem ??= `"${name}" must be a number of milliseconds, 0 or more`;
    return null;
  }
}

/** The request, or what is wrong with it. */
function toRequest(fields: Fields): ControlRequest | string {
  const request = requestOf(fields.text('verb'), fields);
  if (fields.problem !== null) return fields.problem;
  return request ?? `no verb "${fields.text('verb')}"`;
}

function requestOf(verb: string, fields: Fields): ControlRequest | null {
  switch (verb) {
    case 'status':
    case 'down':
      return { verb };
    case 'reload': {
      const files = fields.filesOrNull('files');
      return files === null ? { verb } : { verb, files };
    }
    case 'paths':
      return { verb, peer: fields.textOrNull('peer') };
    case 'explain':
      return { verb, what: fields.textOrNull('what') };
    case 'initiate':
      return { verb, peer: fields.text('peer'), child: fields.textOrNull('child'), timeoutMs: fields.durationOrNull('timeoutMs') };
    case 'terminate':
      return { verb, peer: fields.text('peer'), child: fields.textOrNull('child') };
    case 'rekey':
      return {
        verb,
        peer: fields.text('peer'),
        child: fields.textOrNull('child'),
        ike: fields.flag('ike'),
        timeoutMs: fields.durationOrNull('timeoutMs'),
      };
    case 'move':
      return { verb, peer: fields.text('peer'), local: fields.text('local'), remote: fields.text('remote') };
    case 'events':
      return { verb, follow: fields.flag('follow') };
    default:
      return null;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

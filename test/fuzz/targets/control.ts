/** The protocol of the control socket: octets to lines, lines to requests and answers. The first octet says where the stream is cut. */
import { decodeAnswer, decodeRequest, encodeEvent, encodeReply, encodeRequest, LineSplitter, type DecodedAnswer } from '../../../lib/control/protocol.js';
import { parseRecordedFiles } from '../../../lib/config/recorded-files.js';
import { concat, utf8 } from '../../../lib/util/bytes.js';
import { mustBeSame, repeated, type FuzzTarget } from '../target.js';

const longestLine = 100_000;

export const target: FuzzTarget = {
  run(input) {
    const stream = input.subarray(1);
    const lines = new LineSplitter(longestLine).push(stream) ?? [];
    mustBeSame('the lines of the stream in pieces', inPieces(stream, 1 + (input[0] ?? 0)), lines);
    for (const line of lines) check(line);
  },
  seeds: () => [
    encodeRequest(1, { verb: 'status' }),
    encodeRequest(2, { verb: 'paths', peer: 'sun' }) + encodeRequest(3, { verb: 'paths', peer: null }) + encodeRequest(4, { verb: 'explain', what: '3f9a1c20' }),
    encodeRequest(4, { verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 10 }),
    encodeRequest(5, { verb: 'terminate', peer: 'sun', child: null }),
    encodeRequest(6, { verb: 'rekey', peer: 'sun', child: null, ike: true, timeoutMs: null }),
    encodeRequest(7, { verb: 'move', peer: 'sun', local: '10.1.0.1', remote: '10.1.0.2' }),
    encodeRequest(8, { verb: 'reload', files: { reads: { '/a': { ok: true, text: 'é', mode: 384 }, '/b': { ok: false, error: 'no' } }, globs: { '/*': ['/a'] } } }),
    encodeRequest(9, { verb: 'events', follow: true }) + encodeRequest(10, { verb: 'down' }),
    encodeReply(1, { ok: true, result: { a: [1] } }) + encodeReply(null, { ok: false, error: 'no peer', exitCode: 2 }),
    encodeEvent(1, { time: '2026-01-01T00:00:00.000Z', event: 'ike-up', peer: 'sun', spi_i: '0x1' }),
  ].map((text) => concat(Uint8Array.of(7), utf8(text))),
  large: (octets) => {
    const patterns = ['\n', 'a', '[', '{"a":', '{"id":1,"verb":"status"}\n', ' ', 'é', '"\\u0000', '{"id":1,"ok":true,"result":null}\n', '1'];
    return patterns.flatMap((pattern) => [0, 255].map((cut) => concat(Uint8Array.of(cut), repeated(utf8(pattern), octets))));
  },
  words: [
    '"id":', '"verb":', '"peer":', '"child":', '"ike":', '"timeoutMs":', '"local":', '"remote":', '"follow":', '"files":', '"reads":', '"globs":', '"ok":', '"error":', '"event":', '"time":',
    '"result":', '"exitCode":', '"__proto__":', '"status"', '"rekey"', '"events"', 'null', 'true', 'false', '{', '}', '[', ']', ',', '\n', '1e999', '-0', '"\\ud800"',
  ].map(utf8),
};

function inPieces(stream: Uint8Array, size: number): string[] {
  const splitter = new LineSplitter(longestLine);
  const lines: string[] = [];
  for (let at = 0; at < stream.length; at += size) lines.push(...(splitter.push(stream.subarray(at, at + size)) ?? []));
  return lines;
}

/** Lines are compared, not values: JSON has numbers (-0, 1e999) that are others once they are written again. */
function check(line: string): void {
  const request = decodeRequest(line);
  if (request.ok) {
    const text = encodeRequest(request.id, request.request);
    const again = decodeRequest(text);
    mustBeSame('the request that was encoded', again.ok ? encodeRequest(again.id, again.request) : again, text);
    const files = request.request.verb === 'reload' ? request.request.files : undefined;
    if (files !== undefined) mustBeSame('the files of a request', parseRecordedFiles(files), files);
  }
  const answer = decodeAnswer(line);
  // A daemon answers with the id that it was asked with.
  if (answer.kind === 'malformed' || !Number.isSafeInteger(answer.id ?? 0)) return;
  const text = encoded(answer);
  mustBeSame('the answer that was encoded', encoded(decodeAnswer(text)), text);
}

function encoded(answer: DecodedAnswer): string {
  if (answer.kind === 'malformed') return '';
  return answer.kind === 'event' ? encodeEvent(answer.id, answer.event) : encodeReply(answer.id, answer.reply);
}

import { expect } from 'chai';
import fc from 'fast-check';
import type { ControlRequest } from '../../lib/control/messages.js';
import { decodeAnswer, decodeRequest, encodeEvent, encodeReply, encodeRequest, LineSplitter } from '../../lib/control/protocol.js';

const requests: readonly ControlRequest[] = [
  { verb: 'status' },
  { verb: 'paths', peer: null },
  { verb: 'paths', peer: 'sun' },
  { verb: 'explain', what: null },
  { verb: 'explain', what: '3f9a1c20' },
  { verb: 'down' },
  { verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 1500 },
  { verb: 'initiate', peer: 'sun', child: null, timeoutMs: null },
  { verb: 'terminate', peer: 'sun', child: null },
  { verb: 'rekey', peer: 'sun', child: 'net', ike: false, timeoutMs: null },
  { verb: 'rekey', peer: 'sun', child: null, ike: true, timeoutMs: 10 },
  { verb: 'move', peer: 'sun', local: '10.1.0.1', remote: '10.1.0.2' },
  { verb: 'reload' },
  { verb: 'events', follow: true },
];

describe('the control protocol', () => {
  for (const request of requests) {
    it(`carries ${JSON.stringify(request)} unchanged`, () => {
      expect(decodeRequest(encodeRequest(7, request))).to.deep.equal({ ok: true, id: 7, request });
    });
  }

  it('carries replies and events unchanged', () => {
    const event = { time: '2026-01-01T00:00:00.000Z', event: 'ike-up', peer: 'sun', spi_i: '0x1' };
    expect(decodeAnswer(encodeEvent(3, event))).to.deep.equal({ kind: 'event', id: 3, event });
    const good = { ok: true, result: { a: [1] } } as const;
    expect(decodeAnswer(encodeReply(3, good))).to.deep.equal({ kind: 'reply', id: 3, reply: good });
    const bad = { ok: false, error: 'no peer "sum"', exitCode: 1 } as const;
    expect(decodeAnswer(encodeReply(null, bad))).to.deep.equal({ kind: 'reply', id: null, reply: bad });
  });

  const refused: readonly (readonly [string, number | null, string])[] = [
    ['', null, 'one JSON object'],
    ['{', null, 'one JSON object'],
    ['[]', null, 'one JSON object'],
    ['null', null, 'one JSON object'],
    ['{"verb":"status"}', null, '"id"'],
    ['{"id":"1","verb":"status"}', null, '"id"'],
    ['{"id":1.5,"verb":"status"}', null, '"id"'],
    ['{"id":1}', 1, '"verb" must be a string'],
    ['{"id":1,"verb":"stop"}', 1, 'no verb "stop"'],
    ['{"id":1,"verb":"initiate"}', 1, '"peer" must be a string'],
    ['{"id":1,"verb":"initiate","peer":["sun"]}', 1, '"peer" must be a string'],
    ['{"id":1,"verb":"initiate","peer":"sun","timeoutMs":-1}', 1, '"timeoutMs" must be'],
    ['{"id":1,"verb":"initiate","peer":"sun","child":5}', 1, '"child" must be a string'],
    ['{"id":1,"verb":"rekey","peer":"sun","ike":"yes"}', 1, '"ike" must be true or false'],
    ['{"id":1,"verb":"move","peer":"sun","local":"a"}', 1, '"remote" must be a string'],
  ];
  for (const [line, id, words] of refused) {
    it(`says what is wrong with ${line === '' ? 'an empty line' : line}`, () => {
      const decoded = decodeRequest(line);
      expect(decoded.ok).to.equal(false);
      expect(decoded.id).to.equal(id);
      expect('error' in decoded ? decoded.error : '').to.contain(words);
    });
  }

  it('takes any text for a request or an answer without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(decodeRequest(text)).to.have.property('ok');
        expect(decodeAnswer(text)).to.have.property('kind');
      }),
    );
  });
});

describe('LineSplitter', () => {
  it('finds the same lines however the stream is cut, also within a letter', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(40)), (texts, cuts) => {
        const lines = texts.map((text) => `x${text.replaceAll('\n', '')}`);
        const stream = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
        const splitter = new LineSplitter(10_000);
        const out: string[] = [];
        let at = 0;
        for (const size of [...cuts, stream.length]) {
          out.push(...(splitter.push(stream.subarray(at, at + size)) ?? ['too long']));
          at += size;
        }
        expect(out).to.deep.equal(lines.map((line) => new TextDecoder().decode(new TextEncoder().encode(line))));
      }),
    );
  });

  it('gives up on a line past the limit, whole or in pieces', () => {
    const bytes = new TextEncoder().encode('12345');
    expect(new LineSplitter(4).push(new TextEncoder().encode('12345\n'))).to.equal(null);
    expect(new LineSplitter(5).push(new TextEncoder().encode('12345\n'))).to.deep.equal(['12345']);
    const splitter = new LineSplitter(9);
    expect(splitter.push(bytes)).to.deep.equal([]);
    expect(splitter.push(bytes)).to.equal(null);
  });
});

/** Tests of making a peer's text safe to show. */
import { expect } from 'chai';
import fc from 'fast-check';
import { escapeUnprintable } from '../../lib/wire/printable.js';

describe('Text from a peer', () => {
  it('is shown as it is when it is plain', () => {
    for (const text of ['', 'moon', 'Zürich, 東京 🙂', 'C=CH, O="a\\b"']) expect(escapeUnprintable(text)).to.equal(text);
  });

  it('loses whatever drives a terminal, breaks a line or turns the direction', () => {
    expect(escapeUnprintable('a\u001b[2J\r\n\u0000\u007f\u009b')).to.equal('a\\u{1b}[2J\\u{d}\\u{a}\\u{0}\\u{7f}\\u{9b}');
    expect(escapeUnprintable('\u202e\u200b\u2028\ud800\ufffd')).to.equal('\\u{202e}\\u{200b}\\u{2028}\\u{d800}\\u{fffd}');
  });

  it('never has a control character, and escapes only once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = escapeUnprintable(text);
        expect(shown).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(escapeUnprintable(shown)).to.equal(shown);
      }),
    );
  });
});

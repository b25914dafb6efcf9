/** Tests of distinguished names: text, DER and comparison. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import { derTag, oidContent, writeDer } from '../../lib/wire/der.js';
import {
  decodeDistinguishedName,
  distinguishedNameMatches,
  formatDistinguishedName,
  sameDistinguishedName,
} from '../../lib/wire/distinguished-name.js';
import { maxDistinguishedNameAttributes, maxDistinguishedNameBytes, parseDistinguishedName } from '../../lib/wire/distinguished-name-text.js';
import { wildcardMatches } from '../../lib/util/wildcard.js';
import { decodedOrNull, expectDecodeError } from '../support/decode.js';
import { damaged } from '../support/wire-arbitraries.js';

// The issuer of the certificate in RFC 5280 appendix C.1.
const exampleCa =
  '3043 3113 3011 060a0992268993f22c640119 1603636f6d' +
  '3117 3015 060a0992268993f22c640119 16076578616d706c65' +
  '3113 3011 0603550403 130a4578616d706c65204341';
// As OpenSSL encodes /C=CH/O=Beispiel, AG/OU=Zürich+L=West/CN=moon/emailAddress=moon@example.com.
const openssl =
  '3073310b300906035504061302434831153013060355040a0c0c426569737069656c2c204147311d300b06035504070c0457657374300e060355040b0c07' +
  '5ac3bc72696368310d300b06035504030c046d6f6f6e311f301d06092a864886f70d01090116106d6f6f6e406578616d706c652e636f6d';

function der(text: string): Uint8Array {
  return present(parseDistinguishedName(text), `"${text}" is a distinguished name`);
}

/** One RDN of one attribute, value given as an element. */
function rdn(oid: string, element: Uint8Array): Uint8Array {
  const type = writeDer(derTag.objectIdentifier, present(oidContent(oid), 'an object identifier'));
  return writeDer(derTag.set, writeDer(derTag.sequence, type, element));
}

function commonName(tag: number, value: Uint8Array): Uint8Array {
  return writeDer(derTag.sequence, rdn('2.5.4.3', writeDer(tag, value)));
}

function same(a: string, b: string): boolean {
  return sameDistinguishedName(der(a), der(b));
}

function matches(name: string, pattern: string): boolean {
  return distinguishedNameMatches(der(name), der(pattern), wildcardMatches);
}

describe('Text of distinguished names', () => {
  it('is shown in the order of the DER', () => {
    expect(formatDistinguishedName(fromHex(exampleCa))).to.equal('DC=com, DC=example, CN=Example CA');
    expect(formatDistinguishedName(fromHex(openssl))).to.equal('C=CH, O=Beispiel\\, AG, L=West+OU=Zürich, CN=moon, E=moon@example.com');
  });

  it('becomes the DER of RFC 5280\'s example', () => {
    expect(toHex(der('DC=com, DC=example, CN=Example CA'))).to.equal(exampleCa.replaceAll(' ', ''));
  });

  it('takes spaces, letter case, semicolons, quotes, escapes and object identifiers as RFC 4514 does', () => {
    const plain = toHex(der('C=CH, O=a\\, b, CN=moon'));
    for (const text of ['c=CH,o=a\\, b,cn=moon', ' C = CH ; O = "a, b" , 2.5.4.3=moon ', 'C=CH, O=a\\2c b, OID.2.5.4.3=moon', 'C=CH,O=a\\2C\\20b,CN=#13046d6f6f6e']) {
      expect(toHex(der(text)), text).to.equal(plain);
    }
    expect(toHex(der('CN=\\c3\\a9'))).to.equal(toHex(der('CN=é')));
    expect(formatDistinguishedName(der('CN=\\ a \\ '))).to.equal('CN=\\ a \\ ');
  });

  it('uses the string types of RFC 5280 §4.1.2.4', () => {
    const tagOf = (text: string) => decodeDistinguishedName(der(text))[0]?.[0]?.tag;
    expect(tagOf('C=CH')).to.equal(derTag.printableString);
    expect(tagOf('CN=moon')).to.equal(derTag.printableString);
    expect(tagOf('CN=mo_on')).to.equal(derTag.utf8String);
    expect(tagOf('CN=é')).to.equal(derTag.utf8String);
    expect(tagOf('E=moon@example.com')).to.equal(derTag.ia5String);
    expect(tagOf('DC=com')).to.equal(derTag.ia5String);
  });

  it('orders the attributes of one RDN as DER does', () => {
    expect(toHex(der('CN=b+CN=a'))).to.equal(toHex(der('CN=a+CN=b')));
  });

  it('is none when it is malformed', () => {
    const wrong = [
      '', 'moon', 'C=CH,', ',C=CH', 'C=CH,,CN=moon', '=CH', 'C=', 'X=1', '3.1=a', 'CN="a', 'CN="a"b', 'CN=a"b', 'CN=a\\', 'CN=a\\z', 'CN=\\ff', 'CN=#',
      'CN=#1', 'CN=#13', 'CN=#0c02aa', 'CN=#0c01aabb', 'CN=a+', 'CN=a+=b',
    ];
    for (const text of wrong) expect(parseDistinguishedName(text), text).to.equal(null);
    expect(parseDistinguishedName(`CN=${'a'.repeat(10_000)}`)).to.equal(null);
  });

  it('is none when its DER would be over the limits of one', () => {
    const many = (attributes: number): string => Array.from({ length: attributes }, () => 'CN=a').join();
    expect(parseDistinguishedName(many(maxDistinguishedNameAttributes))).not.to.equal(null);
    expect(parseDistinguishedName(many(maxDistinguishedNameAttributes + 1))).to.equal(null);
    expect(parseDistinguishedName(`CN=${'\u2020'.repeat(2700)}`)).not.to.equal(null);
    expect(parseDistinguishedName(`CN=${'\u2020'.repeat(2730)}`)).to.equal(null);
  });

  it('never has a control character in it', () => {
    const shown = formatDistinguishedName(commonName(derTag.utf8String, utf8('a\u001b[31m\nb')));
    expect(shown).to.equal('CN=#0c08611b5b33316d0a62');
    expect(formatDistinguishedName(commonName(derTag.utf8String, fromHex('ff')))).to.equal('CN=#0c01ff');
    expect(formatDistinguishedName(commonName(derTag.utf8String, utf8('\u202emoon')))).to.match(/^CN=#/);
  });

  it('shows an empty value as one that is read back', () => {
    expect(formatDistinguishedName(der('CN=#0c00'))).to.equal('CN=#0c00');
    expect(parseDistinguishedName('CN=')).to.equal(null);
  });

  it('is read back to the same name', () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 30 });
    const type = fc.constantFrom('CN', 'O', 'OU', 'L', 'E', 'DC', 'UID', '1.2.3.4');
    const name = fc.array(fc.array(fc.tuple(type, value), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(name, (rdns) => {
        const typeOf = (t: string) => fromHex(toHex(present(parseDistinguishedName(`${t}=x`), 'a name')).slice(12, -6));
        const element = (t: string, v: string) => writeDer(derTag.sequence, typeOf(t), writeDer(derTag.utf8String, utf8(v)));
        const encoded = writeDer(derTag.sequence, ...rdns.map((r) => writeDer(derTag.set, ...r.map(([t, v]) => element(t, v)))));
        const text = present(formatDistinguishedName(encoded), 'a name');
        expect(sameDistinguishedName(der(text), encoded), text).to.equal(true);
        expect(formatDistinguishedName(der(text))?.length).to.equal(text.length);
      }),
    );
  });
});

describe('Comparison of distinguished names', () => {
  it('ignores letter case, runs of space and the type of string (RFC 5280 §7.1)', () => {
    expect(same('C=ch, O=Example  AG, CN=Moon', 'C=CH, O=example AG, CN=moon')).to.equal(true);
    const utf8Moon = commonName(derTag.utf8String, utf8('moon'));
    for (const [tag, value] of [
      [derTag.printableString, '6d6f6f6e'],
      [derTag.ia5String, '4d4f4f4e'],
      [derTag.teletexString, '6d6f6f6e'],
      [derTag.bmpString, '006d006f006f006e'],
      [derTag.universalString, '0000006d0000006f0000006f0000006e'],
    ] as const) expect(sameDistinguishedName(commonName(tag, fromHex(value)), utf8Moon), String(tag)).to.equal(true);
  });

  it('tells values, types, order and number apart', () => {
    expect(same('CN=moon', 'CN=sun')).to.equal(false);
    expect(same('CN=moon', 'OU=moon')).to.equal(false);
    expect(same('C=CH, CN=moon', 'CN=moon, C=CH')).to.equal(false);
    expect(same('C=CH, CN=moon', 'C=CH')).to.equal(false);
    expect(same('C=CH, CN=moon', 'C=CH+CN=moon')).to.equal(false);
    expect(same('OU=a+CN=b', 'CN=b+OU=a')).to.equal(true);
  });

  it('does not let one value spell two attributes', () => {
    expect(same('CN=a+CN=b', 'CN=a+CN=b+CN=c')).to.equal(false);
    expect(same('CN=a\\, CN\\=b', 'CN=a, CN=b')).to.equal(false);
    expect(sameDistinguishedName(commonName(derTag.utf8String, utf8('moon\u0000')), commonName(derTag.utf8String, utf8('moon')))).to.equal(false);
  });

  it('compares what is no text octet by octet', () => {
    const broken = (hex: string) => commonName(derTag.utf8String, fromHex(hex));
    expect(sameDistinguishedName(broken('ff'), broken('ff'))).to.equal(true);
    expect(sameDistinguishedName(broken('ff'), broken('fe'))).to.equal(false);
    expect(sameDistinguishedName(commonName(0x03, fromHex('6d')), broken('6d'))).to.equal(false);
  });

  it('is false with what is no name', () => {
    expect(sameDistinguishedName(new Uint8Array(0), new Uint8Array(0))).to.equal(false);
    expect(sameDistinguishedName(der('CN=moon'), der('CN=moon').slice(0, -1))).to.equal(false);
  });

  it('takes a star in a value of the pattern, and never past the value\'s end', () => {
    expect(matches('C=CH, O=Example, CN=moon', 'C=CH, O=Example, CN=*')).to.equal(true);
    expect(matches('C=CH, O=Example, CN=Moon', 'c=*, o=ex*le, cn=m*n')).to.equal(true);
    expect(matches('C=CH, O=Example, CN=moon, OU=x', 'C=CH, O=Example, CN=*')).to.equal(false);
    expect(matches('C=CH, O=Example\\, CN\\=moon', 'C=CH, O=Example, CN=*')).to.equal(false);
    expect(matches('C=CH, OU=Example, CN=moon', 'C=CH, O=Example, CN=*')).to.equal(false);
    expect(matches('C=CH+CN=moon', 'C=CH+CN=*')).to.equal(true);
    expect(matches('C=CH+CN=moon', 'CN=*')).to.equal(false);
  });
});

describe('Decoding distinguished names', () => {
  it('takes the empty name, which is equal to itself', () => {
    expect(decodeDistinguishedName(fromHex('3000'))).to.deep.equal([]);
    expect(formatDistinguishedName(fromHex('3000'))).to.equal('');
    expect(sameDistinguishedName(fromHex('3000'), fromHex('3000'))).to.equal(true);
  });

  it('refuses truncation at every octet and anything after the name', () => {
    const whole = fromHex(openssl);
    for (let n = 0; n < whole.length; n++) expect(decodedOrNull(() => decodeDistinguishedName(whole.subarray(0, n))), String(n)).to.equal(null);
    expectDecodeError(() => decodeDistinguishedName(fromHex(`${openssl}00`)), /too many/);
  });

  it('refuses an empty RDN, a wrong tag and octets after a value', () => {
    expectDecodeError(() => decodeDistinguishedName(fromHex('3002 3100')), /expected/);
    expectDecodeError(() => decodeDistinguishedName(fromHex('3100')), /with tag 49/);
    expectDecodeError(() => decodeDistinguishedName(fromHex('3002 3000')), /with tag 48/);
    expectDecodeError(() => decodeDistinguishedName(fromHex('300d 310b 3009 0603550403 0c0161 ff'.replace('0c0161 ff', '0c00 0c00'))), /too many/);
  });

  it('has limits on octets and attributes', () => {
    const one = rdn('2.5.4.3', writeDer(derTag.utf8String, utf8('a')));
    const many = (n: number) => writeDer(derTag.sequence, ...Array.from({ length: n }, () => one));
    expect(decodeDistinguishedName(many(maxDistinguishedNameAttributes))).to.have.length(maxDistinguishedNameAttributes);
    expectDecodeError(() => decodeDistinguishedName(many(maxDistinguishedNameAttributes + 1)), /more than 100 attributes/);
    expectDecodeError(() => decodeDistinguishedName(new Uint8Array(maxDistinguishedNameBytes + 1)), /of 8193 octets/);
  });

  it('throws nothing but DecodeError on damaged and arbitrary octets; what shows and compares throws nothing', () => {
    const octets = fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged(fromHex(openssl)), damaged(fromHex(exampleCa.replaceAll(' ', ''))));
    fc.assert(
      fc.property(octets, (bytes) => {
        decodedOrNull(() => decodeDistinguishedName(bytes));
        const text = formatDistinguishedName(bytes);
        expect(text).to.satisfy((t: string | null) => t === null || !/[\p{Cc}\u2028\u2029]/u.test(t));
        expect(sameDistinguishedName(bytes, bytes)).to.equal(text !== null);
      }),
      { numRuns: 500 },
    );
  });

  it('parses arbitrary text to a name or null', () => {
    const piece = fc.oneof(fc.constantFrom('CN', '=', ',', '+', '"', '\\', '#', ' ', ';', '0c01', '1.2'), fc.string({ unit: 'binary', maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const encoded = parseDistinguishedName(pieces.join(''));
        if (encoded !== null) expect(decodedOrNull(() => decodeDistinguishedName(encoded))).not.to.equal(null);
      }),
      { numRuns: 500 },
    );
  });
});

/** Tests of identities: text, comparison and patterns. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import { formatIdentity, identityMatchesPattern, idType, parseIdentity, sameIdentity, type Identity } from '../../lib/wire/identity.js';

function identity(text: string): Identity {
  return present(parseIdentity(text), `"${text}" is an identity`);
}

function shown(type: number, data: Uint8Array): string {
  return formatIdentity({ type, data });
}

describe('Text of identities', () => {
  it('tells the type from the text', () => {
    for (const [text, type, data] of [
      ['moon', idType.fqdn, toHex(utf8('moon'))],
      ['moon.example.com', idType.fqdn, toHex(utf8('moon.example.com'))],
      ['moon@example.com', idType.email, toHex(utf8('moon@example.com'))],
      ['10.1.0.1', idType.ipv4, '0a010001'],
      ['fd00::1', idType.ipv6, `fd${'00'.repeat(14)}01`],
      ['CN=moon', idType.dn, '300f310d300b06035504031304' + toHex(utf8('moon'))],
    ] as const) {
      expect({ ...identity(text), data: toHex(identity(text).data) }, text).to.deep.equal({ type, data });
    }
  });

  it('takes a prefix for the type, whatever the rest looks like', () => {
    expect(identity('fqdn:10.1.0.1')).to.deep.equal({ type: idType.fqdn, data: utf8('10.1.0.1') });
    expect(identity('fqdn:a=b')).to.deep.equal({ type: idType.fqdn, data: utf8('a=b') });
    expect(identity('email:moon')).to.deep.equal({ type: idType.email, data: utf8('moon') });
    expect(identity('keyid:moon')).to.deep.equal({ type: idType.keyId, data: utf8('moon') });
    expect(identity('keyid:0x00ff')).to.deep.equal({ type: idType.keyId, data: fromHex('00ff') });
    expect(identity('IPv4:10.1.0.1')).to.deep.equal(identity('10.1.0.1'));
    expect(identity('ipv6:fd00::1')).to.deep.equal(identity('fd00::1'));
    expect(identity('dn:CN=moon')).to.deep.equal(identity('CN=moon'));
  });

  it('is no identity when it does not fit its type', () => {
    for (const text of ['', 'fqdn:', 'email:', 'keyid:', 'keyid:0x', 'keyid:0x0', 'keyid:0xzz', 'ipv4:fd00::1', 'ipv6:10.1.0.1', 'ipv4:moon', 'dn:moon', 'a=b', 'mo\non', '\u001b[31m']) {
      expect(parseIdentity(text), JSON.stringify(text)).to.equal(null);
    }
  });

  it('is shown without a prefix where that says the same', () => {
    for (const text of ['moon', 'moon@example.com', '10.1.0.1', 'fd00::1', 'C=CH, O=Example, CN=moon', 'keyid:moon', 'keyid:0x00ff', 'fqdn:10.1.0.1', 'email:moon', 'fqdn:a@b', 'fqdn:dn:x', 'fqdn:a=b']) {
      expect(formatIdentity(identity(text))).to.equal(text);
    }
  });

  it('shows what a peer may send and nobody can configure', () => {
    expect(shown(idType.ipv4, fromHex('0a0001'))).to.equal('type1:0x0a0001');
    expect(shown(idType.ipv6, fromHex('0a000001'))).to.equal('type5:0x0a000001');
    expect(shown(idType.dn, fromHex('3001'))).to.equal('type9:0x3001');
    expect(shown(idType.dn, fromHex('3000'))).to.equal('dn:');
    expect(shown(10, fromHex('82'))).to.equal('type10:0x82');
    expect(shown(13, new Uint8Array(0))).to.equal('null');
    expect(shown(13, fromHex('00'))).to.equal('type13:0x00');
    expect(shown(idType.keyId, new Uint8Array(0))).to.equal('keyid:0x');
    expect(shown(idType.keyId, utf8('0x12'))).to.equal('keyid:0x30783132');
    expect(shown(idType.fqdn, new Uint8Array(0))).to.equal('fqdn:');
    expect(shown(idType.fqdn, utf8('mo\u001b[31mon\n'))).to.equal('fqdn:mo\\u{1b}[31mon\\u{a}');
    expect(shown(idType.email, fromHex('ff40'))).to.equal('email:\\u{fffd}@');
  });

  it('never has a control character, and reads back wherever it parses to that type', () => {
    const any = fc.record({ type: fc.oneof(fc.constantFrom(1, 2, 3, 5, 9, 11), fc.nat(255)), data: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }).map(utf8)) });
    fc.assert(
      fc.property(any, (id) => {
        const text = formatIdentity(id);
        expect(text).not.to.match(/[\p{Cc}\u2028\u2029]/u);
        if (id.type === idType.keyId && id.data.length > 0) expect(parseIdentity(text)).to.deep.equal(id);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what a configuration can spell', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const spelled = fc.tuple(fc.constantFrom('', 'fqdn:', 'email:', 'keyid:'), text).map(([prefix, rest]) => parseIdentity(prefix + rest));
    fc.assert(
      fc.property(spelled, (id) => {
        if (id === null) return;
        expect(sameIdentity(identity(formatIdentity(id)), id)).to.equal(true);
      }),
    );
  });

  it('is found for identities of any size', () => {
    const large = 'a='.repeat(30_000);
    expect(shown(idType.fqdn, utf8(large))).to.equal(`fqdn:${large}`);
    expect(shown(idType.dn, new Uint8Array(65_000).fill(0x30))).to.match(/^type9:0x3030/);
  });
});

describe('Comparison of identities', () => {
  const same = (a: string, b: string) => sameIdentity(identity(a), identity(b));

  it('ignores letter case in names, email addresses and DNs', () => {
    expect(same('Moon.Example.com', 'moon.example.COM')).to.equal(true);
    expect(same('Moon@example.com', 'moon@EXAMPLE.com')).to.equal(true);
    expect(same('C=CH, CN=Moon', 'c=ch, cn=moon')).to.equal(true);
    expect(same('keyid:Moon', 'keyid:moon')).to.equal(false);
  });

  it('tells types apart that have the same octets', () => {
    expect(same('fqdn:moon', 'keyid:moon')).to.equal(false);
    expect(same('fqdn:moon', 'email:moon')).to.equal(false);
    expect(same('fqdn:10.1.0.1', '10.1.0.1')).to.equal(false);
  });

  it('does not take what is cut off or longer for the same', () => {
    expect(same('moon', 'moon.example.com')).to.equal(false);
    const moon = identity('CN=moon');
    for (let n = 0; n < moon.data.length; n++) expect(sameIdentity(moon, { type: moon.type, data: moon.data.slice(0, n) })).to.equal(false);
    expect(sameIdentity({ type: 9, data: new Uint8Array(0) }, moon)).to.equal(false);
    expect(sameIdentity({ type: 2, data: utf8('moon\u0000.example.com') }, identity('moon'))).to.equal(false);
  });
});

describe('Patterns of identities', () => {
  const matches = (text: string, pattern: string) => identityMatchesPattern(identity(text), pattern);

  it('have stars for any run of characters, and no letter case', () => {
    expect(matches('moon.example.net', '*.example.net')).to.equal(true);
    expect(matches('MOON.Example.net', '*.exAMPLE.net')).to.equal(true);
    expect(matches('example.net', '*.example.net')).to.equal(false);
    expect(matches('moon.example.net.evil.org', '*.example.net')).to.equal(false);
    expect(matches('moon@example.net', '*@example.net')).to.equal(true);
    expect(matches('10.1.2.3', '10.1.*')).to.equal(true);
    expect(matches('moon', 'moon')).to.equal(true);
  });

  it('cover every identity when they are one star', () => {
    for (const text of ['moon', 'a@b', '10.0.0.1', 'CN=moon', 'keyid:0x00', 'fqdn:a@b']) expect(matches(text, '*'), text).to.equal(true);
  });

  it('do not take one type for another', () => {
    expect(matches('fqdn:10.1.2.3', '10.1.*')).to.equal(false);
    expect(matches('fqdn:moon@example.net', '*@example.net')).to.equal(false);
    expect(matches('keyid:moon.example.net', '*.example.net')).to.equal(false);
    expect(matches('moon@example.net', 'fqdn:*')).to.equal(false);
    expect(matches('CN=moon', '*=moon*')).to.equal(false);
    expect(identityMatchesPattern({ type: 10, data: utf8('moon') }, '*moon*')).to.equal(false);
  });

  it('may force the type', () => {
    expect(matches('fqdn:moon@example.net', 'fqdn:*@example.net')).to.equal(true);
    expect(matches('moon.example.net', 'FQDN:*.example.net')).to.equal(true);
    expect(matches('keyid:Moon-7', 'keyid:Moon-*')).to.equal(true);
    expect(matches('keyid:Moon-7', 'keyid:moon-*')).to.equal(false);
    expect(matches('keyid:0x00ff', 'keyid:0x00*')).to.equal(true);
    expect(matches('C=CH, CN=moon', 'dn:C=CH, CN=*')).to.equal(true);
  });

  it('of a DN keep a star within its attribute', () => {
    expect(matches('C=CH, O=Example, CN=moon', 'C=CH, O=Example, CN=*')).to.equal(true);
    expect(matches('C=CH, O=Example, CN=moon, OU=admin', 'C=CH, O=Example, CN=*')).to.equal(false);
    expect(matches('C=CH, CN=moon', 'not a name')).to.equal(false);
  });
});

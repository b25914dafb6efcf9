/** Certificates and CRLs that are none: whatever is in them, the reader says so and does no more (X.690, RFC 5280 §4, §5). */
import { expect } from 'chai';
import fc from 'fast-check';
import { formatTime, readTime, timeContent } from '../../lib/pki/calendar.js';
import { readCertificate } from '../../lib/pki/certificate.js';
import { readCrl } from '../../lib/pki/crl.js';
import { extensionOid } from '../../lib/pki/extensions.js';
import { extension, issueCrl, sequence } from '../../lib/pki/issue.js';
import { maxDerDepth } from '../../lib/pki/strict-der.js';
import { concat, utf8 } from '../../lib/util/bytes.js';
import { DecodeError } from '../../lib/util/errors.js';
import { readPem, writePem } from '../../lib/util/pem.js';
import { derElements, derTag, writeDer } from '../../lib/wire/der.js';
import { testCalendarMs } from '../support/ike-end.js';
import { authority, issue, type IssueOptions } from '../support/test-pki.js';

const root = authority('O=Lab, CN=Root');
const host = (options: IssueOptions = {}): Uint8Array => issue('CN=moon', root, { names: ['dns:moon', 'ip:10.1.0.1'], ...options }).certificate.der;
const der = host();

/** Reads, or says that it is none; anything else fails the test. */
function survives(bytes: Uint8Array): boolean {
  try {
    readCertificate(bytes);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** The certificate with one of its fields made anew; its signature does not fit, which the reader does not look at. */
function withField(index: number, field: Uint8Array): Uint8Array {
  const [outer] = derElements(der);
  const [tbs, algorithm, signature] = derElements(outer?.content ?? der);
  const fields = derElements(tbs?.content ?? der).map(({ raw }, i) => (i === index ? field : raw));
  return sequence(sequence(...fields), algorithm?.raw ?? der, signature?.raw ?? der);
}

describe('A certificate', () => {
  it('is refused when cut anywhere, or with anything after it', () => {
    for (let length = 0; length < der.length; length++) expect(survives(der.slice(0, length)), `${length} octets`).to.equal(false);
    expect(survives(concat(der, Uint8Array.of(0)))).to.equal(false);
    expect(survives(der)).to.equal(true);
  });

  it('with any octet changed is read or refused, and nothing else happens', () => {
    for (let at = 0; at < der.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) survives(Uint8Array.from(der, (octet, i) => (i === at ? octet ^ change : octet)));
    }
  });

  it('of any octets at all is refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => { survives(bytes); }), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (value) => {
      for (const oid of Object.values(extensionOid)) {
        const [extensions] = derElements(derElements(derElements(derElements(der)[0]?.content ?? der)[0]?.content ?? der).at(-1)?.content ?? der);
        const kept = derElements(extensions?.content ?? der).filter(({ raw }) => !raw.join().includes(extension(oid, false, value).slice(2, 9).join()));
        survives(withField(7, writeDer(0xa3, sequence(...kept.map(({ raw }) => raw), extension(oid, false, value)))));
      }
    }), { numRuns: 100 });
  });

  it('in BER is refused: an indefinite length, a long one, a boolean of 1, elements too deep', () => {
    expect(survives(concat(Uint8Array.of(0x30, 0x80), der.slice(4), Uint8Array.of(0, 0)))).to.equal(false);
    expect(survives(concat(Uint8Array.of(0x30, 0x83, 0), der.slice(2)))).to.equal(false);
    expect(survives(host({ more: [extension(extensionOid.basicConstraints, true, sequence(writeDer(derTag.boolean, Uint8Array.of(1))))] })), 'in an extension').to.equal(true);
    let deep: Uint8Array = sequence();
    for (let i = 0; i <= maxDerDepth; i++) deep = sequence(deep);
    expect(() => readCertificate(deep)).to.throw(DecodeError, /deep/);
  });

  it('with NUL, a space or a letter beyond ASCII in a name is refused: others would read another name', () => {
    for (const name of ['moon\0.example', 'moon\0', '', ' moon', 'moön', 'moon\n']) {
      const make = (): unknown => issue('CN=moon', root, { names: [{ kind: 'dns', text: name }] });
      if (name === '') expect(make).not.to.throw();
      else expect(make, JSON.stringify(name)).to.throw(DecodeError, /has no place/);
    }
  });

  it('with an extension twice, or names beyond counting, is refused', () => {
    const one = extension('1.2.3.4', false, sequence());
    expect(() => host({ more: [one, one] })).to.throw(DecodeError, /twice/);
    expect(() => host({ names: Array.from({ length: 300 }, (_, i) => `dns:n${i}`) })).to.throw(DecodeError, /300 names/);
    expect(() => host({ more: Array.from({ length: 80 }, (_, i) => extension(`1.2.3.${i}`, false, sequence())) })).to.throw(DecodeError, /extensions/);
  });

  it('that names one algorithm inside and another outside is refused', () => {
    expect(() => readCertificate(withField(2, sequence(writeDer(derTag.objectIdentifier, Uint8Array.of(0x2b, 0x65, 0x70)))))).to.throw(DecodeError, /two different signature algorithms/);
  });

  it('with a time that is none is refused', () => {
    const validity = (tag: number, text: string): Uint8Array => withField(4, sequence(writeDer(tag, utf8(text)), writeDer(tag, utf8(text))));
    for (const text of ['', '260101', '2601010000Z', '260230000000Z', '261301000000Z', '260101240000Z', '260101000000+0100', '26010100000aZ', '250229000000Z']) {
      expect(() => readCertificate(validity(derTag.utcTime, text)), text).to.throw(DecodeError, /time that is none/);
    }
    expect(readCertificate(validity(derTag.utcTime, '240229120000Z')).notBefore).to.equal(Date.UTC(2024, 1, 29, 12));
    expect(readCertificate(validity(derTag.generalizedTime, '20991231235959Z')).notBefore).to.equal(Date.UTC(2099, 11, 31, 23, 59, 59));
  });
});

describe('Calendar time', () => {
  it('is that of everybody else', () => {
    fc.assert(fc.property(fc.integer({ min: -631_152_000, max: 253_402_300_799 }), (seconds) => {
      const ms = seconds * 1000;
      expect(formatTime(ms)).to.equal(new Date(ms).toISOString().slice(0, 19).replace('T', ' '));
      const { tag, text } = timeContent(ms);
      const content = utf8(text);
      expect(readTime({ tag, content, raw: content })).to.equal(ms);
    }));
  });
});

describe('A list of what is revoked', () => {
  const make = (revoked: ReadonlyMap<string, number> = new Map([['1001', testCalendarMs]])): Uint8Array =>
    issueCrl({ number: 7, thisUpdate: testCalendarMs, nextUpdate: testCalendarMs + 1000, revoked }, { subject: root.certificate.subject, key: root.key });

  it('is read as it was made, empty and with many entries', () => {
    expect([...readCrl(make()).revoked]).to.deep.equal([['1001', testCalendarMs]]);
    expect(readCrl(make(new Map())).revoked.size).to.equal(0);
    const many = new Map(Array.from({ length: 5000 }, (_, i) => [`40${i.toString(16).padStart(6, '0')}`, testCalendarMs]));
    expect(readCrl(make(many)).revoked.size).to.equal(5000);
  });

  it('with any octet changed, or cut, is read or refused, and nothing else happens', () => {
    const crl = make();
    for (let at = 0; at < crl.length; at++) {
      for (const bytes of [crl.slice(0, at), Uint8Array.from(crl, (octet, i) => (i === at ? octet ^ 0xff : octet))]) {
        try {
          readCrl(bytes);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }
    }
  });
});

describe('PEM', () => {
  it('is read as it was written, with anything around it', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      const text = `a comment\n${writePem('CERTIFICATE', bytes)}another\n${writePem('PUBLIC KEY', bytes)}`;
      expect(readPem(text)?.map(({ label, der: read }) => [label, read])).to.deep.equal([['CERTIFICATE', bytes], ['PUBLIC KEY', bytes]]);
      expect(readPem(text.replaceAll('\n', '\r\n'))?.map(({ der: read }) => read)).to.deep.equal([bytes, bytes]);
    }));
  });

  it('that does not end is none, and what is no base64 has no octets', () => {
    expect(readPem('-----BEGIN CERTIFICATE-----\nMIIB')).to.deep.equal([]);
    expect(readPem('-----BEGIN X-----\n***\n-----END X-----')?.map(({ der: read }) => read)).to.deep.equal([null]);
    expect(readPem('-----BEGIN A-----\nAAAA\n-----END A-----\n'.repeat(1001))).to.equal(null);
  });
});

/** Certificates, lists of what is revoked, PEM, public keys and the data of AUTH, from whoever sends them. The first octet says which. */
import { publicKeyFrom } from '../../../lib/crypto/asymmetric-key.js';
import { decodeDigitalSignature, schemeOf, usualScheme, encodeDigitalSignature } from '../../../lib/crypto/signature.js';
import { findChain } from '../../../lib/pki/chain.js';
import { readCertificate } from '../../../lib/pki/certificate.js';
import { readCrl } from '../../../lib/pki/crl.js';
import { anyPolicy, extensionOid } from '../../../lib/pki/extensions.js';
import { extension, issueCrl, objectIdentifier, sequence, writeGeneralName } from '../../../lib/pki/issue.js';
import { describeFile } from '../../../lib/pki/office.js';
import { checkDer } from '../../../lib/pki/strict-der.js';
import { concat, lossyText, utf8 } from '../../../lib/util/bytes.js';
import { readPem, writePem } from '../../../lib/util/pem.js';
import { oidContent, writeDer } from '../../../lib/wire/der.js';
import { testCalendarMs } from '../../support/ike-end.js';
import { authority, generalName, issue, pemOf, trustOf } from '../../support/test-pki.js';
import { decoded, mustBeSame, mustHold, repeated, type FuzzTarget } from '../target.js';

const lab = authority('O=Lab, CN=Lab CA');
const trust = trustOf([lab]);

const readers: readonly ((bytes: Uint8Array) => void)[] = [
  (bytes) => {
    const certificate = decoded(() => readCertificate(bytes));
    if (certificate === null) return;
    mustBeSame('the certificate that was kept', certificate.der, bytes);
    mustHold(decoded(() => { checkDer(bytes); return true; }) === true, 'what is read as a certificate is DER');
    // Nobody here signs with the authority's key.
    mustHold(!findChain(certificate, [certificate], trust, testCalendarMs).ok || honest.has(bytes.join()), 'a chain that nobody signed is believed');
  },
  (bytes) => { decoded(() => readCrl(bytes)); },
  (bytes) => {
    const text = lossyText(bytes);
    for (const { label, der } of readPem(text) ?? []) if (der !== null) mustBeSame('PEM that was written', readPem(writePem(label, der))?.[0]?.der, der);
    describeFile(text, testCalendarMs);
  },
  (bytes) => { publicKeyFrom(bytes); },
  (bytes) => {
    const found = decoded(() => decodeDigitalSignature(bytes));
    if (found === null) return;
    for (const kind of ['rsa', 'p256', 'ed25519'] as const) {
      const scheme = schemeOf(found.identifier, kind);
      if (scheme !== null) mustHold(scheme.kinds.includes(kind), 'a scheme for another kind of key');
    }
  },
];

const branch = authority('O=Lab, CN=Branch', lab, {
  more: [
    extension(extensionOid.nameConstraints, true, sequence(writeDer(0xa0, sequence(writeGeneralName(generalName('dns:example')))), writeDer(0xa1, sequence(writeGeneralName(generalName('dn:O=Other')))))),
    extension(extensionOid.policies, false, sequence(sequence(objectIdentifier(anyPolicy)))),
  ],
});

const certificates = [
  lab, branch,
  issue('CN=moon', lab, { names: ['dns:moon', 'email:moon@example.net', 'ip:10.1.0.1', 'ip:2001:db8::1', 'dn:CN=moon', 'uri:http://moon/'], crlUrl: 'http://lab/ca.crl' }),
  issue('CN=sun', branch, { kind: 'ed25519', more: [extension(extensionOid.extendedKeyUsage, false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.17')))] }),
].map(({ certificate }) => certificate.der);

const honest: ReadonlySet<string> = new Set(certificates.map((der) => der.join()));

const listContent = { number: 1, thisUpdate: testCalendarMs, nextUpdate: testCalendarMs, revoked: new Map([['1001', testCalendarMs]]) };
const list = issueCrl(listContent, { subject: lab.certificate.subject, key: lab.key });

const kind = (index: number, bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(index), bytes);

export const target: FuzzTarget = {
  run(input) {
    readers[(input[0] ?? 0) % readers.length]?.(input.subarray(1));
  },
  seeds: () => [
    ...certificates.map((der) => kind(0, der)), kind(1, list), kind(2, utf8(`a comment\n${pemOf(lab)}`)), kind(2, utf8(writePem('X509 CRL', list))),
    ...[lab, branch].map(({ key }) => kind(3, key.publicKey.spki)),
    kind(4, encodeDigitalSignature(usualScheme('p256'), new Uint8Array(70))),
    kind(4, encodeDigitalSignature(usualScheme('rsa'), new Uint8Array(8))),
  ],
  large: (octets) => [
    ...[[0x30, 0x80], [0x30, 0x00], [0x02, 0x01, 0x00], [0x04, 0x00], [0x31, 0x03, 0x02, 0x01, 0x01], [0x30, 0x82, 0xff, 0xff]].flatMap((pattern) => {
      const content = repeated(Uint8Array.from(pattern), Math.min(octets, 60_000));
      return [0, 1, 3, 4].map((index) => kind(index, writeDer(0x30, content)));
    }),
    ...['-----BEGIN A-----\n', '-----BEGIN A-----\nAAAA\n-----END A-----\n', '-----', 'A', '-----BEGIN A-----\n-----END B-----\n'].map((text) => kind(2, repeated(utf8(text), octets))),
  ],
  words: [
    ...Object.values(extensionOid).map((oid) => writeDer(0x06, oidContent(oid) ?? new Uint8Array(0))),
    Uint8Array.of(0x30, 0x80), Uint8Array.of(0x30, 0x00), Uint8Array.of(0x01, 0x01, 0xff),
    Uint8Array.of(0x05, 0x00), Uint8Array.of(0xa3), Uint8Array.of(0x82, 0x01, 0x00), utf8('-----BEGIN CERTIFICATE-----'), utf8('-----END CERTIFICATE-----'), utf8('260101000000Z'),
  ],
};

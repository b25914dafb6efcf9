/** IKE_AUTH with signatures and certificates that broke others, or that belong to somebody else (RFC 7427, RFC 7296 §2.15, §3.6 to §3.8). */
import { expect } from 'chai';
import { encodeDigitalSignature, olderMethodOf, sign, signOlder, usualScheme } from '../../lib/crypto/signature.js';
import { maxCertificatesShown } from '../../lib/pki/proof.js';
import { concat } from '../../lib/util/bytes.js';
import { authMethod, certEncoding, notifyType } from '../../lib/wire/iana.js';
import { payloadsOf, type Payload } from '../../lib/wire/payload.js';
import { authPayload } from '../../lib/wire/payloads/auth.js';
import { idPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import type { Trust } from '../../lib/pki/trust.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, identity, IkeEnd } from '../support/ike-end.js';
import { authority, credentialOf, issue, testKey, trustOf, type Issued } from '../support/test-pki.js';

const lab = authority('O=Lab, CN=Lab CA');
const stranger = authority('O=Other, CN=Other CA');
const host = (name: string, kind: Issued['key']['publicKey']['kind'] = 'p256', by: Issued = lab): Issued => issue(`CN=${name}`, by, { names: [`dns:${name}`], kind });
const moon = host('moon');
const sun = host('sun');

function end(name: 'moon' | 'sun', trust: Partial<Trust> = {}): IkeEnd {
  const credentials = [credentialOf(name === 'moon' ? moon : sun)];
  return new IkeEnd({ name, clock: new Clock(), peer: { localAuth: { kind: 'pubkey', credentials, sha1: false }, remoteAuth: { kind: 'pubkey', trust: trustOf([lab], trust) } } });
}

interface Shown {
  readonly certificates?: readonly Payload[];
  readonly auth?: (double: IkeDouble, octets: Uint8Array) => Payload;
  readonly more?: readonly Payload[];
}

const cert = (data: Uint8Array, encoding: number = certEncoding.X509_SIGNATURE): Payload => ({ kind: 'cert', critical: false, encoding, data });
const own = (issued: Issued): Payload => cert(issued.certificate.der);
const signature = (issued: Issued, octets: Uint8Array): Payload => {
  const scheme = usualScheme(issued.key.publicKey.kind);
  return authPayload(authMethod.DIGITAL_SIGNATURE, encodeDigitalSignature(scheme, sign(issued.key, scheme, octets)));
};

/** IKE_AUTH as the double sends it in moon's name, but for what is said. */
function payloadsOfAuth(double: IkeDouble, { certificates = [own(moon)], auth = (_, octets) => signature(moon, octets), more = [] }: Shown): Payload[] {
  const id = idPayload('id-i', identity('moon'));
  return [id, ...certificates, ...more, auth(double, double.authOctets(id)), ...double.childPayloads()];
}

/** What sun answers, and why it refused, if it did. */
function asked(shown: Shown, trust: Partial<Trust> = {}): { readonly text: string; readonly reason: string; readonly end: IkeEnd } {
  const double = IkeDouble.halfOpen(end('sun', trust));
  const text = double.auth(payloadsOfAuth(double, shown))?.text ?? 'nothing';
  const failed = double.end.events.filter(({ event }) => event === 'auth-failed');
  return { text, reason: JSON.stringify(failed), end: double.end };
}

function refused(shown: Shown, reason: RegExp, trust: Partial<Trust> = {}): void {
  const answer = asked(shown, trust);
  expect(answer.text).to.equal('IKE_AUTH response 1 { N(AUTHENTICATION_FAILED) }');
  expect(answer.reason).to.match(reason);
  expect(answer.end.sas).to.have.lengthOf(0);
  expect(answer.end.outputs.some((o) => o.kind === 'authenticated')).to.equal(false);
}

describe('An IKE_AUTH request with a certificate', () => {
  it('that is good is answered with one', () => {
    expect(asked({}).text).to.match(/^IKE_AUTH response 1 \{ IDr, CERT, AUTH, SA, TSi, TSr/);
  });

  for (const [what, change] of [
    ['empty', () => new Uint8Array(0)], ['of zeros', (data: Uint8Array) => data.map(() => 0)], ['cut', (data: Uint8Array) => data.slice(0, -1)],
    ['longer', (data: Uint8Array) => concat(data, Uint8Array.of(0))], ['of another message', (data: Uint8Array) => data.map((octet, i) => (i === data.length - 1 ? octet ^ 1 : octet))],
    ['without an algorithm', (data: Uint8Array) => concat(Uint8Array.of(0), data.slice(1))], ['whose algorithm is longer than it', () => Uint8Array.of(200, 0x30, 0)],
  ] as const) {
    it(`and a signature that is ${what} is refused`, () => {
      refused({ auth: (_, octets) => {
        const good = signature(moon, octets);
        return good.kind === 'auth' ? { ...good, data: change(good.data) } : good;
      } }, /its signature|algorithm/);
    });
  }

  for (const [r, s] of [[0, 0], [0, 1], [1, 0]] as const) {
    it(`and an ECDSA signature with r ${r} and s ${s} is refused, in DER and without`, () => {
      const der = Uint8Array.of(0x30, 6, 2, 1, r, 2, 1, s);
      refused({ auth: () => authPayload(authMethod.DIGITAL_SIGNATURE, encodeDigitalSignature(usualScheme('p256'), der)) }, /its signature .* is not one of its key/);
      const plain = new Uint8Array(64);
      plain[31] = r;
      plain[63] = s;
      refused({ auth: () => authPayload(authMethod.ECDSA_SHA256_P256, plain) }, /its signature .* is not one of its key/);
    });
  }

  it('and the signature of another key, of the same kind or another, is refused', () => {
    for (const kind of ['p256', 'p384', 'rsa', 'ed25519'] as const) {
      refused({ auth: (_, octets) => signature({ ...moon, key: testKey(kind, 'mallory') }, octets) }, /its signature|an algorithm that is not accepted/);
    }
  });

  it('and the identifier of another algorithm than that of its signature is refused', () => {
    for (const kind of ['rsa', 'ed25519', 'ed448'] as const) {
      refused({ auth: (_, octets) => authPayload(authMethod.DIGITAL_SIGNATURE, encodeDigitalSignature(usualScheme(kind), sign(moon.key, usualScheme('p256'), octets))) }, /algorithm that is not accepted with its key/);
    }
  });

  for (const method of [0, authMethod.SHARED_KEY, authMethod.DSS, authMethod.NULL, authMethod.ECDSA_SHA384_P384, authMethod.RSA, 255]) {
    it(`and authentication method ${method} is refused`, () => {
      refused({ auth: (_, octets) => authPayload(method, sign(moon.key, usualScheme('p256'), octets)) }, /signature/);
    });
  }

  it('and an older signature is taken, but RSA over SHA-1 only where it is allowed', () => {
    const older = (issued: Issued, sha1: boolean): Shown => ({ certificates: [own(issued)], auth: (_, octets) => {
      const how = olderMethodOf(issued.key.publicKey.kind, sha1);
      return authPayload(how?.method ?? 0, how === null ? new Uint8Array(0) : signOlder(issued.key, how, octets));
    } });
    expect(asked(older(moon, false)).text).to.contain('IDr, CERT, AUTH');
    const rsa = host('moon', 'rsa');
    expect(asked(older(rsa, false)).text).to.contain('IDr, CERT, AUTH');
    refused(older(rsa, true), /legacy_signatures = true/);
    expect(asked(older(rsa, true), { sha1: true }).text).to.contain('IDr, CERT, AUTH');
  });

  it('of somebody else is refused: whoever has seen it has not its key', () => {
    refused({ certificates: [own(host('moon', 'p384'))] }, /its signature|an algorithm/);
  });

  it('of another authority is refused, with that authority sent along, too', () => {
    const forged = host('moon', 'p256', stranger);
    refused({ certificates: [own(forged), own(stranger)], auth: (_, octets) => signature(forged, octets) }, /none of the authorities in ca/);
  });

  it('for another name is refused, in whatever way it looks like the right one', () => {
    for (const names of [[], ['dns:moon.example'], ['dns:xmoon'], ['email:moon@moon'], ['dns:*'], ['uri:moon'], ['dns:mo*']]) {
      const other = issue('CN=moon', lab, { names });
      refused({ certificates: [own(other)], auth: (_, octets) => signature(other, octets) }, /not for the identity moon/);
    }
  });

  it('that is malformed, or none, is refused', () => {
    const { der } = moon.certificate;
    const longer = concat(der, Uint8Array.of(0));
    const bads = [new Uint8Array(0), Uint8Array.of(0x30), der.slice(0, -1), longer, new Uint8Array(20_000), concat(Uint8Array.of(0x30, 0x80), der)];
    for (const bad of bads) {
      refused({ certificates: [cert(bad)] }, /its certificate does not parse/);
    }
    refused({ certificates: [] }, /it sent no certificate/);
    refused({ certificates: [cert(moon.certificate.spki, certEncoding.RAW_PUBLIC_KEY)] }, /no X\.509 certificate, but something else/);
    for (const encoding of [certEncoding.PKCS7_X509, certEncoding.CRL, certEncoding.HASH_URL_X509, 0, 255]) refused({ certificates: [cert(der, encoding)] }, /something else in its place/);
  });

  it(`and more than ${maxCertificatesShown} of them is refused unread`, () => {
    const many = Array.from({ length: maxCertificatesShown + 1 }, () => own(moon));
    refused({ certificates: many }, /it sent 17 certificates, more than 16/);
    expect(asked({ certificates: many.slice(1) }).text).to.contain('IDr, CERT, AUTH');
  });

  it('and rubbish beside it is accepted: only the chain counts', () => {
    expect(asked({ certificates: [own(moon), cert(new Uint8Array(100)), own(stranger)] }).text).to.contain('IDr, CERT, AUTH');
  });

  it('and CERTREQs of every kind and length is answered as without', () => {
    const requests = [0, 1, 19, 20, 21, 400, 2_000].flatMap((length) => [certEncoding.X509_SIGNATURE, certEncoding.HASH_URL_X509, 14, 255]
      .map((encoding): Payload => ({ kind: 'certreq', critical: false, encoding, authorities: new Uint8Array(length) })));
    expect(asked({ more: requests }).text).to.match(/\{ IDr, CERT, AUTH, SA, TSi, TSr/);
  });

  it('is judged for as long as it takes, and the IKE SA may end meanwhile', () => {
    const target = end('sun');
    const double = IkeDouble.halfOpen(target);
    target.holdsWork = true;
    expect(double.auth(payloadsOfAuth(double, {}))).to.equal(null);
    expect(target.jobs).to.equal(1);
    target.input({ kind: 'abandon', reason: 'a test' });
    target.doWork();
    expect(target.outputs.some((o) => o.kind === 'authenticated')).to.equal(false);
    expect(target.outbox).to.have.lengthOf(0);
  });

  it('is answered once, though it is repeated while it is judged', () => {
    const target = end('sun');
    const double = IkeDouble.halfOpen(target);
    target.holdsWork = true;
    double.auth(payloadsOfAuth(double, {}));
    double.nextId = 1;
    double.auth(payloadsOfAuth(double, {}));
    target.doWork();
    expect(target.outbox).to.have.lengthOf(1);
    expect(target.count('ike-up')).to.equal(1);
  });
});

describe('An answer to IKE_AUTH with a certificate', () => {
  const called = (): IkeDouble => IkeDouble.called(end('moon'), (payloads) => [...payloads, notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Uint8Array.of(0, 2))]);
  const answer = (double: IkeDouble, issued: Issued): void => {
    const id = idPayload('id-r', identity('sun'));
    double.answer(double.hear(), [id, own(issued), signature(issued, double.authOctets(id)), ...double.childPayloads()]);
  };

  it('that is good is believed, and what was asked was our certificate and a request', () => {
    const double = called();
    const request = double.hear();
    expect(request.text).to.match(/^IKE_AUTH request 1 \{ IDi, CERT, CERTREQ, IDr, AUTH/);
    expect(payloadsOf(request.payloads, 'certreq')[0]?.authorities).to.have.lengthOf(20);
    const id = idPayload('id-r', identity('sun'));
    double.answer(request, [id, own(sun), signature(sun, double.authOctets(id)), ...double.childPayloads()]);
    expect(double.end.view.state).to.equal('ESTABLISHED');
  });

  it('of another authority, or of ourselves, is not believed, and the peer told nothing but that (RFC 7296 §2.21.2)', () => {
    for (const issued of [host('sun', 'p256', stranger), moon]) {
      const double = called();
      answer(double, issued);
      expect(double.end.established).to.have.lengthOf(0);
      expect(double.end.count('auth-failed')).to.equal(1);
      expect(double.hear().text).to.equal('INFORMATIONAL request 2 { N(AUTHENTICATION_FAILED) }');
    }
  });

  it('from a peer that can check none of our signatures is not waited for', () => {
    const double = IkeDouble.called(end('moon'), (payloads) => [...payloads, notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Uint8Array.of(0, 5))]);
    expect(double.end.sas).to.have.lengthOf(0);
    expect(JSON.stringify(double.end.events)).to.contain('can check no signature');
  });
});

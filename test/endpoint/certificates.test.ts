/** Two whole endpoints that prove who they are by keys (RFC 7427, RFC 8420, RFC 4945, RFC 7670), each direction for itself. */
import { expect } from 'chai';
import type { KeyKind } from '../../lib/crypto/asymmetric-key.js';
import { writePem } from '../../lib/util/pem.js';
import { Pair, type SideOptions } from '../support/pair.js';
import { authority, issue, keyPemOf, pemOf, testKey, type Issued } from '../support/test-pki.js';

const folder = '/etc/mhtun';
const lab = authority('O=Lab, CN=Lab CA');
const other = authority('O=Other, CN=Other CA');

/** Files of both ends under one name each: `moon.pem`, `moon.key`, `moon.pub`, and the authority's. */
function filesOf(moon: Issued, sun: Issued, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = (name: string, issued: Issued): Record<string, string> => ({
    [`${folder}/${name}.pem`]: pemOf(issued),
    [`${folder}/${name}.key`]: keyPemOf(issued),
    [`${folder}/${name}.pub`]: writePem('PUBLIC KEY', issued.key.publicKey.spki),
  });
  return { ...own('moon', moon), ...own('sun', sun), [`${folder}/ca.pem`]: pemOf(lab), ...more };
}

const byCertificate = (name: string, lines = ''): SideOptions => ({
  secretless: true, peer: `auth = "pubkey"\ncert = "${name}.pem"\nkey = "${name}.key"\nca = ["ca.pem"]\n${lines}`,
});

type Sides = Partial<Readonly<Record<'moon' | 'sun', SideOptions>>>;

function pairOf(moon: Issued, sun: Issued, sides: Sides = {}, more: Readonly<Record<string, string>> = {}): Pair {
  return new Pair({
    seed: 1, files: filesOf(moon, sun, more),
    moon: sides.moon ?? byCertificate('moon'), sun: { remote: null, ...(sides.sun ?? byCertificate('sun')) },
  });
}

const host = (name: string, kind: KeyKind = 'p256', by: Issued = lab): Issued => issue(`O=Lab, CN=${name}`, by, { names: [`dns:${name}`], kind });

/** Nobody is up, and `end` says why in its own log alone. */
function refused(pair: Pair, end: 'moon' | 'sun', reason: RegExp): void {
  pair.world.run(5_000);
  expect(pair.isUp()).to.equal(false);
  const reasons = (name: 'moon' | 'sun'): string => JSON.stringify(pair[name].events.filter(({ event }) => event === 'auth-failed'));
  expect(reasons(end)).to.match(reason);
  expect(reasons(end === 'moon' ? 'sun' : 'moon')).not.to.match(reason);
}

describe('Endpoints with certificates', () => {
  for (const kind of ['rsa', 'p256', 'p384', 'p521', 'ed25519', 'ed448'] as const) {
    it(`come up with keys of kind ${kind}, and packets go both ways`, () => {
      const pair = pairOf(host('moon', kind), host('sun', kind));
      expect(pair.comeUp(), pair.story()).to.equal(true);
      expect(pair.ping()).to.equal(true);
    });
  }

  it('come up with different kinds of keys at the two ends', () => {
    const pair = pairOf(host('moon', 'ed25519'), host('sun', 'rsa'));
    expect(pair.comeUp(), pair.story()).to.equal(true);
  });

  it('come up with certificates between theirs and the authority, which each sends', () => {
    const between = authority('O=Lab, CN=Branch', lab);
    const [moon, sun] = [host('moon', 'p256', between), host('sun', 'p256', between)];
    const pair = pairOf(moon, sun, {}, { [`${folder}/moon.pem`]: pemOf(moon, between), [`${folder}/sun.pem`]: pemOf(sun, between) });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    refused(pairOf(moon, sun, {}, { [`${folder}/sun.pem`]: pemOf(sun, between) }), 'sun', /was issued by \\"O=Lab, CN=Branch\\", which is none of the authorities in ca/);
  });

  it('come up with a secret one way and a certificate the other', () => {
    const moon: SideOptions = { peer: 'local_auth = "psk"\nremote_auth = "pubkey"\nca = ["ca.pem"]' };
    const sun: SideOptions = { peer: 'local_auth = "pubkey"\nremote_auth = "psk"\ncert = "sun.pem"\nkey = "sun.key"' };
    const pair = pairOf(host('moon'), host('sun'), { moon, sun });
    expect(pair.comeUp(), pair.story()).to.equal(true);
  });

  it('come up with raw public keys, each of which the other knows (RFC 7670)', () => {
    const raw = (name: string, peer: string): SideOptions => ({ secretless: true, peer: `auth = "pubkey"\nkey = "${name}.key"\npeer_key = "${peer}.pub"` });
    const [moon, sun] = [host('moon', 'ed25519'), host('sun', 'rsa')];
    const pair = pairOf(moon, sun, { moon: raw('moon', 'sun'), sun: raw('sun', 'moon') });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const stranger = { [`${folder}/moon.pub`]: writePem('PUBLIC KEY', testKey('ed25519', 'stranger').publicKey.spki) };
    refused(pairOf(moon, sun, { moon: raw('moon', 'sun'), sun: raw('sun', 'moon') }, stranger), 'sun', /shows another key than the one in peer_key/);
  });

  it('come up with the peer’s certificate pinned, of whatever authority', () => {
    const self = (name: string): Issued => issue(`CN=${name}`, null, { names: [`dns:${name}`] });
    const pinned = (name: string, peer: string): SideOptions => ({ secretless: true, peer: `auth = "pubkey"\ncert = "${name}.pem"\nkey = "${name}.key"\npeer_cert = "${peer}.pem"` });
    const [moon, sun] = [self('moon'), self('sun')];
    const pair = pairOf(moon, sun, { moon: pinned('moon', 'sun'), sun: pinned('sun', 'moon') });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    refused(pairOf(moon, sun, { moon: pinned('moon', 'sun'), sun: pinned('sun', 'sun') }), 'sun', /is not the one in peer_cert/);
  });

  it('take key, certificate and authority from [endpoint]', () => {
    const side = (name: string): SideOptions => ({ secretless: true, endpoint: `cert = "${name}.pem"\nkey = "${name}.key"\nca = "ca.pem"`, peer: 'auth = "pubkey"' });
    const pair = pairOf(host('moon'), host('sun'), { moon: side('moon'), sun: side('sun') });
    expect(pair.comeUp(), pair.story()).to.equal(true);
  });

  it('show the certificate of the authority that the other asks for, of several', () => {
    const both = byCertificate('moon').peer?.replace('cert = "moon.pem"', 'cert = ["other.pem", "moon.pem"]').replace('key = "moon.key"', 'key = ["moon.key", "other.key"]') ?? '';
    const foreign = issue('O=Other, CN=moon', other, { names: ['dns:moon'], kind: 'ed25519' });
    const more = { [`${folder}/other.pem`]: pemOf(foreign), [`${folder}/other.key`]: keyPemOf(foreign) };
    const pair = pairOf(host('moon'), host('sun'), { moon: { secretless: true, peer: both } }, more);
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const called = pairOf(host('moon'), host('sun'), { moon: { secretless: true, peer: both, remote: null }, sun: { ...byCertificate('sun'), remote: ['10.1.0.1'] } }, more);
    expect(called.comeUp(), called.story()).to.equal(true);
  });

  it('use an encrypted private key with its passphrase', () => {
    const moon = host('moon');
    const side: SideOptions = { ...byCertificate('moon', 'key_passphrase = "open sesame, please"') };
    const pair = pairOf(moon, host('sun'), { moon: side }, { [`${folder}/moon.key`]: keyPemOf(moon, 'open sesame, please') });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.story()).not.to.contain('sesame');
  });

  it('are refused by an end that has another authority, which alone says so', () => {
    const pair = pairOf(host('moon', 'p256', other), host('sun'));
    refused(pair, 'sun', /which is none of the authorities in ca \(O=Lab, CN=Lab CA\)/);
    expect(JSON.stringify(pair.moon.events)).to.contain('AUTHENTICATION_FAILED');
  });

  it('are refused by the caller as well', () => {
    refused(pairOf(host('moon'), host('sun', 'p256', other)), 'moon', /which is none of the authorities in ca/);
  });

  it('are refused with an identity that is not in the certificate', () => {
    refused(pairOf(issue('CN=moon', lab, { names: ['dns:mars'] }), host('sun')), 'sun', /not for the identity moon, but for CN=moon, mars/);
  });

  it('are refused once the authority has revoked the certificate', () => {
    const pair = pairOf(host('moon'), host('sun'), { sun: byCertificate('sun', 'revocation = "strict"') });
    refused(pair, 'sun', /nobody knows whether .*CN=moon.* is revoked/);
  });

  it('are refused where one of them is configured for the other kind of proof', () => {
    const pair = new Pair({ seed: 1, files: filesOf(host('moon'), host('sun')), moon: byCertificate('moon'), sun: { remote: null } });
    refused(pair, 'sun', /does not authenticate with a shared secret/);
    const reverse = new Pair({ seed: 1, files: filesOf(host('moon'), host('sun')), sun: { ...byCertificate('sun'), remote: null } });
    refused(reverse, 'sun', /does not authenticate with a signature/);
  });
});

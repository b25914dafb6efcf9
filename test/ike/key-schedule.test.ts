/** The key schedule and AUTH against vectors computed without our code, and against Node's own primitives (RFC 7296 §2.13–§2.18). */
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { z } from 'zod';
import { SecretKey } from '../../lib/crypto/key.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import type { IkeSuite } from '../../lib/crypto/suite.js';
import { sharedKeyAuth } from '../../lib/ike/authentication.js';
import type { KeyLogEntry } from '../../lib/ike/io.js';
import { deriveChildKeys, deriveIkeKeys, wipeIkeKeys, type IkeKeys } from '../../lib/ike/key-schedule.js';
import { ikeSuiteOf } from '../../lib/ike/proposal-selection.js';
import { present } from '../../lib/util/assert.js';
import { ikeSpi } from '../../lib/util/brands.js';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import { proposals } from '../support/ike-end.js';
import { octets, readVectors } from '../support/vector-file.js';

const hex = octets.transform(toHex);
const keys = z.object({ sk_d: hex, sk_ai: hex, sk_ar: hex, sk_ei: hex, sk_er: hex, sk_pi: hex, sk_pr: hex });
const childKeys = z.object({ encrInitiator: hex, integInitiator: hex, encrResponder: hex, integResponder: hex });
const vectors = readVectors('ike-key-schedule', z.object({
  name: z.string(),
  suite: z.string(),
  inputs: z.object({
    ni: octets, nr: octets, spii: hex, spir: hex, shared: octets, childNi: octets, childNr: octets, childShared: octets,
    rekeyNi: octets, rekeyNr: octets, rekeySpii: hex, rekeySpir: hex, rekeyShared: octets,
  }),
  keys,
  child: childKeys,
  childPfs: childKeys,
  rekeyKeys: keys,
  pskAuth: z.object({ psk: octets, firstMessage: octets, idPayloadBody: octets, auth: octets }),
}));

function suiteOf(text: string): IkeSuite {
  const [proposal] = proposals('ike', text);
  return present(ikeSuiteOf(defaultRegistry, present(proposal, 'a proposal')), text);
}

interface Derived {
  readonly keys: IkeKeys;
  readonly shown: z.infer<typeof keys>;
}

function derive(input: Parameters<typeof deriveIkeKeys>[0]): Derived {
  const entries: KeyLogEntry[] = [];
  const made = deriveIkeKeys(input, (entry) => entries.push(entry));
  const [entry] = entries;
  if (entry?.kind !== 'ike') throw new Error('the key log tells of the IKE SA');
  const shown = {
    sk_d: toHex(made.skD.expose()), sk_ai: toHex(entry.skAi), sk_ar: toHex(entry.skAr), sk_ei: toHex(entry.skEi), sk_er: toHex(entry.skEr),
    sk_pi: toHex(made.skPi.expose()), sk_pr: toHex(made.skPr.expose()),
  };
  return { keys: made, shown };
}

describe('The key schedule', () => {
  for (const vector of vectors) {
    const { inputs } = vector;
    const suite = suiteOf(vector.suite);
    const first = (): Derived => derive({
      suite, spiI: ikeSpi(inputs.spii), spiR: ikeSpi(inputs.spir), ni: inputs.ni, nr: inputs.nr, shared: new SecretKey(inputs.shared), rekeyed: null,
    });
    const child = (shared: SecretKey | null, ni: Uint8Array, nr: Uint8Array) => {
      const { encr, integ, prf } = suite;
      const made = deriveChildKeys({ prf, skD: first().keys.skD, encr, integ, shared, ni, nr });
      return {
        encrInitiator: toHex(made.fromInitiator.encrKey.expose()), integInitiator: toHex(made.fromInitiator.integKey.expose()),
        encrResponder: toHex(made.fromResponder.encrKey.expose()), integResponder: toHex(made.fromResponder.integKey.expose()),
      };
    };

    it(`derives the seven keys of an IKE SA (${vector.name})`, () => {
      expect(first().shown).to.deep.equal(vector.keys);
    });

    it(`derives the keys of a rekeyed IKE SA from SK_d of the old one (${vector.name})`, () => {
      const { prf } = suite;
      const made = derive({
        suite, spiI: ikeSpi(inputs.rekeySpii), spiR: ikeSpi(inputs.rekeySpir), ni: inputs.rekeyNi, nr: inputs.rekeyNr,
        shared: new SecretKey(inputs.rekeyShared), rekeyed: { prf, skD: first().keys.skD },
      });
      expect(made.shown).to.deep.equal(vector.rekeyKeys);
    });

    it(`derives KEYMAT without and with a key exchange of its own (${vector.name})`, () => {
      expect(child(null, inputs.ni, inputs.nr)).to.deep.equal(vector.child);
      expect(child(new SecretKey(inputs.childShared), inputs.childNi, inputs.childNr)).to.deep.equal(vector.childPfs);
    });

    it(`makes AUTH from a shared secret (${vector.name})`, () => {
      const { psk, firstMessage, idPayloadBody, auth } = vector.pskAuth;
      const id = { kind: 'id-i', critical: false, idType: idPayloadBody[0] ?? 0, reserved: idPayloadBody.slice(1, 4), data: idPayloadBody.slice(4) } as const;
      const signed = { message: firstMessage, otherNonce: inputs.nr, id, skP: first().keys.skPi };
      expect(toHex(sharedKeyAuth(suite.prf, new SecretKey(psk), signed))).to.equal(toHex(auth));
    });

    it(`wipes the shared secret, and all keys when told (${vector.name})`, () => {
      const shared = new SecretKey(inputs.shared);
      const made = deriveIkeKeys({ suite, spiI: ikeSpi(inputs.spii), spiR: ikeSpi(inputs.spir), ni: inputs.ni, nr: inputs.nr, shared, rekeyed: null }, null);
      expect(shared.expose().every((octet) => octet === 0)).to.equal(true);
      wipeIkeKeys(made);
      for (const key of [made.skD, made.skPi, made.skPr]) expect(key.expose().every((octet) => octet === 0)).to.equal(true);
    });
  }

  it('agrees with prf+ done by Node’s HMAC', () => {
    const [vector] = vectors;
    if (vector === undefined) throw new Error('there is a vector');
    const { inputs } = vector;
    const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(createHmac('sha256', key).update(concat(...parts)).digest());
    const skeyseed = hmac(concat(inputs.ni, inputs.nr), inputs.shared);
    const seed = concat(inputs.ni, inputs.nr, fromHex(inputs.spii), fromHex(inputs.spir));
    const t1 = hmac(skeyseed, seed, Uint8Array.of(1));
    const t2 = hmac(skeyseed, t1, seed, Uint8Array.of(2));
    expect(vector.suite).to.equal('aes128gcm16-prfsha256-x25519');
    expect(vector.keys.sk_d).to.equal(toHex(t1));
    expect(`${vector.keys.sk_ei}${vector.keys.sk_er}`.slice(0, 64)).to.equal(toHex(t2));
  });

  it('covers the reserved octets of the identity with AUTH', () => {
    const suite = suiteOf('aes128gcm16-prfsha256-x25519');
    const auth = (reserved: Uint8Array): string => toHex(sharedKeyAuth(suite.prf, new SecretKey(new Uint8Array(20)), {
      message: new Uint8Array(100), otherNonce: new Uint8Array(32), id: { kind: 'id-i', critical: false, idType: 2, reserved, data: new Uint8Array(4) }, skP: new SecretKey(new Uint8Array(32)),
    }));
    expect(auth(new Uint8Array(3))).to.not.equal(auth(Uint8Array.of(0, 0, 1)));
  });
});

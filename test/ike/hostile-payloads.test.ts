/** One wrong payload in each exchange that can hold it, before and after authentication, told to an end with another peer (RFC 7296 §2.5, §2.21, §3.3). */
import { expect } from 'chai';
import { encrId, isErrorNotify, notifyName, notifyType, prfId, protocolId, transformType } from '../../lib/wire/iana.js';
import { maxPayloadsPerMessage, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { transform, type Transform } from '../../lib/wire/payloads/sa.js';
import { adding, atFirst, bits, each, keyLength, manyUnknown, proposal, transforms, twice, unknownPayload, value, without, type Tell } from '../support/lies.js';
import { isUnharmed, saOf, scenes } from '../support/scenes.js';

/** How it goes in every exchange: as if it had not been there, or the request is refused with this and the answer not taken. */
type Course = 'taken' | 'INVALID_SYNTAX' | 'NO_PROPOSAL_CHOSEN' | 'INVALID_KE_PAYLOAD' | 'UNSUPPORTED_CRITICAL_PAYLOAD';

interface Lie {
  readonly title: string;
  readonly tell: Tell;
  readonly course: Course;
  /** Where it goes otherwise. */
  readonly but?: Readonly<Record<string, string>>;
  /** An established IKE SA ends as well (RFC 7296 §2.21.3). */
  readonly fatal?: boolean;
  /** In an INFORMATIONAL request it means that the IKE SA ends. */
  readonly endsIt?: boolean;
}

const { ENCR, PRF, INTEG, KE, ESN } = transformType;
const lacking = (type: number): Tell => transforms((list) => list.filter((t) => t.type !== type));
const instead = (type: number, other: Transform): Tell => transforms((list) => list.map((t) => (t.type === type ? other : t)));
const also = (other: Transform): Tell => transforms((list) => [...list, other]);
const protocol = (number: number): Tell => proposal((p) => ({ ...p, protocol: number }));
const spi = (change: (octets: Uint8Array) => Uint8Array): Tell => proposal((p) => ({ ...p, spi: change(p.spi) }));
const said = (type: number, ...data: readonly number[]): Tell => adding(notify(type, Uint8Array.from(data)));
const deletion: Payload = { kind: 'delete', critical: false, protocol: protocolId.IKE, spiSize: 0, spis: [] };
/** It is believed before its value is looked at: whoever can send it in time can as well send a value of his own. */
const endsTheAttempt = { 'IKE_SA_INIT answer': 'refused' };
/** An answer names what it chose; a request may offer what it likes. */
const asAnswer = {
  'IKE_SA_INIT answer': 'waiting', 'IKE_AUTH answer': 'no Child SA', 'Child SA answer': 'refused', 'Child SA rekey answer': 'refused', 'IKE SA rekey answer': 'refused',
};
/** Where SA does not name IKE, it is a request for a Child SA, and has no selectors. */
const notOfIke = { 'IKE SA rekey request': 'INVALID_SYNTAX' };

const lies: readonly Lie[] = [
  { title: 'no key exchange value', tell: without('ke'), course: 'INVALID_KE_PAYLOAD', but: { 'IKE_SA_INIT request': 'INVALID_SYNTAX' } },
  { title: 'an empty key exchange value', tell: value(() => new Uint8Array(0)), course: 'INVALID_SYNTAX', but: endsTheAttempt },
  { title: 'a key exchange value of zeros', tell: value((data) => data.map(() => 0)), course: 'INVALID_SYNTAX', but: endsTheAttempt },
  { title: 'a key exchange value one octet short', tell: value((data) => data.slice(1)), course: 'INVALID_SYNTAX', but: endsTheAttempt },
  { title: 'a key exchange value one octet long', tell: value((data) => Uint8Array.of(...data, 1)), course: 'INVALID_SYNTAX', but: endsTheAttempt },
  { title: 'a key exchange value of a private group', tell: each('ke', (p) => [{ ...p, group: 1025 }]), course: 'INVALID_KE_PAYLOAD' },
  { title: 'a key exchange value filled with one octet', tell: value((data) => data.map(() => 0xff)), course: 'taken' },
  { title: 'two key exchange values', tell: twice('ke'), course: 'taken' },

  { title: 'no Key Length', tell: keyLength(() => []), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'an empty Key Length', tell: keyLength((a) => [{ ...a, short: false, value: new Uint8Array(0) }]), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'a Key Length twice', tell: keyLength((a) => [a, a]), course: 'NO_PROPOSAL_CHOSEN' },
  ...[0, 1, 127, 192, 65_535].map((n): Lie => ({ title: `a Key Length of ${n}`, tell: keyLength(bits(n)), course: 'NO_PROPOSAL_CHOSEN' })),

  { title: 'no encryption algorithm', tell: lacking(ENCR), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'no PRF', tell: lacking(PRF), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'no key exchange method', tell: lacking(KE), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'no ESN transform', tell: lacking(ESN), course: 'taken' },
  { title: 'no transforms at all', tell: transforms(() => []), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'integrity NONE', tell: also(transform(INTEG, 0)), course: 'taken' },
  { title: 'key exchange NONE beside a real one', tell: also(transform(KE, 0)), course: 'taken',
    but: { 'IKE_SA_INIT answer': 'waiting', 'Child SA answer': 'refused', 'Child SA rekey answer': 'refused', 'IKE SA rekey answer': 'refused' } },
  { title: 'key exchange NONE instead of a real one', tell: instead(KE, transform(KE, 0)), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'a transform type that nobody knows', tell: also(transform(13, 1)), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'an algorithm that nobody knows before the right one', tell: transforms((list) => [transform(ENCR, 999), ...list]), course: 'taken', but: asAnswer },
  { title: 'NULL encryption', tell: instead(ENCR, transform(ENCR, encrId.NULL)), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'GMAC', tell: instead(ENCR, transform(ENCR, encrId.NULL_AUTH_AES_GMAC, 128)), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'a PRF that the registry lacks', tell: instead(PRF, transform(PRF, prfId.HMAC_MD5)), course: 'NO_PROPOSAL_CHOSEN' },
  ...[0, protocolId.AH, 255].map((n): Lie => ({ title: `a proposal of protocol ${n}`, tell: protocol(n), course: 'NO_PROPOSAL_CHOSEN', but: notOfIke })),
  { title: 'a proposal of IKE for ESP, or the reverse', tell: proposal((p) => ({ ...p, protocol: p.protocol === protocolId.IKE ? protocolId.ESP : protocolId.IKE })),
    course: 'NO_PROPOSAL_CHOSEN', but: notOfIke },
  { title: 'a proposal of number 0', tell: proposal((p) => ({ ...p, number: 0 })), course: 'taken', but: asAnswer },
  { title: 'SPI 0', tell: spi((octets) => octets.map(() => 0)), course: 'NO_PROPOSAL_CHOSEN' },
  { title: 'an SPI of 255 octets', tell: spi(() => new Uint8Array(255)), course: 'NO_PROPOSAL_CHOSEN', but: { 'IKE_SA_INIT request': 'granted', 'IKE_SA_INIT answer': 'granted' } },
  { title: 'an SPI of no octets', tell: spi(() => new Uint8Array(0)), course: 'NO_PROPOSAL_CHOSEN' },

  { title: 'no SA payload', tell: without('sa'), course: 'INVALID_SYNTAX' },
  { title: 'no nonce', tell: without('nonce'), course: 'INVALID_SYNTAX' },
  { title: 'no TSi', tell: without('ts-i'), course: 'INVALID_SYNTAX' },
  { title: 'no TSr', tell: without('ts-r'), course: 'INVALID_SYNTAX' },
  ...(['sa', 'nonce', 'ts-i', 'ts-r', 'id-i', 'id-r', 'auth'] as const).map((kind): Lie => ({ title: `the ${kind} payload twice`, tell: twice(kind), course: 'taken' })),
  { title: 'its payloads in reverse', tell: (payloads) => [...payloads].reverse(), course: 'taken' },
  { title: 'the critical bit on payloads that are known', tell: (payloads) => payloads.map((p) => ({ ...p, critical: true })), course: 'taken' },

  { title: 'an unknown payload in front', tell: atFirst(unknownPayload(200)), course: 'taken' },
  { title: 'payloads of IKEv1', tell: adding(...[1, 2, 4, 5, 8, 10, 13, 20, 32].map((type) => unknownPayload(type))), course: 'taken' },
  { title: 'as many unknown payloads as fit', tell: manyUnknown(maxPayloadsPerMessage - 10), course: 'taken' },
  { title: 'more payloads than a message may have', tell: manyUnknown(maxPayloadsPerMessage + 1), course: 'INVALID_SYNTAX', fatal: true, but: {
    'IKE_SA_INIT request': 'silence', 'IKE_AUTH request': 'INVALID_SYNTAX', 'IKE_AUTH answer': 'refused', 'INFORMATIONAL answer': 'granted',
  } },
  { title: 'a critical payload of an unknown type', tell: atFirst(unknownPayload(200, true)), course: 'UNSUPPORTED_CRITICAL_PAYLOAD',
    but: { 'IKE_AUTH request': 'UNSUPPORTED_CRITICAL_PAYLOAD', 'IKE_AUTH answer': 'refused', 'INFORMATIONAL answer': 'granted' } },
  { title: 'a critical payload of IKEv1', tell: adding(unknownPayload(5, true)), course: 'UNSUPPORTED_CRITICAL_PAYLOAD',
    but: { 'IKE_AUTH request': 'UNSUPPORTED_CRITICAL_PAYLOAD', 'IKE_AUTH answer': 'refused', 'INFORMATIONAL answer': 'granted' } },
  { title: 'certificates, EAP and addresses that nobody asked for', tell: adding(
    { kind: 'cert', critical: false, encoding: 4, data: new Uint8Array(3) },
    { kind: 'certreq', critical: false, encoding: 4, authorities: new Uint8Array(7) },
    { kind: 'eap', critical: false, data: Uint8Array.of(3, 1, 0, 4) },
    { kind: 'cp', critical: false, cfgType: 2, reserved: new Uint8Array(3), attributes: [{ type: 1, value: Uint8Array.of(10, 9, 9, 9) }] },
  ), course: 'taken' },

  { title: 'a COOKIE', tell: said(notifyType.COOKIE, 1, 2, 3), course: 'taken', but: { 'IKE_SA_INIT answer': 'waiting' } },
  { title: 'REDIRECT without the nonce it must have', tell: said(notifyType.REDIRECT, 1, 4, 10, 66, 0, 1), course: 'taken' },
  { title: 'a status notification that nobody knows', tell: said(65_000, 1), course: 'taken' },
  { title: 'a Delete where none belongs', tell: adding(deletion), course: 'taken', endsIt: true },
  { title: 'AUTHENTICATION_FAILED beside what was asked for', tell: said(notifyType.AUTHENTICATION_FAILED), course: 'taken', endsIt: true, but: { 'IKE_SA_INIT answer': 'waiting', 'IKE SA rekey answer': 'refused' } },
];

/** What the scene comes to. */
function expected({ course, but }: Lie, scene: string): string {
  const exception = but?.[scene];
  if (exception !== undefined) return exception;
  if (course === 'taken') return 'granted';
  if (scene === 'IKE_SA_INIT answer') return 'waiting';
  if (scene === 'IKE_AUTH answer') return 'no Child SA';
  if (scene === 'IKE_AUTH request') return `no Child SA: ${course}`;
  return scene.endsWith('answer') ? 'refused' : course;
}

describe('A message with', () => {
  for (const lie of lies) {
    it(`${lie.title}: ${lie.course === 'taken' ? 'it is taken for what else it says' : lie.course}, and no other peer is harmed`, () => {
      let told = 0;
      for (const { name, play } of scenes) {
        const outcome = play(lie.tell);
        if (outcome === null) continue;
        told++;
        const { what, double, bystander } = outcome;
        expect(what, name).to.equal(expected(lie, name));
        expect(isUnharmed(bystander), `${name}: the other peer`).to.equal(true);
        expect(double.end.jobs, name).to.equal(0);
        if (what === lie.course && !name.startsWith('IKE_')) expect(lie.fatal === true ? saOf(double) === null : isUnharmed(double), `${name}: its own IKE SA`).to.equal(true);
        if (name === 'INFORMATIONAL request' && lie.endsIt === true) expect(saOf(double), name).to.equal(null);
      }
      expect(told).to.be.greaterThan(0);
    });
  }

  const types = [...Object.values(notifyType), 3, 13, 8_191, 16_383, 40_959, 40_960, 65_535];
  for (const size of [0, 1, 4, 600]) {
    it(`any notification of ${size} octets, in any exchange, and no other peer is harmed`, () => {
      types.forEach((type, i) => {
        const { name, play } = scenes[(i + size) % scenes.length] ?? never();
        const outcome = play(adding(notify(type, new Uint8Array(size).fill(i))));
        expect(outcome !== null && isUnharmed(outcome.bystander), `${notifyName(type)} in ${name}`).to.equal(true);
        if (!isErrorNotify(type) && name.includes('Child SA')) expect(['granted', 'CHILD_SA_NOT_FOUND'], `${notifyName(type)} in ${name}`).to.include(outcome?.what);
      });
    });
  }
});

describe('The exchanges that these are told in', () => {
  it('are all granted where nothing is wrong, and play nothing where there is no lie', () => {
    expect(scenes.map(({ play }) => play(adding(unknownPayload(250, false, 0)))?.what)).to.deep.equal(scenes.map(() => 'granted'));
    expect(scenes.map(({ play }) => play((payloads) => [...payloads]))).to.deep.equal(scenes.map(() => null));
  });
});

function never(): never {
  throw new Error('there is a scene');
}

/** A peer that goes wrong again and again, after each step that makes something: nothing of it stays (objects are counted after a full collection). */
import { expect } from 'chai';
import { queryObjects } from 'node:v8';
import { SecretKey } from '../../lib/crypto/key.js';
import { Reassembler } from '../../lib/ike/fragmentation.js';
import { IkeSa } from '../../lib/ike/ike-sa.js';
import { exchangeType, payloadType } from '../../lib/wire/iana.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd } from '../support/ike-end.js';
import { value } from '../support/lies.js';
import { bystander, childPayloads, ikePayloads, isUnharmed, saOf } from '../support/scenes.js';

const rounds = 60;
const kinds = { IkeSa, SecretKey, Reassembler } as const;

const wrong: readonly { readonly what: string; readonly name: 'moon' | 'sun'; readonly go: (end: IkeEnd) => void }[] = [
  { what: 'a value of zeros in IKE_SA_INIT', name: 'sun', go: (end) => {
    const double = new IkeDouble(end);
    double.sayInit(value((data) => data.map(() => 0))(double.initPayloads()));
  } },
  { what: 'another secret in IKE_AUTH', name: 'sun', go: (end) => {
    const double = IkeDouble.halfOpen(end);
    double.auth(double.authPayloads({ secret: 'another' }));
  } },
  { what: 'octets that do not parse in IKE_AUTH', name: 'sun', go: (end) => {
    const double = IkeDouble.halfOpen(end);
    double.askRaw(double.sealRaw(exchangeType.IKE_AUTH, 1, false, payloadType.TSi, Uint8Array.of(0, 0, 0, 5, 1)));
  } },
  { what: 'octets that do not parse once it is authenticated', name: 'sun', go: (end) => {
    const double = IkeDouble.established(end);
    double.askRaw(double.sealRaw(exchangeType.CREATE_CHILD_SA, 2, false, payloadType.TSi, Uint8Array.of(0, 0, 0, 5, 1)));
  } },
  { what: 'an answer to IKE_AUTH with another secret', name: 'moon', go: (end) => {
    const double = IkeDouble.called(end);
    double.answer(double.hear(), double.authPayloads({ secret: 'another' }));
    double.answer(double.hear(), []);
  } },
  { what: 'an answer that does not parse to a rekey', name: 'moon', go: (end) => {
    const double = IkeDouble.calledUp(end);
    end.command({ kind: 'rekey-ike' }, saOf(double) ?? never());
    double.askRaw(double.sealRaw(exchangeType.CREATE_CHILD_SA, double.hear().header.messageId, true, payloadType.SA, Uint8Array.of(0, 0, 0, 5, 1)));
  } },
];

describe('A peer that again and again', function () {
  this.timeout(60_000);

  for (const { what, name, go } of wrong) {
    it(`sends ${what} leaves nothing behind, and no other peer is harmed`, () => {
      const end = new IkeEnd({ name, clock: new Clock(), peer: { dpdMs: 0 } });
      const other = bystander(end);
      const run = (): void => {
        for (let i = 0; i < rounds; i++) go(end);
        for (const list of [end.outputs, end.outbox, end.logs, end.events]) list.length = 0;
      };
      run();
      const before = count();
      run();
      for (const [kind, number] of Object.entries(count())) expect(number, kind).to.be.at.most((before[kind] ?? 0) + rounds / 4);
      expect([end.sas.length, end.inbound.size, end.outbound.size, end.jobs]).to.deep.equal([1, 1, 1, 0]);
      expect(isUnharmed(other)).to.equal(true);
    });
  }

  it('asks for what is refused, and begins fragments that never end, has its one Child SA and nothing else', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), peer: { dpdMs: 0 } });
    const other = bystander(end);
    const double = IkeDouble.established(end);
    const before = count();
    for (let i = 0; i < 1_000; i++) {
      expect(double.create(...value(() => new Uint8Array(31))(childPayloads(double)))?.text).to.contain('N(');
      const [piece] = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [notify(40_000, new Uint8Array(900))], 300);
      double.say(piece ?? never());
    }
    for (const list of [end.outputs, end.outbox, end.logs, end.events]) list.length = 0;
    for (const [kind, number] of Object.entries(count())) expect(number, kind).to.be.at.most((before[kind] ?? 0) + 250);
    expect(isUnharmed(double)).to.equal(true);
    expect(isUnharmed(other)).to.equal(true);
  });

  it('rekeys the IKE SA and never deletes the old one has one again after half a minute', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), peer: { dpdMs: 0 } });
    const double = IkeDouble.established(end);
    expect(double.create(...ikePayloads(double))?.text).to.contain('SA, NONCE, KE');
    expect(end.sas).to.have.lengthOf(2);
    while (end.sas.length > 1 && end.wakeAt !== null && end.wakeAt < 120_000) {
      end.clock.now = end.wakeAt;
      end.wake();
    }
    expect(end.sas).to.have.lengthOf(1);
    expect(end.clock.now).to.be.at.most(40_000);
    expect(end.children).to.have.lengthOf(1);
  });
});

function count(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, queryObjects(kind, { format: 'count' })]));
}

function never(): never {
  throw new Error('there is one');
}

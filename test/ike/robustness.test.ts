/** Whatever octets come in, in whatever state: nothing is thrown, nothing changes but by an authentic message, nothing grows. */
import { expect } from 'chai';
import fc from 'fast-check';
import { messageId } from '../../lib/util/brands.js';
import { bytesEqual } from '../../lib/util/bytes.js';
import { exchangeType } from '../../lib/wire/iana.js';
import { encodeIkeHeader } from '../../lib/wire/ike-header.js';
import { encodeMessage } from '../../lib/wire/message.js';
import { encodePayloads } from '../../lib/wire/payload.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, path } from '../support/ike-end.js';
import { damaged, octetsOf, payloadChain, plainPayload } from '../support/wire-arbitraries.js';

const from = path('10.1.0.1:4500', '10.66.0.1:4500');
const sunFrom = path('10.1.0.2:4500', '10.66.0.1:4500');
const moon = (): IkeEnd => new IkeEnd({ name: 'moon', clock: new Clock() });
const sun = (): IkeEnd => new IkeEnd({ name: 'sun', clock: new Clock() });

/** States in which an IKE SA can be met, each with a peer that has the keys where there are any. */
const states: readonly { readonly state: string; readonly keys: boolean; readonly make: () => IkeDouble }[] = [
  { state: 'that has sent IKE_SA_INIT', keys: false, make: () => {
    const double = new IkeDouble(moon());
    double.initiator = false;
    double.end.initiate();
    double.hearInit();
    return double;
  } },
  { state: 'that has answered IKE_SA_INIT', keys: true, make: () => IkeDouble.halfOpen(sun()) },
  { state: 'that makes keys for its answer to IKE_SA_INIT', keys: false, make: () => {
    const double = new IkeDouble(sun());
    double.end.holdsWork = true;
    double.sayInit(double.initPayloads());
    return double;
  } },
  { state: 'that has sent IKE_AUTH', keys: true, make: () => {
    const double = IkeDouble.called(moon());
    double.end.outbox.length = 0;
    return double;
  } },
  { state: 'that is established, as initiator', keys: true, make: () => IkeDouble.calledUp(moon()) },
  { state: 'that is established, as responder', keys: true, make: () => IkeDouble.established(sun()) },
  { state: 'that rekeys a Child SA', keys: true, make: () => waiting({ kind: 'rekey-child', name: null }) },
  { state: 'that rekeys itself', keys: true, make: () => waiting({ kind: 'rekey-ike' }) },
  { state: 'that deletes itself', keys: true, make: () => waiting({ kind: 'delete-ike', reason: 'test' }) },
  { state: 'that moves', keys: true, make: () => waiting({ kind: 'move', path: path('10.2.0.1:4500', '10.1.0.2:4500'), cause: 'test', early: false }) },
];

function waiting(command: Parameters<IkeEnd['command']>[0]): IkeDouble {
  const double = IkeDouble.calledUp(moon());
  double.end.command(command);
  double.end.outbox.length = 0;
  return double;
}

/** All that an outsider must not be able to change. */
function seen({ end }: IkeDouble): string {
  const view = end.sas[0]?.view();
  // Algorithms and secrets are no plain data; whether they are there is what counts.
  const children = view?.children.map(({ suite, ...child }) => ({ ...child, suite: suite.encr.name }));
  const plain = { ...view, peer: view?.peer?.name, suite: view?.suite?.encr.name, children };
  return JSON.stringify({ ...plain, inbound: [...end.inbound], outbound: [...end.outbound], answers: [...end.answers] });
}

const options = (numRuns: number): fc.Parameters<unknown> => ({ numRuns });

describe('An IKE SA', () => {
  for (const { state, keys, make } of states) {
    describe(state, () => {
      const give = (double: IkeDouble, bytes: Uint8Array): void => {
        double.end.input({ kind: 'datagram', path: double.name === 'sun' ? from : sunFrom, bytes }, double.end.sas[0]);
      };

      it('takes arbitrary octets without a change', () => {
        const double = make();
        const before = seen(double);
        fc.assert(fc.property(octetsOf(0, 200), (bytes) => { give(double, bytes); }), options(300));
        expect(seen(double)).to.equal(before);
        expect(double.end.outbox).to.have.lengthOf(0);
      });

      it('takes unprotected messages under its SPIs, whole or damaged, without a change', () => {
        const double = make();
        const before = seen(double);
        const view = double.end.sas[0]?.view();
        if (view === undefined) throw new Error('there is an IKE SA');
        const names = { spiI: view.spiI, spiR: view.spiR ?? double.spi, majorVersion: 2, minorVersion: 0, version: false, reservedFlags: 0 };
        const header = fc.record({
          exchangeType: fc.constantFrom(35, 36, 37, 43, 250), messageId: fc.nat(3).map(messageId), initiator: fc.boolean(), response: fc.boolean(),
        });
        const message = fc.tuple(payloadChain, header).map(([payloads, fields]) => encodeMessage({ ...names, ...fields }, payloads));
        fc.assert(fc.property(message, (bytes) => { give(double, bytes); }), options(150));
        fc.assert(fc.property(message.chain(damaged), (bytes) => { give(double, bytes); }), options(150));
        expect(seen(double)).to.equal(before);
        expect(double.end.outbox).to.have.lengthOf(0);
      });

      if (!keys) return;

      it('takes damaged protected messages without a change', () => {
        const double = make();
        const before = seen(double);
        const message = fc.tuple(fc.array(plainPayload, { maxLength: 3 }), fc.constantFrom(35, 36, 37, 43), fc.nat(3), fc.boolean())
          .map(([payloads, exchange, id, response]) => double.seal(exchange, id, response, payloads)[0] ?? new Uint8Array(0));
        const changed = message.chain((bytes) => damaged(bytes).filter((other) => !bytesEqual(other, bytes)));
        fc.assert(fc.property(changed, (bytes) => { give(double, bytes); }), options(200));
        expect(seen(double)).to.equal(before);
        expect(double.end.outbox).to.have.lengthOf(0);
      });

      it('survives authentic messages with anything in them', () => {
        const said = fc.record({
          payloads: fc.array(plainPayload, { maxLength: 5 }),
          exchange: fc.constantFrom(...Object.values(exchangeType), 250),
          response: fc.boolean(),
          id: fc.nat(6),
        });
        fc.assert(fc.property(fc.array(said, { minLength: 1, maxLength: 6 }), (messages) => {
          const double = make();
          for (const { payloads, exchange, response, id } of messages) {
            const [bytes = new Uint8Array(0)] = double.seal(exchange, response ? id : double.nextId++, response, payloads);
            if (double.end.sas.length > 0) give(double, bytes);
          }
          for (const [id] of double.end.answers) double.end.answer(id);
          expect(double.end.outbox.length).to.be.lessThan(60);
        }), options(60));
      });

      it('survives authentic messages whose inside does not parse', () => {
        const inside = fc.array(plainPayload, { minLength: 1, maxLength: 3 }).chain((payloads) => {
          const { first, bytes } = encodePayloads(payloads);
          return damaged(bytes).map((inner) => ({ first, inner }));
        });
        fc.assert(fc.property(inside, fc.constantFrom(35, 36, 37), fc.boolean(), ({ first, inner }, exchange, response) => {
          const double = make();
          give(double, double.sealRaw(exchange, response ? 2 : double.nextId, response, first, inner));
          expect(double.end.sas.length).to.be.lessThan(2);
        }), options(60));
      });
    });
  }

  it('answers an IKE_SA_INIT made of anything, or ignores it, and never throws', () => {
    const end = sun();
    const message = fc.tuple(fc.array(plainPayload, { maxLength: 8 }), octetsOf(8, 8), fc.boolean()).map(([payloads, spi, usual]) => {
      const double = new IkeDouble(end);
      const version = { majorVersion: 2, minorVersion: 0, version: false, reservedFlags: 0 };
      const header = { spiI: double.spi, spiR: double.remoteSpi, ...version, exchangeType: 34, initiator: true, response: false, messageId: messageId(0) };
      const bytes = encodeMessage(header, usual ? [...payloads, ...double.initPayloads()] : payloads);
      bytes.set(spi, 0);
      return bytes;
    });
    fc.assert(fc.property(message, (bytes) => { end.receive(sunFrom, bytes); }), options(150));
    fc.assert(fc.property(message.chain(damaged), (bytes) => { end.receive(sunFrom, bytes); }), options(150));
    expect(end.established).to.have.lengthOf(0);
  });

  it('does not keep what it can’t use: 5,000 bad datagrams leave no trace but a count', () => {
    const double = IkeDouble.established(sun());
    const header = encodeIkeHeader({
      spiI: double.spi, spiR: double.remoteSpi, nextPayload: 46, majorVersion: 2, minorVersion: 0, exchangeType: 37,
      initiator: true, version: false, response: false, reservedFlags: 0, messageId: messageId(double.nextId), length: 28,
    });
    double.end.outputs.length = 0;
    for (let i = 0; i < 5_000; i++) double.end.input({ kind: 'datagram', path: sunFrom, bytes: header });
    expect(double.end.outbox).to.have.lengthOf(0);
    expect(double.end.outputs.every(({ kind }) => kind === 'log')).to.equal(true);
    expect(double.inform()).to.not.equal(null);
  });
});

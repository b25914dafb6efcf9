/** Right messages at a wrong time, under a wrong name, or from a wrong place, beside another peer (RFC 7296 §1.2, §2.6, §2.8, §2.21, RFC 5685 §4). */
import { expect } from 'chai';
import { canonicalAddress, ikeSpi } from '../../lib/util/brands.js';
import { uint32, utf8 } from '../../lib/util/bytes.js';
import { exchangeType, idTypeNumber, notifyType, protocolId } from '../../lib/wire/iana.js';
import { encodeMessage } from '../../lib/wire/message.js';
import type { Payload } from '../../lib/wire/payload.js';
import { idPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, path, type IkeEndOptions } from '../support/ike-end.js';
import { each, proposal, without, type Tell } from '../support/lies.js';
import { bystander, childPayloads, ikePayloads, isUnharmed, rekeySa, saOf } from '../support/scenes.js';

type Side = 'moon' | 'sun';
interface Beside {
  readonly end: IkeEnd;
  readonly other: IkeDouble;
}

function beside(name: Side, options: Partial<IkeEndOptions> = {}): Beside {
  const end = new IkeEnd({ name, clock: new Clock(), ...options, peer: { dpdMs: 0, ...options.peer } });
  return { end, other: bystander(end) };
}

const deletion = (protocol: number, ...spis: readonly Uint8Array[]): Payload => ({ kind: 'delete', critical: false, protocol, spiSize: spis[0]?.length ?? 0, spis });
const elsewhere = path('10.1.0.2:4500', '10.66.0.1:9');

describe('A refused IKE_SA_INIT', () => {
  it('leaves nothing that other exchanges could find, and its SPI may begin another', () => {
    const { end, other } = beside('sun');
    const double = new IkeDouble(end);
    double.sayInit(without('ke')(double.initPayloads()));
    const refusal = double.plainAnswer();
    expect(refusal.header.spiR).to.equal('0000000000000000');
    for (const exchange of [exchangeType.IKE_AUTH, exchangeType.CREATE_CHILD_SA, exchangeType.INFORMATIONAL]) {
      const header = { ...refusal.header, exchangeType: exchange, initiator: true, response: false };
      for (const spiR of ['0000000000000000', '00000000b157a4de', '1234123412341234']) {
        expect(double.say(encodeMessage({ ...header, spiR: ikeSpi(spiR) }, double.childPayloads()))).to.equal('nobody');
      }
    }
    expect(end.outbox).to.have.lengthOf(0);
    double.sayInit(double.initPayloads());
    double.finishInit(double.plainAnswer());
    expect(double.auth()?.text).to.contain('AUTH, SA');
    expect(isUnharmed(other)).to.equal(true);
  });
});

describe('A refused IKE_AUTH', () => {
  it('repeated finds nobody, as does anything else under its SPIs, and its initiator SPI may begin another', () => {
    const { end, other } = beside('sun');
    const double = IkeDouble.halfOpen(end);
    const bad = double.seal(exchangeType.IKE_AUTH, 1, false, double.authPayloads({ secret: 'another' }));
    for (const bytes of bad) double.say(bytes);
    expect(double.hearAnswer(1)?.text).to.contain('N(AUTHENTICATION_FAILED)');
    for (const bytes of [...bad, ...double.seal(exchangeType.IKE_AUTH, 1, false, double.authPayloads())]) expect(double.say(bytes)).to.equal('nobody');
    const again = IkeDouble.halfOpen(end);
    expect(again.auth()?.text).to.contain('AUTH, SA');
    expect(isUnharmed(other)).to.equal(true);
  });
});

describe('Before authentication', () => {
  for (const exchange of [exchangeType.CREATE_CHILD_SA, exchangeType.INFORMATIONAL, exchangeType.IKE_INTERMEDIATE, 99]) {
    it(`the right payloads of IKE_AUTH in exchange ${exchange} authenticate nobody, and IKE_AUTH still goes on`, () => {
      const { end, other } = beside('sun');
      const double = IkeDouble.halfOpen(end);
      expect(double.ask(exchange, double.authPayloads())).to.equal(null);
      expect(end.established).to.have.lengthOf(1);
      double.nextId = 1;
      expect(double.auth()?.text).to.contain('AUTH, SA');
      expect(isUnharmed(other)).to.equal(true);
    });
  }

  it('a responder that sends requests of its own, a rekey of the IKE SA among them, waits for nothing and gets nothing', () => {
    const { end, other } = beside('moon');
    const double = IkeDouble.called(end);
    const request = double.hear();
    const child = childPayloads(double);
    for (const payloads of [ikePayloads(double), child, [rekeySa(double), ...child], double.authPayloads(), [deletion(protocolId.IKE)]]) {
      for (const exchange of [exchangeType.CREATE_CHILD_SA, exchangeType.INFORMATIONAL, exchangeType.IKE_AUTH]) {
        double.nextId = 0;
        expect(double.ask(exchange, payloads)).to.equal(null);
      }
    }
    double.answer(request, double.authPayloads());
    expect(saOf(double)?.view().children).to.have.lengthOf(1);
    expect(isUnharmed(other)).to.equal(true);
  });

  it('what is protected is ignored while the keys for it are being made, in either role', () => {
    const { end, other } = beside('moon');
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    end.holdsWork = true;
    double.answerInit(double.initPayloads());
    for (const [exchange, response] of [[exchangeType.INFORMATIONAL, false], [exchangeType.IKE_AUTH, true], [exchangeType.CREATE_CHILD_SA, false]] as const) {
      for (const id of [0, 1]) double.say(double.seal(exchange, id, response, [deletion(protocolId.IKE)])[0] ?? never());
    }
    expect(end.outbox).to.have.lengthOf(0);
    end.holdsWork = false;
    end.doWork();
    double.answer(double.hear(), double.authPayloads());
    expect(saOf(double)?.view().children).to.have.lengthOf(1);
    expect(isUnharmed(other)).to.equal(true);
  });
});

describe('An identity', () => {
  const longest = new Uint8Array(60_000).fill(0x3d);
  const odd: readonly (readonly [what: string, type: number, data: Uint8Array])[] = [
    ['a DN without an octet', idTypeNumber.ID_DER_ASN1_DN, new Uint8Array(0)],
    ['a DN cut in its length', idTypeNumber.ID_DER_ASN1_DN, Uint8Array.of(0x30)],
    ['a DN longer than it is', idTypeNumber.ID_DER_ASN1_DN, Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x31)],
    ['a DN of 60,000 octets', idTypeNumber.ID_DER_ASN1_DN, longest],
    ['a name of equals signs', idTypeNumber.ID_FQDN, longest],
    ['a name without an octet', idTypeNumber.ID_FQDN, new Uint8Array(0)],
    ['a name with a format, a newline and a terminal’s codes', idTypeNumber.ID_FQDN, utf8('%s%n%x\n"; reboot; $(id)`id`\u001b]0;x\u0007\u202e')],
    ['an address of three octets', idTypeNumber.ID_IPV4_ADDR, Uint8Array.of(10, 1, 0)],
    ['an address of none', idTypeNumber.ID_IPV6_ADDR, new Uint8Array(0)],
    ['type 0', 0, utf8('moon')], ['type 255', 255, utf8('moon')],
  ];
  for (const [what, type, data] of odd) {
    it(`that is ${what} is nobody’s, in either role, and shown as what can be printed`, () => {
      const caller = beside('sun');
      const asking = IkeDouble.halfOpen(caller.end);
      expect(asking.auth(asking.authPayloads({ id: idPayload('id-i', { type, data }) }))?.text).to.contain('N(AUTHENTICATION_FAILED)');
      const called = beside('moon');
      const answering = IkeDouble.called(called.end);
      answering.answer(answering.hear(), answering.authPayloads({ id: idPayload('id-r', { type, data }) }));
      for (const { end, other } of [caller, called]) {
        expect(end.count('auth-failed')).to.equal(1);
        expect(end.established).to.have.lengthOf(1);

        expect([...end.logs, ...end.events.map(({ fields }) => Object.values(fields).join(' '))].join('')).to.not.match(/[\u0000-\u001f\u007f\u202e]/);
        expect(isUnharmed(other)).to.equal(true);
      }
    });
  }
});

describe('A COOKIE or a REDIRECT', () => {
  it('without protection changes nothing during a rekey, and with it is no answer', () => {
    for (const command of [{ kind: 'rekey-ike' }, { kind: 'rekey-child', name: null }] as const) {
      for (const type of [notifyType.COOKIE, notifyType.REDIRECT]) {
        const { end, other } = beside('moon');
        const double = IkeDouble.calledUp(end);
        const id = end.command(command, saOf(double) ?? never());
        const asked = double.hear();
        for (const exchange of [exchangeType.IKE_SA_INIT, exchangeType.CREATE_CHILD_SA, exchangeType.INFORMATIONAL]) {
          double.say(encodeMessage({ ...asked.header, exchangeType: exchange, initiator: false, response: true }, [notify(type, new Uint8Array(8))]));
        }
        expect(end.answer(id)).to.equal(null);
        expect(end.outbox).to.have.lengthOf(0);
        double.answer(asked, [notify(type, new Uint8Array(8))]);
        expect(end.answer(id)).to.include({ ok: false });
        expect(isUnharmed(other)).to.equal(true);
      }
    }
  });

  it('that is all that an answer to IKE_SA_INIT has leads nowhere else, and the right answer is still taken', () => {
    const { end, other } = beside('moon');
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate();
    double.hearInit();
    for (let i = 0; i < 50; i++) double.answerInit([notify(notifyType.REDIRECT, Uint8Array.of(1, 4, 10, 66, 0, 1, i))]);
    expect(end.outbox).to.have.lengthOf(0);
    double.answerInit(double.initPayloads());
    double.answer(double.hear(), double.authPayloads());
    expect(saOf(double)?.view().path.remote.address).to.equal('10.1.0.2');
    expect(isUnharmed(other)).to.equal(true);
  });
});

describe('One Child SA rekeyed twice', () => {
  const old = uint32(0xabcd_0001);
  const next = uint32(0xabcd_0002);
  for (const [what, order, left] of [
    ['the old one first', [old, next], 0], ['the new one first', [next, old], 0], ['the old one alone', [old], 1],
    ['one that was refused and the old one', [uint32(0xabcd_0003), old], 1],
  ] as const) {
    it(`has one successor, and Deletes of ${what} end what they name`, () => {
      const { end, other } = beside('sun');
      const double = IkeDouble.established(end);
      const rekeyed = (spi: number): string => double.create(rekeySa(double), ...plainChild(double, spi))?.text ?? 'nothing';
      expect(rekeyed(0xabcd_0002)).to.contain('SA, NONCE');
      expect(rekeyed(0xabcd_0003)).to.contain('N(TEMPORARY_FAILURE)');
      for (const spi of order) expect(double.inform(deletion(protocolId.ESP, spi))).to.not.equal(null);
      expect(saOf(double)?.view().children.filter(({ state }) => state === 'INSTALLED')).to.have.lengthOf(left);
      expect(end.outbound.size, 'with the other peer’s').to.equal(left + 1);
      expect(isUnharmed(other)).to.equal(true);
    });
  }
});

describe('Traffic selectors in an answer', () => {
  const range = { start: canonicalAddress('0.0.0.0'), end: canonicalAddress('255.255.255.255') };
  const widened = (kind: 'ts-i' | 'ts-r'): Tell => each(kind, (p) => [
    { ...p, selectors: [{ kind: 'selector', selector: { range, protocol: 0, startPort: 0, endPort: 65_535 } }] },
  ]);
  const everything: Tell = (payloads) => widened('ts-r')(widened('ts-i')(payloads));
  for (const command of [{ kind: 'rekey-child', name: null }, { kind: 'create-child', name: 'net' }] as const) {
    it(`that grow to everything in ${command.kind} are not taken, what stood stays, and the peer is told`, () => {
      const { end, other } = beside('moon');
      const double = IkeDouble.calledUp(end);
      const id = end.command(command, saOf(double) ?? never());
      const asked = double.hear();
      double.answer(asked, everything(plainChild(double, 0xabcd_0002)));
      expect(end.answer(id)).to.include({ ok: false });
      expect(saOf(double)?.view().children.map(({ state }) => state)).to.deep.equal(['INSTALLED']);
      expect(double.hear().text).to.match(/INFORMATIONAL request 3 \{ D\([0-9a-f]{8}\) \}/);
      expect(isUnharmed(other)).to.equal(true);
    });
  }
});

describe('A peer without MOBIKE, behind a NAT,', () => {
  it('is not moved by what is forged, nor by its own old requests, but by a new one', () => {
    const { end, other } = beside('sun', { peer: { mobike: false } });
    const double = IkeDouble.established(end);
    expect(saOf(double)?.view().natRemote, 'its source hash is drawn at random, as one behind a NAT has it').to.equal(true);
    const home = saOf(double)?.view().path;
    const [request = never()] = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, []);
    for (let at = 16; at < request.length; at++) double.say(request.map((octet, i) => (i === at ? octet ^ 0x40 : octet)), 4500, elsewhere);
    expect(saOf(double)?.view().path, 'forged').to.deep.equal(home);
    double.say(request);
    double.hearAnswer(double.nextId++);
    for (let i = 0; i < 5; i++) double.say(request, 4500, elsewhere);
    expect(saOf(double)?.view().path, 'repeated').to.deep.equal(home);
    end.outbox.length = 0;
    double.ask(exchangeType.INFORMATIONAL, [], elsewhere);
    expect(saOf(double)?.view().path.remote.address, 'new').to.equal('10.66.0.1');
    expect(isUnharmed(other)).to.equal(true);
  });
});

/** A request, or an answer, for a Child SA without a key exchange of its own. */
function plainChild(double: IkeDouble, spi: number): Payload[] {
  return [...proposal((o) => ({ ...o, spi: uint32(spi) }))(double.childPayloads()), { kind: 'nonce', critical: false, data: double.random.bytes(32) }];
}

function never(): never {
  throw new Error('there is one');
}

/** Answers to our own requests that are wrong, late, forged, or ask for another try (RFC 7296 §1.3, §2.21.3, §2.25). */
import { expect } from 'chai';
import { after } from '../../lib/util/brands.js';
import { toHex } from '../../lib/util/bytes.js';
import { exchangeType, keId, notifyType, payloadType, protocolId, transformType } from '../../lib/wire/iana.js';
import { decodeIkeHeader } from '../../lib/wire/ike-header.js';
import { findPayload, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { transform } from '../../lib/wire/payloads/sa.js';
import { IkeDouble, type Heard } from '../support/ike-double.js';
import { Clock, IkeEnd, path, proposals, type IkeEndOptions } from '../support/ike-end.js';

const up = (options: Partial<IkeEndOptions> = {}): IkeDouble => IkeDouble.calledUp(new IkeEnd({ name: 'moon', clock: new Clock(), ...options }));
const create = { kind: 'create-child', name: 'net' } as const;
const rekey = { kind: 'rekey-child', name: null } as const;

/** The right answer to a CREATE_CHILD_SA request for a Child SA. */
function granted(double: IkeDouble, request: Heard, spi: number): Payload[] {
  const before = double.espSpi;
  double.espSpi = Uint8Array.of(0xcc, 0, spi >> 8, spi & 0xff);
  const payloads: Payload[] = [...double.childPayloads(), { kind: 'nonce', critical: false, data: double.random.bytes(32) }];
  double.espSpi = before;
  const number = findPayload(request.payloads, 'sa')?.proposals.find((p) => p.transforms.every((t) => t.type !== transformType.KE))?.number ?? 1;
  return payloads.map((p) => (p.kind === 'sa' ? { ...p, proposals: p.proposals.map((o) => ({ ...o, number })) } : p));
}

function pass(end: IkeEnd, ms: number): void {
  const until = after(end.clock.now, ms);
  while (end.wakeAt !== null && end.wakeAt <= until) {
    end.clock.now = end.wakeAt > end.clock.now ? end.wakeAt : end.clock.now;
    end.wake();
  }
  end.clock.now = until;
}

describe('A request for a Child SA', () => {
  it('answered well makes one', () => {
    const double = up();
    const id = double.end.command(create);
    const request = double.hear();
    double.answer(request, granted(double, request, 1));
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(double.end.children).to.have.lengthOf(2);
  });

  it('answered with TEMPORARY_FAILURE is made again with fresh values after a while, not at once, and given up after 60 times', () => {
    const double = up();
    const id = double.end.command(create);
    const seen = new Set<string>();
    let tries = 0;
    for (; double.end.outbox.length > 0; tries++) {
      const request = double.hear();
      seen.add(toHex(findPayload(request.payloads, 'nonce')?.data ?? new Uint8Array(0)));
      double.answer(request, [notify(notifyType.TEMPORARY_FAILURE)]);
      expect(double.end.outbox, 'nothing at once').to.have.lengthOf(0);
      const [at, now] = [double.end.wakeAt, double.end.clock.now];
      if (at === null || double.end.answer(id) !== null) break;
      expect(at - now).to.be.within(400, 2_000);
      pass(double.end, at - now);
    }
    expect(tries).to.equal(60);
    expect(seen.size).to.equal(61);
    expect(JSON.stringify(double.end.answer(id))).to.contain('TEMPORARY_FAILURE');
  });

  for (const type of ['NO_PROPOSAL_CHOSEN', 'TS_UNACCEPTABLE', 'NO_ADDITIONAL_SAS', 'INVALID_SYNTAX', 'UNSUPPORTED_CRITICAL_PAYLOAD', 'CHILD_SA_NOT_FOUND'] as const) {
    it(`answered with ${type} fails once, and the IKE SA lives on`, () => {
      const double = up();
      const id = double.end.command(create);
      double.answer(double.hear(), [notify(notifyType[type])]);
      expect(double.end.answer(id)).to.include({ ok: false });
      expect(double.end.view.state).to.equal('ESTABLISHED');
      expect(double.end.children).to.have.lengthOf(1);
      expect(double.end.outbox).to.have.lengthOf(0);
    });
  }
  it('answered with an error of a type that we do not know fails as well (RFC 7296 §3.10.1)', () => {
    const double = up();
    const id = double.end.command(create);
    double.answer(double.hear(), [notify(9_999)]);
    expect(double.end.answer(id)).to.include({ ok: false });
  });

  for (const [what, change] of [
    ['without a nonce', (p: Payload[]) => p.filter(({ kind }) => kind !== 'nonce')],
    ['without TSi', (p: Payload[]) => p.filter(({ kind }) => kind !== 'ts-i')],
    ['with an algorithm that was not offered', (p: Payload[]) => p.map((x) => (x.kind === 'sa' ? { ...x, proposals: proposals('esp', 'aes256gcm16').map((o) => ({ ...o, spi: new Uint8Array(4).fill(9) })) } : x))],
    ['with two proposals', (p: Payload[]) => p.map((x) => (x.kind === 'sa' ? { ...x, proposals: [...x.proposals, ...x.proposals] } : x))],
    ['with a transform twice', (p: Payload[]) => p.map((x) => (x.kind === 'sa' ? { ...x, proposals: x.proposals.map((o) => ({ ...o, transforms: [...o.transforms, ...o.transforms] })) } : x))],
    ['with ESP SPI 0', (p: Payload[]) => p.map((x) => (x.kind === 'sa' ? { ...x, proposals: x.proposals.map((o) => ({ ...o, spi: new Uint8Array(4) })) } : x))],
    ['with a critical payload of an unknown type', (p: Payload[]): Payload[] => [...p, { kind: 'unknown', type: 201, critical: true, body: new Uint8Array(0) }]],
  ] as const) {
    it(`answered ${what} makes none, and the peer is told that there is none`, () => {
      const double = up();
      const id = double.end.command(create);
      const request = double.hear();
      const [asked] = findPayload(request.payloads, 'sa')?.proposals ?? [];
      double.answer(request, change(granted(double, request, 1)));
      expect(double.end.answer(id)).to.include({ ok: false });
      expect(double.end.children).to.have.lengthOf(1);
      const denial = double.hear();
      expect(denial.text).to.equal(`INFORMATIONAL request 3 { D(${toHex(asked?.spi ?? new Uint8Array(0))}) }`);
      double.answer(denial, []);
      expect(double.end.view.state).to.equal('ESTABLISHED');
    });
  }

  it('answered with INVALID_KE_PAYLOAD is made again with that group, at most twice, and never with one that was not offered', () => {
    const double = up({ peer: { esp: proposals('esp', 'aes128gcm16-x25519-ecp256-ecp384') } });
    const group = (n: number): Payload => notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(n >> 8, n & 0xff));
    const id = double.end.command(create);
    const first = double.hear();
    expect(findPayload(first.payloads, 'ke')).to.include({ group: keId.CURVE25519 });
    double.answer(first, [group(keId.ECP_256)]);
    const second = double.hear();
    expect(findPayload(second.payloads, 'ke')).to.include({ group: keId.ECP_256 });
    expect(second.header.messageId, 'a new exchange').to.equal(first.header.messageId + 1);
    double.answer(second, [group(keId.ECP_384)]);
    double.answer(double.hear(), [group(keId.CURVE25519)]);
    expect(double.end.answer(id)).to.include({ ok: false });
    const other = double.end.command(create);
    double.answer(double.hear(), [group(keId.MODP_2048)]);
    expect(double.end.answer(other)).to.include({ ok: false });
  });

  it('answered with a key exchange value that is empty, short, long or zero makes none', () => {
    for (const length of [0, 31, 33, 32]) {
      const double = up({ peer: { esp: proposals('esp', 'aes128gcm16-x25519') } });
      const id = double.end.command(create);
      const request = double.hear();
      const ke: Payload = { kind: 'ke', critical: false, group: keId.CURVE25519, data: new Uint8Array(length) };
      double.answer(request, [...granted(double, request, 1).map((p) => (p.kind === 'sa'
        ? { ...p, proposals: p.proposals.map((o) => ({ ...o, transforms: [...o.transforms, transform(transformType.KE, keId.CURVE25519)] })) } : p)), ke]);
      expect(double.end.answer(id)).to.include({ ok: false });
      expect(double.end.children).to.have.lengthOf(1);
    }
  });

  it('is answered only by its own Message ID, exchange and Initiator flag, and only once', () => {
    const double = up();
    const id = double.end.command(create);
    const request = double.hear();
    const right = granted(double, request, 1);
    const wrong = (exchange: number, message: number, fields = {}): void => {
      for (const bytes of double.seal(exchange, message, true, right, null, fields)) double.say(bytes);
    };
    wrong(exchangeType.CREATE_CHILD_SA, request.header.messageId - 1);
    wrong(exchangeType.CREATE_CHILD_SA, request.header.messageId + 1);
    wrong(exchangeType.INFORMATIONAL, request.header.messageId);
    wrong(exchangeType.CREATE_CHILD_SA, request.header.messageId, { initiator: true });
    expect(double.end.answer(id)).to.equal(null);
    double.answer(request, right);
    double.answer(request, granted(double, request, 2));
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(double.end.children).to.have.lengthOf(2);
  });

  it('whose answer has one bit flipped goes on waiting', () => {
    const double = up();
    const id = double.end.command(create);
    const request = double.hear();
    const [good = new Uint8Array(0)] = double.seal(exchangeType.CREATE_CHILD_SA, request.header.messageId, true, granted(double, request, 1));
    for (let bit = 0; bit < good.length * 8; bit += 3) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      double.end.input({ kind: 'datagram', path: double.end.view.path, bytes: bad });
    }
    expect(double.end.answer(id)).to.equal(null);
    double.say(good, 4500, path('10.1.0.1:4500', '10.66.0.1:9'));
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(double.end.view.path.remote.address, 'nobody moved').to.equal('10.1.0.2');
  });

  it('whose answer does not parse inside ends the IKE SA, each wish answered', () => {
    const double = up();
    const ids = [double.end.command(create), double.end.command(rekey)];
    const request = double.hear();
    double.say(double.sealRaw(exchangeType.CREATE_CHILD_SA, request.header.messageId, true, payloadType.SA, Uint8Array.of(0, 0, 0, 5, 1)));
    expect(double.end.sas).to.have.lengthOf(0);
    for (const id of ids) expect(double.end.answer(id)).to.include({ ok: false });
    expect(double.end.inbound.size + double.end.outbound.size).to.equal(0);
  });
});

describe('A rekey of a Child SA', () => {
  it('answered with CHILD_SA_NOT_FOUND lets the old one go without a word and makes a new one (RFC 7296 §2.25)', () => {
    const double = up();
    const id = double.end.command(rekey);
    double.answer(double.hear(), [notify(notifyType.CHILD_SA_NOT_FOUND, new Uint8Array(0), protocolId.ESP, double.espSpi)]);
    expect(double.end.children).to.have.lengthOf(0);
    const again = double.hear();
    expect(again.text).to.match(/^CREATE_CHILD_SA request 3 \{ SA, NONCE/);
    double.answer(again, granted(double, again, 2));
    expect(double.end.answer(id)).to.include({ ok: true });
    expect(double.end.children).to.have.lengthOf(1);
    expect(double.end.outbox).to.have.lengthOf(0);
  });

  it('answered with narrower selectors is not taken, the old one stays, and the peer is told', () => {
    const double = up();
    const id = double.end.command(rekey);
    const request = double.hear();
    const narrower = granted(double, request, 1).map((p) => (p.kind === 'ts-r' ? { ...p, selectors: p.selectors.map((s) => (s.kind === 'selector'
      ? { ...s, selector: { ...s.selector, protocol: 6 } } : s)) } : p));
    double.answer(request, narrower);
    expect(double.end.answer(id)).to.include({ ok: false });
    expect(double.end.children.map(({ state }) => state)).to.deep.equal(['INSTALLED']);
    expect(double.hear().text).to.contain('D(');
  });

  it('refused is tried again later, until the hard limit takes the Child SA at both ends', () => {
    const double = up({ peer: { childRekeyMs: 60_000, dpdMs: 0 } });
    let requests = 0;
    for (let s = 0; s < 90 && double.end.children.length > 0; s++) {
      pass(double.end, 1_000);
      while (double.end.outbox.length > 0) {
        const request = double.hear();
        if (request.text.includes('REKEY_SA')) requests++;
        double.answer(request, request.text.includes('REKEY_SA') ? [notify(notifyType.NO_PROPOSAL_CHOSEN)] : []);
      }
    }
    expect(requests).to.be.within(1, 3);
    expect(double.end.children).to.have.lengthOf(0);
    expect(double.end.outputs.find((o) => o.kind === 'child-down')).to.include({ rekeyed: false });
    expect(double.end.view.state).to.equal('ESTABLISHED');
  });
});

describe('A rekey of the IKE SA', () => {
  const ike = { kind: 'rekey-ike' } as const;
  for (const type of ['NO_PROPOSAL_CHOSEN', 'NO_ADDITIONAL_SAS', 'INVALID_SYNTAX'] as const) {
    it(`answered with ${type} fails, and the IKE SA stays`, () => {
      const double = up();
      const id = double.end.command(ike);
      double.answer(double.hear(), [notify(notifyType[type])]);
      expect(double.end.answer(id)).to.include({ ok: false });
      expect(double.end.view.state).to.equal('ESTABLISHED');
    });
  }
  it('answered with TEMPORARY_FAILURE is tried again', () => {
    const double = up();
    const id = double.end.command(ike);
    double.answer(double.hear(), [notify(notifyType.TEMPORARY_FAILURE)]);
    expect(double.end.answer(id)).to.equal(null);
    pass(double.end, 2_100);
    expect(double.hear().text).to.match(/^CREATE_CHILD_SA request 3 \{ SA, NONCE, KE \}$/);
  });
  // The peer has moved everything to the new IKE SA, which can't be used here: the old one has nothing left there.
  const granted = (double: IkeDouble, spi: Uint8Array, ike = double.ike): Payload[] => [
    { kind: 'sa', critical: false, proposals: ike.map((o) => ({ ...o, spi })) },
    { kind: 'nonce', critical: false, data: double.random.bytes(32) },
    { kind: 'ke', critical: false, group: keId.CURVE25519, data: double.pair.publicValue },
  ];
  const spi = new Uint8Array(8).fill(7);
  const useless: readonly (readonly [what: string, answer: (double: IkeDouble) => Payload[]])[] = [
    ['SPI 0', (double) => granted(double, new Uint8Array(8))],
    ['an SPI of 4 octets', (double) => granted(double, new Uint8Array(4).fill(1))],
    ['no SPI', (double) => granted(double, new Uint8Array(0))],
    ['no nonce', (double) => granted(double, spi).filter((p) => p.kind !== 'nonce')],
    ['a public value of zero', (double) => granted(double, spi).map((p) => (p.kind === 'ke' ? { ...p, data: new Uint8Array(32) } : p))],
    ['a critical payload of an unknown type', (double) => [...granted(double, spi), { kind: 'unknown', critical: true, type: 200, body: new Uint8Array(1) }]],
  ];
  for (const [what, answer] of useless) {
    it(`answered with ${what} fails, and the IKE SA is deleted at the peer`, () => {
      const double = up();
      const id = double.end.command(ike);
      double.answer(double.hear(), answer(double));
      expect(double.end.answer(id)).to.include({ ok: false });
      const request = double.hear();
      expect(request.text).to.equal('INFORMATIONAL request 3 { D(IKE) }');
      double.answer(request, []);
      expect(double.end.sas).to.have.lengthOf(0);
      expect(double.end.outputs.filter((o) => o.kind === 'event').map(({ event }) => event)).to.include('peer-misbehaved');
    });
  }
  it('answered with algorithms that were not offered fails, and both IKE SAs are deleted at the peer', () => {
    const double = up();
    const id = double.end.command(ike);
    double.answer(double.hear(), granted(double, spi, proposals('ike', 'aes256gcm16-prfsha384-x25519')));
    expect(double.end.answer(id)).to.include({ ok: false });
    const headers = double.end.outbox.map(({ bytes }) => decodeIkeHeader(bytes)).filter(({ response }) => !response);
    expect(headers.map(({ spiR, exchangeType: type, messageId }) => [spiR === '0707070707070707', type, messageId])).to.have.deep.members([
      [true, exchangeType.INFORMATIONAL, 0], [false, exchangeType.INFORMATIONAL, 3],
    ]);
  });
});

describe('Slow work', () => {
  it('whose IKE SA ends before it is done harms nobody, in any state', () => {
    for (const suite of ['aes128gcm16-prfsha256-x25519', 'aes128-sha256-prfsha256-ecp256', 'aes128-sha256-prfsha256-modp2048']) {
      const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer: { ike: proposals('ike', suite) } });
      const double = new IkeDouble(end, { suite });
      double.initiator = false;
      end.initiate();
      double.hearInit();
      end.holdsWork = true;
      double.answerInit(double.initPayloads());
      expect(end.jobs).to.equal(1);
      end.command({ kind: 'delete-ike', reason: 'test' });
      expect(end.sas).to.have.lengthOf(0);
      end.doWork();
      expect(end.outbox).to.have.lengthOf(0);
    }
  });
});

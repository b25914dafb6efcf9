/** Post-quantum pre-shared keys (RFC 8784): what two ends agree on, and what others try. */
import { expect } from 'chai';
import { SecretKey } from '../../lib/crypto/key.js';
import { prfPlus } from '../../lib/crypto/prf-plus.js';
import type { KeyLogEntry } from '../../lib/ike/io.js';
import { espLine } from '../../lib/daemon/key-log.js';
import { mixPpk } from '../../lib/ike/ppk.js';
import type { IkePeer, Ppk, PpkPolicy } from '../../lib/ike/peer.js';
import { present } from '../../lib/util/assert.js';
import { bytesEqual, concat, utf8 } from '../../lib/util/bytes.js';
import { decodeIkeHeader } from '../../lib/wire/ike-header.js';
import { exchangeType, notifyType } from '../../lib/wire/iana.js';
import { decodeMessage } from '../../lib/wire/message.js';
import { findNotify, findPayload, type Payload } from '../../lib/wire/payload.js';
import { authPayload } from '../../lib/wire/payloads/auth.js';
import { idPayload } from '../../lib/wire/payloads/id.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, identity, IkeEnd } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';
import { authority, credentialOf, issue, trustOf } from '../support/test-pki.js';

const ppk = (id: string, secret = `the secret of ${id}, of more than 256 bit`): Ppk => ({ id: utf8(id), secret: new SecretKey(utf8(secret)) });
const policy = (own: Ppk | null, required = false, known: readonly Ppk[] = own === null ? [] : [own]): PpkPolicy => ({ own, known, required });
const shared = ppk('moon-sun');

interface Result {
  readonly up: boolean;
  readonly used: boolean;
  readonly pair: IkePair;
}

function play(moon: Partial<IkePeer>, sun: Partial<IkePeer>): Result {
  const pair = new IkePair({ moon: { peer: moon }, sun: { peer: sun } });
  pair.moon.initiate();
  pair.settle();
  pair.advance(3_000);
  const up = pair.moon.established.length === 1 && pair.sun.established.length === 1;
  if (up) pair.expectOne();
  else expect(pair.moon.sas.length + pair.sun.established.length, pair.story.join('\n')).to.equal(0);
  const used = up && pair.moon.view.ppk;
  if (up) expect(pair.sun.view.ppk).to.equal(used);
  return { up, used, pair };
}

describe('Two ends with PPKs', () => {
  const other = ppk('moon-sun', 'another secret under the same id, of 256 bit');
  const unknown = ppk('nobody-knows');
  // What moon has, what sun has, and what comes of it; the table of RFC 8784 §3 and what the initiator adds to it.
  const matrix: readonly (readonly [name: string, moon: PpkPolicy | null, sun: PpkPolicy | null, result: 'mixed' | 'without' | 'none'])[] = [
    ['the same at both', policy(shared), policy(shared), 'mixed'],
    ['required by moon', policy(shared, true), policy(shared), 'mixed'],
    ['required by sun', policy(shared), policy(shared, true), 'mixed'],
    ['required by both', policy(shared, true), policy(shared, true), 'mixed'],
    ['one at moon alone', policy(shared), null, 'without'],
    ['one at moon alone, required', policy(shared, true), null, 'none'],
    ['one at sun alone', null, policy(shared), 'without'],
    ['one at sun alone, required', null, policy(shared, true), 'none'],
    ['an id that sun does not have', policy(unknown), policy(shared), 'without'],
    ['an id that sun does not have, required by moon', policy(unknown, true), policy(shared), 'none'],
    ['an id that sun does not have, required by sun', policy(unknown), policy(shared, true), 'none'],
    ['the same id for another secret', policy(other), policy(shared), 'none'],
    ['one of several', policy(shared), policy(null, true, [unknown, shared, other]), 'mixed'],
    ['an id of 255 octets', policy(ppk('x'.repeat(255)), true), policy(null, true, [ppk('x'.repeat(254)), ppk('x'.repeat(255))]), 'mixed'],
  ];
  for (const [name, moon, sun, result] of matrix) {
    it(`${name}: ${{ mixed: 'it is used', without: 'they go without', none: 'there is no IKE SA' }[result]}`, () => {
      const { up, used } = play({ ppk: moon }, { ppk: sun });
      expect(up ? (used ? 'mixed' : 'without') : 'none').to.equal(result);
    });
  }

  it('draw it as the RFC does', () => {
    const pair = new IkePair({ moon: { peer: { ppk: policy(shared) } }, sun: { peer: { ppk: policy(shared) } } });
    const said: (Uint8Array | undefined)[] = [];
    pair.passes = ({ bytes }) => {
      if (decodeIkeHeader(bytes).exchangeType === exchangeType.IKE_SA_INIT) said.push(findNotify(decodeMessage(bytes).payloads, notifyType.USE_PPK)?.data);
      return true;
    };
    pair.moon.initiate();
    pair.settle();
    const [, , auth, done] = pair.story;
    expect(said, 'USE_PPK in both, without data').to.deep.equal([new Uint8Array(0), new Uint8Array(0)]);
    expect(auth).to.match(/^moon --> IKE_AUTH request 1 \{ IDi,.* AUTH, SA, TSi, TSr, N\(PPK_IDENTITY\), N\(NO_PPK_AUTH\)/);
    expect(done).to.match(/^sun --> IKE_AUTH response 1 \{ IDr, AUTH, SA, TSi, TSr, N\(PPK_IDENTITY\)/);
  });

  it('offer nothing to go without where it is required', () => {
    const { pair } = play({ ppk: policy(shared, true) }, { ppk: policy(shared) });
    expect(pair.story.join('\n')).to.contain('N(PPK_IDENTITY)').and.not.contain('NO_PPK_AUTH');
  });

  it('prove themselves by signatures with it, and without where sun does not know it', () => {
    const lab = authority('O=Lab, CN=Lab CA');
    const by = (name: string): Pick<IkePeer, 'localAuth' | 'remoteAuth'> => ({
      localAuth: { kind: 'pubkey', credentials: [credentialOf(issue(`CN=${name}`, lab, { names: [`dns:${name}`] }))], sha1: false },
      remoteAuth: { kind: 'pubkey', trust: trustOf([lab]) },
    });
    const keys = { moon: by('moon'), sun: by('sun') };
    expect(play({ ...keys.moon, ppk: policy(shared) }, { ...keys.sun, ppk: policy(shared, true) }).used).to.equal(true);
    const { up, used } = play({ ...keys.moon, ppk: policy(unknown) }, { ...keys.sun, ppk: policy(shared) });
    expect([up, used]).to.deep.equal([true, false]);
  });

  it('have other Child SA keys than without, and the same at both ends after every rekey', () => {
    const keysOf = (moon: PpkPolicy | null, sun: PpkPolicy | null): { keys: string[]; pair: IkePair } => {
      const { pair } = play({ ppk: moon }, { ppk: sun });
      return { keys: [...pair.moon.outboundKeys.values()], pair };
    };
    const { keys: plain } = keysOf(null, null);
    const { keys: mixed, pair } = keysOf(policy(shared), policy(shared));
    expect(plain).to.have.lengthOf(1);
    expect(mixed[0]).not.to.equal(plain[0]);
    expect(pair.ask(pair.moon, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    expect(pair.ask(pair.moon, { kind: 'rekey-ike' })).to.match(/^ok/);
    expect(pair.ask(pair.sun, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    pair.advance(10_000);
    pair.expectOne();
    expect(pair.moon.view.ppk, 'the new IKE SA is made of the old one').to.equal(true);
    expect(pair.story.filter((line) => line.includes('PPK')), 'RFC 8784 §3: it is used in IKE_AUTH alone').to.have.lengthOf(2);
  });

  it('are told in the log and the events of one that is configured and not used', () => {
    const { pair } = play({ ppk: policy(unknown) }, { ppk: policy(shared) });
    for (const end of [pair.moon, pair.sun]) {
      expect(end.logs.filter((line) => line.includes('is up without a PPK')), end.name).to.have.lengthOf(1);
      expect(end.events.find(({ event }) => event === 'ike-up')?.fields['ppk']).to.equal(false);
    }
    const { pair: mixed } = play({ ppk: policy(shared) }, { ppk: policy(shared) });
    for (const end of [mixed.moon, mixed.sun]) {
      expect(end.logs.filter((line) => line.includes('without a PPK'))).to.deep.equal([]);
      expect(end.events.find(({ event }) => event === 'ike-up')?.fields['ppk']).to.equal(true);
    }
  });

  it('give the key log what the packets are protected with', () => {
    const entries: KeyLogEntry[] = [];
    const pair = new IkePair({ moon: { peer: { ppk: policy(shared) } }, sun: { peer: { ppk: policy(shared) } } });
    Object.assign(pair.moon.env, { keyLog: (entry: KeyLogEntry) => entries.push(entry) });
    pair.moon.initiate();
    pair.settle();
    const lines = entries.flatMap((entry) => (entry.kind === 'esp' ? [espLine(entry)] : []));
    expect(entries.filter(({ kind }) => kind === 'ike'), 'SK_e and SK_a are the same with it and without').to.have.lengthOf(1);
    expect(lines).to.have.lengthOf(2);
    const known = [...pair.sun.inboundKeys.values(), ...pair.sun.outboundKeys.values()].map((key) => key.slice(0, 32));
    for (const line of lines) expect(known.some((key) => line.includes(key)), line).to.equal(true);
  });

  it('say nothing of the secret in logs, events and outputs', () => {
    const { pair } = play({ ppk: policy(shared) }, { ppk: policy(other) });
    const said = JSON.stringify([pair.moon.logs, pair.sun.logs, pair.moon.events, pair.sun.events, pair.story]);
    for (const { secret } of [shared, other]) expect(said).not.to.contain(new TextDecoder().decode(secret.expose()));
  });
});

describe('The keys with a PPK', () => {
  it('are prf+ of SK_d, SK_pi and SK_pr under it, and no others', () => {
    const double = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }));
    const keys = present(double.keys, 'IKE_SA_INIT is done');
    const before = [keys.skD, keys.skPi, keys.skPr].map((key) => key.expose().slice());
    const mixed = mixPpk(keys, shared.secret);
    const { prf } = keys.suite;
    [mixed.skD, mixed.skPi, mixed.skPr].forEach((key, i) => {
      expect(bytesEqual(key.expose(), prf.prf(shared.secret.expose(), before[i] ?? new Uint8Array(0), Uint8Array.of(1))), `key ${i}`).to.equal(true);
      expect(bytesEqual(key.expose(), prfPlus(prf, shared.secret.expose(), before[i] ?? new Uint8Array(0), prf.outputBytes))).to.equal(true);
    });
    expect(mixed.fromInitiator).to.equal(keys.fromInitiator);
    expect(mixed.fromResponder).to.equal(keys.fromResponder);
  });
});

const usePpk = (payloads: Payload[]): Payload[] => [...payloads, notify(notifyType.USE_PPK)];
const named = (id: string, type = 2): Payload => notify(notifyType.PPK_IDENTITY, concat(Uint8Array.of(type), utf8(id)));

/** AUTH of the double with the PPK. */
function mixedAuth(double: IkeDouble, { secret }: Ppk): Payload {
  const keys = present(double.keys, 'IKE_SA_INIT is done');
  const id = idPayload(double.initiator ? 'id-i' : 'id-r', identity(double.name));
  double.keys = mixPpk(keys, secret);
  const data = double.authData(id);
  double.keys = keys;
  return authPayload(2, data);
}

describe('A responder with a PPK', () => {
  const request = (own: PpkPolicy, change: (double: IkeDouble, payloads: Payload[]) => readonly Payload[], init = usePpk): { text: string; end: IkeEnd } => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), peer: { ppk: own } });
    const double = IkeDouble.halfOpen(end, {}, init);
    return { text: double.auth(change(double, double.authPayloads()))?.text ?? 'nothing', end };
  };
  const plain = (double: IkeDouble): Uint8Array => present(findPayload(double.authPayloads(), 'auth'), 'AUTH').data;
  const withMixed = (double: IkeDouble, payloads: readonly Payload[], key: Ppk = shared): Payload[] => payloads.map((p) => (p.kind === 'auth' ? mixedAuth(double, key) : p));
  const refused = (result: { text: string; end: IkeEnd }): void => {
    expect(result.text).to.equal('IKE_AUTH response 1 { N(AUTHENTICATION_FAILED) }');
    expect(result.end.sas).to.have.lengthOf(0);
    expect(result.end.outbound.size + result.end.inbound.size).to.equal(0);
  };

  it('takes the right one (the double can do it)', () => {
    const { text } = request(policy(shared), (double, payloads) => [...withMixed(double, payloads), named('moon-sun')]);
    expect(text).to.contain('AUTH').and.contain('N(PPK_IDENTITY)');
  });

  const wrong: Readonly<Record<string, (double: IkeDouble, payloads: Payload[]) => readonly Payload[]>> = {
    'USE_PPK and then no PPK_IDENTITY': (_, payloads) => payloads,
    'USE_PPK and NO_PPK_AUTH alone': (double, payloads) => [...payloads, notify(notifyType.NO_PPK_AUTH, plain(double))],
    'AUTH without the PPK that it names': (_, payloads) => [...payloads, named('moon-sun')],
    'AUTH with another PPK under the right id': (double, payloads) => [...withMixed(double, payloads, ppk('moon-sun', 'something else')), named('moon-sun')],
    'AUTH with another PPK, and a NO_PPK_AUTH that is right': (double, payloads) =>
      [...withMixed(double, payloads, ppk('moon-sun', 'something else')), named('moon-sun'), notify(notifyType.NO_PPK_AUTH, plain(double))],
    'an unknown id and no NO_PPK_AUTH': (_, payloads) => [...payloads, named('other')],
    'an unknown id and an empty NO_PPK_AUTH': (_, payloads) => [...payloads, named('other'), notify(notifyType.NO_PPK_AUTH)],
    'an unknown id and a NO_PPK_AUTH that is wrong': (double, payloads) =>
      [...payloads, named('other'), notify(notifyType.NO_PPK_AUTH, plain(double).map((octet) => octet ^ 1))],
    'an unknown id, NO_PPK_AUTH, and no AUTH': (double, payloads) =>
      [...payloads.filter(({ kind }) => kind !== 'auth'), named('other'), notify(notifyType.NO_PPK_AUTH, plain(double))],
    'the id under type 1 (opaque)': (double, payloads) => [...withMixed(double, payloads), named('moon-sun', 1)],
    'the id under type 0': (double, payloads) => [...withMixed(double, payloads), named('moon-sun', 0)],
    'a PPK_IDENTITY with nothing in it': (double, payloads) => [...withMixed(double, payloads), notify(notifyType.PPK_IDENTITY)],
    'a PPK_IDENTITY of its type alone': (double, payloads) => [...withMixed(double, payloads), named('')],
    'an id of 60,000 octets': (double, payloads) => [...withMixed(double, payloads), named('x'.repeat(60_000))],
  };
  for (const [name, change] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => {
      refused(request(policy(shared), change));
    });
  }

  it('goes without where the id is unknown and NO_PPK_AUTH is right, whatever AUTH is', () => {
    const { text, end } = request(policy(shared), (double, payloads) => [...withMixed(double, payloads, ppk('other')), named('other'), notify(notifyType.NO_PPK_AUTH, plain(double))]);
    expect(text).to.contain('AUTH').and.not.contain('PPK');
    expect(end.view.ppk).to.equal(false);
  });

  it('that requires one refuses who withdraws USE_PPK, whatever else he says (a downgrade)', () => {
    refused(request(policy(shared, true), (_, payloads) => payloads, (payloads) => payloads));
    refused(request(policy(shared, true), (double, payloads) => [...withMixed(double, payloads), named('moon-sun')], (payloads) => payloads));
    refused(request(policy(shared, true), (double, payloads) => [...payloads, named('other'), notify(notifyType.NO_PPK_AUTH, plain(double))]));
  });

  it('does not mix one in for a PPK_IDENTITY without USE_PPK', () => {
    refused(request(policy(shared), (double, payloads) => [...withMixed(double, payloads), named('moon-sun')], (payloads) => payloads));
    const { text, end } = request(policy(shared), (_, payloads) => [...payloads, named('moon-sun')], (payloads) => payloads);
    expect(text).to.contain('AUTH').and.not.contain('PPK');
    expect(end.view.ppk).to.equal(false);
  });

  it('does not answer USE_PPK where it has none', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock() });
    const double = IkeDouble.halfOpen(end, {}, usePpk);
    expect(double.auth()?.text).to.contain('AUTH');
    expect(end.view.ppk).to.equal(false);
  });
});

describe('An initiator with a PPK', () => {
  const moon = (own: PpkPolicy): IkeEnd => new IkeEnd({ name: 'moon', clock: new Clock(), peer: { ppk: own } });
  const answerWith = (own: PpkPolicy, change: (double: IkeDouble, payloads: Payload[]) => Payload[], init = usePpk): IkeEnd => {
    const end = moon(own);
    const double = IkeDouble.called(end, init);
    const request = double.hear();
    double.answer(request, change(double, double.authPayloads()));
    return end;
  };
  const stands = (end: IkeEnd): boolean => end.sas.some((sa) => sa.view().state === 'ESTABLISHED');
  const mixed = (double: IkeDouble, payloads: readonly Payload[]): Payload[] => payloads.map((p) => (p.kind === 'auth' ? mixedAuth(double, shared) : p));

  it('takes an answer with it (the double can do it), whatever is in its PPK_IDENTITY', () => {
    for (const data of ['', 'anything']) {
      const end = answerWith(policy(shared, true), (double, payloads) => [...mixed(double, payloads), notify(notifyType.PPK_IDENTITY, utf8(data))]);
      expect([stands(end), end.view.ppk]).to.deep.equal([true, true]);
    }
  });

  it('does not believe who says that it is used and has AUTH without it, or the reverse', () => {
    expect(stands(answerWith(policy(shared), (_, payloads) => [...payloads, notify(notifyType.PPK_IDENTITY)]))).to.equal(false);
    expect(stands(answerWith(policy(shared), (double, payloads) => mixed(double, payloads)))).to.equal(false);
  });

  it('goes without where the answer is right without it, and not where it is required', () => {
    const end = answerWith(policy(shared), (_, payloads) => payloads);
    expect([stands(end), end.view.ppk]).to.deep.equal([true, false]);
    const strict = answerWith(policy(shared, true), (_, payloads) => payloads);
    expect(stands(strict)).to.equal(false);
    expect(strict.outbox.map(({ text }) => text).join(), 'the peer, who believes in it, is told').to.contain('N(AUTHENTICATION_FAILED)');
  });

  it('that did not offer one takes no PPK_IDENTITY, and no USE_PPK, for anything', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock() });
    const double = IkeDouble.called(end, usePpk);
    const request = double.hear();
    expect(findNotify(request.payloads, notifyType.PPK_IDENTITY)).to.equal(null);
    double.answer(request, [...double.authPayloads(), notify(notifyType.PPK_IDENTITY)]);
    expect([stands(end), end.view.ppk]).to.deep.equal([true, false]);
  });

  it('that requires one waits past a forged answer without USE_PPK for the peer’s own (RFC 8784 §6), and fails where none comes', () => {
    const end = moon(policy(shared, true));
    const double = IkeDouble.called(end, (payloads) => payloads);
    expect(end.outbox, 'no IKE_AUTH without it').to.have.lengthOf(0);
    double.answerInit(usePpk(double.initPayloads()));
    const request = double.hear();
    double.answer(request, [...mixed(double, double.authPayloads()), notify(notifyType.PPK_IDENTITY)]);
    expect(end.view.ppk).to.equal(true);
    const alone = moon(policy(shared, true));
    IkeDouble.called(alone, (payloads) => payloads);
    for (let ms = 0; ms < 2_000; ms += 100) {
      Object.assign(alone.clock, { now: alone.clock.now + 100 });
      alone.wake();
    }
    expect(alone.sas).to.have.lengthOf(0);
    expect(JSON.stringify(alone.outputs.at(-1))).to.contain('ppk_required');
  });
});

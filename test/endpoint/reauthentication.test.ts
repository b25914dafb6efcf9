/** Authentication that is repeated in a new IKE SA beside the old one, of either end's wish (RFC 4478): no packet is lost over it. */
import { expect } from 'chai';
import { limitedTerm } from '../../lib/endpoint/auth-term.js';
import { instant } from '../../lib/util/brands.js';
import { notifyType } from '../../lib/wire/iana.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd } from '../support/ike-end.js';
import { Pair, type SideOptions } from '../support/pair.js';
import { authority, crlPemOf, issue, keyPemOf, pemOf, type Issued } from '../support/test-pki.js';
import { configOf } from '../support/virtual-host.js';

const waits = { remote: null } as const;
const two = `[[peer.child]]
name = "net"
local = ["192.168.1.0/24"]
remote = ["192.168.2.0/24"]
[[peer.child]]
name = "more"
local = ["10.8.0.0/16"]
remote = ["10.9.0.0/16"]
`;

function up(moon: SideOptions, sun: SideOptions = {}, seed = 1): Pair {
  const pair = new Pair({ seed, moon, sun: { ...waits, ...sun } });
  expect(pair.comeUp(), pair.story()).to.equal(true);
  return pair;
}

/** A packet each way every 20 ms for `ms`; how many did not arrive. */
function lost(pair: Pair, ms: number): number {
  const before = pair.moon.arrivals.length + pair.sun.arrivals.length;
  let sent = 0;
  const end = pair.world.every(20, () => {
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    pair.sun.sendInner('192.168.2.1', '192.168.1.1');
    sent += 2;
  });
  pair.world.run(ms);
  end();
  pair.world.run(1_000);
  return sent - (pair.moon.arrivals.length + pair.sun.arrivals.length - before);
}

const spis = (pair: Pair): (string | undefined)[] => [pair.moon, pair.sun].map((host) => host.sas(host.name === 'moon' ? 'sun' : 'moon').map(({ spiI }) => spiI).join('+'));

describe('reauth', () => {
  it('is off unless it is configured', () => {
    const pair = up({});
    pair.world.run(24 * 3_600_000);
    expect(pair.moon.eventNames()).to.include('ike-rekeyed').and.not.include('ike-reauthenticated');
    expect(pair.moon.sas('sun')[0]).to.have.property('term', null);
  });

  for (const unique of ['replace', 'keep', 'never']) {
    for (const seed of [1, 2, 3]) {
      it(`makes a new IKE SA in time, over and over, and loses no packet (unique = "${unique}", seed ${seed})`, () => {
        const pair = up({ peer: `reauth = "30s"\nunique = "${unique}"` }, { peer: `unique = "${unique}"` }, seed);
        let before = spis(pair);
        for (let time = 0; time < 4; time++) {
          expect(lost(pair, 30_000), pair.story()).to.equal(0);
          const after = spis(pair);
          expect(after[0]).to.equal(after[1]).and.not.equal(before[0]);
          before = after;
        }
        expect(pair.moon.eventNames().filter((name) => name === 'ike-reauthenticated').length).to.be.at.least(4);
        for (const host of [pair.moon, pair.sun]) expect(host.counters(), `${host.name} keeps nothing old`).to.have.lengthOf(1);
      });
    }
  }

  it('takes over what the old one had and nothing else, with every kind of rekey in between', () => {
    const pair = up({ peer: 'reauth = "30s"\nike_rekey = "7s"\nchild_rekey = "5s"', children: two },
      { children: two.replaceAll('local', 'x').replaceAll('remote', 'local').replaceAll('x =', 'remote =') });
    expect(lost(pair, 120_000), pair.story()).to.equal(0);
    for (const host of [pair.moon, pair.sun]) {
      const [only, ...others] = host.sas(host.name === 'moon' ? 'sun' : 'moon');
      expect(others).to.deep.equal([]);
      expect(only?.children.map(({ name }) => name).sort()).to.deep.equal(['more', 'net']);
    }
  });

  it('tells the peer nothing of INITIAL_CONTACT, and stays on the path in use', () => {
    const pair = up({ peer: 'reauth = "30s"' });
    const [before] = pair.moon.sas('sun');
    pair.world.run(32_000);
    const [after] = pair.moon.sas('sun');
    expect(after?.spiI).not.to.equal(before?.spiI);
    expect(after?.path).to.deep.equal(before?.path);
    const drawn = pair.story().split('\n').filter((line) => line.includes('IKE_AUTH request'));
    expect(drawn.filter((line) => line.includes('INITIAL_CONTACT')), drawn.join('\n')).to.have.lengthOf(drawn.length / 2);
  });

  it('is tried again where nobody answers at first', () => {
    const pair = up({ peer: 'reauth = "60s"' });
    const [before] = spis(pair);
    const began = pair.world.now;
    // Of what begins, nothing comes through until the term is almost over.
    pair.network.passes = ({ bytes }) => !(isFirst(bytes) && pair.world.now < began + 58_000);
    expect(lost(pair, 57_000), pair.story()).to.equal(0);
    expect(spis(pair)[0]).to.equal(before);
    expect(lost(pair, 10_000), pair.story()).to.equal(0);
    expect(spis(pair)[0]).not.to.equal(before);
  });

  it('ends the IKE SA at its term where nobody ever answers, and a new one is tried for ever', () => {
    const pair = up({ peer: 'reauth = "60s"' });
    pair.network.passes = ({ bytes }) => !isFirst(bytes);
    expect(lost(pair, 60_000)).to.equal(0);
    pair.world.run(7_000);
    expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length], pair.story()).to.deep.equal([0, 0]);
    const down = pair.moon.events.filter(({ event }) => event === 'ike-down');
    expect(JSON.stringify(down)).to.contain('not authenticated again in time');
    pair.network.passes = () => true;
    expect(pair.comeUp(30_000), pair.story()).to.equal(true);
  });

  it('that the peer refuses, since the certificate was revoked meanwhile, is said, and ends the IKE SA at its term', () => {
    const lab = authority('O=Lab, CN=Lab CA');
    const host = (name: string): Issued => issue(`O=Lab, CN=${name}`, lab, { names: [`dns:${name}`] });
    const [moon, sun] = [host('moon'), host('sun')];
    const side = (name: string, lines: string): SideOptions => ({
      secretless: true, peer: `auth = "pubkey"\ncert = "${name}.pem"\nkey = "${name}.key"\nca = ["ca.pem"]\n${lines}`,
    });
    const own = (name: string, issued: Issued): Record<string, string> => ({ [`/etc/mhtun/${name}.pem`]: pemOf(issued), [`/etc/mhtun/${name}.key`]: keyPemOf(issued) });
    const files = (revoked: readonly Issued[]): Record<string, string> => ({
      ...own('moon', moon), ...own('sun', sun), '/etc/mhtun/ca.pem': pemOf(lab), '/etc/mhtun/ca.crl': crlPemOf(lab, revoked.map(({ certificate }) => certificate)),
    });
    const pair = new Pair({ seed: 1, files: files([]), moon: side('moon', 'reauth = "60s"'), sun: { ...waits, ...side('sun', 'crl = "ca.crl"') } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.sun.ask({ kind: 'reload', config: configOf(pair.text('sun'), files([moon])) }).ok).to.equal(true);
    expect(lost(pair, 55_000)).to.equal(0);
    const failed = pair.moon.events.filter(({ event }) => event === 'reauth-failed');
    expect(JSON.stringify(failed)).to.contain('AUTHENTICATION_FAILED');
    expect(pair.isUp(), 'until then the old one counts').to.equal(true);
    pair.world.run(11_000);
    expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length], pair.story()).to.deep.equal([0, 0]);
    expect(JSON.stringify(pair.sun.events.filter(({ event }) => event === 'auth-failed'))).to.contain('revoked');
  });
});

describe('auth_lifetime', () => {
  it('makes the caller authenticate again in time, and no packet is lost', () => {
    const pair = up({}, { peer: 'auth_lifetime = "30s"' });
    let before = spis(pair);
    for (let time = 0; time < 3; time++) {
      expect(lost(pair, 30_000), pair.story()).to.equal(0);
      const after = spis(pair);
      expect(after[0]).to.equal(after[1]).and.not.equal(before[0]);
      before = after;
    }
    expect(pair.sun.eventNames()).not.to.include('ike-reauthenticated');
  });

  it('is obeyed by a caller that nothing keeps up', () => {
    const pair = new Pair({ seed: 1, moon: { peer: 'start = "never"' }, sun: { ...waits, peer: 'auth_lifetime = "30s"' } });
    pair.moon.command({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 5_000 });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const before = spis(pair);
    expect(lost(pair, 60_000), pair.story()).to.equal(0);
    expect(spis(pair)[0]).not.to.equal(before[0]);
  });

  it('ends the IKE SA of a caller who does not, soon after', () => {
    const pair = up({}, { peer: 'auth_lifetime = "30s"' });
    pair.network.passes = ({ bytes }) => !isFirst(bytes);
    expect(lost(pair, 29_000)).to.equal(0);
    pair.world.run(10_000);
    expect(pair.sun.sas('moon'), pair.story()).to.deep.equal([]);
    expect(JSON.stringify(pair.sun.events.filter(({ event }) => event === 'ike-down'))).to.match(/not authenticated again in time|deleted by the peer/);
  });

  it('is over for each IKE SA by itself: a rekey does not begin it anew', () => {
    const pair = up({ peer: 'ike_rekey = "5s"' }, { peer: 'auth_lifetime = "30s"' });
    pair.network.passes = ({ bytes }) => !isFirst(bytes);
    pair.world.run(36_000);
    expect(pair.sun.sas('moon')).to.deep.equal([]);
  });
});

/** Of an IKE_SA_INIT exchange, on whatever port. */
function isFirst(bytes: Uint8Array): boolean {
  const at = [0, 4].find((start) => bytes.subarray(start, start + 4).some((octet) => octet !== 0)) ?? 0;
  return bytes.length > at + 19 && bytes[at + 17] === 0x20 && bytes[at + 18] === 34;
}

describe('An AUTH_LIFETIME of the peer', () => {
  const term = (lifetimeMs: number, at = 1_000): ReturnType<typeof limitedTerm> => limitedTerm(null, instant(1_000), instant(at), lifetimeMs, 0.5);

  it('is met some time before its end', () => {
    expect(term(3_600_000)).to.deep.equal({ renewAt: instant(1_000 + 3_600_000 - 540_000), endsAt: instant(1_000 + 3_605_000) });
    expect(term(20 * 86_400_000).renewAt).to.equal(instant(1_000 + 20 * 86_400_000 - 900_000));
  });

  it('of no time, again and again, leads to a new IKE SA every ten seconds at most', () => {
    for (const lifetimeMs of [0, 1_000, 5_000]) expect(term(lifetimeMs)).to.deep.equal({ renewAt: instant(11_000), endsAt: instant(16_000) });
    expect(term(0, 100_000).renewAt, 'of one that stood for long it is met at once').to.equal(instant(100_000));
  });

  it('never makes a term of our own longer', () => {
    const own = { renewAt: instant(50_000), endsAt: instant(60_000) };
    expect(limitedTerm(own, instant(1_000), instant(1_000), 3_600_000, 0)).to.deep.equal(own);
    expect(limitedTerm(own, instant(1_000), instant(1_000), 20_000, 0)).to.deep.equal({ renewAt: instant(19_000), endsAt: instant(26_000) });
  });

  const said = (end: 'initiator' | 'responder', data: Uint8Array): unknown[] => {
    const lifetime = notify(notifyType.AUTH_LIFETIME, data);
    const clock = new Clock();
    const double = end === 'responder' ? IkeDouble.established(new IkeEnd({ name: 'sun', clock })) : IkeDouble.calledUp(new IkeEnd({ name: 'moon', clock }));
    expect(double.inform(lifetime)?.text, 'it is answered all the same').to.match(/^INFORMATIONAL response/);
    expect(double.end.view.state).to.equal('ESTABLISHED');
    return double.end.outputs.filter(({ kind }) => kind === 'auth-lifetime');
  };

  it('is heard by the one who called, in IKE_AUTH and later', () => {
    expect(said('initiator', Uint8Array.of(0, 0, 1, 44))).to.deep.equal([{ kind: 'auth-lifetime', lifetimeMs: 300_000 }]);
    const longest = notify(notifyType.AUTH_LIFETIME, Uint8Array.of(255, 255, 255, 255));
    const { end } = IkeDouble.calledUp(new IkeEnd({ name: 'moon', clock: new Clock() }), (payloads) => [...payloads, longest]);
    expect(end.outputs.filter(({ kind }) => kind === 'auth-lifetime')).to.deep.equal([{ kind: 'auth-lifetime', lifetimeMs: 24 * 86_400_000 }]);
  });

  it('means nothing from one who called us, or of another size', () => {
    expect(said('responder', Uint8Array.of(0, 0, 0, 0))).to.deep.equal([]);
    for (const data of [[], [0], [0, 0, 1], [0, 0, 0, 0, 0]]) expect(said('initiator', Uint8Array.from(data))).to.deep.equal([]);
  });
});

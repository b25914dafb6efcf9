/** Who gets which address: the same again for who proves who he is, one's own for who can't, nobody's twice. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LeaseBook, type PoolPlan, type RememberedLease } from '../../lib/gateway/lease-book.js';
import { maxRememberedLeases } from '../../lib/gateway/limits.js';
import type { LeaseWish } from '../../lib/ike/lease.js';
import { addressFamily } from '../../lib/util/address.js';
import { addressAt, prefixRange } from '../../lib/util/address-range.js';
import { parseSelector } from '../../lib/wire/traffic-selector.js';
import { address } from '../support/ike-end.js';

const v4: LeaseWish = { family: 4, address: null };
const v6: LeaseWish = { family: 6, address: null };

function plan(name: string, text: string, assigned: Readonly<Record<string, string>> = {}): PoolPlan {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { range } = parsed.selector;
  return { name, range, assigned: new Map(Object.entries(assigned).map(([identity, text]) => [identity, address(text)])), reserved: [] };
}

class Desk {
  readonly book: LeaseBook;
  readonly #pools: readonly string[];

  constructor(plans: readonly PoolPlan[], remembered: readonly RememberedLease[] = []) {
    this.book = new LeaseBook(plans, remembered);
    this.#pools = plans.map(({ name }) => name);
  }

  /** The lease and its addresses, or why there is none. */
  lend(identity: string | null, wishes: readonly LeaseWish[] = [v4], pools = this.#pools): { readonly id: number; readonly text: string } {
    const lease = this.book.lend(pools, identity, wishes);
    return 'reason' in lease ? { id: 0, text: lease.reason } : { id: lease.id, text: lease.addresses.join() };
  }
}

function small(): Desk {
  return new Desk([plan('p', '10.0.0.0/30')]);
}

describe('Leases', () => {
  it('of one who proves who he is are the same again', () => {
    const desk = small();
    const first = desk.lend('carol');
    desk.book.giveBack(first.id);
    const other = desk.lend('dave');
    expect([first.text, other.text]).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    expect(desk.lend('carol').text).to.equal('10.0.0.1');
  });

  it('are the same while an older IKE SA of the same caller still has it, and free only when both are gone', () => {
    const desk = small();
    const older = desk.lend('carol');
    const newer = desk.lend('carol');
    expect(newer.text).to.equal(older.text);
    desk.book.giveBack(older.id);
    desk.lend('dave');
    expect(desk.lend('erin').text).to.equal('every address of p is in use');
    desk.book.giveBack(newer.id);
    expect(desk.lend('erin').text).to.equal(older.text);
  });

  it('of callers who can’t prove who they are go with their IKE SA, each its own', () => {
    const desk = small();
    const one = desk.lend(null);
    const two = desk.lend(null);
    expect([one.text, two.text]).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    expect(desk.lend(null).text).to.equal('every address of p is in use');
    desk.book.giveBack(two.id);
    expect(desk.book.remembered()).to.deep.equal([]);
    expect(desk.lend(null).text).to.equal('10.0.0.2');
  });

  it('go to others, of who is away the longest first, when everything else is used', () => {
    const desk = new Desk([plan('p', '10.0.0.0/29')]);
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => desk.lend(name).id);
    for (const index of [2, 0]) desk.book.giveBack(ids[index] ?? 0);
    expect(desk.lend('new').text).to.equal('10.0.0.3');
    expect(desk.lend('a').text).to.equal('10.0.0.1');
    expect(desk.lend('c').text).to.equal('every address of p is in use');
  });

  it('are what was wished for where nobody else has it, also in a range not given out yet', () => {
    const desk = new Desk([plan('p', '10.0.0.0/29')]);
    const wish = (text: string): readonly LeaseWish[] => [{ family: 4, address: address(text) }];
    expect(desk.lend('carol', wish('10.0.0.5')).text).to.equal('10.0.0.5');
    expect(desk.lend('dave', wish('10.0.0.5')).text).to.equal('10.0.0.1');
    expect(desk.lend('erin', wish('10.9.9.9')).text).to.equal('10.0.0.2');
    expect(desk.lend('frank', wish('10.0.0.7'))).to.include({ text: '10.0.0.3' });
    expect(desk.lend('carol', wish('10.0.0.6')).text, 'his own, whatever he wishes').to.equal('10.0.0.5');
  });

  it('assigned by hand are for that one alone', () => {
    const desk = new Desk([plan('p', '10.0.0.0/30', { carol: '10.0.0.1' })]);
    expect(desk.lend('dave').text).to.equal('10.0.0.2');
    expect(desk.lend('erin').text).to.equal('every address of p is in use');
    expect(desk.lend(null, [{ family: 4, address: address('10.0.0.1') }]).text).to.equal('every address of p is in use');
    const carol = desk.lend('carol');
    expect(carol.text).to.equal('10.0.0.1');
    desk.book.giveBack(carol.id);
    expect(desk.lend('erin').text).to.equal('every address of p is in use');
    expect(desk.lend('carol').text).to.equal('10.0.0.1');
  });

  it('come from the next pool when one is used up, and of each family one', () => {
    const desk = new Desk([plan('a', '10.0.0.0/31'), plan('b', '10.1.0.0/31'), plan('six', 'fd00::/64')]);
    const both = [v4, v6, v4, v6];
    expect([1, 2, 3, 4].map(() => desk.lend(null, both).text)).to.deep.equal(['10.0.0.0,fd00::1', '10.0.0.1,fd00::2', '10.1.0.0,fd00::3', '10.1.0.1,fd00::4']);
    expect(desk.lend(null, both).text, 'what there is').to.equal('fd00::5');
    expect(desk.lend(null, [v4]).text).to.equal('every address of a and b is in use');
    expect(desk.lend(null, [v4], ['six']).text).to.equal('no pool of IPv4 is there for it');
    expect(desk.lend(null, [], ['six']).text).to.contain('no pool');
  });

  it('are remembered over a restart, those that fit no pool any more left out, and each identity’s last', () => {
    const desk = new Desk([plan('p', '10.0.0.0/29')]);
    for (const name of ['a', 'b', 'c']) desk.lend(name);
    desk.book.giveBack(2);
    const written = desk.book.remembered();
    expect(written.map(({ identity }) => identity)).to.deep.equal(['b', 'a', 'c']);
    const strange = [...written, { identity: 'x', address: address('192.168.1.1') }, { identity: 'y', address: address('10.0.0.1') }, { identity: 'a', address: address('10.0.0.5') }];
    const next = new Desk([plan('p', '10.0.0.0/29')], strange);
    expect(next.lend('new').text).to.equal('10.0.0.4');
    expect(next.lend('c').text).to.equal('10.0.0.3');
    expect(next.lend('a').text).to.equal('10.0.0.1');
    expect(next.book.uses().map(({ used, kept }) => [used, kept])).to.deep.equal([[3, 1]]);
  });

  it('stay with who has them when the pools change, and are nobody else’s', () => {
    const desk = new Desk([plan('p', '10.0.0.0/29')]);
    const carol = desk.lend('carol');
    desk.book.giveBack(desk.lend('dave').id);
    desk.book.replacePools([plan('p', '10.0.0.0/29', { erin: '10.0.0.1' }), plan('q', '10.1.0.0/29')]);
    expect(desk.lend('erin').text, 'carol is there').to.equal('10.0.0.3');
    expect(desk.lend('dave').text).to.equal('10.0.0.2');
    desk.book.giveBack(carol.id);
    desk.book.replacePools([plan('q', '10.1.0.0/29')]);
    expect(desk.lend('carol', [v4], ['q']).text).to.equal('10.1.0.1');
    expect(desk.book.uses().map(({ name, used }) => [name, used])).to.deep.equal([['q', 1]]);
  });

  it('of callers who are away are forgotten beyond the limit, the oldest first', () => {
    const desk = new Desk([plan('p', 'fd00::/64')]);
    for (let i = 0; i <= maxRememberedLeases; i++) desk.book.giveBack(desk.lend(`c${i}`, [v6]).id);
    const remembered = desk.book.remembered();
    expect(remembered).to.have.length(maxRememberedLeases);
    expect(remembered[0]?.identity).to.equal('c1');
  }).timeout(30_000);

  it('are never of two at once, whoever comes and goes', () => {
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('lend' as const), who: fc.nat(12), wish: fc.option(fc.nat(20)) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('back' as const), nth: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('pools' as const), length: fc.constantFrom(28, 29), carol: fc.nat(6) }) },
    );
    const range = prefixRange({ address: address('10.0.0.0'), length: 28 });
    fc.assert(fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const book = new LeaseBook([plan('p', '10.0.0.0/28')], []);
      const live: { readonly id: number; readonly who: string; readonly address: string }[] = [];
      for (const item of acts) {
        if (item.kind === 'pools') {
          book.replacePools([plan('p', `10.0.0.0/${item.length}`, { w1: `10.0.0.${item.carol + 1}` })]);
        } else if (item.kind === 'back') {
          const [gone] = live.splice(item.nth % Math.max(1, live.length), 1);
          if (gone !== undefined) book.giveBack(gone.id);
        } else {
          // The last few can't prove who they are.
          const identity = item.who > 8 ? null : `w${item.who}`;
          const lease = book.lend(['p'], identity, [{ family: 4, address: item.wish === null ? null : addressAt(range, BigInt(item.wish % 16)) }]);
          if ('reason' in lease) continue;
          for (const given of lease.addresses) {
            expect(addressFamily(given)).to.equal(4);
            const others = live.filter((one) => one.address === given);
            for (const other of others) expect(other.who, given).to.equal(identity ?? 'nobody');
            live.push({ id: lease.id, who: identity ?? `sa${lease.id}`, address: given });
          }
        }
        const used = new Set(live.map((one) => one.address));
        const inPool = book.uses().reduce((sum, one) => sum + one.used, 0);
        expect(inPool).to.be.at.most(used.size);
      }
    }));
  });
});

/** A NAT between two ends that shows them by other addresses and ports, and forgets (RFC 7296 §2.23, RFC 3948 §4, RFC 4555 §3.8). */
import { expect } from 'chai';
import { IkePair } from '../support/ike-pair.js';
import { address, type IkeEnd } from '../support/ike-end.js';

function switches(end: IkeEnd): string[] {
  return end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : []))
    .flatMap((c) => (c.kind === 'switch-path' ? [`${c.path.local.address} → ${c.path.remote.address}`] : []));
}

describe('A NAT that changes its mapping', () => {
  /** Moon is behind a NAT that shows its NAT port as `port()`, and forgets what it showed before. */
  const behind = (pair: IkePair, port: () => number): void => {
    const shown = (own: number): number => (own === 500 ? 999 : port());
    pair.translate = (p, flight) => {
      if (flight.from === pair.moon) return { ...p, remote: { address: address('203.0.113.1'), port: shown(p.remote.port) } };
      return { ...p, local: { address: address('10.1.0.1'), port: p.local.port === 999 ? 500 : 4500 } };
    };
    pair.passes = (flight) => flight.from === pair.moon || [999, port()].includes(flight.path.remote.port);
  };
  const pairBehind = (mobike: boolean): { pair: IkePair; rebind: () => void } => {
    const pair = new IkePair({ moon: { peer: { mobike } }, sun: { peer: { mobike } } });
    let port = 1024;
    behind(pair, () => port);
    pair.moon.initiate();
    pair.settle();
    pair.expectOne();
    return { pair, rebind: () => { port++; } };
  };

  it('is noticed by the MOBIKE initiator’s liveness check, which tells the peer (RFC 4555 §3.8)', () => {
    const { pair, rebind } = pairBehind(true);
    expect(pair.moon.view.natLocal).to.equal(true);
    rebind();
    pair.advance(35_000);
    expect(pair.sun.view.path.remote.port).to.equal(1025);
    rebind();
    pair.advance(35_000);
    expect(pair.sun.view.path.remote.port).to.equal(1026);
    expect(switches(pair.sun).at(-1)).to.equal('10.1.0.2 → 203.0.113.1');
  });

  it('is noticed where there was none, and again where it is gone, by a test that asks', () => {
    const pair = IkePair.up();
    const home = pair.moon.view.path;
    const asking = { kind: 'test-paths', test: 1, paths: [home], alone: true, desperate: false, asksNat: true, timeoutMs: 1_000, padToBytes: null } as const;
    const direct = pair.translate;
    pair.ask(pair.moon, asking);
    expect(switches(pair.sun), 'nothing is to be told').to.deep.equal([]);
    behind(pair, () => 1024);
    pair.ask(pair.moon, { ...asking, asksNat: false });
    expect(switches(pair.sun), 'nobody asked').to.deep.equal([]);
    pair.ask(pair.moon, asking);
    pair.settle();
    expect(switches(pair.sun)).to.deep.equal(['10.1.0.2 → 203.0.113.1']);
    expect([pair.moon.view.natLocal, pair.sun.view.path.remote.port]).to.deep.equal([true, 1024]);
    pair.translate = direct;
    pair.passes = () => true;
    pair.ask(pair.moon, asking);
    pair.settle();
    expect(switches(pair.sun).at(-1)).to.equal('10.1.0.2 → 10.1.0.1');
    expect(pair.moon.view.natLocal).to.equal(false);
    pair.expectOne();
  });

  it('is followed by authenticated ESP from a new source, and kept where that answers', () => {
    const { pair, rebind } = pairBehind(true);
    rebind();
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const seen = { ...pair.sun.view.path, remote: { ...pair.sun.view.path.remote, port: 1025 } };
    pair.sun.input({ kind: 'new-source', child: child.id, path: seen });
    expect(pair.sun.view.path.remote.port).to.equal(1025);
    pair.advance(20_000);
    expect(pair.sun.view.path.remote.port).to.equal(1025);
  });

  it('is not kept where the new source does not answer', () => {
    const { pair } = pairBehind(true);
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    pair.sun.input({ kind: 'new-source', child: child.id, path: { ...before, remote: { address: address('198.51.100.1'), port: 6666 } } });
    pair.advance(10_000);
    expect(pair.sun.view.path).to.deep.equal(before);
    expect(switches(pair.sun).at(-1)).to.equal('10.1.0.2 → 203.0.113.1');
    pair.expectOne();
  });

  it('is followed once more while the first is in doubt, and not for longer', () => {
    const { pair } = pairBehind(true);
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    for (let port = 2_001; port <= 2_100; port++) {
      pair.sun.input({ kind: 'new-source', child: child.id, path: { ...before, remote: { address: address('198.51.100.1'), port } } });
      expect(pair.sun.view.path.remote.port).to.equal(port);
      pair.advance(40);
    }
    pair.advance(1_100);
    expect(pair.sun.view.path).to.deep.equal(before);
    pair.expectOne();
  });

  it('is left for the true one at once where somebody was faster with a copy of a packet', () => {
    const { pair } = pairBehind(true);
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    pair.sun.input({ kind: 'new-source', child: child.id, path: { ...before, remote: { address: address('198.51.100.1'), port: 6666 } } });
    pair.advance(100);
    pair.sun.input({ kind: 'new-source', child: child.id, path: before });
    expect(pair.sun.view.path).to.deep.equal(before);
    pair.advance(20_000);
    expect(pair.sun.view.path).to.deep.equal(before);
  });

  it('is not believed of what arrives at another address of ours: that is what was on its way when the SA moved', () => {
    const { pair } = pairBehind(true);
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    const elsewhere = { ...before, local: { ...before.local, address: address('10.2.0.2') }, remote: { address: address('198.51.100.1'), port: 6666 } };
    pair.sun.input({ kind: 'new-source', child: child.id, path: elsewhere });
    expect(pair.sun.view.path).to.deep.equal(before);
  });

  it('is not kept after a rekey of the IKE SA either', () => {
    const { pair } = pairBehind(true);
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    pair.moon.command({ kind: 'rekey-ike' });
    const request = pair.take(pair.moon, /CREATE_CHILD_SA/);
    pair.sun.input({ kind: 'new-source', child: child.id, path: { ...before, remote: { address: address('198.51.100.1'), port: 6666 } } });
    pair.deliver(request);
    pair.settle();
    pair.advance(20_000);
    expect(pair.sun.view.path.remote).to.deep.equal(before.remote);
  });

  it('is followed without MOBIKE by an authenticated request from there (RFC 7296 §2.23)', () => {
    const { pair, rebind } = pairBehind(false);
    rebind();
    pair.ask(pair.moon, { kind: 'check-liveness' });
    expect(pair.sun.view.path.remote.port).to.equal(1025);
  });

  it('is not believed of a peer that is behind none', () => {
    const pair = IkePair.up();
    const [child] = pair.sun.children;
    if (child === undefined) throw new Error('there is a Child SA');
    const before = pair.sun.view.path;
    pair.sun.input({ kind: 'new-source', child: child.id, path: { ...before, remote: { address: address('198.51.100.1'), port: 6666 } } });
    expect(pair.sun.view.path).to.deep.equal(before);
  });

  it('gets keepalives every 20 seconds from behind it, and none from elsewhere', () => {
    const { pair } = pairBehind(true);
    const keepalives = (end: IkeEnd): number => end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : [])).filter((c) => c.kind === 'send-keepalive').length;
    pair.advance(61_000);
    expect([keepalives(pair.moon), keepalives(pair.sun)]).to.deep.equal([3, 0]);
    pair.ask(pair.moon, { kind: 'rekey-ike' });
    pair.advance(60_000);
    expect(keepalives(pair.moon), 'after a rekey as well').to.equal(6);
  });
});

/** `mhtun explain`, from the memory of two ends that do not fit to what a person reads. */
import { expect } from 'chai';
import { explanationView } from '../../lib/cli/explain-view.js';
import type { ControlReply, ExplainDocument } from '../../lib/control/messages.js';
import { explanationOf } from '../../lib/cli/documents.js';
import { explain } from '../../lib/daemon/explanation.js';
import { instant } from '../../lib/util/brands.js';
import { page } from '../cli/fixtures.js';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

const epoch = Date.UTC(2026, 5, 1, 12);

function asked(host: VirtualHost, what: string | null): ControlReply {
  const peers = host.endpoint.look(host.clock.now());
  return explain({ attempts: host.endpoint.attempts, peers, wallClock: (at) => new Date(epoch + at).toISOString() }, what);
}

function explained(host: VirtualHost, what: string | null): ExplainDocument {
  const reply = asked(host, what);
  if (!reply.ok) throw new Error(reply.error);
  // As it comes out of the socket.
  return explanationOf(JSON.parse(JSON.stringify(reply.result)));
}

const shown = (document: ExplainDocument, columns: number | null = null): string => explanationView(document, true, page(columns), new Date(epoch));

function refused(): { readonly pair: Pair; readonly id: string } {
  const pair = new Pair({ seed: 1, moon: { peer: 'local_id = "moon.example.org"' }, sun: { remote: null, peer: 'id = "moon.example.net"' } });
  pair.world.run(15_000);
  return { pair, id: explained(pair.moon, 'sun').attempts[0]?.attempt ?? '' };
}

describe('mhtun explain', () => {
  it('says at the end that refuses what was offered, what was wanted, what comes nearest and what to change', () => {
    const { pair, id } = refused();
    for (const what of [id, 'moon', '10.1.0.1']) {
      const [attempt, ...others] = explained(pair.sun, what).attempts;
      expect(others).to.deep.equal([]);
      expect(attempt).to.deep.include({ attempt: id, initiator: false, peer: null, nearest_peer: 'moon', verdict: 'refused', local: '10.1.0.2:500', remote: '10.1.0.1:500' });
      expect(attempt?.times).to.equal((attempt?.before.length ?? 0) + 1).and.to.be.greaterThan(3);
    }
    const text = shown(explained(pair.sun, id));
    for (const words of [
      /^\d\d:\d\d:\d\d {2}[0-9a-f]{8} {2}refused here: somebody who may be moon called from 10\.1\.0\.1:500, \d times \(before it .*\)$/m,
      /^ {2}misfit {3}identity: no peer is configured with the identity "moon\.example\.org"/m,
      /^ {2}offered {2}it is "moon\.example\.org"\n {11}it wants to talk to "sun"$/m,
      /^ {2}wanted {3}id = "moon\.example\.net", talking to "sun" \(peer block "moon" \(mhtun\.toml:4\)\)$/m,
      /^ {2}nearest {2}peer block "moon" \(mhtun\.toml:4\) expects id "moon\.example\.net"; the caller said "moon\.example\.org"$/m,
      /^ {2}remedy {3}at the other end, set id in \[endpoint\]/m,
    ]) expect(text).to.match(words);
  });

  it('says at the end that is refused what the Notify may mean, given its own configuration', () => {
    const { pair, id } = refused();
    const text = shown(explained(pair.moon, 'sun'));
    for (const words of [
      /^sun {2}DOWN\n\n/, / {2}refused there: we called sun at 10\.1\.0\.2:500/, /misfit {3}refusal: the peer answered AUTHENTICATION_FAILED/,
      /wanted {3}we said that we are "moon\.example\.org" \(id in \[endpoint\], or local_id of peer block "sun" \(mhtun\.toml:4\)\)/,
      /we asked for "sun"/, /we proved it by psk/,
    ]) expect(text).to.match(words);
    expect(text).to.match(new RegExp(`remedy {3}"mhtun explain ${id}" at the other end`)).and.not.to.contain('twenty characters');
  });

  it('finds an attempt by its SPIs and by the ids of those alike before it, and says where nothing is remembered', () => {
    const { pair } = refused();
    const [attempt] = explained(pair.sun, null).attempts;
    for (const what of [attempt?.spi_i ?? '', attempt?.spi_i.slice(2).toUpperCase() ?? '', attempt?.spi_r ?? '', attempt?.before[0] ?? '']) {
      expect(explained(pair.sun, what).attempts, what).to.deep.equal([attempt]);
    }
    expect(asked(pair.sun, '00000000')).to.deep.include({ ok: false, exitCode: 1 });
    expect(JSON.stringify(asked(pair.sun, '0xffffffffffffffff'))).to.contain('nothing is remembered of 0xffffffffffffffff');
    expect(JSON.stringify(asked(pair.sun, '10.9.9.9'))).to.contain('nothing is remembered of 10.9.9.9');
    expect(JSON.stringify(asked(pair.sun, 'mooon'))).to.contain('did you mean the peer \\"moon\\"?');
    expect(JSON.stringify(asked(pair.sun, 'what'))).to.contain('expected a peer, an attempt (8 hex digits), an SPI (16) or an address; got \\"what\\"');
  });

  it('shows what a peer has proved before what somebody says under the same id', () => {
    const { pair } = refused();
    const [theirs] = pair.sun.endpoint.attempts;
    if (theirs === undefined) throw new Error('sun remembers an attempt');
    const own = { ...theirs, startedAt: instant(1), peer: 'moon', state: 'down' } as const;
    const reply = explain({ attempts: [theirs, own], peers: [], wallClock: () => '' }, theirs.id);
    expect(reply.ok && explanationOf(reply.result).attempts.map(({ verdict }) => verdict)).to.deep.equal(['down', 'refused']);
  });

  it('tells of an attempt that stands, and of a child that carries less than is configured', () => {
    const children = '[[peer.child]]\nname = "net"\nlocal = ["192.168.1.0/24"]\nremote = ["192.168.0.0/16"]\n';
    const pair = new Pair({ seed: 1, moon: { children }, sun: { remote: null } });
    expect(pair.comeUp()).to.equal(true);
    expect(explained(pair.sun, 'moon')).to.deep.include({ peer: { name: 'moon', down_reason: null } });
    expect(explained(pair.sun, 'moon').attempts[0]).to.deep.include({ verdict: 'up', peer: 'moon', remote_id: 'moon', ended: null, misfits: [] });
    expect(shown(explained(pair.moon, 'sun'))).to.match(/up: we called sun at/).and.to.match(/misfit {3}traffic selectors: child "net" of peer block "sun" .* carries less than is configured/);
  });

  it('says why nothing was tried where nothing was', () => {
    const pair = new Pair({ seed: 1, moon: { peer: 'start = "never"' }, sun: { remote: null } });
    pair.world.run(1_000);
    expect(shown(explained(pair.moon, 'sun'))).to.match(/^sun {2}DOWN\nnothing was tried|^sun {2}DOWN\n {2}nothing was tried/).and.to.match(/"mhtun initiate sun" calls it once/).and.to.match(/no attempt is remembered$/);
  });

  it('lists all attempts, a line each, where nothing is asked for', () => {
    const { pair } = refused();
    const text = explanationView(explained(pair.sun, null), false, page(), new Date(epoch));
    expect(text.split('\n')).to.have.length(1);
    expect(text).to.match(/refused here: somebody who may be moon/);
  });

  it('fits a terminal', () => {
    const { pair, id } = refused();
    const lines = shown(explained(pair.sun, id), 80).split('\n');
    expect(lines.slice(1).filter((line) => line.length > 80)).to.deep.equal([]);
  });
});

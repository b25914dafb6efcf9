/** What a peer's link makes of several IKE SAs with it. */
import { expect } from 'chai';
import type { PeerConfig } from '../../lib/config/types.js';
import { Alarms } from '../../lib/endpoint/alarms.js';
import { PeerLink, type LinkHost } from '../../lib/endpoint/peer-link.js';
import { AttemptBook } from '../../lib/endpoint/attempt-book.js';
import { newLineage, SaDriver, SaEntry } from '../../lib/endpoint/sa-driver.js';
import { WorkDesk } from '../../lib/endpoint/work-desk.js';
import type { IkeSaMachine, IkeSaView } from '../../lib/ike/io.js';
import { present } from '../../lib/util/assert.js';
import { instant, type Instant } from '../../lib/util/brands.js';
import { parseIdentity } from '../../lib/wire/identity.js';
import { Pair } from '../support/pair.js';
import { configOf } from '../support/virtual-host.js';

describe('two IKE SAs with one peer', () => {
  const giveUpMs = 30_000;
  const later = instant(100_000);

  it('become one where the peer has not answered on one for give_up and is heard on the other: it is given no minutes to move (RFC 4555 §3.11)', () => {
    const { link, heard, silent, abandoned } = twoSas({ unansweredSince: instant(later - giveUpMs), lastHeardAt: later });
    link.changed(later, heard);
    expect(abandoned).to.deep.equal([silent]);
  });

  for (const [what, state] of [
    ['its request has waited for less', { unansweredSince: instant(later - giveUpMs + 1), lastHeardAt: later }],
    ['the other is silent as well', { unansweredSince: instant(later - giveUpMs), lastHeardAt: instant(later - giveUpMs) }],
    ['nothing is asked of it', { unansweredSince: null, lastHeardAt: later }],
  ] as const) {
    it(`both stay where ${what}`, () => {
      const { link, heard, abandoned } = twoSas(state);
      link.changed(later, heard);
      expect(abandoned).to.deep.equal([]);
    });
  }

  it('both stay where the identity proves nobody: they may be of two hosts', () => {
    const { link, heard, abandoned } = twoSas({ unansweredSince: instant(0), lastHeardAt: later }, { id: { kind: 'any' } });
    link.changed(later, heard);
    expect(abandoned).to.deep.equal([]);
  });

  it('both stay where they are of two callers whom one block lets in', () => {
    const { link, heard, silent, abandoned } = twoSas({ unansweredSince: instant(later - giveUpMs), lastHeardAt: later });
    silent.lineage.remoteId = parseIdentity('mars');
    link.changed(later, heard);
    expect(abandoned).to.deep.equal([]);
  });

  function twoSas(state: { readonly unansweredSince: Instant | null; readonly lastHeardAt: Instant }, peer: Partial<PeerConfig> = {}): {
    readonly link: PeerLink; readonly heard: SaEntry; readonly silent: SaEntry; readonly abandoned: readonly SaEntry[];
  } {
    const pair = new Pair({ seed: 1 });
    expect(pair.comeUp()).to.equal(true);
    const view = present(pair.sun.sas('moon')[0], 'it is up');
    const config = present(configOf(pair.text('sun')).peers[0], 'one is configured');
    const abandoned: SaEntry[] = [];
    const link = new PeerLink(hostOf(abandoned), { ...config, giveUpMs, ...peer });
    const silent = entryOf({ ...view, unansweredSince: state.unansweredSince, lastHeardAt: instant(0) });
    const heard = entryOf({ ...view, unansweredSince: null, lastHeardAt: state.lastHeardAt });
    for (const entry of [silent, heard]) entry.lineage.remoteId = view.remoteId;
    link.authenticated(instant(0), silent);
    link.authenticated(instant(0), heard);
    return { link, heard, silent, abandoned };
  }
});

function hostOf(abandoned: SaEntry[]): LinkHost {
  return {
    alarms: new Alarms(),
    ports: { port: 500, natPort: 4500 },
    draw: () => 0,
    ownAddresses: () => [],
    locationsOf: () => [],
    resolve: () => undefined,
    work: new WorkDesk(() => undefined),
    initiate: () => null,
    abandon: (_now, entry) => {
      abandoned.push(entry);
    },
    command: () => undefined,
    lastClaim: () => null,
    awaited: () => false,
    attemptFailed: () => undefined,
    event: () => undefined,
    log: () => undefined,
  };
}

function entryOf(view: IkeSaView): SaEntry {
  const listener = {
    authenticated: () => undefined, succeeded: () => undefined, childUp: () => undefined, childDown: () => undefined, childFailed: () => undefined,
    authLifetime: () => undefined, closed: () => undefined, pathNews: () => undefined, changed: () => undefined,
  };
  const driver = new SaDriver({ alarms: new Alarms(), work: new WorkDesk(() => undefined), listener, attempts: new AttemptBook(), emit: () => undefined });
  const machine: IkeSaMachine = {
    initiator: false,
    localSpi: view.spiR ?? view.spiI,
    view: () => view,
    fills: () => undefined,
    hasChild: () => false,
    handleInput: () => undefined,
    pollOutput: () => ({ kind: 'wake', at: null }),
  };
  return new SaEntry(driver, machine, newLineage(instant(0), machine, false), 'moon');
}

import { expect } from 'chai';
import { graphLevels } from '../../../lib/cli/sparkline.js';
import { width } from '../../../lib/cli/text.js';
import { watchLines, type Snapshot, type WatchPage } from '../../../lib/cli/watch/watch-view.js';
import type { StatusDocument } from '../../../lib/control/messages.js';
import { instant } from '../../../lib/util/brands.js';
import { activePath, page, sa, status, statusWith } from '../fixtures.js';

const now = new Date(2026, 10, 22, 12, 0, 0);
const pageOf = (own: Partial<WatchPage> = {}): WatchPage => ({ ...page(150), levels: graphLevels({}), pathsOnly: false, peer: null, now, ...own });
const at = (ms: number, document: StatusDocument): Snapshot => ({ at: instant(ms), status: document });
const [child] = sa.child_sas;
const carrying = (packets: number, own: Partial<NonNullable<typeof child>> = {}): StatusDocument => {
  if (child === undefined) throw new Error('no Child SA');
  const counters = { packets_in: packets, bytes_in: packets * 1000, packets_out: 10, bytes_out: 840, replay_dropped: 0, auth_failed: 0 };
  return statusWith({ child_sas: [{ ...child, ...counters, ...own }] });
};

describe('the page of a live view', () => {
  it('shows each SA with what it carries now, its paths with graphs, and the switches', () => {
    const switches = [{ time: new Date(2026, 10, 22, 11, 4).toISOString(), from: 'p-b', to: 'p-a', cause: 'fibre is back', outage_ms: 64.3 }];
    const before = at(0, carrying(1000));
    const latest = at(2000, carrying(3000));
    const withSwitch = { ...latest, status: { ...latest.status, peers: [{ name: 'sun', down_reason: null, ike_sas: [{ ...sa, ...latest.status.peers[0]?.ike_sas[0], switches }] }] } };
    expect(watchLines(withSwitch, before, pageOf())).to.deep.equal([
      'sun  ESTABLISHED on fibre (eth0)  moon (10.1.0.1:4500) → sun (10.1.0.2:4500)',
      '  aes128gcm16-prfsha256-x25519 · up 12 s · rekey in 3h 50m · initiator · MOBIKE · peer behind a NAT',
      '  switched at 11:04:00 after 64.3 ms without traffic: fibre is back',
      '  CHILD  STATE      NETWORKS                                                      ↓ NOW    ↑ NOW  PACKETS/S          IN ALL  REKEY IN  SUITE',
      '  net    INSTALLED  192.168.1.0/24 ↔ 192.168.2.0/24, 192.168.3.0/24[tcp/80]  8.0 Mbit/s  0 bit/s   1000 / 0  3.0 MB / 840 B   56m 40s  aes128gcm16',
      '  PATH    NETWORK       CLASS                 ADDRESSES                      RTT  RECENT  JITTER   LOSS   MTU  HEARD',
      '> active  fibre (eth0)  primary               10.1.0.1 ↔ 10.1.0.2  20.1 ± 0.4 ms    ▁▁×▁  0.1 ms  1.5 %  1500    now',
      '    the best of the primaries; changed by: its silence',
      '  down    lte (wwan0)   backup, metered, NAT  10.2.0.1 ↔ 10.2.0.2              –               –      –     –  never',
      '    no link',
      '  SWITCHED  FROM                     TO                          OUTAGE  CAUSE',
      '  11:04:00  lte 10.2.0.1 ↔ 10.2.0.2  fibre 10.1.0.1 ↔ 10.1.0.2  64.3 ms  fibre is back',
    ]);
  });

  it('knows no rate at first, nor after another daemon took over', () => {
    const other = { ...carrying(3000), endpoint: { ...status.endpoint, pid: 1 } };
    expect(watchLines(at(2000, carrying(3000)), null, pageOf()).join('\n')).to.match(/192\.168\S+ +… +… +… /);
    expect(watchLines(at(2000, other), at(0, carrying(1000)), pageOf()).join('\n')).to.match(/192\.168\S+ +… +… +… /);
  });

  it('counts what a Child SA carried since its rekey, and nothing below zero', () => {
    const rekeyed = carrying(500, { spi_in: '0x0a0b0c0d' });
    expect(watchLines(at(1000, rekeyed), at(0, carrying(9000)), pageOf()).join('\n')).to.contain('4.0 Mbit/s');
    expect(watchLines(at(1000, carrying(500)), at(0, carrying(9000)), pageOf()).join('\n')).to.contain('0 bit/s');
  });

  it('begins with a line for each peer where there are several', () => {
    const lines = watchLines(at(2000, status), at(1000, status), pageOf());
    expect(lines.slice(0, 5)).to.deep.equal([
      '  PEER  STATE        ON                      RTT  RECENT   LOSS    ↓ NOW    ↑ NOW',
      '  sun   ESTABLISHED  fibre (eth0)  20.1 ± 0.4 ms    ▁▁×▁  1.5 %  0 bit/s  0 bit/s',
      '  mars  DOWN',
      '',
      'sun  ESTABLISHED on fibre (eth0)  moon (10.1.0.1:4500) → sun (10.1.0.2:4500)',
    ]);
    expect(lines.at(-2)).to.equal('mars  DOWN');
  });

  it('tells the callers of one peer apart', () => {
    const callers = { ...status, peers: [{ name: 'road', down_reason: null, ike_sas: ['carol', 'dave'].map((id) => ({ ...sa, remote_id: id })) }] };
    expect(watchLines(at(2000, callers), null, pageOf()).slice(0, 4).map((line) => line.slice(0, 28))).to.deep.equal([
      '  PEER  ID     STATE        ',
      '  road  carol  ESTABLISHED  ',
      '  road  dave   ESTABLISHED  ',
      '',
    ]);
  });

  it('shows paths and switches alone, of one peer, where that was asked for', () => {
    const lines = watchLines(at(2000, status), null, pageOf({ pathsOnly: true, peer: 'sun' }));
    expect(lines[0]).to.match(/^sun  ESTABLISHED/);
    expect(lines[1]).to.match(/^  PATH/);
    expect(lines.join('\n')).to.not.contain('CHILD');
    expect(watchLines(at(2000, status), null, pageOf({ peer: 'gone' }))).to.deep.equal(['there is no peer "gone" any more']);
    expect(watchLines(at(2000, { ...status, peers: [] }), null, pageOf())).to.deep.equal(['no peers are configured']);
  });

  it('fits the terminal, down to fifty cells, with any number of paths', () => {
    for (const count of [1, 2, 7, 16]) {
      const paths = Array.from({ length: count }, (_, index) => ({ ...activePath, id: `p-${index}`, state: index === 0 ? 'active' as const : 'standby' as const }));
      const latest = at(1000, { ...status, peers: [...statusWith({ paths }).peers, ...status.peers] });
      for (let columns = 50; columns <= 200; columns += 5) {
        for (const line of watchLines(latest, at(0, latest.status), pageOf({ columns, steady: true }))) expect(width(line), line).to.be.at.most(columns);
      }
    }
  });

  it('keeps its columns where figures grow, so that nothing jumps', () => {
    const quiet = watchLines(at(2000, carrying(1000)), at(1000, carrying(1000)), pageOf({ steady: true }));
    const busy = watchLines(at(2000, carrying(99_000)), at(1000, carrying(1000)), pageOf({ steady: true }));
    expect(busy[2]).to.equal(quiet[2]);
  });
});

import { expect } from 'chai';
import { eventLines } from '../../lib/cli/events-view.js';
import { pathsView } from '../../lib/cli/paths-view.js';
import { graphLevels, sparkline } from '../../lib/cli/sparkline.js';
import { statusView } from '../../lib/cli/status-view.js';
import { plain, styleFor } from '../../lib/cli/style.js';
import { width } from '../../lib/cli/text.js';
import type { PathsDocument, SwitchStatus } from '../../lib/control/messages.js';
import { activePath, downPath, page, shell, status, statusWith } from './fixtures.js';

const now = new Date(2026, 10, 22, 12, 0, 0);
const coloured = { ...page(200), style: styleFor(shell({ columns: 200 })) };
const paths: PathsDocument = { schema: 1, peers: [{ name: 'sun', paths: [downPath, activePath] }] };

describe('the status for eyes', () => {
  it('shows the endpoint, then each peer with its SAs in aligned columns', () => {
    expect(statusView(status, page(), now).split('\n')).to.deep.equal([
      'moon  mh0 · typescript data plane · up 2h 13m · pid 4711 · 61.0 MB',
      '',
      'sun  ESTABLISHED on fibre (eth0)  moon (10.1.0.1:4500) → sun (10.1.0.2:4500)',
      '  aes128gcm16-prfsha256-x25519 · up 12 s · rekey in 3h 50m · initiator · MOBIKE · peer behind a NAT',
      '',
      '  CHILD  STATE      NETWORKS                                                         IN              OUT  REKEY IN  SUITE',
      '  net    INSTALLED  192.168.1.0/24 ↔ 192.168.2.0/24, 192.168.3.0/24[tcp/80]  840 B / 10  12.3 MB / 12345   56m 40s  aes128gcm16',
      '  net: 2 replayed and 1 forged packets dropped',
      '',
      '  PATH    NETWORK       CLASS                 ADDRESSES                      RTT  JITTER   LOSS   MTU  HEARD  WHY',
      '> active  fibre (eth0)  primary               10.1.0.1 ↔ 10.1.0.2  20.1 ± 0.4 ms  0.1 ms  1.5 %  1500    now  the best of the primaries; changed by: its silence',
      '  down    lte (wwan0)   backup, metered, NAT  10.2.0.1 ↔ 10.2.0.2              –       –      –     –  never  no link',
      '',
      'mars  DOWN',
      '  no answer',
    ]);
  });

  it('says which table is almost full, where that is no small one', () => {
    const tables = [
      { table: 'IKE SAs', size: 18_000, limit: 20_000 }, { table: 'half-open IKE SAs', size: 899, limit: 1_000 }, { table: 'tests of paths', size: 32, limit: 32 },
    ];
    const [, line, ...rest] = statusView({ ...status, endpoint: { ...status.endpoint, tables } }, page(), now).split('\n');
    expect(line).to.equal('  almost full: 18000 of 20000 IKE SAs');
    expect(rest[0]).to.equal('');
  });

  it('fits a terminal: what matters stays on the line, the rest goes beneath it or away', () => {
    expect(statusView(status, page(60), now).split('\n')).to.deep.equal([
      'moon',
      '  mh0 · typescript data plane · up 2h 13m · pid 4711 · 61.0',
      '  MB',
      '',
      'sun  ESTABLISHED on fibre (eth0)',
      '  moon (10.1.0.1:4500) → sun (10.1.0.2:4500)',
      '  aes128gcm16-prfsha256-x25519 · up 12 s · rekey in 3h 50m ·',
      '  initiator · MOBIKE · peer behind a NAT',
      '',
      '  CHILD  STATE              IN              OUT  REKEY IN',
      '  net    INSTALLED  840 B / 10  12.3 MB / 12345   56m 40s',
      '    192.168.1.0/24 ↔ 192.168.2.0/24, 192.168.3.0/24[tcp/80]',
      '  net: 2 replayed and 1 forged packets dropped',
      '',
      '  PATH    NETWORK                 RTT  JITTER   LOSS  HEARD',
      '> active  fibre (eth0)  20.1 ± 0.4 ms  0.1 ms  1.5 %    now',
      '    10.1.0.1 ↔ 10.1.0.2 · the best of the primaries; changed',
      '    by: its silence',
      '  down    lte (wwan0)               –       –      –  never',
      '    10.2.0.1 ↔ 10.2.0.2 · no link',
      '',
      'mars  DOWN',
      '  no answer',
    ]);
  });

  it('has no line wider than the terminal, down to forty cells', () => {
    const place = (n: number): string => `[2001:db8:${n}:0:5054:ff:fe12:3456]:4500 ↔ [2001:db8::1]:4500`;
    const switches = [{ time: now.toISOString(), from: place(1), to: place(2), cause: 'the path is silent: two tests without an answer', outage_ms: 64.3 }];
    const six = { ...activePath, local: '2001:db8:1:0:5054:ff:fe12:3456', remote: '2001:db8::1' };
    const document = statusWith({ paths: [six, downPath], switches, child_sas: [] });
    for (let columns = 40; columns <= 200; columns++) {
      for (const line of statusView(document, page(columns), now).split('\n')) expect(width(line), line).to.be.at.most(columns);
    }
  });

  it('tells the last switches, the newest first, by the names of their networks', () => {
    const at = (minute: number): string => new Date(2026, 10, 22, 11, minute).toISOString();
    const switches: SwitchStatus[] = [1, 2, 3, 4].map((minute) => ({
      time: at(minute),
      from: '10.1.0.1:4500 ↔ 10.1.0.2:4500',
      to: minute === 4 ? '10.9.0.1:4500 ↔ [2001:db8::1]:4500' : 'p-b',
      cause: 'silence',
      outage_ms: minute === 4 ? null : 64.3,
    }));
    const text = statusView(statusWith({ switches }), page(), now);
    expect(text.split('\n').slice(-5)).to.deep.equal([
      '  SWITCHED  FROM                       TO                        OUTAGE  CAUSE',
      '  11:04:00  fibre 10.1.0.1 ↔ 10.1.0.2  10.9.0.1 ↔ 2001:db8::1         –  silence',
      '  11:03:00  fibre 10.1.0.1 ↔ 10.1.0.2  lte 10.2.0.1 ↔ 10.2.0.2  64.3 ms  silence',
      '  11:02:00  fibre 10.1.0.1 ↔ 10.1.0.2  lte 10.2.0.1 ↔ 10.2.0.2  64.3 ms  silence',
      '  and 1 before: mhtun events',
    ]);
  });

  it('has colour on a terminal that wants it, and nowhere else', () => {
    const view = (columns: number | null, env: Record<string, string>): string =>
      statusView(status, { ...page(), style: styleFor(shell({ columns, env })) }, now);
    expect(view(80, {})).to.contain('\u001b[32mESTABLISHED\u001b[0m');
    for (const dull of [view(null, {}), view(80, { NO_COLOR: '1' }), view(80, { TERM: 'dumb' })]) expect(dull).to.not.contain('\u001b');
  });

  it('does not let a peer command the terminal', () => {
    const evil = '\u001b[2Jsun\r\u202e';
    const document = statusWith({ remote_id: evil, suite: evil, paths: [{ ...activePath, reason: evil, interface: evil, network: null }] });
    for (const columns of [null, 40]) expect(statusView(document, page(columns), now)).to.contain('·[2Jsun··').and.not.match(/[\u001b\r\u202e]/);
  });

  it('says so where there is nothing to show', () => {
    expect(statusView({ ...status, peers: [] }, page(), now)).to.contain('no peers are configured');
    expect(pathsView({ schema: 1, peers: [] }, page())).to.equal('no peers are configured');
    expect(pathsView({ schema: 1, peers: [{ name: 'sun', paths: [] }] }, page())).to.equal('sun\n  no path: no SA, and none is being made');
  });

  it('shows addresses that were lent, either way, and how much of a pool is', () => {
    const lent = { ...statusWith({ virtual: ['10.77.0.5'], dns: ['10.77.0.1'], assigned: ['fd77::1', '10.78.0.1'] }), pools: [
      { name: 'clients', range: '10.77.0.0/24', total: 253, used: 1, kept: 2 }, { name: 'few', range: '10.78.0.0/30', total: 2, used: 2, kept: 0 },
    ] };
    const text = statusView(lent, page(), now);
    expect(text).to.contain('  here as 10.77.0.5 · resolvers 10.77.0.1\n  has fd77::1, 10.78.0.1\n');
    expect(text).to.contain('  pool clients 10.77.0.0/24: 1 of 253 in use, 2 kept for callers who are away\n  pool few 10.78.0.0/30: 2 of 2 in use\n');
  });
});

describe('the paths for eyes', () => {
  it('are one line each where nothing limits it, the active one first and marked', () => {
    expect(pathsView(paths, page()).split('\n')).to.deep.equal([
      'sun',
      '  PATH    NETWORK       CLASS                 ADDRESSES                      RTT  JITTER   LOSS   MTU  HEARD  WHY',
      '> active  fibre (eth0)  primary               10.1.0.1 ↔ 10.1.0.2  20.1 ± 0.4 ms  0.1 ms  1.5 %  1500    now  the best of the primaries; changed by: its silence',
      '  down    lte (wwan0)   backup, metered, NAT  10.2.0.1 ↔ 10.2.0.2              –       –      –     –  never  no link',
    ]);
  });

  it('say why beneath the line on a terminal of eighty cells', () => {
    expect(pathsView(paths, page(80)).split('\n').slice(2, 4)).to.deep.equal([
      '> active  fibre (eth0)  10.1.0.1 ↔ 10.1.0.2  20.1 ± 0.4 ms  0.1 ms  1.5 %    now',
      '    the best of the primaries; changed by: its silence',
    ]);
  });

  it('tell the states apart by colour as well, and mark loss that hurts', () => {
    const lossy = { ...activePath, loss: 0.06 };
    const text = pathsView({ schema: 1, peers: [{ name: 'sun', paths: [lossy, downPath, { ...downPath, state: 'suspect' }] }] }, coloured);
    expect(text).to.contain('\u001b[32mactive').and.contain('\u001b[31mdown').and.contain('\u001b[33msuspect').and.contain('\u001b[31m6.0 %');
  });

  it('name a network by what there is: its name, its link, its signal', () => {
    const name = (own: Partial<typeof activePath>): string => pathsView({ schema: 1, peers: [{ name: 'sun', paths: [{ ...activePath, ...own }] }] }, page());
    const network = { ...activePath.network, id: 'n', name: null, class: 'primary', cost: 0, metered: false, nat: null, signal_dbm: -61 } as const;
    expect(name({ interface: 'wlan0', network })).to.contain('active  wlan0 -61 dBm  primary');
    expect(name({ network: { ...network, name: 'eth0', signal_dbm: null } })).to.contain('active  eth0     primary');
    expect(name({ network: { ...network, name: 'fibre', signal_dbm: null }, interface: '' })).to.contain('active  fibre    primary');
    expect(name({ network: null })).to.contain('active  eth0     10.1.0.1');
  });
});

describe('round-trip times as a graph', () => {
  const graph = (rtts: readonly (number | null)[], levels = graphLevels({})): string => sparkline(rtts, levels, plain).text;

  it('lie at the bottom while they are even, and stand out when they are not', () => {
    expect(graph([20, 20.5, 21, 20])).to.equal('▁▁▁▁');
    expect(graph([20, 30, 100, 20])).to.equal('▁▂█▁');
    expect(graph([0.1, 0.2, 1.1])).to.equal('▁▁█');
  });

  it('mark a test without an answer, in red', () => {
    expect(graph([20, null, null, 20])).to.equal('▁××▁');
    expect(graph([null])).to.equal('×');
    const cell = sparkline([20, null, null], graphLevels({}), coloured.style);
    expect(cell.look?.(cell.text)).to.equal('▁\u001b[31m××\u001b[0m');
  });

  it('show the newest ones, in letters that a plain console has', () => {
    expect(graph([...Array.from({ length: 30 }, () => 1), 9])).to.equal(`${'▁'.repeat(19)}█`);
    expect(graph([20, 30, 100, 20], graphLevels({ TERM: 'linux' }))).to.equal('__#_');
    expect(graph([20], '')).to.equal('');
    expect(graph([])).to.equal('');
  });
});

describe('an event for eyes', () => {
  const time = new Date(2026, 10, 22, 4, 5, 6).toISOString();
  const moved = { time, event: 'moved', peer: 'sun', from: 'a', to: 'b', outage_ms: 64.3, rtt_ms: null, alternatives: ['c', 'd'] };

  it('is a line with the time of day here, the event, the peer, and its fields as words', () => {
    expect(eventLines(moved, page(), now)).to.deep.equal(['04:05:06  moved            sun  from a · to b · outage 64.3 ms · alternatives c, d']);
    expect(eventLines({ time, event: 'ike-up', peer: null }, page(), now)).to.deep.equal(['04:05:06  ike-up           –']);
    const evil = eventLines({ time, event: 'path-down', peer: 'sun\u001b[2J', reason: 'x\r' }, coloured, now).join();
    expect(evil).to.contain('\u001b[31mpath-down').and.contain('sun·[2J').and.contain('reason x·');
  });

  it('has a long list beneath it, and no ids that only programs know', () => {
    const alternatives = ['c', 'd', 'e', 'f\r'];
    expect(eventLines({ ...moved, from_id: 'p-1', to_id: 'p-2', alternatives }, page(), now)).to.deep.equal([
      '04:05:06  moved            sun  from a · to b · outage 64.3 ms',
      '          alternatives:',
      '            c',
      '            d',
      '            e',
      '            f·',
    ]);
  });

  it('goes on beneath its name where a terminal is narrow', () => {
    expect(eventLines(moved, page(50), now)).to.deep.equal([
      '04:05:06  moved            sun  from a · to b ·',
      '          outage 64.3 ms · alternatives c, d',
    ]);
  });
});

import { expect } from 'chai';
import { pathsView } from '../../lib/cli/paths-view.js';
import { isStatus, statusView } from '../../lib/cli/status-view.js';
import { bytes, duration, plain, styleFor, table } from '../../lib/cli/style.js';
import { status } from './fixtures.js';

describe('the status for eyes', () => {
  it('shows the endpoint, then each peer with its SAs in aligned columns', () => {
    expect(statusView(status, plain).split('\n')).to.deep.equal([
      'moon  mh0 · typescript data plane · up 2h 13m · pid 4711 · 61.0 MB',
      '',
      'sun  ESTABLISHED  moon (10.1.0.1:4500) → sun (10.1.0.2:4500)',
      '  aes128gcm16-prfsha256-x25519 · up 12 s · rekey in 3h 50m · initiator · MOBIKE · peer behind a NAT',
      '',
      '  CHILD  STATE      LOCAL           REMOTE                                          IN              OUT  REKEY IN  SUITE',
      '  net    INSTALLED  192.168.1.0/24  192.168.2.0/24, 192.168.3.0/24[tcp/80]  840 B / 10  12.3 MB / 12345   56m 40s  aes128gcm16',
      '  net: 2 replayed and 1 forged packets dropped',
      '',
      '  PATH    LOCAL     REMOTE    INTERFACE     RTT  JITTER   LOSS  WHY',
      '  active  10.1.0.1  10.1.0.2  eth0       0.4 ms  0.1 ms  1.5 %  the first',
      '  down    10.2.0.1  10.2.0.2  eth1            –       –      –  link lost',
      '',
      'mars  DOWN',
    ]);
  });

  it('has colour on a terminal that wants it, and nowhere else', () => {
    const io = (columns: number | null, env: Record<string, string>): Parameters<typeof styleFor>[0] => ({
      env,
      columns,
      stdout: () => undefined,
      stderr: () => undefined,
      interrupted: () => new AbortController().signal,
    });
    expect(statusView(status, styleFor(io(80, {})))).to.contain('\u001b[32mESTABLISHED\u001b[0m');
    for (const dull of [io(null, {}), io(80, { NO_COLOR: '1' }), io(80, { TERM: 'dumb' })]) {
      expect(statusView(status, styleFor(dull))).to.not.contain('\u001b');
    }
  });

  it('does not let a peer command the terminal', () => {
    const [sun] = status.peers;
    const sa = sun?.ike_sas[0];
    if (sa === undefined) throw new Error('no SA');
    const evil = { ...status, peers: [{ name: 'sun', ike_sas: [{ ...sa, remote_id: '\u001b[2Jsun\r\u202e' }] }] };
    expect(statusView(evil, plain)).to.contain('·[2Jsun··').and.not.contain('\u001b');
  });

  it('knows its document by the schema', () => {
    expect(isStatus(status)).to.equal(true);
    for (const other of [null, 1, [], {}, { ...status, schema: 2 }, { schema: 1, peers: [] }]) expect(isStatus(other)).to.equal(false);
  });

  it('says so where there is nothing to show', () => {
    expect(statusView({ ...status, peers: [] }, plain)).to.contain('no peers are configured');
    expect(pathsView({ schema: 1, peers: [] }, plain)).to.equal('no peers are configured');
    expect(pathsView({ schema: 1, peers: [{ name: 'sun', paths: [] }] }, plain)).to.equal('sun\n  no path: no SA, and none is being made');
  });
});

describe('texts for eyes', () => {
  it('say durations as people do', () => {
    const said = [0, 0.0426, 0.95, 1.25, 59, 60, 3599, 3600, 7500, 172_799, 172_800, -5].map(duration);
    expect(said).to.deep.equal(['0 ms', '43 ms', '950 ms', '1.3 s', '59 s', '1m 00s', '59m 59s', '1h 00m', '2h 05m', '47h 59m', '2d 0h', '0 ms']);
  });

  it('say sizes as people do', () => {
    expect([0, 999, 1000, 12_345, 999_999, 1.5e9, 1e20].map(bytes)).to.deep.equal(['0 B', '999 B', '1.0 kB', '12.3 kB', '1000 kB', '1.5 GB', '100000 PB']);
  });

  it('align columns by what is seen, without trailing spaces', () => {
    const rows = [[{ text: 'a' }, { text: 'bbb', right: true }, { text: '' }], [{ text: 'ääää' }, { text: 'b', right: true }, { text: '' }]];
    expect(table(rows, '> ')).to.deep.equal(['> a     bbb', '> ääää    b']);
  });
});

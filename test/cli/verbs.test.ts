import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verbs } from '../../lib/cli/verbs.js';
import type { ControlReply, ControlRequest } from '../../lib/control/messages.js';
import { startControlServer, type ControlServer } from '../../lib/control/server.js';
import { source } from '../config/sources.js';
import { run, status } from './fixtures.js';

describe('the verbs', () => {
  let folder = '';
  let socket = '';
  let server: ControlServer | null = null;
  let asked: ControlRequest[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mhtun-cli-'));
    socket = join(folder, 's');
    asked = [];
  });
  afterEach(async () => {
    await server?.close();
    server = null;
    rmSync(folder, { recursive: true });
  });

  const daemon = async (reply: ControlReply): Promise<void> => {
    server = await startControlServer(socket, (request, answer) => {
      asked.push(request);
      answer.send(reply);
    });
  };

  const requests: readonly (readonly [string, ControlRequest])[] = [
    ['status', { verb: 'status' }],
    ['paths', { verb: 'paths', peer: null }],
    ['paths sun', { verb: 'paths', peer: 'sun' }],
    ['explain', { verb: 'explain', what: null }],
    ['explain 3f9a1c20', { verb: 'explain', what: '3f9a1c20' }],
    ['initiate sun', { verb: 'initiate', peer: 'sun', child: null, timeoutMs: null }],
    ['initiate sun --child net --timeout 2.5', { verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 2500 }],
    ['initiate 007', { verb: 'initiate', peer: '007', child: null, timeoutMs: null }],
    ['terminate sun', { verb: 'terminate', peer: 'sun', child: null }],
    ['terminate --child net sun', { verb: 'terminate', peer: 'sun', child: 'net' }],
    ['rekey sun', { verb: 'rekey', peer: 'sun', child: null, ike: false, timeoutMs: null }],
    ['rekey sun --ike --timeout 1', { verb: 'rekey', peer: 'sun', child: null, ike: true, timeoutMs: 1000 }],
    ['rekey sun --child net', { verb: 'rekey', peer: 'sun', child: 'net', ike: false, timeoutMs: null }],
    ['move sun --local 10.2.0.1 --remote 10.2.0.2', { verb: 'move', peer: 'sun', local: '10.2.0.1', remote: '10.2.0.2' }],
    ['move sun --local FD00::1 --remote fd00:0::2', { verb: 'move', peer: 'sun', local: 'fd00::1', remote: 'fd00::2' }],
    ['events', { verb: 'events', follow: false }],
  ];
  for (const [line, request] of requests) {
    it(`asks the daemon: ${line}`, async () => {
      await daemon({ ok: true, result: { schema: 1, endpoint: status.endpoint, detail: 'done', events: [], peers: [], pools: [], attempts: [], peer: null } });
      const ran = await run([...line.split(' '), '--control', socket]);
      expect(asked).to.deep.equal([request]);
      expect(ran).to.include({ code: 0, err: '' });
    });
  }

  it('brings the configuration along with `reload`, where it may read it', async () => {
    const path = join(folder, 'm.toml');
    server = await startControlServer(socket, (request, answer) => {
      asked.push(request);
      answer.send({ ok: true, result: { ...status, endpoint: { ...status.endpoint, config: path } } });
    });
    expect((await run(['reload', '--control', socket])).code).to.equal(0);
    expect(asked.pop()).to.deep.equal({ verb: 'reload' });
    writeFileSync(path, source(), { mode: 0o600 });
    expect((await run(['reload', '--control', socket])).code).to.equal(0);
    expect(asked.pop()).to.deep.equal({ verb: 'reload', files: { reads: { [path]: { ok: true, text: source(), mode: 0o600 } }, globs: {} } });
    writeFileSync(path, source({ peer: 'dpd = 5' }));
    const ran = await run(['reload', '--control', socket]);
    expect(ran.code).to.equal(2);
    expect(ran.err).to.contain('peer[0].dpd: expected a duration');
    expect(asked.pop()).to.deep.equal({ verb: 'status' });
  });

  it('finds the daemon by MHTUN_CONTROL, and --control goes before it', async () => {
    await daemon({ ok: true, result: status });
    expect((await run(['status'], { MHTUN_CONTROL: socket })).code).to.equal(0);
    expect((await run(['status', '--control', socket], { MHTUN_CONTROL: '/nowhere' })).code).to.equal(0);
    expect((await run(['status', '--control', join(folder, 'none')], { MHTUN_CONTROL: socket })).code).to.equal(1);
  });

  it('prints the very document with --json, marked as good, and a table without', async () => {
    await daemon({ ok: true, result: status });
    const asJson = await run(['status', '--json', '--control', socket]);
    expect(JSON.parse(asJson.out)).to.deep.equal({ ok: true, ...status });
    expect((await run(['status', '--control', socket])).out).to.contain('sun  ESTABLISHED');
    const detail = { ok: true, result: { detail: 'sun: net is installed' } } as const;
    await server?.close();
    await daemon(detail);
    expect((await run(['initiate', 'sun', '--control', socket])).out).to.equal('sun: net is installed\n');
    expect(JSON.parse((await run(['initiate', 'sun', '--json', '--control', socket])).out)).to.deep.equal({ ok: true, ...detail.result });
  });

  for (const exitCode of [1, 2] as const) {
    it(`ends with ${exitCode} and the daemon's reason on stderr where the daemon says so`, async () => {
      await daemon({ ok: false, error: 'AUTHENTICATION_FAILED: the peer does not know our secret', exitCode });
      const ran = await run(['initiate', 'sun', '--control', socket]);
      expect(ran.code).to.equal(exitCode);
      expect(ran.out).to.equal('');
      expect(ran.err).to.match(/^mhtun: AUTHENTICATION_FAILED: the peer does not know our secret\n$/);
      const asJson = await run(['initiate', 'sun', '--json', '--control', socket]);
      expect(asJson.err).to.equal(ran.err);
      expect(JSON.parse(asJson.out)).to.have.property('ok', false);
    });
  }

  it('end with 1 and what to do where no daemon is', async () => {
    for (const line of ['status', 'paths', 'down', 'initiate sun', 'terminate sun', 'rekey sun', 'move sun --local 10.0.0.1 --remote 10.0.0.2', 'reload', 'events', 'events --follow']) {
      const ran = await run([...line.split(' '), '--control', socket]);
      expect(ran.code, line).to.equal(1);
      expect(ran.err, line).to.contain('start one with `mhtun up`');
      expect(ran.out, line).to.equal('');
    }
  });

  it('waits with `down` until the daemon is gone', async () => {
    let closed = false;
    const down: ControlServer = await startControlServer(socket, (_request, answer) => {
      answer.send({ ok: true, result: { detail: 'mhtun is down' } });
      setImmediate(() => {
        closed = true;
        void down.close();
      });
    });
    const ran = await run(['down', '--control', socket]);
    expect(ran).to.deep.equal({ code: 0, out: 'mhtun is down\n', err: '' });
    expect(closed).to.equal(true);
  });

  it('prints events one JSON object a line, time and event first, and as one array with --json', async () => {
    const events = [
      { spi: 1, peer: 'sun', event: 'ike-up', time: 't1' },
      { time: 't2', event: 'moved', peer: 'sun', from: 'a', to: 'b' },
    ];
    await daemon({ ok: true, result: { schema: 1, events } });
    const ran = await run(['events', '--control', socket]);
    expect(ran.out).to.equal('{"time":"t1","event":"ike-up","peer":"sun","spi":1}\n{"time":"t2","event":"moved","peer":"sun","from":"a","to":"b"}\n');
    expect(JSON.parse((await run(['events', '--json', '--control', socket])).out)).to.deep.equal(events);
  });

  it('says that the daemon is of another version where it answers in other words', async () => {
    const [sun] = status.peers;
    const sa = sun?.ike_sas[0];
    const older = { ...sa, switches: undefined };
    for (const result of [null, 7, {}, { ...status, schema: 2 }, { ...status, peers: [{ name: 'sun', down_reason: null, ike_sas: [older] }] }, { schema: 1, endpoint: {}, peers: [{}] }]) {
      await daemon({ ok: true, result });
      for (const line of ['status', 'paths', 'events']) {
        const ran = await run([line, '--control', socket]);
        expect(ran, line).to.deep.include({ code: 1, out: '' });
        expect(ran.err).to.match(new RegExp(`^mhtun: the daemon is of another version than this program, which cannot show its ${line}: restart it`));
      }
      await server?.close();
    }
  });

  it('prints events in words with --pretty', async () => {
    const time = new Date().toISOString();
    await daemon({ ok: true, result: { schema: 1, events: [{ time, event: 'moved', peer: 'sun', from: 'a', to: 'b' }] } });
    const ran = await run(['events', '--pretty', '--control', socket]);
    expect(ran.out).to.match(/^[\d:]{8}  moved            sun  from a · to b\n$/);
    const both = await run(['events', '--pretty', '--json', '--control', socket]);
    expect(both).to.include({ code: 2, err: 'mhtun: --pretty is for eyes and --json for programs; see mhtun events --help\n' });
  });

  it('follows events until interrupted', async () => {
    server = await startControlServer(socket, (_request, answer) => {
      for (const event of ['ike-up', 'last']) answer.sendEvent({ time: 't', event, peer: null });
    });
    const ran = await run(['events', '--follow', '--control', socket]);
    expect(ran.code).to.equal(0);
    expect(ran.out.trim().split('\n')).to.have.length(2);
  });

  it('prints a new secret each time that the configuration takes without a warning', async () => {
    const first = (await run(['psk'])).out.trim();
    expect(first).to.match(/^[A-Za-z][A-Za-z0-9_-]{43}$/);
    expect((await run(['psk'])).out.trim()).to.not.equal(first);
    const path = join(folder, 'm.toml');
    writeFileSync(path, source().replace('correct horse battery staple', first), { mode: 0o600 });
    expect(await run(['check', path])).to.deep.equal({ code: 0, out: `${path} is right: 1 peer (sun)\n`, err: '' });
    expect(JSON.parse((await run(['psk', '--json'])).out)).to.have.property('psk');
  });

  it('checks a configuration: 2 with every mistake on stderr, and as JSON', async () => {
    const path = join(folder, 'm.toml');
    writeFileSync(path, source({ endpoint: 'natport = 1', peer: 'dpd = 5' }), { mode: 0o600 });
    const ran = await run(['check', path]);
    expect(ran.code).to.equal(2);
    expect(ran.out).to.equal('');
    expect(ran.err).to.equal(
      `${path}:3: endpoint.natport: unknown key; did you mean "nat_port"?\n${path}:8: peer[0].dpd: expected a duration, as "30s", "5m" or "1h30m"; got 5\n`,
    );
    const asJson = await run(['check', path, '--json']);
    expect(asJson.code).to.equal(2);
    expect(JSON.parse(asJson.out)).to.deep.include({
      ok: false,
      problems: [
        { file: path, line: 3, key: 'endpoint.natport', message: 'unknown key; did you mean "nat_port"?' },
        { file: path, line: 8, key: 'peer[0].dpd', message: 'expected a duration, as "30s", "5m" or "1h30m"; got 5' },
      ],
    });
  });

  it('warns on stderr and still ends with 0', async () => {
    const path = join(folder, 'm.toml');
    writeFileSync(path, source().replace('correct horse battery staple', 'short'), { mode: 0o600 });
    const ran = await run(['check', path]);
    expect(ran.code).to.equal(0);
    expect(ran.err).to.match(/^\S+m\.toml:7: warning: peer\[0\]\.psk: .*5 letters can be guessed/);
    expect(JSON.parse((await run(['check', path, '--json'])).out)).to.have.property('warnings').with.lengthOf(1);
  });

  const usage: readonly (readonly [string, string])[] = [
    ['', 'a verb is missing; see mhtun --help'],
    ['stauts', 'there is no verb "stauts"; did you mean "status"?'],
    ['stat', 'did you mean "status"?'],
    ['dance', 'there is no verb "dance"; see mhtun --help'],
    ['constructor', 'there is no verb "constructor"; see mhtun --help'],
    ['status --jsn', 'there is no option --jsn; did you mean --json?'],
    ['status --wide', 'there is no option --wide; see mhtun status --help'],
    ['--wide status', 'there is no option --wide'],
    ['status now', '"now" is one word too many; see mhtun status --help'],
    ['status -v', '"-v" is one word too many'],
    ['status -- --wide', '"--wide" is one word too many'],
    ['status --control', '--control needs SOCKET'],
    ['status --control --version', '--control needs SOCKET'],
    ['status --control=', '--control needs SOCKET'],
    ['status --json=yes', '--json takes no value'],
    ['initiate', 'missing: PEER; see mhtun initiate --help'],
    ['initiate sun --timeout soon', '--timeout needs a number of seconds'],
    ['initiate sun --timeout 0', '--timeout needs a number of seconds'],
    ['initiate sun --timeout -1', '--timeout needs a number of seconds'],
    ['initiate sun --timeout 0x10', '--timeout needs a number of seconds'],
    ['status --watch', '--watch needs a terminal; without one take `mhtun status` or `mhtun events --follow`'],
    ['paths sun --watch', '--watch needs a terminal'],
    ['status --watch --interval 0', '--interval needs a number of seconds from 0.1 to 86400'],
    ['status --watch --interval soon', '--interval needs a number of seconds'],
    ['rekey sun --ike --child net', '--ike and --child are two different things'],
    ['move sun', 'missing: --local ADDR, --remote ADDR'],
    ['move sun --local eth0 --remote 10.0.0.1', '--local needs an IP address; got "eth0"'],
    ['move sun --local fd00::1 --remote 10.0.0.1', 'must be of one family'],
    ['check', 'missing: CONFIG'],
    ['up --log-level loud', '--log-level is one of error, warn, info, debug, trace; got "loud"'],
    ['up --log-format xml', '--log-format is one of pretty, json; got "xml"'],
  ];
  for (const [line, words] of usage) {
    it(`refuses \`mhtun ${line}\` with 2, in words and without a stack trace`, async () => {
      const ran = await run(line.split(' ').filter((word) => word !== ''));
      expect(ran.code).to.equal(2);
      expect(ran.err).to.contain(words);
      expect(ran.err).to.not.match(/^\s+at /m);
      expect(ran.out).to.equal('');
    });
  }

  it('shows where an error came from with --debug only', async () => {
    expect((await run(['status', '--control', socket])).err).to.not.match(/^\s+at /m);
    expect((await run(['status', '--control', socket, '--debug'])).err).to.match(/^\s+at /m);
  });

  for (const verb of Object.keys(verbs)) {
    it(`explains \`${verb}\` with an example`, async () => {
      const ran = await run([verb, '--help']);
      expect(ran).to.include({ code: 0, err: '' });
      expect(ran.out).to.match(new RegExp(`^mhtun ${verb}\\b`));
      expect(ran.out).to.match(new RegExp(`Examples?:\\n +mhtun ${verb}\\b`));
    });
  }

  it('names every verb in --help', async () => {
    const { out, code } = await run(['--help']);
    expect(code).to.equal(0);
    for (const verb of Object.keys(verbs)) expect(out).to.match(new RegExp(`^ +mhtun ${verb}\\b`, 'm'));
  });
});

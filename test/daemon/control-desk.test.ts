/** Requests of the control socket and what they are answered with. */
import { expect } from 'chai';
import type { ControlReply, ControlRequest, EventDocument, StatusDocument } from '../../lib/control/messages.js';
import { answerRequest, type ControlDeskHost } from '../../lib/daemon/control-desk.js';
import { EventLog, maxKeptEvents } from '../../lib/daemon/event-log.js';
import type { CommandResult, EndpointCommand } from '../../lib/endpoint/io.js';

const status: StatusDocument = {
  schema: 1,
  endpoint: { id: 'moon', interface: 'mh0', data_plane: 'typescript', uptime_s: 1, pid: 7, rss_bytes: 8, endpoint_id: '', config: '/etc/mhtun/mhtun.toml', tables: [] },
  peers: [{ name: 'sun', down_reason: 'no answer', ike_sas: [] }],
  pools: [],
};

interface Desk extends ControlDeskHost {
  readonly commands: EndpointCommand[];
}

function desk(result: CommandResult = { ok: true, detail: 'done' }): Desk {
  const commands: EndpointCommand[] = [];
  return {
    commands,
    events: new EventLog(),
    status: () => status,
    explain: (what) => ({ ok: false, error: `nothing of ${what ?? 'all'}`, exitCode: 1 }),
    command: (command) => {
      commands.push(command);
      return Promise.resolve(result);
    },
    reload: () => Promise.reject(new Error('it went wrong')),
    shutDown: () => Promise.resolve(),
  };
}

function ask(host: ControlDeskHost, request: ControlRequest): Promise<ControlReply> {
  return new Promise((resolve) => {
    answerRequest(host, request, { send: resolve, sendEvent: () => {}, onClose: () => {} });
  });
}

describe('the control desk', () => {
  it('hands status and paths out', async () => {
    expect(await ask(desk(), { verb: 'status' })).to.deep.equal({ ok: true, result: status });
    expect(await ask(desk(), { verb: 'paths', peer: null })).to.deep.equal({ ok: true, result: { schema: 1, peers: [{ name: 'sun', paths: [] }] } });
    expect(await ask(desk(), { verb: 'paths', peer: 'mars' })).to.deep.equal({ ok: false, error: 'no peer is called mars', exitCode: 1 });
  });

  it('explains what it is asked for', async () => {
    expect(await ask(desk(), { verb: 'explain', what: '3f9a1c20' })).to.deep.equal({ ok: false, error: 'nothing of 3f9a1c20', exitCode: 1 });
    expect(await ask(desk(), { verb: 'explain', what: null })).to.deep.equal({ ok: false, error: 'nothing of all', exitCode: 1 });
  });

  it('makes each verb the core\'s command', async () => {
    const host = desk();
    await ask(host, { verb: 'initiate', peer: 'sun', child: 'net', timeoutMs: 5 });
    await ask(host, { verb: 'terminate', peer: 'sun', child: null });
    await ask(host, { verb: 'rekey', peer: 'sun', child: null, ike: true, timeoutMs: null });
    await ask(host, { verb: 'rekey', peer: 'sun', child: 'net', ike: false, timeoutMs: 9 });
    await ask(host, { verb: 'move', peer: 'sun', local: '2001:DB8::1', remote: '2001:db8:0::2' });
    expect(host.commands).to.deep.equal([
      { kind: 'initiate', peer: 'sun', child: 'net', timeoutMs: 5 },
      { kind: 'terminate', peer: 'sun', child: null },
      { kind: 'rekey-ike', peer: 'sun', timeoutMs: null },
      { kind: 'rekey-child', peer: 'sun', child: 'net', timeoutMs: 9 },
      { kind: 'move', peer: 'sun', local: '2001:db8::1', remote: '2001:db8::2' },
    ]);
  });

  it('says what went wrong, with exit code 1', async () => {
    expect(await ask(desk({ ok: false, error: 'NO_PROPOSAL_CHOSEN' }), { verb: 'terminate', peer: 'sun', child: null }))
      .to.deep.equal({ ok: false, error: 'NO_PROPOSAL_CHOSEN', exitCode: 1 });
    expect(await ask(desk(), { verb: 'move', peer: 'sun', local: 'here', remote: '10.0.0.1' })).to.deep.equal({ ok: false, error: 'here is not an IP address', exitCode: 1 });
    expect(await ask(desk(), { verb: 'reload' })).to.deep.equal({ ok: false, error: 'it went wrong', exitCode: 1 });
  });

  it('answers down when everything is taken down', async () => {
    expect(await ask(desk(), { verb: 'down' })).to.deep.equal({ ok: true, result: { detail: 'down' } });
  });

  it('shows the last thousand events, and follows until the asker is gone', async () => {
    const host = desk();
    for (let n = 0; n < maxKeptEvents + 5; n++) host.events.add(`t${n}`, { event: 'ike-up', peer: 'sun', fields: { n } });
    const reply = await ask(host, { verb: 'events', follow: false });
    const kept = host.events.kept();
    expect(reply).to.deep.equal({ ok: true, result: { schema: 1, events: kept } });
    expect(kept).to.have.length(maxKeptEvents);
    expect(kept[0]).to.deep.equal({ time: 't5', event: 'ike-up', peer: 'sun', n: 5 });

    const seen: EventDocument[] = [];
    let leave = (): void => {};
    answerRequest(host, { verb: 'events', follow: true }, { send: () => {}, sendEvent: (event) => seen.push(event), onClose: (listener) => (leave = listener) });
    host.events.add('now', { event: 'ike-down', peer: 'sun', fields: { reason: 'by command' } });
    expect(seen).to.have.length(maxKeptEvents + 1);
    expect(seen.at(-1)).to.deep.equal({ time: 'now', event: 'ike-down', peer: 'sun', reason: 'by command' });
    leave();
    host.events.add('later', { event: 'ike-up', peer: 'sun', fields: {} });
    expect(seen).to.have.length(maxKeptEvents + 1);
  });
});

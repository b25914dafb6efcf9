/** Answers the requests of the control socket: commands go to the core, the rest is read from what is known here. */
import type { RecordedFiles } from '../config/recorded-files.js';
import type { ControlReply, ControlRequest, StatusDocument } from '../control/messages.js';
import type { ControlAnswer } from '../control/server.js';
import type { CommandResult, EndpointCommand } from '../endpoint/io.js';
import { parseAddress } from '../util/address.js';
import { unreachable } from '../util/unreachable.js';
import type { EventLog } from './event-log.js';

export interface ControlDeskHost {
  readonly events: EventLog;
  status(): StatusDocument;
  /** @param what as `ControlRequest` has it */
  explain(what: string | null): ControlReply;
  command(command: EndpointCommand): Promise<CommandResult>;
  /** @param files the configuration as the asker read it; null: it is read here */
  reload(files: RecordedFiles | null): Promise<ControlReply>;
  /** Ends the daemon; resolves when everything is taken down. */
  shutDown(cause: string): Promise<void>;
}

export function answerRequest(host: ControlDeskHost, request: ControlRequest, answer: ControlAnswer): void {
  const follow = (reply: Promise<ControlReply>): void => {
    reply.then((done) => {
      answer.send(done);
    }, (error: unknown) => {
      answer.send(failure(error instanceof Error ? error.message : String(error)));
    });
  };
  switch (request.verb) {
    case 'status':
      answer.send({ ok: true, result: host.status() });
      return;
    case 'paths':
      answer.send(paths(host.status(), request.peer));
      return;
    case 'explain':
      answer.send(host.explain(request.what));
      return;
    case 'down':
      follow(host.shutDown('mhtun down').then(() => ({ ok: true, result: { detail: 'down' } })));
      return;
    case 'reload':
      follow(host.reload(request.files ?? null));
      return;
    case 'events':
      events(host.events, request.follow, answer);
      return;
    case 'initiate':
    case 'terminate':
    case 'rekey':
    case 'move': {
      const command = commandOf(request);
      if (typeof command === 'string') answer.send(failure(command));
      else follow(host.command(command).then((result) => (result.ok ? { ok: true, result: { detail: result.detail } } : failure(result.error))));
      return;
    }
    default:
      unreachable(request);
  }
}

/** The command, or what is wrong with it. */
function commandOf(request: Extract<ControlRequest, { readonly peer: string }>): EndpointCommand | string {
  switch (request.verb) {
    case 'initiate':
      return { kind: 'initiate', peer: request.peer, child: request.child, timeoutMs: request.timeoutMs };
    case 'terminate':
      return { kind: 'terminate', peer: request.peer, child: request.child };
    case 'rekey':
      if (request.ike) return { kind: 'rekey-ike', peer: request.peer, timeoutMs: request.timeoutMs };
      return { kind: 'rekey-child', peer: request.peer, child: request.child, timeoutMs: request.timeoutMs };
    case 'move': {
      const local = parseAddress(request.local);
      const remote = parseAddress(request.remote);
      if (local === null) return `${request.local} is not an IP address`;
      return remote === null ? `${request.remote} is not an IP address` : { kind: 'move', peer: request.peer, local, remote };
    }
    default:
      return unreachable(request);
  }
}

function paths(status: StatusDocument, peer: string | null): ControlReply {
  const peers = status.peers.filter(({ name }) => peer === null || name === peer);
  if (peer !== null && peers.length === 0) return failure(`no peer is called ${peer}`);
  return { ok: true, result: { schema: 1, peers: peers.map(({ name, ike_sas }) => ({ name, paths: ike_sas.flatMap((sa) => sa.paths) })) } };
}

function events(log: EventLog, follow: boolean, answer: ControlAnswer): void {
  if (!follow) {
    answer.send({ ok: true, result: { schema: 1, events: log.kept() } });
    return;
  }
  for (const event of log.kept()) answer.sendEvent(event);
  answer.onClose(log.follow((event) => {
    answer.sendEvent(event);
  }));
}

function failure(error: string): ControlReply {
  return { ok: false, error, exitCode: 1 };
}

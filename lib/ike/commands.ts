/** What the operator or the endpoint wishes of an IKE SA, turned into exchanges. */
import type { ChildSaId } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import { AddressList } from './address-update.js';
import type { Association } from './association.js';
import { canRekey, createChild, rekeyChild } from './create-child.js';
import { deleteChild, deleteIkeSa } from './deletion.js';
import type { Exchanger } from './exchanger.js';
import type { IkeCommand } from './io.js';
import { returnTraffic } from './lean.js';
import { moveTo } from './mobike.js';
import { PathTest, refuseTest, testPaths } from './path-test.js';
import { rekeyIkeSa } from './rekey.js';

/** Runs `command`; its `command-done` carries `id`. */
export function runCommand(exchanger: Exchanger, id: number, command: IkeCommand): void {
  const { association } = exchanger;
  if (command.kind === 'delete-ike') {
    endIkeSa(exchanger, command.reason, [id]);
    return;
  }
  if (association.phase.kind !== 'established') {
    refuseCommand(association, id, command);
    return;
  }
  switch (command.kind) {
    case 'create-child':
      if (command.packet !== undefined) association.trigger = { child: command.name, packet: command.packet };
      create(exchanger, id, command.name);
      return;
    case 'rekey-child':
      rekey(exchanger, id, command.name);
      return;
    case 'rekey-ike':
      exchanger.enqueue(rekeyIkeSa([id]));
      return;
    case 'delete-child':
      remove(exchanger, id, command.name, command.reason ?? 'terminated');
      return;
    case 'delete-redundant':
      removeOne(exchanger, id, command.child);
      return;
    case 'move':
      moveTo(exchanger, command, [id]);
      return;
    case 'return-traffic':
      returnTraffic(exchanger, id);
      return;
    case 'test-paths':
      testPaths(exchanger, id, command);
      return;
    case 'announce-addresses':
      if (association.traits.mobike) exchanger.enqueue((ex) => new AddressList(ex, null));
      association.commandDone([id], { ok: true, detail: 'the peer will be told' });
      return;
    case 'check-liveness':
      checkLiveness(exchanger);
      association.commandDone([id], { ok: true, detail: 'the peer is asked' });
      return;
    default:
      unreachable(command);
  }
}

/** The IKE SA is in no state for it. */
export function refuseCommand(association: Association, id: number, command: IkeCommand): void {
  const error = `the IKE SA is ${association.phase.kind}`;
  if (command.kind === 'test-paths') refuseTest(association, id, command, error);
  else association.commandDone([id], { ok: false, error });
}

/** Asks the peer whether it is there, unless a question is out already. */
export function checkLiveness(exchanger: Exchanger): void {
  if (exchanger.active === null) exchanger.enqueue((ex) => new PathTest(ex, [], false));
}

/** Deletes the IKE SA at both ends; where there is none yet, just forgets it. */
export function endIkeSa(exchanger: Exchanger, reason: string, commands: readonly number[]): void {
  const { association } = exchanger;
  if (association.phase.kind === 'connecting') {
    association.commandDone(commands, { ok: true, detail: 'the IKE SA was not up yet; it is gone' });
    association.control.close(reason);
    return;
  }
  if (association.phase.kind === 'established') association.enter({ kind: 'deleting' });
  exchanger.enqueueFirst(deleteIkeSa(reason, commands));
}

function create(exchanger: Exchanger, id: number, name: string): void {
  const { association } = exchanger;
  const template = association.knownPeer.children.find((t) => t.name === name);
  if (template === undefined) association.commandDone([id], { ok: false, error: `no child is named ${name}` });
  else exchanger.enqueue(createChild(template, [id]));
}

/** Every Child SA of that name; the command is done when the last of them is replaced. */
function rekey(exchanger: Exchanger, id: number, name: string | null): void {
  const { association } = exchanger;
  const children = [...association.children.values()].filter((c) => (name === null || c.template.name === name) && (c.state === 'installed' || c.state === 'rekeying'));
  const last = children.at(-1);
  if (last === undefined) {
    association.commandDone([id], { ok: false, error: name === null ? 'there is no Child SA to rekey' : `no Child SA is named ${name}` });
    return;
  }
  last.waiting.push(id);
  for (const child of children) {
    if (canRekey(child)) exchanger.enqueue(rekeyChild(child));
    // As soon as the peer surely has it.
    else if (child.state === 'installed') child.rekeyAt = association.now;
  }
}

function removeOne(exchanger: Exchanger, command: number, id: ChildSaId): void {
  const { association } = exchanger;
  const child = association.children.get(id);
  if (child === undefined) association.commandDone([command], { ok: true, detail: 'the Child SA was gone already' });
  else exchanger.enqueue(deleteChild(child, 'another of its name stands', [command]));
}

function remove(exchanger: Exchanger, id: number, name: string, reason: string): void {
  const { association } = exchanger;
  const children = [...association.children.values()].filter((c) => c.template.name === name);
  if (children.length === 0) association.commandDone([id], { ok: false, error: `no Child SA is named ${name}` });
  children.forEach((child, i) => {
    exchanger.enqueue(deleteChild(child, reason, i === children.length - 1 ? [id] : []));
  });
}

/** What the daemon answered with, checked as far as the views need it: it may be an older one that nobody has restarted. */
import type { EventDocument, ExplainDocument, PathsDocument, StatusDocument } from '../control/messages.js';
import { isEvent } from '../control/protocol.js';
import { CliError } from './context.js';

/** @throws CliError */
export function statusOf(result: unknown): StatusDocument {
  if (!isStatus(result)) throw foreign('status');
  return result;
}

/** @throws CliError */
export function pathsOf(result: unknown): PathsDocument {
  if (!isPaths(result)) throw foreign('paths');
  return result;
}

/** @throws CliError */
export function explanationOf(result: unknown): ExplainDocument {
  if (!isExplanation(result)) throw foreign('explanation');
  return result;
}

/** @throws CliError */
export function eventsOf(result: unknown): readonly EventDocument[] {
  const events = items(field(result, 'events'));
  if (events === null) throw foreign('events');
  return events.filter(isEvent);
}

export function isStatus(value: unknown): value is StatusDocument {
  const endpoint = field(value, 'endpoint');
  return field(value, 'schema') === 1 && typeof endpoint === 'object' && endpoint !== null
    && every(field(value, 'peers'), (peer) => every(field(peer, 'ike_sas'), isSa));
}

function isPaths(value: unknown): value is PathsDocument {
  return field(value, 'schema') === 1 && every(field(value, 'peers'), (peer) => every(field(peer, 'paths'), isPath));
}

function isExplanation(value: unknown): value is ExplainDocument {
  return field(value, 'schema') === 1 && every(field(value, 'attempts'), (attempt) => typeof field(attempt, 'verdict') === 'string'
    && Array.isArray(field(attempt, 'before')) && every(field(attempt, 'misfits'), isMisfit));
}

function isMisfit(misfit: unknown): boolean {
  return Array.isArray(field(misfit, 'offered')) && Array.isArray(field(misfit, 'wanted'));
}

function isSa(sa: unknown): boolean {
  return Array.isArray(field(sa, 'child_sas')) && Array.isArray(field(sa, 'switches')) && every(field(sa, 'paths'), isPath);
}

function isPath(path: unknown): boolean {
  return Array.isArray(field(path, 'recent_rtt_ms')) && field(path, 'network') !== undefined;
}

function foreign(verb: string): CliError {
  return new CliError(`the daemon is of another version than this program, which cannot show its ${verb}: restart it, or see them with --json`, 1);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function items(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function every(value: unknown, test: (item: unknown) => boolean): boolean {
  return items(value)?.every(test) ?? false;
}

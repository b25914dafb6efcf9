/** The keys of `[[peer]]` that say which path is chosen and how often paths are tested. */
import type { Gate, PathSettings } from '../path/io.js';
import type { TableReader } from './table-reader.js';
import { durationKind, numberKind, wordKind, type ValueKind } from './value.js';

export function readPathSettings(table: TableReader): PathSettings {
  const settings = {
    policy: table.optional('policy', wordKind(['first', 'priority', 'rtt', 'score', 'cost']), 'priority'),
    gate: readGate(table),
    dwellMs: table.optional('dwell', anyDuration, defaults.dwellMs),
    holdMs: table.optional('hold', anyDuration, defaults.holdMs),
    probeBusyMs: table.optional('probe_busy', probeKind, defaults.probeBusyMs),
    probeStandbyMs: table.optional('probe_standby', probeKind, defaults.probeStandbyMs),
    probeIdleMs: table.optional('probe_idle', probeKind, defaults.probeIdleMs),
  } as const;
  if (settings.probeStandbyMs > readyForMs) {
    table.warning('probe_standby', 'a path that was not tested for a minute is tested before traffic moves to it: a move then takes longer');
  }
  return settings;
}

const defaults = {
  /** Eight good seconds tell a path that is back from one that flaps, and are short enough to be back at home soon. */
  dwellMs: 8_000,
  /** Several tests of a path that stands by fall into it, so that one lucky answer moves nothing. */
  holdMs: 5_000,
  /** Traffic that goes one way only, or rarely, says nothing of a dead path: it is then noticed within a second. */
  probeBusyMs: 500,
  /** Some ten tests a minute: enough for a loss of a tenth to show, and about 40 octets a second. */
  probeStandbyMs: 5_000,
  /** As often as a NAT wants to see a packet (RFC 3948 §4), so that no keepalive is needed beside it; two may be lost within a path's minute. */
  probeIdleMs: 20_000,
} as const;

/** An answered test says for so long that a path is ready. */
const readyForMs = 60_000;

const anyDuration: ValueKind<number> = durationKind(0, '"0s" or more');
/** A test waits for the answer to the last one, which takes a round trip: more often than this says nothing new. */
const probeKind: ValueKind<number> = durationKind(50, 'at least "50ms"');

const shareKind: ValueKind<number> = numberKind(0, 1, 'a share from 0 to 1, as 0.05 for 5 %');

const open: Gate = { rttMs: null, loss: null, jitterMs: null };

function readGate(table: TableReader): Gate {
  const gate = table.table('gate', 'gate');
  if (gate === null) return open;
  return {
    rttMs: gate.optional('rtt_ms', numberKind(1, 60_000), null),
    loss: gate.optional('loss', shareKind, null),
    jitterMs: gate.optional('jitter_ms', numberKind(1, 60_000), null),
  };
}

/** Somebody who means harm: off the path, or on it and able to copy, hold back and repeat what goes by. Keys they have none. */
import { addressFamily } from '../../lib/util/address.js';
import { concat } from '../../lib/util/bytes.js';
import type { Flight } from '../../test/support/virtual-network.js';
import type { Fault } from '../plan.js';
import { attackerAddress, type Stage } from '../stage.js';
import { within, type FaultKind } from './kind.js';
import type { AttackerFaultName } from './names.js';
import { isIke } from './network.js';

export const attackerFaults: Readonly<Record<AttackerFaultName, FaultKind>> = {
  'replayed-esp': repeated(2, 20_000, (stage) => again(stage, (flight) => !isIke(flight))),
  'replayed-ike': repeated(2, 20_000, (stage) => again(stage, isIke)),
  'replayed-late': repeated(1, 60_000, (stage) => oldest(stage)),
  'copied-first': { rate: 1, mostMs: 20_000, harms: 'everything', strike: copyFirst },
  'random-datagrams': repeated(1, 20_000, (stage) => toHosts(stage, () => stage.world.random.bytes(stage.world.random.below(400)))),
  'guessed-spis': repeated(1, 20_000, (stage) => toHosts(stage, () => concat(stage.world.random.bytes(4), Uint8Array.of(0, 0, 0, 1), stage.world.random.bytes(80)))),
  'altered-esp': repeated(1, 20_000, (stage) => altered(stage, (flight) => !isIke(flight))),
  'altered-ike': repeated(2, 20_000, (stage) => altered(stage, isIke)),
  'forged-init': repeated(1, 20_000, (stage) => forged(stage, 34)),
  'forged-informational': repeated(1, 20_000, (stage) => forged(stage, 37)),
};

/** Again and again while it lasts, up to fifty times a second. */
function repeated(rate: number, mostMs: number, act: (stage: Stage) => void): FaultKind {
  return { rate, mostMs, harms: 'nothing', strike: (stage, fault) => stage.world.every(within(fault, 20, 2_000), () => { act(stage); }) };
}

function pick(stage: Stage, wanted: (flight: Flight) => boolean): Flight | undefined {
  const known = stage.seen.filter(wanted);
  return known[stage.world.random.below(known.length)];
}

function again(stage: Stage, wanted: (flight: Flight) => boolean): void {
  const flight = pick(stage, wanted);
  if (flight !== undefined) stage.network.inject(flight);
}

function oldest(stage: Stage): void {
  const [flight] = stage.seen;
  if (flight !== undefined) stage.network.inject(flight);
}

function altered(stage: Stage, wanted: (flight: Flight) => boolean): void {
  const flight = pick(stage, wanted);
  if (flight === undefined) return;
  const bytes = flight.bytes.slice();
  const at = stage.world.random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 + stage.world.random.below(255));
  stage.network.inject({ ...flight, bytes });
}

/** To wherever somebody was sent something lately. */
function toHosts(stage: Stage, make: () => Uint8Array): void {
  const flight = pick(stage, () => true);
  if (flight !== undefined) stage.network.inject({ from: { address: attackerAddress, port: 4500 }, to: flight.to, bytes: make() });
}

/** The header of a message that was seen, with another exchange and something made up behind it. */
function forged(stage: Stage, exchange: number): void {
  const flight = pick(stage, isIke);
  if (flight === undefined) return;
  const marker = flight.from.port === 500 ? 0 : 4;
  const bytes = flight.bytes.slice(0, marker + 28 + stage.world.random.below(200));
  bytes[marker + 18] = exchange;
  if (bytes.length >= marker + 28) new DataView(bytes.buffer).setUint32(marker + 24, bytes.length - marker);
  stage.network.inject({ ...flight, bytes });
}

/** Faster than the network itself: ESP comes from the attacker's address first. */
function copyFirst(stage: Stage, fault: Fault): () => void {
  return stage.network.add((flight, copies) => {
    if (isIke(flight) || !stage.isOn(flight, fault.side, fault.link, 'out') || addressFamily(flight.to.address) === 6 || stage.world.random.fraction() > fault.amount) return copies;
    stage.network.inject({ ...flight, from: { address: attackerAddress, port: 4500 } });
    return copies.map((copy) => ({ ...copy, afterMs: copy.afterMs + 2 * stage.plan.topology.delayMs + 20 }));
  });
}

/** Faults of the network between the hosts. */
import type { Copy, Flight } from '../../test/support/virtual-network.js';
import { otherSide, type Fault } from '../plan.js';
import type { Stage } from '../stage.js';
import type { Weather } from '../weather.js';
import { within, type FaultKind } from './kind.js';
import type { NetworkFaultName } from './names.js';

const minute = 60_000;

export const networkFaults: Readonly<Record<NetworkFaultName, FaultKind>> = {
  'loss': lasting(3, 2 * minute, (stage, fault) => (flight, copies) => copies.filter(() => !hit(stage, fault, flight, within(fault, 0.01, 0.5)))),
  'loss-in-bursts': lasting(2, 2 * minute, (stage, fault) => (flight, copies) => (on(stage, fault, flight) && stage.world.now % 1_000 < within(fault, 20, 500) ? [] : copies)),
  'duplication': lasting(2, 2 * minute, (stage, fault) => (flight, copies) => copies.flatMap((copy) => (hit(stage, fault, flight, fault.amount) ? [copy, { ...copy, afterMs: copy.afterMs + stage.world.random.fraction() * 300 }] : [copy]))),
  'reordering': lasting(2, 2 * minute, (stage, fault) => later(stage, fault, () => stage.world.random.fraction() * within(fault, 5, 300))),
  'corruption': lasting(2, minute, (stage, fault) => changed(stage, fault, (bytes) => {
    const at = stage.world.random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << stage.world.random.below(8));
    return bytes;
  })),
  'truncation': lasting(1, minute, (stage, fault) => changed(stage, fault, (bytes) => bytes.subarray(0, stage.world.random.below(bytes.length)))),
  'padding': lasting(1, minute, (stage, fault) => changed(stage, fault, (bytes) => Uint8Array.from([...bytes, ...stage.world.random.bytes(1 + stage.world.random.below(16))]))),
  'delay-spike': lasting(2, 5_000, (stage, fault) => later(stage, fault, () => within(fault, 50, 3_000))),
  'slow-path': lasting(1, 2 * minute, (stage, fault) => later(stage, fault, () => within(fault, 20, 400))),
  'slow-ike': lasting(1, minute, (stage, fault) => (flight, copies) => (isIke(flight) && on(stage, fault, flight) ? delayed(copies, within(fault, 100, 3_000)) : copies)),
  'bandwidth': lasting(2, minute, bandwidth),
  'small-mtu': lasting(1, 2 * minute, (stage, fault) => (flight, copies) => (on(stage, fault, flight) && flight.bytes.length > within(fault, 200, 1_280) ? [] : copies)),
  'ike-fragments-lost': lasting(1, minute, (stage, fault) => (flight, copies) => (isFragment(flight) && hit(stage, fault, flight, within(fault, 0.1, 0.9)) ? [] : copies)),
  'ike-lost': lasting(1, minute, (stage, fault) => (flight, copies) => (isIke(flight) && hit(stage, fault, flight, within(fault, 0.2, 1)) ? [] : copies)),
  // Tests of a path are IKE: that ESP alone is lost nobody sees.
  'esp-lost': lasting(1, minute, (stage, fault) => (flight, copies) => (!isIke(flight) && hit(stage, fault, flight, within(fault, 0.2, 1)) ? [] : copies), 'everything'),
  'silence-out': lasting(2, minute, (stage, fault) => silence(stage, fault, 'out')),
  'silence-in': lasting(2, minute, (stage, fault) => silence(stage, fault, 'in')),
  'silence': lasting(3, minute, (stage, fault) => silence(stage, fault, 'both')),
  'partition': lasting(2, minute, () => () => [], 'everything'),
  'one-pair-silent': lasting(1, minute, (stage, fault) => (flight, copies) => (on(stage, fault, flight) && stage.isOn(flight, otherSide(fault.side), 0, 'both') ? [] : copies)),
  'nat-rebinding': {
    rate: 2, mostMs: 0, harms: 'link',
    strike: (stage, fault) => {
      stage.nats.get(fault.link)?.rebind();
      return null;
    },
  },
  'nat-gone': {
    rate: 1, mostMs: minute, harms: 'link',
    strike: (stage, fault) => {
      const nat = stage.nats.get(fault.link);
      if (nat === undefined) return null;
      stage.network.removeNat(nat);
      return () => {
        nat.rebind();
        stage.network.addNat(nat);
      };
    },
  },
};

function lasting(rate: number, mostMs: number, weather: (stage: Stage, fault: Fault) => Weather, harms: FaultKind['harms'] = 'link'): FaultKind {
  return { rate, mostMs, harms, strike: (stage, fault) => stage.network.add(weather(stage, fault)) };
}

function on(stage: Stage, { side, link }: Fault, flight: Flight): boolean {
  return stage.isOn(flight, side, link, 'both');
}

/** By chance, on the fault's link. */
function hit(stage: Stage, fault: Fault, flight: Flight, share: number): boolean {
  return on(stage, fault, flight) && stage.world.random.fraction() < share;
}

function silence(stage: Stage, { side, link }: Fault, way: 'out' | 'in' | 'both'): Weather {
  return (flight, copies) => (stage.isOn(flight, side, link, way) ? [] : copies);
}

function later(stage: Stage, fault: Fault, ms: () => number): Weather {
  return (flight, copies) => (on(stage, fault, flight) ? copies.map((copy) => ({ ...copy, afterMs: copy.afterMs + ms() })) : copies);
}

function delayed(copies: readonly Copy[], ms: number): Copy[] {
  return copies.map((copy) => ({ ...copy, afterMs: copy.afterMs + ms }));
}

function changed(stage: Stage, fault: Fault, change: (bytes: Uint8Array) => Uint8Array): Weather {
  return (flight, copies) => copies.map((copy) => {
    if (copy.bytes.length === 0 || !hit(stage, fault, flight, within(fault, 0.02, 0.5))) return copy;
    return { ...copy, bytes: change(copy.bytes.slice()) };
  });
}

/** A queue of a quarter of a second before a slow link; what finds it full is lost. */
function bandwidth(stage: Stage, fault: Fault): Weather {
  const octetsPerMs = within(fault, 1, 20);
  const busyUntil = new Map<boolean, number>();
  return (flight, copies) => {
    if (!on(stage, fault, flight)) return copies;
    const out = stage.isOn(flight, fault.side, fault.link, 'out');
    return copies.flatMap((copy) => {
      const now: number = stage.world.now;
      const begins = Math.max(now, busyUntil.get(out) ?? 0);
      if (begins - now > 250) return [];
      const ends = begins + copy.bytes.length / octetsPerMs;
      busyUntil.set(out, ends);
      return [{ ...copy, afterMs: copy.afterMs + ends - now }];
    });
  };
}

/** RFC 3948 §2.2: on the NAT port IKE has four zero octets before it. */
export function isIke({ from, bytes }: Flight): boolean {
  return from.port === 500 || (bytes.length > 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0);
}

/** RFC 7383 §2.5: an Encrypted Fragment payload, of number 53, comes first. */
function isFragment(flight: Flight): boolean {
  return isIke(flight) && flight.bytes[(flight.from.port === 500 ? 0 : 4) + 16] === 53;
}

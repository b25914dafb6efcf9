/** Faults of a host: its links, its addresses, its clock, and the program itself. */
import { type Fault } from '../plan.js';
import { dpdS, type Stage } from '../stage.js';
import { within, type FaultKind } from './kind.js';
import type { HostFaultName } from './names.js';

const minute = 60_000;

export const hostFaults: Readonly<Record<HostFaultName, FaultKind>> = {
  'link-down': {
    rate: 3, mostMs: minute, harms: 'link',
    strike: (stage, { side, link }) => {
      stage.setLink(side, link, false);
      return () => {
        stage.restoreLink(side, link);
      };
    },
  },
  'links-flap': { rate: 2, mostMs: 20_000, harms: 'everything', strike: flap },
  'all-links-down': {
    rate: 1, mostMs: minute, harms: 'everything',
    strike: (stage, { side }) => {
      const links = Array.from({ length: stage.linkCount(side) }, (_, link) => link);
      for (const link of links) stage.setLink(side, link, false);
      return () => {
        for (const link of links) stage.restoreLink(side, link);
      };
    },
  },
  'address-added': { rate: 1, mostMs: minute, harms: 'link', strike: (stage, fault) => readdress(stage, fault, () => { stage.addAddress(fault.side, fault.link); }) },
  'address-swapped': { rate: 2, mostMs: minute, harms: 'link', strike: (stage, fault) => readdress(stage, fault, () => { stage.renumber(fault.side, fault.link); }) },
  'send-refused': { rate: 1, mostMs: 30_000, harms: 'link', strike: refuse },
  'no-route': {
    rate: 1, mostMs: minute, harms: 'link',
    strike: (stage, { side, link }) => {
      const host = stage.host(side);
      if (host === null) return null;
      host.hasRoute = (path) => path.device !== `eth${link}`;
      return () => {
        host.hasRoute = () => true;
      };
    },
  },
  'clock-fast': { rate: 1, mostMs: 5 * minute, harms: 'nothing', strike: (stage, fault) => drift(stage, fault, within(fault, 1.001, 1.2)) },
  'clock-slow': { rate: 1, mostMs: 5 * minute, harms: 'nothing', strike: (stage, fault) => drift(stage, fault, within(fault, 0.999, 0.8)) },
  'timers-late': {
    rate: 1, mostMs: minute, harms: 'everything',
    strike: (stage, fault) => {
      const host = stage.host(fault.side);
      if (host === null) return null;
      host.lateMs = () => stage.world.random.fraction() * within(fault, 5, 1_000);
      return () => {
        host.lateMs = () => 0;
      };
    },
  },
  'slow-work': {
    rate: 1, mostMs: minute, harms: 'everything',
    strike: (stage, fault) => {
      const host = stage.host(fault.side);
      if (host === null) return null;
      host.workDelayMs = within(fault, 50, 4_000);
      return () => {
        host.workDelayMs = 1;
      };
    },
  },
  'sleep': { rate: 1, mostMs: minute, harms: 'everything', fatal: true, strike: (stage, { side }) => stage.host(side)?.sleep() ?? null },
  'crash': {
    rate: 2, mostMs: 30_000, harms: 'everything', fatal: true,
    strike: (stage, { side }) => {
      stage.crash(side);
      return () => {
        stage.boot(side);
      };
    },
  },
  'crash-forgets': {
    rate: 1, mostMs: 30_000, harms: 'everything', fatal: true,
    strike: (stage, { side }) => {
      stage.crash(side);
      return () => {
        stage.forget(side);
        stage.boot(side);
      };
    },
  },
  'restart': {
    rate: 1, mostMs: 5_000, harms: 'everything', fatal: true,
    strike: (stage, { side }) => {
      stage.command(side, { kind: 'shutdown' });
      const gone = (): void => {
        stage.stop(side);
      };
      const cancel = stage.world.schedule(2_000, gone);
      return () => {
        cancel();
        gone();
        stage.boot(side, dpdS + 1);
      };
    },
  },
};

/** One link after the other, in an order by chance. */
function flap(stage: Stage, fault: Fault): () => void {
  let on = true;
  const next = (): void => {
    if (!on) return;
    const link = stage.world.random.below(stage.linkCount(fault.side));
    stage.setLink(fault.side, link, stage.world.random.below(2) === 0);
    stage.world.schedule(within(fault, 20, 2_000), next);
  };
  next();
  return () => {
    on = false;
    for (let link = 0; link < stage.linkCount(fault.side); link++) stage.restoreLink(fault.side, link);
  };
}

function readdress(stage: Stage, { side, link }: Fault, act: () => void): () => void {
  act();
  return () => {
    stage.restoreLink(side, link);
  };
}

/** What the kernel says where a send fails: the packet is gone, and the program hears of it once a second. */
function refuse(stage: Stage, { side, link }: Fault): () => void {
  let told = -Infinity;
  return stage.network.add((flight, copies) => {
    if (!stage.isOn(flight, side, link, 'out')) return copies;
    if (stage.world.now - told >= 1_000) {
      told = stage.world.now;
      stage.world.schedule(0, () => {
        stage.host(side)?.give({ kind: 'data-plane-event', event: { kind: 'socket-error', local: flight.from, remote: flight.to, device: `eth${link}`, errno: 'ENETUNREACH' } });
      });
    }
    return [];
  });
}

function drift(stage: Stage, { side }: Fault, rate: number): (() => void) | null {
  const host = stage.host(side);
  if (host === null) return null;
  host.clock.setRate(rate);
  return () => {
    host.clock.setRate(1);
  };
}

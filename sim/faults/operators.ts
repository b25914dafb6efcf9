/** What people and scripts do at any moment. */
import { configOf } from '../../test/support/virtual-host.js';
import { callerFor, callersOf, otherSide, sidesOf, type Fault, type Side } from '../plan.js';
import { childNetworks, dpdS, type Stage } from '../stage.js';
import { within, type FaultKind } from './kind.js';
import type { OperatorFaultName } from './names.js';

const timeoutMs = 5_000;

export const operatorFaults: Readonly<Record<OperatorFaultName, FaultKind>> = {
  'rekey-child': blow(3, (stage, { side }) => { rekeyChild(stage, side); }),
  'rekey-ike': blow(3, (stage, { side }) => { rekeyIke(stage, side); }),
  'rekey-child-at-both': blow(2, (stage, fault) => { rekeyChild(stage, fault.side); after(stage, fault, () => { rekeyChild(stage, otherSide(fault.side)); }); }),
  'rekey-ike-at-both': blow(2, (stage, fault) => { rekeyIke(stage, fault.side); after(stage, fault, () => { rekeyIke(stage, otherSide(fault.side)); }); }),
  'rekey-ike-and-child': blow(1, (stage, fault) => { rekeyIke(stage, fault.side); after(stage, fault, () => { rekeyChild(stage, otherSide(fault.side)); }); }),
  'terminate-child': { rate: 1, mostMs: 10_000, harms: 'everything', fatal: true, strike: (stage, fault) => terminate(stage, fault, 'net') },
  'terminate-ike': { rate: 1, mostMs: 10_000, harms: 'everything', fatal: true, strike: (stage, fault) => terminate(stage, fault, null) },
  'terminate-at-both': {
    rate: 1, mostMs: 5_000, harms: 'everything', fatal: true,
    strike: (stage, fault) => {
      const again = terminate(stage, fault, null);
      after(stage, fault, () => { terminate(stage, { ...fault, side: otherSide(fault.side) }, null); });
      // Whoever ends it last means it.
      return () => {
        after(stage, { ...fault, amount: 1 }, again);
      };
    },
  },
  'initiate': blow(1, (stage, { side }) => { initiate(stage, side); }),
  'initiate-at-both': blow(1, (stage, fault) => { initiate(stage, fault.side); after(stage, fault, () => { initiate(stage, otherSide(fault.side)); }); }),
  'move': blow(3, move),
  'move-at-both': blow(1, (stage, fault) => { move(stage, fault); after(stage, fault, () => { move(stage, { ...fault, side: otherSide(fault.side), link: 0 }); }); }),
  'reload': blow(1, (stage, { side }) => { reload(stage, side, dpdS); }),
  // The IKE SA is made anew.
  'reload-changed': { ...blow(1, (stage, fault) => { reload(stage, fault.side, Math.round(within(fault, 2, 9))); }), harms: 'everything', fatal: true },
};

function blow(rate: number, act: (stage: Stage, fault: Fault) => void): FaultKind {
  return {
    rate, mostMs: 0, harms: 'nothing',
    strike: (stage, fault) => {
      act(stage, fault);
      return null;
    },
  };
}

/** At most two round trips later: it meets what is under way. */
function after(stage: Stage, fault: Fault, act: () => void): void {
  stage.world.schedule(fault.amount * 4 * stage.plan.topology.delayMs, act);
}

function rekeyChild(stage: Stage, side: Side): void {
  stage.command(side, { kind: 'rekey-child', peer: otherSide(side), child: null, timeoutMs });
}

function rekeyIke(stage: Stage, side: Side): void {
  stage.command(side, { kind: 'rekey-ike', peer: otherSide(side), timeoutMs });
}

export function initiate(stage: Stage, side: Side): void {
  for (const { name } of childNetworks.slice(0, stage.plan.topology.children)) stage.command(side, { kind: 'initiate', peer: otherSide(side), child: name, timeoutMs });
}

/** What was ended on purpose stays ended until somebody wants it again. */
function terminate(stage: Stage, { side }: Fault, child: string | null): () => void {
  stage.command(side, { kind: 'terminate', peer: otherSide(side), child });
  return () => {
    initiate(stage, callerFor(side));
  };
}

/** To a pair of those that the IKE SA has. */
function move(stage: Stage, { side, link, amount }: Fault): void {
  const host = stage.host(side);
  const paths = host?.sas(otherSide(side)).flatMap((sa) => sa.paths) ?? [];
  const mine = paths.filter(({ path }) => path.device === `eth${link}`);
  const chosen = mine[Math.floor(amount * mine.length)]?.path;
  if (chosen === undefined) return;
  host?.command({ kind: 'move', peer: otherSide(side), local: chosen.local.address, remote: chosen.remote.address });
}

function reload(stage: Stage, side: Side, dpd: number): void {
  stage.command(side, { kind: 'reload', config: configOf(stage.configText(side, dpd)) });
}

/** For the end of a run: whoever is down comes up, and both want the tunnel. */
export function callAll(stage: Stage): void {
  for (const side of sidesOf(stage.plan.topology)) stage.boot(side);
  for (const caller of callersOf(stage.plan.topology)) initiate(stage, caller);
}

/** After it nothing is rekeyed any more, once what stands has been. */
export function quieten(stage: Stage): void {
  for (const side of sidesOf(stage.plan.topology)) stage.command(side, { kind: 'reload', config: configOf(stage.configText(side, dpdS, { ikeS: 86_400, childS: 86_400 })) });
  const callers = callersOf(stage.plan.topology);
  for (const caller of callers) rekeyIke(stage, caller);
  stage.world.schedule(2_000, () => {
    for (const caller of callers) rekeyChild(stage, caller);
  });
}

/** What happens to the tunnel in the failover benchmark, where it happens, and how it is undone. */
import { ensure } from '../../interop/lab/exec.js';
import { Mhtun } from '../../interop/lab/mhtun.js';
import type { IkeSa, Party } from '../../interop/lab/party.js';
import type { Stage } from '../../interop/lab/stage.js';
import type { Direction, Uplink, UplinkNumber } from '../../interop/lab/topology.js';
import { bareAddress, bringLinkUp, familyOf, removeAddresses, restoreAddresses, takeLinkDown, uplinkOf } from '../../interop/lab/uplink-events.js';

export type EventName = 'nothing' | 'silent' | 'silent-out' | 'silent-back' | 'link-down' | 'peer-link-down' | 'move' | 'ipv4-ipv6' | 'peer-ipv4-ipv6' | 'nat-rebinding';

/** Milliseconds and packets that the event may cost at most; null: nothing is promised. */
export interface Target {
  readonly gapP50Ms: number | null;
  readonly gapP99Ms: number | null;
  readonly lostMax: number | null;
}

export interface FailoverEvent {
  readonly name: EventName;
  readonly what: string;
  /** moon is behind a NAT on its only uplink; elsewhere there are two uplinks without. */
  readonly nat: boolean;
  /** `own`: at mhtun's end; where mhtun plays both, by turns. `peer`: at strongSwan's. `between`: neither sees it. */
  readonly at: 'own' | 'peer' | 'between';
  /** Every path has to stand ready before the next one. */
  readonly needsPaths: boolean;
  /** Does it; what it returns undoes it. */
  readonly strike: (stage: Stage, at: Party) => Promise<() => Promise<void>>;
  readonly targets: { readonly strongSwan: Target; readonly mhtun: Target };
}

const none: Target = { gapP50Ms: null, gapP99Ms: null, lostMax: null };
const within = (gapP50Ms: number, gapP99Ms: number = gapP50Ms): Target => ({ gapP50Ms, gapP99Ms, lostMax: null });
const silence = { nat: false, at: 'between', needsPaths: true } as const;

export const failoverEvents: readonly FailoverEvent[] = [
  {
    name: 'nothing',
    what: 'nothing happens: what the machine itself costs',
    nat: false,
    at: 'between',
    needsPaths: false,
    strike: () => Promise.resolve(nothingToUndo),
    targets: { strongSwan: none, mhtun: none },
  },
  {
    ...silence,
    name: 'silent',
    what: 'the path goes silent, in its router',
    strike: (stage) => silenceUsed(stage, 'both'),
    targets: { strongSwan: within(300, 500), mhtun: within(80, 150) },
  },
  {
    ...silence,
    name: 'silent-out',
    what: 'silent from moon to sun only',
    strike: (stage) => silenceUsed(stage, 'out'),
    targets: { strongSwan: none, mhtun: none },
  },
  {
    ...silence,
    name: 'silent-back',
    what: 'silent from sun to moon only',
    strike: (stage) => silenceUsed(stage, 'back'),
    targets: { strongSwan: none, mhtun: none },
  },
  {
    name: 'link-down',
    what: 'link down at its own interface',
    nat: false,
    at: 'own',
    needsPaths: true,
    strike: linkDown,
    targets: { strongSwan: within(80, 150), mhtun: within(40, 80) },
  },
  {
    name: 'peer-link-down',
    what: 'link down at strongSwan, which has to move itself',
    nat: false,
    at: 'peer',
    needsPaths: true,
    strike: linkDown,
    targets: { strongSwan: none, mhtun: none },
  },
  {
    name: 'move',
    what: 'mhtun move',
    nat: false,
    at: 'own',
    needsPaths: true,
    strike: moveAcross,
    targets: { strongSwan: { gapP50Ms: 5, gapP99Ms: null, lostMax: 1 }, mhtun: { gapP50Ms: null, gapP99Ms: null, lostMax: 0 } },
  },
  {
    name: 'ipv4-ipv6',
    what: 'all addresses of the family in use go away, IPv4 and IPv6 by turns',
    nat: false,
    at: 'own',
    needsPaths: true,
    strike: familyGone,
    targets: { strongSwan: within(300), mhtun: within(100) },
  },
  {
    name: 'peer-ipv4-ipv6',
    what: 'the same at strongSwan, which has to move itself',
    nat: false,
    at: 'peer',
    needsPaths: true,
    strike: familyGone,
    targets: { strongSwan: none, mhtun: none },
  },
  {
    name: 'nat-rebinding',
    what: 'the NAT before moon forgets, and gives new ports',
    nat: true,
    at: 'between',
    needsPaths: false,
    strike: rebindNat,
    targets: { strongSwan: within(300), mhtun: within(100) },
  },
];

/** The event of this name. @throws Error that tells the names */
export function eventNamed(name: string): FailoverEvent {
  const found = failoverEvents.find((event) => event.name === name);
  if (found === undefined) throw new Error(`no event is named ${name}: ${failoverEvents.map((event) => event.name).join(', ')}`);
  return found;
}

const nothingToUndo = (): Promise<void> => Promise.resolve();

async function silenceUsed(stage: Stage, direction: Direction): Promise<() => Promise<void>> {
  const { number } = await usedUplink(stage, stage.moon);
  await stage.topology.silence(number, direction);
  return () => stage.topology.restore(number);
}

async function rebindNat(stage: Stage): Promise<() => Promise<void>> {
  await stage.topology.nats.get('moon')?.rebind();
  return nothingToUndo;
}

async function linkDown(stage: Stage, at: Party): Promise<() => Promise<void>> {
  const uplink = await usedUplink(stage, at);
  await takeLinkDown(at.site, uplink);
  return () => bringLinkUp(at.site, uplink);
}

async function familyGone(stage: Stage, at: Party): Promise<() => Promise<void>> {
  const family = familyOf((await stage.ike(at)).local);
  await removeAddresses(at.site, family);
  return () => restoreAddresses(at.site, family);
}

async function moveAcross(stage: Stage, at: Party): Promise<() => Promise<void>> {
  if (!(at instanceof Mhtun)) throw new Error('only mhtun takes the order to move');
  const number = (await usedUplink(stage, at)).number === 1 ? 2 : 1;
  const other = at === stage.moon ? stage.sun : stage.moon;
  const local = uplinkNumbered(at, number).address4;
  const remote = uplinkNumbered(other, number).public4;
  // Asked in passing: what counts is what the traffic sees, and the answer is looked at afterwards.
  const asked = at.ask({ verb: 'move', peer: other.site.name, local, remote });
  return async () => {
    const { ok, text } = await asked;
    ensure(ok, `mhtun move: ${text}`);
  };
}

async function usedUplink(stage: Stage, at: Party): Promise<Uplink> {
  return uplinkOf(at.site, (await stage.ike(at)).local);
}

function uplinkNumbered(party: Party, number: UplinkNumber): Uplink {
  const found = party.site.uplinks.find((uplink) => uplink.number === number);
  if (found === undefined) throw new Error(`${party.site.name} has no uplink ${number}`);
  return found;
}

/** `10.1.1.2 → 10.1.2.2` */
export function pairText(sa: IkeSa): string {
  return `${bareAddress(sa.local)} → ${bareAddress(sa.remote)}`;
}

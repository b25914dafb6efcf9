/** Sees to it that of several IKE SAs with one peer the right one stays: asks the rule (`uniqueness.ts`) and carries out what it says. */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { PeerConfig } from '../config/types.js';
import { misfitInWords, type Misfit } from '../ike/attempt.js';
import type { IkeCommand } from '../ike/io.js';
import { blockOf } from '../ike/peer.js';
import type { Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import type { Identity } from '../wire/identity.js';
import type { Alarms } from './alarms.js';
import { noteMisfit } from './attempt.js';
import type { PeerLink } from './peer-link.js';
import { Retirement, type RetirementHost } from './retirement.js';
import { isWith, type SaDriver, type SaEntry } from './sa-driver.js';
import { judge, type Contender, type Relation } from './uniqueness.js';

export interface RivalryHost {
  readonly alarms: Alarms;
  readonly sas: SaDriver;
  dataPlane(commands: readonly DataPlaneCommand[]): void;
  log(level: 'debug' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
}

export class Rivalry {
  readonly #host: RivalryHost;
  readonly #retirements = new Set<Retirement>();
  readonly #retirementHost: RetirementHost;

  constructor(host: RivalryHost) {
    this.#host = host;
    this.#retirementHost = {
      alarms: host.alarms,
      dataPlane: (commands) => {
        if (commands.length > 0) host.dataPlane(commands);
      },
      current: (entry) => [...host.sas.entries()].findLast((other) => other.lineage === entry.lineage && other.view().state !== 'DELETING') ?? null,
      deleteSa: (now, entry, reason, onDone) => {
        host.sas.command(now, entry, { kind: 'delete-ike', reason }, onDone);
      },
      ended: (retirement) => {
        this.#retirements.delete(retirement);
      },
    };
  }

  /** `newer` has just been authenticated; `rivals` stood before. */
  settle(now: Instant, link: PeerLink, rivals: readonly SaEntry[], newer: SaEntry, remoteId: Identity, initialContact: boolean): void {
    for (const older of rivals) {
      if (older.closed || newer.closed || older.lineage === newer.lineage) continue;
      if (!isWith(older, remoteId) && newer.lineage.renews !== older.lineage) continue;
      this.#judge(now, link, older, newer, initialContact);
    }
  }

  /** Some SA changed. */
  look(now: Instant): void {
    for (const retirement of [...this.#retirements]) retirement.look(now);
  }

  #judge(now: Instant, link: PeerLink, older: SaEntry, newer: SaEntry, initialContact: boolean): void {
    const between = relation(older, newer);
    const verdict = judge(link.peer, contender(now, older), contender(now, newer), initialContact, newer.view().peerIsMhtun, between);
    this.#host.log('debug', `two IKE SAs with ${link.peer.name}: ${verdict.kind}`, { older: older.ikeSa.localSpi, newer: newer.ikeSa.localSpi });
    if (!between.renews && (verdict.kind === 'forget-old' || verdict.kind === 'retire')) this.#tellTwins(link.peer, older, newer);
    switch (verdict.kind) {
      case 'both-stay':
        return;
      case 'forget-old':
        this.#host.sas.abandon(now, older, 'the peer has a new IKE SA and no other');
        return;
      case 'refuse-new':
        noteMisfit(newer.lineage.attempt, secondCaller(link.peer, older, newer));
        this.#command(now, newer, { kind: 'delete-ike', reason: misfitInWords(secondCaller(link.peer, older, newer)) });
        return;
      case 'peer-decides':
        if (verdict.checkOld) this.#command(now, older, { kind: 'check-liveness' });
        return;
      case 'retire': {
        const [loser, winner] = verdict.which === 'old' ? [older, newer] : [newer, older];
        const retirement = new Retirement(this.#retirementHost, now, loser, winner, verdict.patienceMs, newer.lineage.renews === older.lineage ? 'authenticated anew' : 'another IKE SA with this peer stays');
        this.#retirements.add(retirement);
        retirement.look(now);
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  /** One host may start anew, or move; two with one identity throw each other out for ever. */
  #tellTwins(peer: PeerConfig, older: SaEntry, newer: SaEntry): void {
    const [before, after] = [older.view(), newer.view()];
    if (before.peerEndpointId === null || after.peerEndpointId === null || before.peerEndpointId === after.peerEndpointId) return;
    const [there, here] = [before.path.remote.address, after.path.remote.address];
    const misfit: Misfit = {
      part: 'uniqueness', problem: `two hosts call themselves ${peer.name}, and throw each other out`, offered: [`one at ${there}`, `one at ${here}`],
      wanted: [`one host for ${blockOf(peer)}`], peer: peer.name, nearest: null,
      remedy: `give the one at ${here} another id in [endpoint] (or local_id), and a peer block of its own here; or set unique = "never" in ${blockOf(peer)}, and let both be it`,
    };
    noteMisfit(newer.lineage.attempt, misfit);
    this.#host.log('warn', misfitInWords(misfit), { peer: peer.name, attempt: newer.lineage.attempt.id });
  }

  #command(now: Instant, entry: SaEntry, command: IkeCommand): void {
    this.#host.sas.command(now, entry, command, () => undefined);
  }
}

/** Two hosts, or one that was started anew without a word. */
function secondCaller(peer: PeerConfig, older: SaEntry, newer: SaEntry): Misfit {
  const [there, here] = [older, newer].map((entry) => entry.view().path.remote.address);
  return {
    part: 'uniqueness', problem: `the peer has an IKE SA already (unique = "keep"), from ${there}`, offered: [`another IKE SA, from ${here}`], wanted: [`unique = "keep" (${blockOf(peer)})`],
    peer: peer.name, nearest: null,
    remedy: `set unique = "replace" in ${blockOf(peer)} here, so that the newer one counts; or if these are two hosts, give each an id and a peer block of its own`,
  };
}

function relation(older: SaEntry, newer: SaEntry): Relation {
  const [a, b] = [older.view(), newer.view()];
  const named = a.peerEndpointId !== null || b.peerEndpointId !== null;
  const sameHost = named ? a.peerEndpointId === b.peerEndpointId : a.path.remote.address === b.path.remote.address;
  return { renews: newer.lineage.renews === older.lineage, sameHost };
}

function contender(now: Instant, { lineage }: SaEntry): Contender {
  const { initiator, nonces, startedAt, replacement } = lineage;
  return { initiator, nonces, startedAt, replacement, authenticatedAt: lineage.authenticatedAt ?? now };
}

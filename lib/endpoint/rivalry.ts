/** Sees to it that of several IKE SAs with one peer the right one stays: asks the rule (`uniqueness.ts`) and carries out what it says. */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { IkeCommand } from '../ike/io.js';
import type { Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import { sameIdentity, type Identity } from '../wire/identity.js';
import type { Alarms } from './alarms.js';
import type { PeerLink } from './peer-link.js';
import { Retirement, type RetirementHost } from './retirement.js';
import type { SaDriver, SaEntry } from './sa-driver.js';
import { judge, type Contender } from './uniqueness.js';

export interface RivalryHost {
  readonly alarms: Alarms;
  readonly sas: SaDriver;
  dataPlane(commands: readonly DataPlaneCommand[]): void;
  log(message: string, fields: Readonly<Record<string, unknown>>): void;
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
      if (older.closed || newer.closed || older.lineage === newer.lineage || !isSame(older, remoteId)) continue;
      this.#judge(now, link, older, newer, initialContact);
    }
  }

  /** Some SA changed. */
  look(now: Instant): void {
    for (const retirement of [...this.#retirements]) retirement.look(now);
  }

  #judge(now: Instant, link: PeerLink, older: SaEntry, newer: SaEntry, initialContact: boolean): void {
    const verdict = judge(link.peer, contender(now, older), contender(now, newer), initialContact, newer.view().peerIsMhtun);
    this.#host.log(`two IKE SAs with ${link.peer.name}: ${verdict.kind}`, { older: older.ikeSa.localSpi, newer: newer.ikeSa.localSpi });
    switch (verdict.kind) {
      case 'both-stay':
        return;
      case 'forget-old':
        this.#host.sas.abandon(now, older, 'the peer has a new IKE SA and no other');
        return;
      case 'refuse-new':
        this.#command(now, newer, { kind: 'delete-ike', reason: 'the peer has an IKE SA already (unique = "keep")' });
        return;
      case 'peer-decides':
        if (verdict.checkOld) this.#command(now, older, { kind: 'check-liveness' });
        return;
      case 'retire': {
        const [loser, winner] = verdict.which === 'old' ? [older, newer] : [newer, older];
        const retirement = new Retirement(this.#retirementHost, now, loser, winner, verdict.patienceMs, 'another IKE SA with this peer stays');
        this.#retirements.add(retirement);
        retirement.look(now);
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  #command(now: Instant, entry: SaEntry, command: IkeCommand): void {
    this.#host.sas.command(now, entry, command, () => undefined);
  }
}

function isSame(entry: SaEntry, remoteId: Identity): boolean {
  const known = entry.lineage.remoteId;
  return known !== null && sameIdentity(known, remoteId);
}

function contender(now: Instant, { lineage }: SaEntry): Contender {
  const { initiator, nonces, startedAt, replacement } = lineage;
  return { initiator, nonces, startedAt, replacement, authenticatedAt: lineage.authenticatedAt ?? now };
}

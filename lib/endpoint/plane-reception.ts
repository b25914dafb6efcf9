/** What the data plane tells, brought to whom it concerns: IKE datagrams, an IKE SA, its path manager, a peer that is wanted. */
import type { DataPlaneEvent } from '../esp/data-plane.js';
import type { Trigger } from '../ike/trigger.js';
import type { Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import type { Alarms } from './alarms.js';
import { Inactivity } from './inactivity.js';
import type { PathDesk } from './path-desk.js';
import type { Reception } from './reception.js';
import type { SaDriver, SaEntry } from './sa-driver.js';

export interface PlaneReceptionContext {
  readonly reception: Reception;
  readonly sas: SaDriver;
  readonly paths: PathDesk;
  readonly alarms: Alarms;
  /** A packet wants through to this peer. */
  acquire(now: Instant, peer: string, trigger: Trigger): void;
  log(level: 'error' | 'debug', message: string, fields: Readonly<Record<string, unknown>>): void;
}

export class PlaneReception {
  readonly #context: PlaneReceptionContext;
  readonly #inactivity: Inactivity;

  constructor(context: PlaneReceptionContext) {
    this.#context = context;
    this.#inactivity = new Inactivity(context);
  }

  /** A Child SA is there. */
  childUp(now: Instant, entry: SaEntry, name: string): void {
    this.#context.paths.childUp(entry);
    this.#inactivity.childUp(now, entry, name);
  }

  take(now: Instant, event: DataPlaneEvent): void {
    const { reception, sas, paths } = this.#context;
    switch (event.kind) {
      case 'ike':
        reception.receive(now, event.path, event.bytes);
        return;
      case 'soft-expired':
      case 'hard-expired':
      case 'new-source': {
        const entry = sas.ownerOf(event.child);
        if (entry !== null) sas.drive(now, entry, event);
        return;
      }
      case 'inbound-activity':
      case 'inbound-path':
      case 'outbound-activity':
      case 'silent': {
        const entry = sas.ownerOf(event.child);
        if (entry === null) return;
        if (event.kind === 'inbound-activity' || event.kind === 'outbound-activity') this.#inactivity.used(now, entry, event.child);
        if (event.kind === 'inbound-activity') sas.drive(now, entry, event);
        paths.dataPlaneNews(now, entry, event);
        return;
      }
      case 'acquire': {
        const [peer = '', child = ''] = event.policy.split('/');
        this.#context.acquire(now, peer, { child, packet: { local: [event.local], remote: [event.remote] } });
        return;
      }
      case 'unknown-spi':
        this.#context.log('debug', 'ESP for an SPI that is not ours', { spi: event.spi, from: event.path.remote.address });
        return;
      case 'socket-error':
        this.#socketError(now, event);
        return;
      default:
        unreachable(event);
    }
  }

  #socketError(now: Instant, event: Extract<DataPlaneEvent, { kind: 'socket-error' }>): void {
    const { sas, paths } = this.#context;
    const { remote } = event;
    if (remote === null) {
      this.#context.log('error', `the socket on ${event.local.address} port ${event.local.port} failed: ${event.errno}`, { device: event.device });
      return;
    }
    this.#context.log('debug', `this host can't send to ${remote.address}: ${event.errno}`, { local: event.local.address, device: event.device });
    if (!cannotSend.has(event.errno)) return;
    paths.refused(now, event.local, remote, event.errno);
    const stuck = [...sas.entries()].find((entry) => isCalling(entry, event.local.address, remote.address));
    if (stuck !== undefined) sas.abandon(now, stuck, `this host can't send from ${event.local.address} to ${remote.address}: ${event.errno}`);
  }
}

/** Errors of our own host that trying again soon does not mend; those that a forged ICMP message could cause are not among them. */
const cannotSend: ReadonlySet<string> = new Set(['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENODEV', 'EINVAL', 'EPERM', 'EACCES']);

/** Its IKE_SA_INIT over that pair is still unanswered. */
function isCalling(entry: SaEntry, local: string, remote: string): boolean {
  if (!entry.lineage.initiator || entry.lineage.authenticatedAt !== null) return false;
  const { spiR, path } = entry.view();
  return spiR === null && path.local.address === local && path.remote.address === remote;
}

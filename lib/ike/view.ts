/** A look at an IKE SA from outside, for status and for the endpoint's rules. */
import type { Association } from './association.js';
import type { ChildSa } from './child-sa.js';
import type { Exchanger } from './exchanger.js';
import type { ChildSaView, IkeSaView } from './io.js';
import { unreachable } from '../util/unreachable.js';

export function viewOf(association: Association, exchanger: Exchanger): IkeSaView {
  const { phase, traits } = association;
  return {
    state: stateOf(association, exchanger),
    attempt: association.attempt,
    initiator: association.initiator,
    spiI: association.spiI,
    spiR: association.remoteSpi === null && association.initiator ? null : association.spiR,
    peer: association.peer,
    localId: association.localId,
    remoteId: association.remoteId,
    suite: association.keys?.suite ?? null,
    path: association.path,
    trafficPath: association.trafficPath,
    mobike: traits.mobike,
    ppk: traits.ppk,
    mobikeInitiator: traits.mobikeInitiator,
    natLocal: traits.natLocal,
    natRemote: traits.natRemote,
    establishedAt: phase.kind === 'established' ? phase.since : null,
    rekeyAt: association.rekeyAt,
    lastHeardAt: association.lastHeardAt,
    unansweredSince: exchanger.unansweredSince,
    nonces: association.nonces,
    peerIsMhtun: traits.mhtun,
    peerEndpointId: traits.endpointId,
    rttMs: association.rttMs,
    peerAddresses: association.peerAddresses.filter((address) => address !== association.path.remote.address),
    virtual: association.virtual,
    children: [...association.children.values()].map(childView),
  };
}

function stateOf(association: Association, exchanger: Exchanger): IkeSaView['state'] {
  const { phase } = association;
  switch (phase.kind) {
    case 'connecting':
      return 'CONNECTING';
    case 'established':
      return exchanger.active?.subject.kind === 'ike-rekey' ? 'REKEYING' : 'ESTABLISHED';
    case 'rekeyed':
    case 'deleting':
    case 'closed':
      return 'DELETING';
    default:
      return unreachable(phase);
  }
}

function childView(child: ChildSa): ChildSaView {
  const states = { installed: 'INSTALLED', contested: 'INSTALLED', rekeying: 'REKEYING', rekeyed: 'DELETING', deleting: 'DELETING' } as const;
  return {
    id: child.id,
    name: child.template.name,
    state: states[child.state],
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    suite: child.suite,
    localTs: child.selectors.local,
    remoteTs: child.selectors.remote,
    rekeyAt: child.rekeyAt,
  };
}

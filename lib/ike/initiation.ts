/** What an initiator asks for once the keys are there: IKE_AUTH with the first Child SA, then the other Child SAs (RFC 7296 §1.2, RFC 6023). */
import { notifyType } from '../wire/iana.js';
import { createChild } from './create-child.js';
import { deleteIkeSa, FailureNotice } from './deletion.js';
import type { Exchanger } from './exchanger.js';
import { IkeAuth } from './ike-auth.js';
import { lacksVirtualAddress } from './virtual-addresses.js';

/** @param failed ends the IKE SA, whose peer is not who it should be, or does not believe us */
export function authenticate(exchanger: Exchanger, children: readonly string[], initialContact: boolean, failed: (reason: string) => void): void {
  const { association } = exchanger;
  const templates = association.knownPeer.children.filter((t) => children.includes(t.name));
  const childless = association.traits.childless && (association.knownPeer.childless || templates.length === 0);
  const wanted = templates.find(({ name }) => name === association.trigger?.child) ?? templates[0];
  const first = childless ? null : (wanted ?? association.knownPeer.children[0] ?? null);
  exchanger.enqueueFirst((ex) => new IkeAuth(ex, first, initialContact, {
    authenticated: (refused) => {
      if (refused !== null && first !== null) {
        association.event('child-down', { child: first.name, reason: refused });
        association.outputs.push({ kind: 'child-failed', name: first.name, reason: refused });
      }
      if (lacksVirtualAddress(association)) {
        exchanger.enqueueFirst(deleteIkeSa(refused ?? 'the peer gave no address', []));
        return;
      }
      for (const template of templates) if (template !== first) exchanger.enqueue(createChild(template, []));
    },
    failed: (reason, tellPeer) => {
      association.event('auth-failed', { reason });
      if (!tellPeer) {
        failed(reason);
        return;
      }
      exchanger.enqueueFirst((notifier) => new FailureNotice(notifier, notifyType.AUTHENTICATION_FAILED, () => {
        failed(reason);
      }));
    },
  }));
}

/** What a refusal of the peer may mean, which says no more than a Notify (RFC 7296 §2.21), given what this end has configured. */
import { formatDistinguishedName } from '../wire/distinguished-name.js';
import { notifyName, notifyType } from '../wire/iana.js';
import type { Proposal } from '../wire/payloads/sa.js';
import type { Association } from './association.js';
import { misfitLines } from './attempt.js';
import { idOf, quoted } from './identity-difference.js';
import { blockOf, type ChildTemplate, type IkePeer } from './peer.js';
import { ppkDoubt } from './ppk.js';
import { formatProposal } from './proposal-difference.js';
import { selectorLines } from './selector-difference.js';
import { templateSelectors } from './traffic-selection.js';
import { wantedSides } from './virtual-addresses.js';

/** What was asked for when the peer refused. */
export type Asked =
  | { readonly kind: 'ike' }
  | { readonly kind: 'ike-rekey' }
  | { readonly kind: 'authentication' }
  | { readonly kind: 'child'; readonly template: ChildTemplate; readonly rekey: boolean };

/** Remembers it, and says it in one line: the Notify by its RFC name, and what to do about it. */
export function denied(association: Association, type: number, asked: Asked): string {
  const doubt = type === notifyType.AUTHENTICATION_FAILED ? ppkDoubt(association) : '';
  const advice = adviceFor(type, asked, association.knownPeer);
  const name = asked.kind === 'ike' ? `the peer refused IKE_SA_INIT: ${notifyName(type)}` : `the peer answered ${notifyName(type)}`;
  return association.note({
    part: 'refusal', problem: advice === null ? name : `${name}: ${advice}${doubt}`, offered: [], wanted: misfitLines(ownWords(association, type, asked)),
    peer: association.knownPeer.name, nearest: null, remedy: whoKnows(association),
  });
}

/** The other end wrote down what did not fit. */
function whoKnows({ attempt, spiI }: Association): string {
  return `"mhtun explain ${attempt}" at the other end, or its log (initiator’s SPI 0x${spiI}), says what did not fit`;
}

function adviceFor(type: number, asked: Asked, { localAuth }: IkePeer): string | null {
  switch (type) {
    case notifyType.AUTHENTICATION_FAILED:
      return localAuth.kind === 'psk'
        ? 'the peer does not know our identity or has another secret for it: compare `id` and `psk` at both ends'
        : localAuth.kind === 'eap' ? 'the peer does not know our identity or does not let it in by EAP: compare `id` and `user` here with its users'
        : 'the peer does not know our identity or does not accept our certificate or key: compare `id` here with the certificate, and its issuer with `ca` there';
    case notifyType.NO_PROPOSAL_CHOSEN:
      if (asked.kind === 'ike' || asked.kind === 'ike-rekey') return 'no IKE proposal in common: compare `ike` here with the proposals of the peer';
      return asked.kind === 'child' && asked.rekey
        ? 'no proposal in common: compare `esp` here with that of the peer, and the key exchange at its end first of all, which counts at a rekey alone'
        : 'no proposal in common: compare `esp` (and `ike`) here with those of the peer';
    case notifyType.TS_UNACCEPTABLE:
      return 'the selectors do not meet: `local` here must match `remote` at the peer, and the reverse';
    case notifyType.INVALID_SYNTAX:
      return 'the peer did not understand the message';
    case notifyType.INTERNAL_ADDRESS_FAILURE:
      return 'the peer has no address left to give, or none for us';
    case notifyType.FAILED_CP_REQUIRED:
      return 'the peer serves who asks for an address alone: write virtual = true and local = ["dynamic"] here';
    case notifyType.NO_ADDITIONAL_SAS:
      return 'the peer allows no further Child SA';
    default:
      return null;
  }
}

/** What this end said of what the Notify may be about, with the place in its configuration. */
function ownWords(association: Association, type: number, asked: Asked): string[] {
  const peer = association.knownPeer;
  switch (type) {
    case notifyType.AUTHENTICATION_FAILED:
      return [
        `we said that we are ${quoted(peer.localId)} (id in [endpoint], or local_id of ${blockOf(peer)})`,
        `we asked for ${idOf(peer)} (id of ${blockOf(peer)})`,
        `we proved it by ${ownProof(peer)} of ${blockOf(peer)}`,
      ];
    case notifyType.NO_PROPOSAL_CHOSEN: {
      const [key, proposals]: readonly [string, readonly Proposal[]] = asked.kind === 'child' ? ['esp', peer.esp] : ['ike', peer.ike];
      return proposals.map((proposal) => `${formatProposal(proposal)} (${key} of ${blockOf(peer)})`);
    }
    case notifyType.TS_UNACCEPTABLE: {
      const template = asked.kind === 'child' ? asked.template : null;
      return template === null ? [] : selectorLines(templateSelectors(template, wantedSides(association))).map((line) => `${line} (child "${template.name}" of ${blockOf(peer)})`);
    }
    default:
      return [];
  }
}

function ownProof({ localAuth }: IkePeer): string {
  if (localAuth.kind === 'psk') return 'psk (or psk_file)';
  if (localAuth.kind === 'eap') return 'user and password';
  const [certificate] = localAuth.credentials[0]?.chain ?? [];
  return certificate === undefined ? 'key' : `the certificate "${formatDistinguishedName(certificate.subject) ?? ''}", cert`;
}

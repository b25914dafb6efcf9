/** Why keys of strongSwan's files are not taken over, and what to do instead: where two formats mean the same, in the same words. */
import { nearestWord } from '../util/nearest.js';
import type { Remarks, SettingValue } from './model.js';

/** `unless`: values with which nothing is lost. */
export interface Reason {
  readonly why: string;
  readonly unless?: readonly string[];
}

export type Reasons = Readonly<Record<string, Reason>>;

const off = ['no', '0', 'false', 'none', '0s'];

type CommonReason =
  | 'certificates' | 'eap' | 'ikev1' | 'ikev1Off' | 'hard' | 'random' | 'reauth' | 'virtual'
  | 'pools' | 'marks' | 'script' | 'compression' | 'padding' | 'firewall' | 'idle' | 'kernel'
  | 'dscp' | 'mediation' | 'port' | 'tries' | 'policies' | 'ppk';

export const reason: Readonly<Record<CommonReason, Reason>> = {
  certificates: { why: 'certificates are not taken over: name their files by hand, with auth = "pubkey", cert, key and ca' },
  eap: { why: 'people with passwords are not taken over: write auth = "eap-mschapv2" with user, or users_file, and the certificates (man mhtun.toml, USERS)' },
  ikev1: { why: 'it is of IKEv1, and has no effect here' },
  ikev1Off: { why: 'it is of IKEv1, and has no effect here', unless: off },
  hard: { why: 'mhtun ends an SA that it can\'t renew after give_up' },
  random: { why: 'mhtun draws the moment of a rekey itself' },
  reauth: { why: 'mhtun renews keys by ike_rekey; for a new authentication see reauth', unless: off },
  virtual: { why: 'write virtual = true into the [[peer]], and local = ["dynamic"] into its child' },
  pools: { why: 'write the range as [[pool]], its name as pools into the [[peer]], and remote = ["dynamic"] into its child' },
  marks: { why: 'packets go through a TUN interface, without marks: see routes in mhtun.toml(5)', unless: off },
  script: { why: 'mhtun runs no scripts; `mhtun events --follow` says when SAs come and go' },
  compression: { why: 'compression (IPComp) is not there', unless: off },
  padding: { why: 'packets are not padded to hide their size', unless: off },
  firewall: { why: 'mhtun makes its own routes and leaves the rest of the firewall alone', unless: off },
  idle: { why: 'an SA without traffic stays, unless its [[peer.child]] has inactivity', unless: off },
  kernel: { why: 'ESP is not in the kernel here, so there is nothing to set', unless: [...off, 'auto'] },
  dscp: { why: 'IKE messages carry no DSCP; of inner packets copy_dscp in [endpoint] copies it', unless: ['000000', '0'] },
  mediation: { why: 'mediation is not there', unless: off },
  port: { why: 'ports are those of the host here: port and nat_port in [endpoint]', unless: ['500', '0'] },
  tries: { why: 'mhtun tries for ever, with back-off', unless: ['0', '%forever'] },
  policies: { why: 'the selectors are always in force', unless: ['yes', 'true', '1'] },
  ppk: { why: 'post-quantum secrets (RFC 8784) are not taken over: see ppk and ppk_id', unless: off },
};

export const alwaysUdp: string = 'ESP always travels in UDP here; the other end follows';

/** One remark for each key that has a reason, or that nobody knows. @param taken keys that are looked at elsewhere */
export function remarkOthers(
  values: readonly (readonly [key: string, value: SettingValue])[], taken: readonly string[], reasons: Reasons, remarks: Remarks,
): void {
  for (const [key, value] of values) {
    if (taken.includes(key)) continue;
    const known = Object.hasOwn(reasons, key) ? reasons[key] : undefined;
    if (known === undefined) remarks.add(value, key, unknownKey(key, [...taken, ...Object.keys(reasons)]));
    else if (!(known.unless ?? []).includes(value.text.toLowerCase())) remarks.value(key, value, known.why);
  }
}

/** Not quoted with its value, which may be anything. */
function unknownKey(key: string, known: readonly string[]): string {
  const near = nearestWord(key, known);
  return `no such key is known here${near === null ? '' : `; did you mean ${near}?`}`;
}

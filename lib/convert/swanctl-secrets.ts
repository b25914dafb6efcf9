/** The section `secrets` of swanctl.conf: shared secrets, and a remark for every other kind. Quotes none of them. */
import type { Remarks } from './model.js';
import { reason } from './reasons.js';
import type { View } from './section.js';
import { ownersOf, type SharedSecret } from './secrets.js';

export function readSecrets(view: View | null, remarks: Remarks): readonly SharedSecret[] {
  return (view?.sectionsFrom('') ?? []).flatMap(([name, section]) => {
    const says = `secrets.${name}`;
    if (!name.startsWith('ike')) {
      remarks.add(section.place, says, otherKinds.find(({ begins }) => begins.test(name))?.why ?? 'no such kind of secret is known here');
      return [];
    }
    const secret = section.value('secret');
    if (secret === null) {
      remarks.add(section.place, says, 'it has no secret = …');
      return [];
    }
    const ids = section.values().filter(([key]) => key.startsWith('id')).map(([, value]) => value.text);
    for (const [key, value] of section.values()) if (key !== 'secret' && !key.startsWith('id')) remarks.add(value, `${says}.${key}`, 'no such key is known here');
    const owners = ownersOf(ids, section.place, says, remarks);
    // Text that begins with 0x or 0s means the same octets in both configurations.
    return owners === null ? [] : [{ place: section.place, says, psk: secret.text, owners }];
  });
}

const otherKinds: readonly { readonly begins: RegExp; readonly why: string }[] = [
  { begins: /^(eap|xauth|ntlm)/, why: reason.eap.why },
  { begins: /^(private|rsa|ecdsa|pkcs8|pkcs12|token)/, why: 'private keys are not taken over: name the file with key' },
  { begins: /^ppk/, why: 'post-quantum secrets (RFC 8784) are not taken over: see ppk and ppk_id' },
];

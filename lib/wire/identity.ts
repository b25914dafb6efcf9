/** Identities (RFC 7296 §3.5) as configured and as sent. */

/** ID types that a configuration can name. Others may arrive from a peer. */
export const idType = { ipv4: 1, fqdn: 2, email: 3, ipv6: 5, dn: 9, keyId: 11 } as const;

/** What an ID payload carries. `data` as on the wire: text, address octets, DER, or opaque. */
export interface Identity {
  readonly type: number;
  readonly data: Uint8Array;
}

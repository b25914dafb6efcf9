/** Lists of revoked certificates (RFC 5280 §5): whole ones, of the issuer itself. */
import { verify, schemeOf } from '../crypto/signature.js';
import type { PublicKey } from '../crypto/asymmetric-key.js';
import { bytesEqual, toHex } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { derElements, derTag } from '../wire/der.js';
import { readSigned, type Signature } from './certificate.js';
import { readTime } from './calendar.js';
import { extensionOid, readRawExtensions } from './extensions.js';
import { checkDer } from './strict-der.js';

/** About a hundred thousand entries. */
export const maxCrlBytes = 4_194_304;

/** Plain values alone: it crosses to other threads. */
export interface Crl {
  readonly tbs: Uint8Array;
  readonly issuer: Uint8Array;
  readonly signature: Signature;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  /** Null: it does not say, so it is never out of date. */
  readonly nextUpdate: number | null;
  readonly number: string | null;
  /** Serials in hex, with the time of each. */
  readonly revoked: ReadonlyMap<string, number>;
}

/** @throws DecodeError on anything but one CRL, and on one that is a part or the difference of another, or of several issuers */
export function readCrl(der: Uint8Array): Crl {
  if (der.length > maxCrlBytes) throw new DecodeError(`a CRL of ${der.length} octets`, 0);
  checkDer(der, 3);
  const { tbs, signature } = readSigned(der, 3);
  const fields = derElements(tbs.content, 3);
  if (fields[0]?.tag === derTag.integer) fields.shift();
  const [algorithm, issuer, thisUpdate, ...rest] = fields;
  if (algorithm === undefined || issuer === undefined || thisUpdate === undefined) throw new DecodeError('a CRL without all its fields', 0);
  if (!bytesEqual(algorithm.raw, signature.algorithm)) throw new DecodeError('a CRL that names two different signature algorithms', 0);
  const nextUpdate = isTime(rest[0]?.tag) ? rest.shift() : undefined;
  const list = rest[0]?.tag === derTag.sequence ? rest.shift() : undefined;
  const extensions = rest[0]?.tag === 0xa0 ? rest.shift() : undefined;
  if (rest.length > 0) throw new DecodeError('a CRL with a field that is none', 0);
  const known = readRawExtensions(extensions?.content ?? null);
  const strange = known.find(({ oid, critical }) => critical && oid !== extensionOid.crlNumber && oid !== extensionOid.authorityKeyId);
  if (strange !== undefined) throw new DecodeError(`a CRL that is not a whole one of its issuer (critical extension ${strange.oid})`, 0);
  const number = known.find(({ oid }) => oid === extensionOid.crlNumber);
  return {
    tbs: tbs.raw.slice(),
    issuer: issuer.raw.slice(),
    signature,
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? null : readTime(nextUpdate),
    number: number === undefined ? null : toHex(derElements(number.value)[0]?.content ?? new Uint8Array(0)),
    revoked: new Map(list === undefined ? [] : derElements(list.content, 3).map(({ content }) => readEntry(content))),
  };
}

/** Signed by that key. */
export function crlIsSignedBy(crl: Crl, key: PublicKey): boolean {
  const scheme = schemeOf(crl.signature.algorithm, key.kind);
  return scheme !== null && verify(key, scheme, crl.tbs, crl.signature.value);
}

function isTime(tag: number | undefined): boolean {
  return tag === derTag.utcTime || tag === derTag.generalizedTime;
}

function readEntry(content: Uint8Array): [string, number] {
  const [serial, time, extensions, ...more] = derElements(content);
  if (serial?.tag !== derTag.integer || time === undefined || more.length > 0) throw new DecodeError('an entry of a CRL that is none', 0);
  const strange = readRawExtensions(extensions?.raw ?? null).find(({ critical }) => critical);
  // RFC 5280 §5.3: an entry of another issuer is critical, and can't be followed here.
  if (strange !== undefined) throw new DecodeError(`an entry of a CRL with the critical extension ${strange.oid}`, 0);
  return [toHex(serial.content), readTime(time)];
}

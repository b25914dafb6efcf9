/** Certificates of a configuration that are over, or soon will be: what the configuration itself can't see, since it knows no calendar. */
import { formatTimeAndDistance } from '../pki/calendar.js';
import { describeCertificate, type Certificate } from '../pki/certificate.js';
import { toHex } from '../util/bytes.js';
import type { Config } from './types.js';

/** Time enough for a new one. */
const soonMs = 14 * 86_400_000;

/** One line for each. @param now milliseconds since 1970 */
export function lapsedCertificates({ peers }: Config, now: number): string[] {
  const own = peers.flatMap(({ localAuth }) => (localAuth.kind === 'pubkey' ? localAuth.credentials.flatMap(({ chain }) => chain) : []));
  const believed = peers.flatMap(({ remoteAuth }) => (remoteAuth.kind === 'pubkey' ? [...remoteAuth.trust.anchors, ...remoteAuth.trust.pinned] : []));
  const all = new Map([...own, ...believed].map((certificate) => [toHex(certificate.der), certificate]));
  return [...all.values()].flatMap((certificate) => problemOf(certificate, now) ?? []);
}

function problemOf(certificate: Certificate, now: number): string | null {
  const { notBefore, notAfter } = certificate;
  const what = `the certificate ${describeCertificate(certificate)}`;
  if (now < notBefore) return `${what} is not valid before ${formatTimeAndDistance(notBefore, now)}: is the clock right?`;
  if (now > notAfter) return `${what} expired (${formatTimeAndDistance(notAfter, now)}): peers refuse it`;
  return now > notAfter - soonMs ? `${what} expires soon (${formatTimeAndDistance(notAfter, now)})` : null;
}

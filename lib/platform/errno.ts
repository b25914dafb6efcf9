/** What the system's error numbers are called, and what a person can do about the usual ones. */
import { constants } from 'node:os';
import { PlatformError } from '../util/errors.js';

/** `EPERM`. @param error an errno, negated or not */
export function errnoName(error: number): string {
  const number = Math.abs(error);
  return preferred.get(number) ?? names.get(number) ?? `E${number}`;
}

/** The error of a system call. `doing` as in `can't open the TUN interface`. */
export function systemError(doing: string, errno: string, advice: string | null = null): PlatformError {
  return new PlatformError(`${doing}: ${meanings.get(errno) ?? 'the system refused'} (${errno})`, errno, advice ?? generalAdvice(errno));
}

function generalAdvice(errno: string): string {
  if (errno === 'EPERM' || errno === 'EACCES') return 'Start it as root, or with the capabilities CAP_NET_ADMIN and CAP_NET_BIND_SERVICE.';
  if (errno === 'ENOBUFS' || errno === 'ENOMEM') return 'Free some memory and start it again.';
  return 'See docs/hacking.md for what the system must offer.';
}

const names: ReadonlyMap<number, string> = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

// Linux numbers that Node does not name, or names twice.
const preferred: ReadonlyMap<number, string> = new Map([
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
  [56, 'EBADRQC'],
  [77, 'EBADFD'],
  [94, 'ESOCKTNOSUPPORT'],
  [96, 'EPFNOSUPPORT'],
  [112, 'EHOSTDOWN'],
]);

const meanings: ReadonlyMap<string, string> = new Map([
  ['EPERM', 'not permitted'],
  ['EACCES', 'not permitted'],
  ['ENOENT', 'not there'],
  ['ENODEV', 'no such device'],
  ['ENXIO', 'no such device'],
  ['EBUSY', 'in use'],
  ['EEXIST', 'already there'],
  ['EADDRINUSE', 'the port is taken'],
  ['EADDRNOTAVAIL', 'the address is not one of this host'],
  ['EAFNOSUPPORT', 'the kernel does not have this address family'],
  ['EPROTONOSUPPORT', 'the kernel does not have this protocol'],
  ['EOPNOTSUPP', 'the kernel does not support it'],
  ['EINVAL', 'the kernel does not accept it'],
  ['ENETUNREACH', 'no route to that network'],
  ['EHOSTUNREACH', 'no route to that host'],
  ['ENOBUFS', 'out of buffers'],
  ['ENOMEM', 'out of memory'],
  ['EMSGSIZE', 'too long'],
]);

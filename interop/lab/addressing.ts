/** The names of the two sites and the shell lines that give a device its addresses. */

export type SiteName = 'moon' | 'sun';

/** The other end. */
export function otherSite(name: SiteName): SiteName {
  return name === 'moon' ? 'sun' : 'moon';
}

/** The number that stands for the site in its addresses. */
export function siteIndex(name: SiteName): 1 | 2 {
  return name === 'moon' ? 1 : 2;
}

export function addressLines(space: string, device: string, address4: string, address6: string | null): string[] {
  return [
    `ip -n ${space} addr add ${address4} dev ${device}`,
    ...(address6 === null ? [] : [`ip -n ${space} addr add ${address6} dev ${device} nodad`]),
    `ip -n ${space} link set ${device} up`,
  ];
}

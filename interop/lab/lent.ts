/** Addresses that one end lends the other, for scenarios: the words for either program, and where the addresses are to be seen. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteName } from './addressing.js';
import { ensure, eventually, LabError } from './exec.js';
import { pingUntil } from './ping.js';
import type { Party } from './party.js';
import type { Namespace } from './lab.js';
import { controlSocket, Mhtun } from './mhtun.js';
import { labSecret, scenarioFolder, type Stage } from './stage.js';
import { fill, type Variables } from './template.js';

/** A pool as both programs are told of it. */
export interface LabPool {
  readonly name: string;
  readonly range: string;
  readonly dns: string;
}

export interface Lending {
  readonly pools: readonly LabPool[];
  /** What moon asks for. */
  readonly families: readonly (4 | 6)[];
  /** More for mhtun's `[[peer]]` on sun. */
  readonly peer?: string;
}

/** sun lends, moon asks. */
export function lendingValues(site: SiteName, { pools, families, peer }: Lending): Variables {
  if (site === 'moon') {
    const names = families.map((family) => (family === 4 ? 'ipv4' : 'ipv6'));
    const vips = families.map((family) => (family === 4 ? '0.0.0.0' : '::'));
    return { pools: '', lending: `virtual = ${JSON.stringify(names)}`, swan_lending: `vips = ${vips.join(', ')}`, swan_pools: '', local_ts: ['dynamic'] };
  }
  const tables = pools.map(({ name, range, dns }) => `[[pool]]\nname = "${name}"\nrange = "${range}"\ndns = ["${dns}"]\n`);
  const sections = pools.map(({ name, range, dns }) => `  ${name} {\n    addrs = ${range}\n    dns = ${dns}\n  }`);
  const names = pools.map(({ name }) => name);
  return {
    pools: tables.join('\n'),
    lending: `pools = ${JSON.stringify(names)}\n${peer ?? ''}`,
    swan_lending: `pools = ${names.join(', ')}`,
    swan_pools: `pools {\n${sections.join('\n')}\n}`,
    remote_ts: ['dynamic'],
  };
}

/** alice calls sun as well, through moon, which translates her address: two callers behind one. Not started yet. */
export async function secondCaller(stage: Stage, lending: Variables): Promise<Mhtun> {
  const { lab, topology: { moon, sun } } = stage;
  const rules = ['table ip second {', '  chain out { type nat hook postrouting priority srcnat;', `    ip saddr ${moon.net4} oifname { "eth0", "eth1" } masquerade`, '  }', '}'];
  await moon.host.must(['nft', '-f', '-'], { input: `${rules.join('\n')}\n` });
  const site = { ...moon, host: moon.lan };
  const template = readFileSync(join(scenarioFolder, 'config-payload', 'mhtun.toml'), 'utf8');
  const values = {
    id: 'alice', peer: 'sun', peer_id: 'sun', control: controlSocket(site), peer_addresses: sun.uplinks.map((uplink) => uplink.public4), start: 'never',
    psk: labSecret, ike: ['aes256gcm16-prfsha384-x25519'], esp: ['aes256gcm16-x25519'], dpd: '0s', data_plane: 'auto', remote_ts: [sun.net4], ...lending,
  };
  return new Mhtun(lab, site, { config: fill(template, 'toml', values), peer: 'sun', keys: false, label: 'alice' });
}

/** The addresses that moon was lent, as its Child SA and sun's agree on them. @throws LabError */
export async function lentAddresses(stage: Stage, child = 'net'): Promise<readonly string[]> {
  const ours = (await stage.child(stage.moon, child)).localTs.map(hostOf);
  const theirs = (await stage.child(stage.sun, child)).remoteTs.map(hostOf);
  ensure(ours.join() === theirs.join(), `moon has ${ours.join()}, sun knows ${theirs.join()}`);
  return ours;
}

/** The addresses are on moon, bob hears moon from them, and moon hears bob at them. */
export async function getThrough(stage: Stage, addresses: readonly string[]): Promise<void> {
  const { moon, sun } = stage.topology;
  for (const address of addresses) {
    await eventually(`${address} is on moon`, async () => ((await addressesOf(moon.host)).includes(address) ? true : null), 3000);
    const bob = address.includes(':') ? sun.machine6 : sun.machine4;
    const [out, home] = await Promise.all([pingUntil(moon.host, bob, 3, 4, 56, address), pingUntil(sun.lan, address, 3, 4)]);
    // Without a source by name it is the one that was lent: no other gets through.
    const unnamed = await pingUntil(moon.host, bob, 1, 4);
    ensure(unnamed === 1, `moon does not choose ${address} by itself`);
    ensure(out === 3 && home === 3, `${address}: ${out} of 3 pings from moon to bob answered, ${home} of 3 from bob to moon`);
  }
}

export async function addressesOf(host: Namespace): Promise<readonly string[]> {
  const text = await host.must(['ip', '-o', 'addr']);
  return [...text.matchAll(/ inet6? ([0-9a-f:.]+)\//g)].map((match) => match[1] ?? '');
}

/** Ends the IKE SA from moon. */
export async function hangUp(party: Party): Promise<void> {
  const outcome = await party.terminate();
  if (!outcome.ok) throw new LabError(`terminate failed: ${outcome.text}`);
}

function hostOf(selector: string): string {
  return selector.replace(/\/(32|128)$/, '');
}

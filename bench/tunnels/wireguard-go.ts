/** wireguard-go: WireGuard in userland, with segmentation offload since its release of 2023. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../interop/lab/exec.js';
import type { Site } from '../../interop/lab/topology.js';
import { root } from '../../scripts/project.js';
import { appears, betweenHosts, endAt, interfaceOf, routeInto } from './hosts.js';
import { obstacleOf } from './needs.js';
import type { Subject } from './tunnel.js';

export function wireguardGo(name: string): Subject {
  let program = '';
  return {
    name,
    prepare() {
      const found = installedProgram() ?? fetchedProgram();
      const obstacle = obstacleOf('wireguard') ?? (found === null ? `no wireguard-go of ${firstGoodVersion} or later, and none to be had from Debian's backports` : null);
      program = found ?? '';
      return Promise.resolve(obstacle);
    },
    open: () => betweenHosts(name, async (moon, sun, lab) => {
      const keys = { moon: await newKey(), sun: await newKey() };
      const start = async (site: Site, other: Site): Promise<number> => {
        const environment = { LOG_LEVEL: 'error', WG_PROCESS_FOREGROUND: '1' };
        const running = site.host.start([program, interfaceOf(site)], join(lab.folder, `${site.name}.log`), environment);
        await appears(site);
        const keyFile = join(lab.folder, `${site.name}.key`);
        writeFileSync(keyFile, keys[site.name].secret, { mode: 0o600 });
        const peer = ['peer', keys[other.name].open, 'allowed-ips', `${other.net4},${other.net6}`, 'endpoint', `${other.uplinks[0]?.address4 ?? ''}:51820`];
        // Its control socket comes a moment after the interface.
        for (let tries = 0; (await site.host.run(['wg', 'set', interfaceOf(site), 'listen-port', '51820', 'private-key', keyFile, ...peer])).code !== 0; tries++) {
          if (tries === 50) throw new Error('wg set does not succeed');
        }
        await routeInto(site, other);
        return running.pid;
      };
      const pids = [await start(moon, sun), await start(sun, moon)] as const;
      return [endAt(moon, pids[0], { ipv6: true }), endAt(sun, pids[1], { ipv6: true })];
    }),
  };
}

async function newKey(): Promise<{ readonly secret: string; readonly open: string }> {
  const secret = (await must(['wg', 'genkey'])).trim();
  return { secret, open: (await must(['wg', 'pubkey'], { input: secret })).trim() };
}

/** Earlier ones have no segmentation offload. */
const firstGoodVersion = '0.0.20230223';

function installedProgram(): string | null {
  const asked = spawnSync('dpkg-query', ['-W', '-f=${Version}', 'wireguard-go'], { encoding: 'utf8' });
  const good = asked.status === 0 && spawnSync('dpkg', ['--compare-versions', asked.stdout, 'ge', firstGoodVersion]).status === 0;
  return good ? 'wireguard-go' : null;
}

/**
 * The program out of Debian's backports, unpacked into our own cache: neither the machine's list of sources nor its packages
 * change for a measurement. The archive and its key are those that the machine has its own packages from.
 */
function fetchedProgram(): string | null {
  const folder = join(root, 'node_modules', '.cache', 'wireguard-go');
  const program = join(folder, 'usr', 'bin', 'wireguard-go');
  if (existsSync(program)) return program;
  const archive = archiveOfThisMachine();
  if (archive === null) return null;
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive.uri} ${archive.release}-backports main\n`);
  const settings = [['Dir::Etc::SourceList', 'sources.list'], ['Dir::State::Lists', 'lists'], ['Dir::Cache', '']] as const;
  const own = ['-qq', '-o', 'Dir::Etc::SourceParts=/dev/null', ...settings.flatMap(([name, file]) => ['-o', `${name}=${join(folder, file)}`])];
  for (const command of [['update'], ['download', 'wireguard-go']]) spawnSync('apt-get', [...own, ...command], { cwd: folder });
  const fetched = readdirSync(folder).find((name) => name.startsWith('wireguard-go_') && name.endsWith('.deb'));
  if (fetched !== undefined) spawnSync('dpkg-deb', ['-x', join(folder, fetched), folder]);
  return existsSync(program) ? program : null;
}

function archiveOfThisMachine(): { readonly uri: string; readonly release: string } | null {
  const asked = spawnSync('apt-get', ['indextargets', '--format', '$(CREATED_BY) $(ORIGIN) $(CODENAME) $(COMPONENT) $(URI)'], { encoding: 'utf8' });
  const match = /^Packages Debian (\w+) main (\S+)\/dists\//m.exec(asked.stdout);
  return match === null ? null : { release: match[1] ?? '', uri: match[2] ?? '' };
}

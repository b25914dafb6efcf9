/** The probe of bench/probe: how fast it could go. It is built against the system's OpenSSL, which has to be of Node's major version to compare. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compile } from '../../scripts/compile.js';
import { appears, betweenHosts, endAt, interfaceOf, routeInto } from './hosts.js';
import { obstacleOf } from './needs.js';
import type { Subject } from './tunnel.js';

export function probe(name: string): Subject {
  let program = '';
  return {
    name,
    prepare() {
      const obstacle = obstacleOf('probe') ?? versionObstacle();
      // As fast as the machine allows: that is what the others are measured by.
      if (obstacle === null) program = compile({ name: 'probe', sources: ['bench/probe'], includes: ['bench/probe'], flags: ['-O3', '-march=native'], libraries: ['crypto', 'pthread'] });
      return Promise.resolve(obstacle);
    },
    open: () => betweenHosts(name, async (moon, sun, lab) => {
      const start = async (site: typeof moon, other: typeof sun): Promise<number> => {
        const [own, peer] = [site, other].map((one) => one.uplinks[0]?.address4 ?? '');
        const running = site.host.start([program, interfaceOf(site), own ?? '', peer ?? ''], join(lab.folder, `${site.name}.log`));
        await appears(site);
        await routeInto(site, other);
        return running.pid;
      };
      const pids = [await start(moon, sun), await start(sun, moon)] as const;
      return [endAt(moon, pids[0], { ipv6: false }), endAt(sun, pids[1], { ipv6: false })];
    }),
  };
}

function versionObstacle(): string | null {
  const source = '#include <openssl/opensslv.h>\nOPENSSL_VERSION_STR\n';
  const done = spawnSync('g++', ['-E', '-P', '-x', 'c++', '-'], { input: source, encoding: 'utf8' });
  const built = /"(\d+)[^"]*"\s*$/.exec(done.stdout)?.[1] ?? '';
  const own = process.versions.openssl.split('.')[0] ?? '';
  return built === own ? null : `the system's OpenSSL is ${built === '' ? 'unknown' : `version ${built}`}, Node's is version ${own}`;
}

/**
 * `npm run demo`: two hosts with two uplinks each, in network namespaces of this machine; the tunnel comes up, and while traffic
 * flows an isp falls silent, a link goes down, IPv4 goes away and comes back, the tunnel is moved by hand and rekeyed.
 * `--keep` leaves the lab standing, `--down PREFIX` takes such a lab away.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { otherSite, type SiteName } from './lab/addressing.js';
import { ensure, eventually, LabError, sleep } from './lab/exec.js';
import { Lab, projectRoot, removeLab } from './lab/lab.js';
import { controlSocket, field, items, Mhtun, textField } from './lab/mhtun.js';
import { Ping } from './lab/ping.js';
import { succeeded } from './lab/stage.js';
import { longestGapMs, lostBothWays, Stream } from './lab/stream.js';
import { fill } from './lab/template.js';
import { buildTopology, type Site, type Topology, type Uplink, type UplinkNumber } from './lab/topology.js';
import { bringLinkUp, removeAddresses, restoreAddresses, takeLinkDown, uplinkOf } from './lab/uplink-events.js';
import { Screen } from './demo/screen.js';

/** What follows an event closely belongs to it. */
const observeMs = 600;

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, down: { type: 'string' } } });
process.exitCode = await main();
// With --keep the daemons go on; nothing of ours does.
if (values.keep) process.exit();

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) return asRoot();
  if (values.down !== undefined) {
    process.stdout.write(`${await removeLab(values.down)} namespaces of ${values.down} taken down\n`);
    return 0;
  }
  const screen = new Screen();
  screen.open();
  const lab = new Lab('demo');
  try {
    await play(screen, lab);
    return 0;
  } catch (error) {
    screen.failed(error instanceof LabError ? error.message : String(error instanceof Error ? error.stack : error));
    screen.say(`The logs are in ${lab.folder}`);
    return 1;
  } finally {
    if (!values.keep) await lab.close();
  }
}

/** The steps, each with its figure. */
async function play(screen: Screen, lab: Lab): Promise<void> {
  const began = Date.now();
  screen.doing('two hosts, two uplinks each, 20 ms from end to end');
  const topology = await buildTopology(lab, { uplinks: 2, nat: [], delay: { rttMs: 20 } });
  screen.done(seconds(Date.now() - began));

  screen.doing('mhtun up on moon and on sun');
  const psk = randomBytes(24).toString('base64url');
  const moon = makeEnd(lab, topology, 'moon', psk);
  const sun = makeEnd(lab, topology, 'sun', psk);
  const ping = new Ping(topology.moon.lan, topology.sun.machine4);
  await Promise.all([moon.start(), sun.start()]);
  const bothUp = Date.now();
  screen.done(`ready in ${seconds(Math.max(moon.readyMs, sun.readyMs))}`);

  screen.doing('first ping from alice answered by bob, through the tunnel');
  const firstPingMs = Math.max(0, (await ping.firstReplyAt(10_000)) - bothUp);
  screen.done(firstPingMs < 1 ? 'before both said ready' : `${firstPingMs.toFixed(0)} ms later`);
  await ping.stop();
  screen.say(`  ${await describeTunnel(moon)}`);

  await handovers(screen, lab, topology, [moon, sun]);
  await throughput(screen, topology);

  if (values.keep) {
    lab.abandon();
    tellHow(screen, lab, topology, moon);
    return;
  }
  screen.doing('mhtun down on both, hosts left as they were');
  const ended = Date.now();
  await Promise.all([moon.stop(), sun.stop()]);
  const left = await topology.moon.host.must(['ip', '-o', 'link', 'show', 'type', 'tun']);
  ensure(left === '', 'the tunnel interface is still there');
  screen.done(seconds(Date.now() - ended));
  screen.say(`Done in ${seconds(Date.now() - began)}. Look around yourself: npm run demo -- --keep`);
  screen.blank();
}

function makeEnd(lab: Lab, topology: Topology, at: SiteName, psk: string): Mhtun {
  const site = topology[at];
  const other = topology[otherSite(at)];
  const config = fill(readFileSync(join(projectRoot, 'interop', 'demo', 'mhtun.toml'), 'utf8'), 'toml', {
    id: at,
    peer: other.name,
    control: controlSocket(site),
    peer_addresses: [...other.uplinks.map((uplink) => uplink.address4), ...other.uplinks.map((uplink) => uplink.address6)],
    start: at === 'moon' ? 'now' : 'never',
    psk,
    local_ts: [site.net4],
    remote_ts: [other.net4],
  });
  return new Mhtun(lab, site, { config, peer: other.name, keys: false, logLevel: 'info' });
}

async function describeTunnel(moon: Mhtun): Promise<string> {
  const status = await moon.status();
  const sa = items(field(items(field(status, 'peers'))[0], 'ike_sas'))[0];
  const child = items(field(sa, 'child_sas'))[0];
  const networks = [field(child, 'local_ts'), field(child, 'remote_ts')].map((list) => items(list).join(', ')).join(' ⇄ ');
  return `${textField(sa, 'local')} ⇄ ${textField(sa, 'remote')}, ${textField(sa, 'suite')}; ${networks}`;
}

/** What a multihomed tunnel is for: the path goes, the traffic does not. */
async function handovers(screen: Screen, lab: Lab, topology: Topology, ends: readonly [Mhtun, Mhtun]): Promise<void> {
  const [moon, sun] = ends;
  const stream = await Stream.start(lab, topology.moon, topology.sun);
  screen.heading('1,000 packets a second each way; for how long did nothing arrive, and how many got lost?');
  for (const { text, act, undo } of eventsOf(topology, moon, sun)) {
    screen.doing(text);
    await stream.flows(30_000);
    await standReady(ends);
    const from = await stream.now();
    await act();
    await sleep(observeMs);
    const report = await stream.report(from, await stream.flows(30_000, from));
    screen.done(`${longestGapMs(report).toFixed(0)} ms`, text, `${lostBothWays(report)} lost`);
    await undo();
  }
  await stream.stop();
}

interface Happening {
  readonly text: string;
  readonly act: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
}

function eventsOf(topology: Topology, moon: Mhtun, sun: Mhtun): readonly Happening[] {
  const site = moon.site;
  const nothing = (): Promise<void> => Promise.resolve();
  // Which uplink it is on now is for mhtun to choose.
  let used = uplinkAt(site, 1);
  return [
    {
      text: 'the isp in use falls silent; nobody is told',
      act: async () => topology.silence((used = await uplinkInUse(moon)).number),
      undo: () => topology.restore(used.number),
    },
    {
      text: 'the link in use goes down at moon',
      act: async () => takeLinkDown(site, (used = await uplinkInUse(moon))),
      undo: () => bringLinkUp(site, used),
    },
    { text: 'moon loses its IPv4 addresses: on to IPv6', act: () => removeAddresses(site, 4), undo: () => restoreAddresses(site, 4) },
    { text: 'moon loses its IPv6 addresses: back to IPv4', act: () => removeAddresses(site, 6), undo: () => restoreAddresses(site, 6) },
    {
      text: 'mhtun move, to the other isp',
      act: async () => {
        const number = (await uplinkInUse(moon)).number === 1 ? 2 : 1;
        succeeded(await moon.move(uplinkAt(site, number).address4, uplinkAt(sun.site, number).address4), 'mhtun move');
      },
      undo: nothing,
    },
    {
      text: 'both Child SA and IKE SA rekeyed',
      act: async () => {
        succeeded(await moon.rekeyChild(), 'rekey of the Child SA');
        succeeded(await sun.rekeyIke(), 'rekey of the IKE SA');
      },
      undo: nothing,
    },
  ];
}

function uplinkAt({ uplinks, name }: Site, number: UplinkNumber): Uplink {
  const found = uplinks.find((uplink) => uplink.number === number);
  if (found === undefined) throw new LabError(`${name} has no uplink ${number}`);
  return found;
}

async function uplinkInUse(end: Mhtun): Promise<Uplink> {
  const sa = (await end.sas()).find(({ established }) => established);
  if (sa === undefined) throw new LabError(`${end.site.name} has no IKE SA`);
  return uplinkOf(end.site, sa.local);
}

/** Both uplinks and both families are tested at both ends, so that the next event finds them as a quiet hour would. */
async function standReady(ends: readonly Mhtun[]): Promise<void> {
  await eventually('every path is tested', async () => {
    const ready = await Promise.all(ends.map(async (end) => {
      const paths = await end.usablePaths();
      return new Set(paths.map(({ device }) => device)).size === 2 && new Set(paths.map(({ local }) => local.includes(':'))).size === 2;
    }));
    return ready.every(Boolean) ? true : null;
  }, 30_000);
}

async function throughput(screen: Screen, topology: Topology): Promise<void> {
  screen.doing('one TCP flow from alice to bob for three seconds');
  const server = topology.sun.lan.start(['iperf3', '-s', '-1'], join(topology.sun.lan.folder, 'iperf3.log'));
  await sleep(300);
  const text = await topology.moon.lan.must(['iperf3', '-J', '-t', '3', '-c', topology.sun.machine4], { timeoutMs: 20_000 });
  await server.stop();
  const report: unknown = JSON.parse(text);
  const bits = Number(field(field(field(report, 'end'), 'sum_received'), 'bits_per_second'));
  screen.done(`${(bits / 1e6).toFixed(0)} Mbit/s`);
}

function tellHow(screen: Screen, lab: Lab, topology: Topology, moon: Mhtun): void {
  screen.blank();
  screen.say('The lab stands. Try:');
  screen.say(`  node dist/bin/mhtun.js status --watch --control ${moon.control}`);
  screen.say(`  ip netns exec ${topology.moon.lan.name} ping ${topology.sun.machine4}`);
  screen.say(`  ip netns exec ${topology.moon.host.name} tcpdump -n -i eth0`);
  screen.say(`Take it down: npm run demo -- --down ${lab.prefix}`);
  screen.blank();
}

/** Namespaces want root: the demo runs itself again through sudo, which asks where it has to. */
function asRoot(): number {
  process.stdout.write('The demo makes network namespaces, for which it needs root: it asks sudo.\n');
  const again = spawnSync('sudo', ['-E', 'env', `PATH=${process.env['PATH'] ?? ''}`, process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  if (again.error === undefined) return again.status ?? 1;
  process.stderr.write('There is no sudo here; run it as root: npm run demo\n');
  return 1;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
}

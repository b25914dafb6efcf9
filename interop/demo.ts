/**
 * `npm run demo`: two hosts with two uplinks each, in network namespaces of this machine; the tunnel comes up, carries
 * traffic through a rekey of each kind, and is moved from one uplink to the other while a ping runs.
 * `--keep` leaves the lab standing, `--down PREFIX` takes such a lab away.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { otherSite, type SiteName } from './lab/addressing.js';
import { ensure, LabError, sleep } from './lab/exec.js';
import { Lab, projectRoot, removeLab } from './lab/lab.js';
import { controlSocket, field, items, Mhtun, textField } from './lab/mhtun.js';
import { Ping } from './lab/ping.js';
import { succeeded } from './lab/stage.js';
import { fill } from './lab/template.js';
import { buildTopology, type Topology } from './lab/topology.js';
import { Screen } from './demo/screen.js';

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
  screen.doing('two hosts, two uplinks each, in network namespaces');
  const topology = await buildTopology(lab, { uplinks: 2, nat: [] });
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

  await throughput(screen, topology);
  await rekeys(screen, topology, moon, sun);
  await moves(screen, topology, moon);

  if (values.keep) {
    lab.abandon();
    tellHow(screen, lab, topology, moon);
    return;
  }
  screen.doing('mhtun down on both, hosts left as they were');
  const ended = Date.now();
  await Promise.all([moon.stop(), sun.stop()]);
  const left = await topology.moon.host.must(['ip', '-o', 'link', 'show']);
  ensure(!left.includes('mh0'), 'the tunnel interface is still there');
  screen.done(seconds(Date.now() - ended));
  screen.blank();
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
    peer_addresses: other.uplinks.map((uplink) => uplink.address4),
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

async function rekeys(screen: Screen, topology: Topology, moon: Mhtun, sun: Mhtun): Promise<void> {
  for (const [text, act] of [
    ['Child SA rekeyed by moon, under 100 pings a second', () => moon.rekeyChild()],
    ['Child SA rekeyed by sun', () => sun.rekeyChild()],
    ['IKE SA rekeyed by moon', () => moon.rekeyIke()],
  ] as const) {
    screen.doing(text);
    const ping = await steadyPing(topology);
    const outcome = succeeded(await act(), text);
    await sleep(1000);
    const { sent, lost } = await ping.stop();
    screen.done(`${outcome.tookMs.toFixed(0)} ms, ${lost} of ${sent} pings lost`);
  }
}

async function moves(screen: Screen, topology: Topology, moon: Mhtun): Promise<void> {
  for (const number of [2, 1] as const) {
    const from = number === 1 ? 2 : 1;
    const local = topology.moon.uplinks[number - 1]?.address4 ?? '';
    const remote = topology.sun.uplinks[number - 1]?.address4 ?? '';
    screen.doing(`mhtun move: from isp ${from} to isp ${number}, while a ping runs`);
    const ping = await steadyPing(topology);
    succeeded(await moon.move(local, remote), 'mhtun move');
    await sleep(1000);
    const moved = await ping.stop();
    screen.done(`${moved.lost} of ${moved.sent} pings lost, longest gap ${moved.longestGapMs} ms`);
    if (number === 1) return;
    screen.doing('isp 1 falls silent: nobody is on it any more');
    await topology.silence(1);
    const quiet = await steadyPing(topology);
    await sleep(2000);
    const { sent, lost } = await quiet.stop();
    await topology.restore(1);
    ensure(lost < sent, 'nothing gets through any more');
    screen.done(`${lost} of ${sent} pings lost`);
  }
}

async function steadyPing(topology: Topology): Promise<Ping> {
  const ping = new Ping(topology.moon.lan, topology.sun.machine4);
  await ping.firstReply(5000);
  await sleep(300);
  return ping;
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

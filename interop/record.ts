/**
 * `node --import=tsx interop/record.ts [NAME…]`: records conversations of mhtun with strongSwan into vectors/strongswan-NAME.json,
 * with every key and secret as strongSwan itself logs them. Needs what `npm run interop` needs. vectors/README.md describes the files.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { classifyNatPort } from '../lib/wire/udp-encapsulation.js';
import { toHex } from '../lib/util/bytes.js';
import { readCharonKeys } from './lab/charon-keys.js';
import { eventually, sleep } from './lab/exec.js';
import { ensureImage, requireEngine, type StrongSwanVersion } from './lab/images.js';
import { Lab, projectRoot } from './lab/lab.js';
import { Mhtun } from './lab/mhtun.js';
import type { Pair } from './lab/party.js';
import { readCapture, type CapturedDatagram } from './lab/pcap.js';
import { pingOnce } from './lab/ping.js';
import { scenarioFolder, Stage, succeeded } from './lab/stage.js';
import type { Variables } from './lab/template.js';

interface Recording {
  readonly pair: Pair;
  readonly version: StrongSwanVersion;
  readonly values: Variables;
  /** Whose templates it takes, where they are not the usual ones. */
  readonly templates?: string;
  readonly charon?: Readonly<Record<string, string>>;
}

const longId = (name: string): string => `fqdn:${name}.${'long-name.'.repeat(20)}example.net`;

const recordings: Readonly<Record<string, Recording>> = {
  'gcm-x25519': {
    pair: { moon: 'mhtun', sun: 'strongswan-6.0' },
    version: 'strongswan-6.0',
    values: { ike: ['aes256gcm16-prfsha384-x25519'], esp: ['aes256gcm16-x25519'] },
  },
  // Fragments in both directions, of IKE_AUTH as of CREATE_CHILD_SA.
  'cbc-modp2048': {
    pair: { moon: 'strongswan-5.9', sun: 'mhtun' },
    version: 'strongswan-5.9',
    values: { ike: ['aes128-sha256-modp2048'], esp: ['aes128-sha256-modp2048'] },
    templates: 'fragmentation',
    charon: { fragment_size: '400' },
  },
  'chacha20-ecp256': {
    pair: { moon: 'strongswan-6.0', sun: 'mhtun' },
    version: 'strongswan-6.0',
    values: { ike: ['chacha20poly1305-prfsha256-ecp256'], esp: ['chacha20poly1305-ecp256'] },
  },
  'cbc-ecp521': {
    pair: { moon: 'mhtun', sun: 'strongswan-5.9' },
    version: 'strongswan-5.9',
    values: { ike: ['aes256-sha512-ecp521'], esp: ['aes256-sha512-ecp521'] },
  },
};

const psk = 'a secret that is known to everyone who reads this file';
/** So many packets of each ESP SA are kept. */
const packetsKept = 2;

const wanted = process.argv.slice(2);
for (const [name, recording] of Object.entries(recordings)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`${name}: ${await record(name, recording)}\n`);
}

async function record(name: string, recording: Recording): Promise<string> {
  const { pair, version } = recording;
  const engine = await requireEngine();
  const image = await ensureImage(engine, version, (text) => process.stdout.write(`${text}\n`));
  const lab = new Lab(join('record', name));
  try {
    const stage = await Stage.open(lab, {
      scenario: {
        values: (site) => ({
          ...recording.values, psk, dpd: '1s',
          ...(recording.templates === 'fragmentation' ? { id: longId(site), peer_id: longId(site === 'moon' ? 'sun' : 'moon') } : {}),
        }),
        charon: { 'filelog.lab.ike': '4', 'filelog.lab.chd': '4', ...recording.charon },
      },
      variant: { name: '', pairs: [pair] },
      pair,
      templates: join(scenarioFolder, recording.templates ?? 'usual'),
      engine,
      images: new Map([[version, image]]),
      keys: false,
    });
    await converse(stage);
    await lab.close();
    const summary = write(name, stage);
    rmSync(lab.folder, { recursive: true, force: true });
    return summary;
  } finally {
    await lab.close();
  }
}

/** Every kind of exchange, begun by either end, with packets through each Child SA. */
async function converse(stage: Stage): Promise<void> {
  const { moon, sun } = stage;
  succeeded(await moon.initiate(), 'initiate');
  await exchangePings(stage);
  for (const party of [moon, sun]) {
    succeeded(await party.rekeyChild(), `rekey of the Child SA by ${party.kind}`);
    await stage.settled(1, 1);
    await exchangePings(stage);
  }
  for (const party of [moon, sun]) {
    succeeded(await party.rekeyIke(), `rekey of the IKE SA by ${party.kind}`);
    await stage.settled(1, 1);
  }
  // Its keys come from the SK_d of a rekeyed IKE SA.
  succeeded(await moon.rekeyChild(), 'rekey of the Child SA after those of the IKE SA');
  await stage.settled(1, 1);
  // Nothing is said, until dpd asks.
  await sleep(2500);
  await moveInitiator(stage);
  // strongSwan rekeys a Child SA that its own ESP can't move.
  await stage.settled(1, 1);
  await exchangePings(stage);
  succeeded(await moon.terminate(), 'delete');
  await stage.settled(0, 0);
}

/** One that is lost on a busy machine does not spoil a recording. */
async function exchangePings({ topology: { moon, sun } }: Stage): Promise<void> {
  await Promise.all([pingOnce(moon.lan, sun.machine4), pingOnce(sun.lan, moon.machine4)]);
}

/** MOBIKE: mhtun is told to move, strongSwan has to. */
async function moveInitiator({ moon, sun }: Stage): Promise<void> {
  const [from, to] = moon.site.uplinks;
  const remote = sun.site.uplinks[1]?.address4;
  if (from === undefined || to === undefined || remote === undefined) throw new Error('a recording needs two uplinks');
  if (moon instanceof Mhtun) succeeded(await moon.move(to.address4, remote), 'move');
  else await moon.site.host.must(['ip', 'addr', 'del', `${from.address4}/24`, 'dev', from.device]);
  await eventually('the peer follows', async () => ((await sun.sas()).some((sa) => sa.remote.startsWith(`${to.address4}:`)) ? true : null), 10_000);
}

function write(name: string, stage: Stage): string {
  const keys = readCharonKeys(stage.strongSwan.log());
  const all = readCapture(join(stage.lab.folder, `${stage.mhtun.site.name}.pcap`));
  const own = new Set(stage.mhtun.site.uplinks.map((uplink) => uplink.address4));
  const seen = new Map<number, number>();
  const datagrams = all.flatMap((datagram) => {
    const content = contentOf(datagram, seen);
    const by = own.has(datagram.from.split(':')[0] ?? '') ? 'mhtun' : 'strongswan';
    return content === null ? [] : [{ by, from: datagram.from, to: datagram.to, ...content }];
  });
  const date = new Date().toISOString().slice(0, 10);
  const source = `mhtun as ${stage.moon === stage.mhtun ? 'initiator' : 'responder'} and strongSwan ${keys.version}, recorded on ${date} with interop/record.ts`;
  const { ikeSas, auths, childSas } = keys;
  const file = join(projectRoot, 'vectors', `strongswan-${name}.json`);
  writeFileSync(file, format({ source, psk, ikeSas, auths, childSas, datagrams }));
  return `${datagrams.length} datagrams, ${ikeSas.length} IKE SAs, ${childSas.length} Child SAs`;
}

/** Null: not kept. @param seen packets by SPI */
function contentOf({ to, from, payload }: CapturedDatagram, seen: Map<number, number>): { ike: string } | { esp: string } | null {
  if (to.endsWith(':500') && from.endsWith(':500')) return { ike: toHex(payload) };
  const datagram = classifyNatPort(payload);
  if (datagram.kind === 'ike') return { ike: toHex(datagram.bytes) };
  if (datagram.kind !== 'esp') return null;
  const count = (seen.get(datagram.spi) ?? 0) + 1;
  seen.set(datagram.spi, count);
  return count <= packetsKept ? { esp: toHex(payload) } : null;
}

/** JSON with one line for each element of a list. */
function format(recording: Readonly<Record<string, string | readonly unknown[]>>): string {
  const members = Object.entries(recording).map(([key, value]) => {
    const text = typeof value === 'string' ? JSON.stringify(value) : `[\n    ${value.map((element) => JSON.stringify(element)).join(',\n    ')}\n  ]`;
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
}

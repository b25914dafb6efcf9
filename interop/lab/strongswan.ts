/** strongSwan's charon in a container of the lab, with its ESP in userland (kernel-libipsec) and vici as its control. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerHost } from './engine.js';
import { eventually, LabError } from './exec.js';
import { writeFiles, type Lab } from './lab.js';
import type { ChildSa, IkeSa, Outcome, Party } from './party.js';
import type { Site } from './topology.js';
import type { StrongSwanVersion } from './images.js';
import { listOf, sectionsOf, textOf, vici, type Section } from './vici.js';

export interface StrongSwanOptions {
  readonly version: StrongSwanVersion;
  readonly image: string;
  /** Text of swanctl.conf. */
  readonly config: string;
  /** What lies beside it, by its path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Settings of strongswan.conf below `charon`, beyond the lab's own. */
  readonly charon: Readonly<Record<string, string>>;
  /** The name under which its configuration has the peer. */
  readonly peer: string;
}

export class StrongSwan implements Party {
  readonly kind: StrongSwanVersion;
  readonly site: Site;
  readonly #engine: PeerHost;
  readonly #options: StrongSwanOptions;
  readonly #folder: string;
  readonly #container: string;
  readonly #shortcut: string;
  #running = false;

  constructor(lab: Lab, engine: PeerHost, site: Site, options: StrongSwanOptions) {
    this.kind = options.version;
    this.site = site;
    this.#engine = engine;
    this.#options = options;
    this.#folder = join(lab.folder, `${site.name}-strongswan`);
    this.#container = `${site.host.name}-${options.version}`;
    this.#shortcut = join('/tmp', this.#container);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, 'strongswan.conf'), strongSwanConf(engine.kernelEsp, options.charon));
    writeFiles(this.#folder, options.files ?? {});
    writeFileSync(join(this.#folder, 'swanctl.conf'), options.config);
    symlinkSync(this.#folder, this.#shortcut);
    lab.onClose(`container ${this.#container}`, async () => {
      await this.kill();
      rmSync(this.#shortcut, { force: true });
    });
  }

  /** The name of a unix socket has little room: it is reached through a link. */
  get socket(): string {
    return join(this.#shortcut, 'charon.vici');
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#engine.start({
      name: this.#container,
      image: this.#options.image,
      namespace: this.site.host.name,
      folder: this.#folder,
      mountedAt: '/lab',
      env: { STRONGSWAN_CONF: '/lab/strongswan.conf', SWANCTL_DIR: '/lab' },
      argv: ['sh', '-c', startScript],
    });
    await eventually(`${this.kind} on ${this.site.name} takes its configuration`, () => this.#loaded(), this.#engine.kernelEsp ? 60_000 : 30_000);
  }

  async stop(): Promise<void> {
    await this.#engine.exec(this.#container, ['sh', '-c', 'kill -TERM "$(cat /lab/charon.pid)"']);
    await eventually('charon ends', () => Promise.resolve(this.log().includes('shutdown of charon complete') || this.#goneQuietly() ? true : null), 3000).catch(() => null);
    await this.kill();
  }

  async kill(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#engine.remove(this.#container);
    for (const name of ['charon.vici', 'loaded']) rmSync(join(this.#folder, name), { force: true });
  }

  initiate(child = 'net', timeoutS = 10): Promise<Outcome> {
    return this.#order('initiate', { child, ike: this.#options.peer, timeout: String(timeoutS * 1000) });
  }

  initiateIke(timeoutS = 10): Promise<Outcome> {
    return this.#order('initiate', { ike: this.#options.peer, timeout: String(timeoutS * 1000) });
  }

  /** vici's rekey returns when the rekeying was begun; here it is done when the SPI has changed. */
  async rekeyChild(child = 'net'): Promise<Outcome> {
    const before = new Set(await this.#spis(child));
    const outcome = await this.#order('rekey', { child });
    if (!outcome.ok) return outcome;
    return this.#until(outcome, 'no new Child SA', async () => (await this.#spis(child)).some((spi) => !before.has(spi)));
  }

  async rekeyIke(): Promise<Outcome> {
    const before = new Set((await this.sas()).map((sa) => sa.spiI));
    const outcome = await this.#order('rekey', { ike: this.#options.peer });
    if (!outcome.ok) return outcome;
    return this.#until(outcome, 'no new IKE SA', async () => (await this.sas()).some((sa) => sa.established && !before.has(sa.spiI)));
  }

  terminate(child?: string): Promise<Outcome> {
    return this.#order('terminate', { ...(child === undefined ? { ike: this.#options.peer } : { child }), timeout: '5000' });
  }

  async sas(): Promise<readonly IkeSa[]> {
    const { events } = await vici(this.socket, 'list-sas', {}, 'list-sa');
    // The losers of mhtun's race of address pairs stay half-open at a responder until they time out: they are nobody's SA.
    const halfOpen = (section: Section): boolean => textOf(section, 'state') === 'CONNECTING' && textOf(section, 'initiator') !== 'yes';
    return events.flatMap((event) => sectionsOf(event).map(([, section]) => section).filter((section) => !halfOpen(section)).map(toIkeSa));
  }

  log(): string {
    const file = join(this.#folder, 'charon.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async #loaded(): Promise<true | null> {
    if (!existsSync(join(this.#folder, 'loaded'))) return null;
    const said = readFileSync(join(this.#folder, 'loaded'), 'utf8');
    if (said.trim() === '') return null;
    if (!/^exit 0$/m.test(said)) throw new LabError(`${this.kind} on ${this.site.name} refuses its configuration: ${said}`);
    return Promise.resolve(true);
  }

  #goneQuietly(): boolean {
    return !existsSync(join(this.#folder, 'charon.pid'));
  }

  async #order(command: string, message: Section): Promise<Outcome> {
    const began = Date.now();
    const { reply, events } = await vici(this.socket, command, message, 'control-log', 60_000);
    const lines = [...events.map((event) => textOf(event, 'msg')), textOf(reply, 'errmsg')];
    return { ok: textOf(reply, 'success') === 'yes', text: lines.filter((line) => line !== '').join('\n'), tookMs: Date.now() - began };
  }

  async #until(outcome: Outcome, otherwise: string, done: () => Promise<boolean>): Promise<Outcome> {
    const began = Date.now();
    while (Date.now() - began < 10_000) {
      if (await done()) return { ...outcome, tookMs: outcome.tookMs + Date.now() - began };
    }
    return { ok: false, text: `${outcome.text}\n${otherwise}`, tookMs: Date.now() - began };
  }

  async #spis(child: string): Promise<string[]> {
    const children = (await this.sas()).flatMap((sa) => sa.children);
    return children.filter((sa) => sa.name === child && sa.installed).map((sa) => sa.spiIn);
  }
}

/** The configuration is loaded once charon listens; what came of it is left in a file for the lab to read. */
const startScript = [
  'rm -f /lab/charon.vici /lab/loaded; /usr/lib/ipsec/charon & echo $! > /lab/charon.pid',
  'while ! [ -S /lab/charon.vici ]; do sleep 0.02; done; chmod 666 /lab/charon.vici',
  'said=$(swanctl --load-all --file /lab/swanctl.conf --uri unix:///lab/charon.vici 2>&1); code=$?',
  'printf "%s\\nexit %s\\n" "$said" $code > /lab/loaded.new; mv /lab/loaded.new /lab/loaded; wait; rm -f /lab/charon.pid',
].join('\n');

/** The algorithms of `openssl` come first, `gmp`, `chapoly` and `curve25519` give what it lacks, `gcrypt` MD4 and DES for EAP-MSCHAPv2. */
const plugins =
  'random nonce openssl aes sha1 sha2 hmac kdf pem pkcs1 pkcs8 x509 constraints revocation pubkey gcm chapoly curve25519 gmp socket-default vici ' +
  'md5 gcrypt eap-identity eap-md5 eap-mschapv2';

function strongSwanConf(kernelEsp: boolean, charon: Readonly<Record<string, string>>): string {
  const settings: Record<string, string> = {
    // The first of the two that can do ESP does it.
    load: kernelEsp ? `${plugins} kernel-netlink` : `${plugins} kernel-libipsec kernel-netlink`,
    'plugins.vici.socket': 'unix:///lab/charon.vici',
    'filelog.lab.path': '/lab/charon.log',
    'filelog.lab.default': '1',
    'filelog.lab.ike': '2',
    'filelog.lab.time_format': '%H:%M:%S',
    'filelog.lab.time_add_ms': 'yes',
    'filelog.lab.append': 'yes',
    'filelog.lab.flush_line': 'yes',
    // A lab does not wait as long as the world: three tries within 5 s.
    retransmit_timeout: '1.0',
    retransmit_tries: '3',
    retransmit_base: '1.4',
    // How long a rekeyed SA goes on receiving; 5 s by default.
    delete_rekeyed_delay: '1',
    ...charon,
  };
  const lines = Object.entries(settings).map(([key, value]) => nested(key.split('.'), value));
  return `charon {\n${lines.join('\n')}\n}\n`;
}

/** strongswan.conf joins sections of one name. */
function nested(path: readonly string[], value: string): string {
  const [first, ...rest] = path;
  return rest.length === 0 ? `  ${first ?? ''} = ${value}` : `  ${first ?? ''} {\n${nested(rest, value)}\n  }`;
}

function toIkeSa(section: Section): IkeSa {
  return {
    established: textOf(section, 'state') === 'ESTABLISHED',
    initiator: textOf(section, 'initiator') === 'yes',
    spiI: textOf(section, 'initiator-spi'),
    spiR: textOf(section, 'responder-spi'),
    local: endpoint(textOf(section, 'local-host'), textOf(section, 'local-port')),
    remote: endpoint(textOf(section, 'remote-host'), textOf(section, 'remote-port')),
    localId: textOf(section, 'local-id'),
    remoteId: textOf(section, 'remote-id'),
    natLocal: textOf(section, 'nat-local') === 'yes',
    natRemote: textOf(section, 'nat-remote') === 'yes',
    children: sectionsOf(section, 'child-sas').map(([, child]) => toChildSa(child)),
  };
}

function toChildSa(section: Section): ChildSa {
  const parts = ['encr-alg', 'encr-keysize', 'integ-alg', 'dh-group', 'esn'].map((name) => textOf(section, name));
  return {
    name: textOf(section, 'name'),
    installed: textOf(section, 'state') === 'INSTALLED',
    spiIn: textOf(section, 'spi-in'),
    spiOut: textOf(section, 'spi-out'),
    suite: parts.filter((part) => part !== '').join('/'),
    localTs: listOf(section, 'local-ts'),
    remoteTs: listOf(section, 'remote-ts'),
    packetsIn: Number(textOf(section, 'packets-in')),
    packetsOut: Number(textOf(section, 'packets-out')),
  };
}

function endpoint(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

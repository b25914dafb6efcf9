/** See README.md. */
import { eapFiles, eapValues, labPassword, type EapCase } from '../../lab/eap.js';
import { ensure } from '../../lab/exec.js';
import { getThrough, lendingValues, lentAddresses } from '../../lab/lent.js';
import { succeeded } from '../../lab/stage.js';
import { responderOnly, type Scenario } from '../../scenario.js';

interface Device extends EapCase {
  readonly ike: readonly string[];
  readonly esp: readonly string[];
  /** It comes in. */
  readonly fits: boolean;
}

const devices: Readonly<Record<string, Device>> = {
  windows: { ike: ['aes256-sha256-modp2048'], esp: ['aes256-sha256'], fits: true },
  'windows-default': { ike: ['3des-sha1-modp1024', 'aes256-sha1-modp1024', 'aes256-sha256-modp1024', 'aes256-sha384-modp1024'], esp: ['aes256-sha256'], fits: false },
  ios: {
    id: 'telephone.lab.example.net', fits: true,
    ike: ['aes256-sha256-modp2048', 'aes256-sha256-ecp256', 'aes256-sha256-modp1536', 'aes128-sha1-modp1024'], esp: ['aes256-sha256', 'aes128-sha256'],
  },
  android: {
    id: 'carol@lab.example.net', fits: true,
    ike: ['aes256gcm16-aes128gcm16-prfsha512-prfsha384-prfsha256-curve25519-modp4096-modp3072-modp2048', 'aes256-aes128-sha512-sha384-sha256-modp4096-modp2048'],
    esp: ['aes256gcm16-aes128gcm16', 'aes256-aes128-sha512-sha384-sha256'],
  },
};

const lending = { pools: [{ name: 'clients', range: '10.77.0.0/24', dns: '10.77.0.1' }], families: [4] } as const;

export const scenario: Scenario = {
  variants: Object.keys(devices).map((name) => ({ name, pairs: responderOnly })),
  values(site, { name }) {
    const device = devices[name] ?? { ike: [], esp: [], fits: false };
    const wanted = site === 'moon' ? { ike: device.ike, esp: device.esp, remote_ts: ['0.0.0.0/0'] } : {};
    return { ...eapValues(site, device), ...lendingValues(site, lending), ...wanted };
  },
  files: eapFiles,
  async play(stage) {
    if (devices[stage.variant.name]?.fits !== true) {
      ensure(!(await stage.moon.initiate()).ok, 'the tunnel came up');
      await stage.logged(stage.sun, /Set-VpnConnectionIPsecConfiguration .*-DHGroup Group14/);
      return;
    }
    succeeded(await stage.moon.initiate(), 'initiate');
    await stage.settled(1, 1);
    const lent = await lentAddresses(stage);
    ensure(lent.length === 1 && (lent[0] ?? '').startsWith('10.77.0.'), `moon was lent ${lent.join()}`);
    await getThrough(stage, lent);
    const { remoteId } = await stage.ike(stage.sun);
    ensure(remoteId === 'carol', `sun has ${remoteId} as its peer`);
    await stage.keptSecrets([{ name: 'the password', octets: Buffer.from(labPassword) }]);
  },
};

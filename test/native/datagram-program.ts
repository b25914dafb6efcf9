/**
 * Sends and receives IKE messages on the NAT port: `datagram-program.ts DATA-PLANE`. A line `{"remote":…,"length":…,"whole":…}` on
 * stdin sends so many octets there, from the first own address of that family, or that of the link `"device"` names; one with an empty
 * remote is answered with the lengths of all that came and the errors of the sockets.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { loadConfig } from '../../lib/config/load.js';
import { systemRandom } from '../../lib/crypto/random.js';
import { openPlatform } from '../../lib/platform/platform.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

const toml = `[endpoint]\nid = "moon"\ndata_plane = "${process.argv[2] ?? 'auto'}"\nroutes = false\n[[peer]]\nname = "sun"\nid = "sun"\n`
  + 'psk = "0123456789abcdef0123456789"\n[[peer.child]]\nname = "net"\nlocal = ["192.168.1.0/24"]\nremote = ["192.168.2.0/24"]\n';
const { config } = loadConfig({ read: () => ({ ok: true, text: toml, mode: 0o600 }), glob: () => [] }, '/test.toml');
const lengths: number[] = [];
const errors: string[] = [];

const platform = openPlatform({
  config,
  random: systemRandom,
  log: (_level, message) => print({ kind: 'log', message }),
  listener: {
    admits: () => true,
    dataPlaneEvent: (event) => {
      if (event.kind === 'socket-error') {
        errors.push(event.errno);
        print({ kind: 'refused', errno: event.errno, device: event.device, remote: event.remote?.address ?? null });
      }
      if (event.kind !== 'ike') return;
      lengths.push(event.bytes.length);
      print({ kind: 'ike', length: event.bytes.length, local: event.path.local.address, remote: event.path.remote.address });
    },
    datagram: () => undefined,
    localAddresses: () => undefined,
    failed: (error) => print({ kind: 'failed', message: error.message }),
  },
});

const own = platform.localAddresses();
platform.dataPlane.apply(own.map(({ address, device }) => ({ kind: 'open-socket', local: { address, port: 4500 }, device })));
print({ kind: 'ready' });
process.on('SIGTERM', () => {
  platform.close();
  process.exit(0);
});

createInterface({ input: process.stdin }).on('line', (line) => {
  const said: unknown = JSON.parse(line);
  if (typeof said !== 'object' || said === null || !('remote' in said && 'length' in said && 'whole' in said)) return;
  if (said.remote === '') return print({ kind: 'rest', lengths, errors });
  const remote = present(parseAddress(String(said.remote)), 'an address');
  const wanted = 'device' in said ? said.device : null;
  const fits = own.filter(({ address }) => address.includes(':') === remote.includes(':'));
  const local = present(fits.find(({ device }) => wanted === null || device === wanted), 'an own address of that family');
  const path = { local: { address: local.address, port: 4500 }, remote: { address: remote, port: 4500 }, device: local.device };
  platform.dataPlane.sendIke(path, new Uint8Array(Number(said.length)).fill(7), said.whole === true);
});

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** A shell for the verbs: what goes in, what came out; and a status to show. */
import type { CliIo } from '../../lib/cli/io.js';
import { main } from '../../lib/cli/main.js';
import { plain, type Page } from '../../lib/cli/style.js';
import type { IkeSaStatus, PathStatus, StatusDocument } from '../../lib/control/messages.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A shell without a terminal; each test replaces what it is about. */
export function shell(own: Partial<CliIo> = {}): CliIo {
  const nothing = (): void => {};
  return { env: {}, columns: null, stdout: nothing, stderr: nothing, interrupted: () => new AbortController().signal, terminal: () => null, ...own };
}

/** Runs a verb within this process. */
export async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const controller = new AbortController();
  const io = shell({
    env,
    stdout(text) {
      out += text;
      if (text.includes('"event":"last"')) controller.abort();
    },
    stderr(text) {
      err += text;
    },
    interrupted: () => controller.signal,
  });
  const code = await main(argv, io);
  return { code, out, err };
}

/** A page without colours, of so many cells. */
export function page(columns: number | null = null, steady = false): Page {
  return { style: plain, columns, steady };
}

export const activePath: PathStatus = {
  id: 'p-a',
  local: '10.1.0.1',
  remote: '10.1.0.2',
  interface: 'eth0',
  state: 'active',
  rtt_ms: 20.1,
  rtt_var_ms: 0.4,
  jitter_ms: 0.1,
  loss: 0.015,
  mtu: 1500,
  last_heard_ms: 20,
  validated: true,
  recent_rtt_ms: [20.1, 20.2, null, 20.1],
  network: { id: 'n-0011223344556677', name: 'fibre', class: 'primary', cost: 0, metered: false, nat: false, signal_dbm: null },
  reason: 'the best of the primaries',
  would_change: 'its silence',
};

export const downPath: PathStatus = {
  ...activePath,
  id: 'p-b',
  local: '10.2.0.1',
  remote: '10.2.0.2',
  interface: 'wwan0',
  state: 'down',
  rtt_ms: null,
  rtt_var_ms: null,
  jitter_ms: null,
  loss: null,
  mtu: null,
  last_heard_ms: null,
  validated: false,
  recent_rtt_ms: [],
  network: { id: 'n-7766554433221100', name: 'lte', class: 'backup', cost: 10, metered: true, nat: true, signal_dbm: null },
  reason: 'no link',
  would_change: '',
};

export const sa: IkeSaStatus = {
  state: 'ESTABLISHED', attempt: '0a1b2c3d',
  initiator: true,
  spi_i: '0x0011223344556677',
  spi_r: '0x8899aabbccddeeff',
  local_id: 'moon',
  remote_id: 'sun',
  suite: 'aes128gcm16-prfsha256-x25519',
  local: '10.1.0.1:4500',
  remote: '10.1.0.2:4500',
  mobike: true,
  ppk: false,
  reauth_in_s: null,
  nat_local: false,
  nat_remote: true,
  established_s: 11.9,
  rekey_in_s: 13_800,
  child_sas: [
    {
      name: 'net',
      state: 'INSTALLED',
      spi_in: '0x01020304',
      spi_out: '0x05060708',
      suite: 'aes128gcm16',
      local_ts: ['192.168.1.0/24'],
      remote_ts: ['192.168.2.0/24', '192.168.3.0/24[tcp/80]'],
      packets_in: 10,
      bytes_in: 840,
      packets_out: 12_345,
      bytes_out: 12_345_678,
      replay_dropped: 2,
      auth_failed: 1,
      rekey_in_s: 3400,
    },
  ],
  virtual: [], assigned: [], dns: [], domains: [],
  remote_endpoint_id: 'ffeeddccbbaa99887766554433221100',
  switches: [],
  paths: [downPath, activePath],
};

export const status: StatusDocument = {
  schema: 1,
  endpoint: {
    id: 'moon',
    interface: 'mh0',
    data_plane: 'typescript',
    uptime_s: 8000,
    pid: 4711,
    rss_bytes: 61_000_000,
    endpoint_id: '00112233445566778899aabbccddeeff',
    config: '/etc/mhtun/mhtun.toml',
    tables: [{ table: 'IKE SAs', size: 2, limit: 20_000 }],
  },
  peers: [{ name: 'sun', down_reason: null, ike_sas: [sa] }, { name: 'mars', down_reason: 'no answer', ike_sas: [] }],
  pools: [],
};

/** The status with another SA of `sun`, and nobody else. */
export function statusWith(own: Partial<IkeSaStatus>): StatusDocument {
  return { ...status, peers: [{ name: 'sun', down_reason: null, ike_sas: [{ ...sa, ...own }] }] };
}

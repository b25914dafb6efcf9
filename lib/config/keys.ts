/** Every key of the configuration by the table it stands in. The manual pages are checked against this list. */

/** The kinds of table. `file`: outside any table. */
export type Section = 'file' | 'endpoint' | 'routes' | 'peer' | 'child';

export const configKeys: Readonly<Record<Section, readonly string[]>> = {
  file: ['include', 'endpoint', 'peer'],
  endpoint: [
    'id',
    'interface',
    'mtu',
    'address',
    'listen',
    'port',
    'nat_port',
    'control',
    'data_plane',
    'routes',
    'on_exit',
    'copy_dscp',
    'cookie_threshold',
    'fragment_size',
  ],
  routes: ['table', 'metric', 'mark'],
  peer: [
    'name',
    'id',
    'local_id',
    'addresses',
    'start',
    'auth',
    'psk',
    'psk_file',
    'ike',
    'esp',
    'mobike',
    'encap',
    'dpd',
    'give_up',
    'ike_rekey',
    'child_rekey',
    'child_rekey_bytes',
    'child_rekey_packets',
    'unique',
    'childless',
    'fragmentation',
    'child',
  ],
  child: ['name', 'local', 'remote', 'replay_window'],
};

/** Keys that are planned and not there yet: whoever writes one is told so, and not that it is unknown. */
export const laterKeys: Readonly<Record<Section, readonly string[]>> = {
  file: ['network', 'pool'],
  endpoint: ['cert', 'key', 'ca', 'users_file', 'policy', 'gate', 'dwell', 'hold'],
  routes: [],
  peer: [
    'policy',
    'gate',
    'dwell',
    'hold',
    'pools',
    'virtual',
    'local_auth',
    'remote_auth',
    'cert',
    'key',
    'ca',
    'peer_cert',
    'peer_key',
    'user',
    'password',
    'password_file',
    'users_file',
  ],
  child: [],
};

/** How a message says where a key belongs. */
export const sectionTitles: Readonly<Record<Section, string>> = {
  file: 'at the top of the file',
  endpoint: '[endpoint]',
  routes: 'endpoint.routes',
  peer: '[[peer]]',
  child: '[[peer.child]]',
};

/** Configurations of strongSwan and WireGuard: the main file, and behind form feeds one that it may include, and secrets. */
import { importConfig, type Imported } from '../../../lib/convert/import.js';
import { formatRemark } from '../../../lib/convert/model.js';
import { loadConfig } from '../../../lib/config/load.js';
import { ConfigError, formatProblem } from '../../../lib/util/errors.js';
import { lossyText, utf8 } from '../../../lib/util/bytes.js';
import { memoryFiles } from '../../config/sources.js';
import { ipsecConf, ipsecSecrets, swanctlConf, wireguardConf } from '../../convert/samples.js';
import { mustBeSame, mustHold, type FuzzTarget } from '../target.js';

const path = '/etc/a.conf';

export const target: FuzzTarget = {
  run(input) {
    const [text = '', included = '', secrets = ''] = lossyText(input).split('\f');
    const files = memoryFiles({ [path]: text, '/etc/conf.d/b.conf': included, '/etc/ipsec.secrets': secrets });
    const read = (): unknown => outcome(() => importConfig({ files, path, format: null, secrets: null, output: '/etc/m.toml' }));
    mustBeSame('what the same files say again', read(), read());
  },
  seeds: () => [swanctlConf, `${swanctlConf}\ninclude conf.d/*.conf\f${swanctlConf.replaceAll('branch', 'other')}`, `${ipsecConf}\f\f${ipsecSecrets}`, wireguardConf].map(utf8),
  large: (octets) => {
    // Whole patterns: a line cut short would be the one mistake that ends the reading.
    const begin = (first: string, pattern: string): Uint8Array => utf8(`${first}${pattern.repeat(Math.ceil(octets / pattern.length))}`);
    return [
      ...['a {', 'a = b\n', '"', '\\', '#', 'a : b { }\n', 'include b.conf\n'].map((pattern) => begin('connections { }\n', pattern)),
      begin('connections { }\nx { }\n', 'x : x { y = z }\n'),
      begin('connections {\n', 'c { remote { auth = psk\n id = b.b }\n local { auth = psk\n }\n children { n { remote_ts = 10.0.0.0/8 } } }\n'),
      begin('secrets { ike { secret = x } }\nconnections { ', 'c { remote { auth = psk } local { auth = psk\n } children { n { } } }\n'),
      ...['conn a\n', ' also=a\n', ' a="b"\n', 'conn a\n also=b\nconn b\n also=a\n', ' leftsubnet=10.0.0.0/8,10.0.0.0/8\n'].map((pattern) => begin('conn a\n', pattern)),
      ...['[Peer]\n', 'a=b\n', 'AllowedIPs = 10.0.0.0/8, ::/0\n', '[Peer]\nPublicKey = /Pr9xbHgknyxe3QnAByKIwzZDCUdR+O17fy0N4J/+GA=\nAllowedIPs = ::/0\n'].map((pattern) => begin('[Interface]\n', pattern)),
      ...[': PSK "a"\n', 'a.b ', '"', '\'', '\n\t'].map((pattern) => begin('conn a\n\f\f', pattern)),
    ];
  },
  words: [
    ...'connections secrets children local remote include auth psk id ike-1 secret local_ts remote_ts esp_proposals proposals version mode { } : = , # " \\'.split(' '),
    ...'conn config setup %default also= left= right= leftsubnet= authby=secret auto=start : PSK [Interface] [Peer] PublicKey AllowedIPs Endpoint dynamic %any'.split(' '),
    '\n', '\f', '\n\t',
  ].map(utf8),
};

/** What was made, which loads, or what is wrong; any other error is a fault. */
function outcome(load: () => Imported): unknown {
  try {
    const made = load();
    for (const remark of made.remarks) mustHold(!formatRemark(remark).includes('\n'), `a remark is one line: ${formatRemark(remark)}`);
    const files = memoryFiles({ '/etc/m.toml': made.text });
    const withSecrets = { ...files, read: (asked: string) => (asked === '/etc/m.toml' ? files.read(asked) : { ok: true, text: 'twenty letters at least', mode: 0o600 } as const) };
    loadConfig(withSecrets, '/etc/m.toml');
    return made;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) {
      mustHold(problem.file !== '/etc/m.toml' || problem.key === 'endpoint', `a mistake is one of the file that was read: ${formatProblem(problem)}`);
      mustHold(!formatProblem(problem).includes('\n'), `a problem is one line: ${formatProblem(problem)}`);
    }
    return error.problems;
  }
}

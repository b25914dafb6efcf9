/** A configuration: the main file, and behind a form feed another one that it may include. */
import { formatProblem, ConfigError } from '../../../lib/util/errors.js';
import { lossyText, utf8 } from '../../../lib/util/bytes.js';
import { loadConfig, type LoadedConfig } from '../../../lib/config/load.js';
import { mainPath, memoryFiles, source } from '../../config/sources.js';
import { mustBeSame, mustHold, repeated, type FuzzTarget } from '../target.js';

const includedPath = '/etc/mhtun/peers/sun.toml';

export const target: FuzzTarget = {
  run(input) {
    const [text = '', included] = lossyText(input).split('\f');
    const files = memoryFiles({ [mainPath]: text, ...(included === undefined ? {} : { [includedPath]: { text: included, mode: 0o644 } }) });
    const first = outcome(() => loadConfig(files, mainPath));
    mustBeSame('what the same files say again', outcome(() => loadConfig(files, mainPath)), first);
  },
  seeds: () => [
    source(),
    source({ endpoint: 'uplinks = ["eth0"]\ndata_plane = "typescript"', peer: 'remote = ["10.1.0.2"]\nstart = "now"\ndpd = "30s"', child: 'mode = "tunnel"' }),
    `include = ["peers/*.toml"]\n${source()}\f${source().replaceAll('sun', 'sky')}`,
    'a = 1\nb = 1.5e3\nc = true\nd = 1979-05-27T07:32:00Z\ne = [1, [2, "x"]]\nf = { g = 1, "h" = \'i\' }\n[j.k]\nl.m = """n\\u00e9\no"""\n[[p]]\n[[p.q]]\n# r\n',
  ].map(utf8),
  large: (octets) => {
    const text = (pattern: string): Uint8Array => repeated(utf8(pattern), octets);
    const peer = '[[peer]]\nname = "x"\nid = "x"\npsk = "correct horse battery staple"\n[[peer.child]]\nname = "n"\nlocal = ["10.0.0.0/8"]\nremote = ["10.0.0.0/8"]\n';
    return ['[', '{', '"', '\n', 'a=', '#', '[[a]]\n', '[a]\n', 'a.', '\'', '=', 'x = 1\n', 'é', peer].map(text).concat(utf8(source({ child: '' })), nestedTo(octets));
  },
  words: [
    ...'[endpoint] [[peer]] [[peer.child]] [[network]] include id name psk psk_file local remote local_id uplinks start dpd mtu ike esp'.split(' '),
    ...'true false "10s" "1GiB" "dynamic" "any" = " """ \'\'\' \\u0000 { } [ ] [[ ]] 0x 1979-05-27 . , # inf -1 1e999'.split(' '),
    '\n', '\f',
  ].map(utf8),
};

/** What a file says or what is wrong with it; any other error is a fault. */
function outcome(load: () => LoadedConfig): unknown {
  try {
    const { config, warnings, paths } = load();
    return { config, warnings, paths };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    mustHold(error.problems.length > 0, 'an error has a problem');
    for (const problem of error.problems) mustHold(!formatProblem(problem).includes('\n'), `a problem is one line: ${formatProblem(problem)}`);
    return error.problems;
  }
}

function nestedTo(octets: number): Uint8Array {
  const half = octets >> 1;
  return utf8(`a = ${'['.repeat(half)}${']'.repeat(half)}\n`);
}

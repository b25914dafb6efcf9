/** Post-quantum pre-shared keys in the configuration: `ppk`, `ppks_file`, `ppk_id`. */
import { expect } from 'chai';
import type { PpkPolicy } from '../../lib/ike/peer.js';
import { configDifference } from '../../lib/endpoint/config-difference.js';
import { lossyText } from '../../lib/util/bytes.js';
import { load, mainPath, source, type MemoryFiles } from './sources.js';

const ppkOf = (files: MemoryFiles): PpkPolicy | null => load(files).config.peers[0]?.ppk ?? null;

describe('loadConfig', () => {
  it('reads a PPK, its id and whether it is required', () => {
    const ppk = ppkOf({ [mainPath]: source({ peer: `ppk = "0s${'QUJD'.repeat(11)}"\nppk_id = "moon-sun"\nppk_required = true` }) });
    expect(ppk?.known.map((one) => [lossyText(one.id), lossyText(one.secret.expose())])).to.deep.equal([['moon-sun', 'ABC'.repeat(11)]]);
    expect([ppk?.own === ppk?.known[0], ppk?.required]).to.deep.equal([true, true]);
  });

  it('reads PPKs from a file, one a line, and which of them this end names', () => {
    const files = (line: string): Record<string, string> => ({
      [mainPath]: source({ peer: `ppks_file = "ppks"\n${line}` }),
      '/etc/mhtun/ppks': `# callers\n\nalice  ${'a'.repeat(40)}\r\nbob\t0x${'0b'.repeat(32)}\ncarol a secret with spaces, of 256 bit and more\n`,
    });
    const ppk = ppkOf(files(''));
    expect(ppk?.known.map((one) => [lossyText(one.id), one.secret.length])).to.deep.equal([['alice', 40], ['bob', 32], ['carol', 41]]);
    expect([ppk?.own, ppk?.required]).to.deep.equal([null, false]);
    expect(lossyText(ppkOf(files('ppk_id = "bob"'))?.own?.id ?? new Uint8Array(0))).to.equal('bob');
  });

  it('warns of a PPK that is short, and quotes nothing of it', () => {
    const warned = (files: Parameters<typeof load>[0]): string[] => load(files).warnings.map(({ line, key, message }) => `${line ?? 0} ${key}: ${message}`);
    const [one, ...others] = warned(source({ peer: 'ppk_id = "x"\nppk = "thirty-one letters are too few.."' }).replace('few..', 'few.'));
    expect(others).to.deep.equal([]);
    expect(one).to.match(/^9 peer\[0\]\.ppk: a PPK of 31 octets is short of 256 bit/).and.not.contain('thirty');
    expect(warned({ [mainPath]: source({ peer: 'ppks_file = "p"' }), '/etc/mhtun/p': 'alice secret' })[0]).to.match(/ppks_file: alice: a PPK of 6 octets/);
  });
});

describe('A new configuration', () => {
  const secret = 'of more than 256 bit, as it should be';
  const peers = (text: string, lines = 'alice ' + secret) => load({ [mainPath]: source({ peer: text }), '/etc/mhtun/p': lines }).config.peers;

  it('with another PPK makes the IKE SA anew, and with others for callers does not', () => {
    const one = (id: string) => peers(`ppk_id = "${id}"\nppk = "a secret ${secret}"`);
    expect(configDifference(one('a'), one('a')).added).to.deep.equal([]);
    expect(configDifference(one('a'), one('b')).removed).to.deep.equal(['sun']);
    const many = (lines: string, required = false) => peers(`ppks_file = "p"\nppk_required = ${required}`, lines);
    expect(configDifference(many(`alice ${secret}`), many(`bob ${secret}`)).kept).to.have.lengthOf(1);
    expect(configDifference(many(`alice ${secret}`), many(`alice ${secret}`, true)).removed).to.deep.equal(['sun']);
  });
});

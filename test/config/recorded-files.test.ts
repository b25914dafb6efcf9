import { expect } from 'chai';
import fc from 'fast-check';
import { loadConfig } from '../../lib/config/load.js';
import { parseRecordedFiles, recordFiles, replayFiles } from '../../lib/config/recorded-files.js';
import { mainPath, memoryFiles, source } from './sources.js';

describe('recorded files', () => {
  const disk = memoryFiles({
    [mainPath]: `include = ["peers/*.toml", "none/*.toml"]\n[endpoint]\nid = "moon"\n`,
    '/etc/mhtun/peers/sun.toml': source()
      .replace(/\[endpoint\]\nid = "moon"/, '')
      .replace('psk = "correct horse battery staple"', 'psk_file = "sun.psk"'),
    '/etc/mhtun/peers/sun.psk': 'correct horse battery staple',
  });

  it('give the same configuration after a journey as JSON', () => {
    const { files, recorded } = recordFiles(disk);
    const first = loadConfig(files, mainPath);
    const arrived = parseRecordedFiles(JSON.parse(JSON.stringify(recorded)));
    expect(arrived).to.deep.equal(recorded);
    if (arrived === null) return;
    expect(loadConfig(replayFiles(arrived), mainPath)).to.deep.equal(first);
    expect(Object.keys(arrived.reads)).to.have.length(3);
  });

  it('know nothing of other files', () => {
    const replayed = replayFiles({ reads: {}, globs: {} });
    expect(replayed.read('/etc/shadow')).to.deep.equal({ ok: false, error: 'it was not handed over' });
    expect(replayed.read('__proto__')).to.have.property('ok', false);
    expect(replayed.glob('/etc/*')).to.deep.equal([]);
  });

  it('are null where JSON says something else, and never throw', () => {
    const wrong = [null, 1, [], {}, { reads: {}, globs: 1 }, { reads: { a: 1 }, globs: {} }, { reads: {}, globs: { a: [1] } }];
    for (const value of [...wrong, { reads: { a: { ok: true, text: 1, mode: 1 } }, globs: {} }, { reads: { a: { ok: 1 } }, globs: {} }]) {
      expect(parseRecordedFiles(value), JSON.stringify(value)).to.equal(null);
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parseRecordedFiles(value);
        expect(parsed === null || typeof parsed.reads === 'object').to.equal(true);
      }),
    );
  });
});

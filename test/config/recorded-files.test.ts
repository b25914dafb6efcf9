import { expect } from 'chai';
import type { ConfigFiles } from '../../lib/config/files.js';
import { parseRecordedFiles, recordFiles, replayFiles } from '../../lib/config/recorded-files.js';

describe('recorded configuration files', () => {
  const disk: ConfigFiles = {
    read: (path) => (path === '/a' ? { ok: true, text: 'secret', mode: 0o600 } : { ok: false, error: 'no such file' }),
    glob: (pattern) => (pattern === '/*' ? ['/a', '/b'] : []),
  };

  it('answer as they were read, after a way as JSON too', () => {
    const { files, recorded } = recordFiles(disk);
    files.read('/a');
    files.read('/b');
    files.glob('/*');
    const parsed = parseRecordedFiles(JSON.parse(JSON.stringify(recorded)));
    expect(parsed).to.deep.equal(recorded);
    const again = replayFiles(recorded);
    expect(again.read('/a')).to.deep.equal({ ok: true, text: 'secret', mode: 0o600 });
    expect(again.read('/b')).to.deep.equal({ ok: false, error: 'no such file' });
    expect(again.glob('/*')).to.deep.equal(['/a', '/b']);
  });

  it('know nothing of what was not read', () => {
    const again = replayFiles(recordFiles(disk).recorded);
    expect(again.read('/a')).to.deep.equal({ ok: false, error: 'it was not handed over' });
    expect(again.read('constructor')).to.deep.equal({ ok: false, error: 'it was not handed over' });
    expect(again.glob('/*')).to.deep.equal([]);
  });

  it('read each file once, so that all that is said of it is of one moment', () => {
    let reads = 0;
    const { files } = recordFiles({ read: () => ({ ok: true, text: String((reads += 1)), mode: 0 }), glob: () => [] });
    expect(files.read('/a')).to.deep.equal(files.read('/a'));
    expect(reads).to.equal(1);
  });

  it('are not whatever else JSON may be', () => {
    const wrong: unknown[] = [
      null, 1, [], {}, { reads: {} }, { reads: [], globs: {} }, { reads: { '/a': 1 }, globs: {} }, { reads: { '/a': { ok: true } }, globs: {} },
      { reads: {}, globs: { '/*': 'a' } }, { reads: {}, globs: { '/*': [1] } }, { reads: { '/a': { ok: false } }, globs: {} },
    ];
    // JSON has 1e999, and permission bits of which none is set would pass for a file that nobody else may read.
    for (const mode of ['1e999', '0.5', '"384"']) {
      const value: unknown = JSON.parse(`{"reads":{"/a":{"ok":true,"text":"","mode":${mode}}},"globs":{}}`);
      expect(parseRecordedFiles(value), mode).to.equal(null);
    }
    for (const value of wrong) expect(parseRecordedFiles(value), JSON.stringify(value)).to.equal(null);
  });
});

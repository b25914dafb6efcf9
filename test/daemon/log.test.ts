/** What the log prints, seen from outside: levels, both formats, and that secrets and octets are never in it. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const script = `
  import { openLog } from './lib/daemon/log.ts';
  import { SecretKey } from './lib/crypto/key.ts';
  const log = await openLog('info', process.argv[1]);
  const secret = new TextEncoder().encode('super secret');
  log('debug', 'not this');
  log('info', 'this', { peer: 'sun', nothing: null, key: new SecretKey(secret), deep: { key: new SecretKey(secret) }, octets: secret, big: 5n });
`;

function logged(format: string): string {
  const { stderr, stdout } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script, format], { encoding: 'utf8' });
  expect(stdout).to.equal('');
  return stderr;
}

describe('the log', () => {
  for (const format of ['json', 'pretty']) {
    it(`says what it should and no secret, as ${format}`, () => {
      const text = logged(format);
      expect(text).to.contain('this').and.to.contain('sun').and.to.contain('12 octets').and.to.contain('[redacted]');
      expect(text).not.to.contain('not this');
      expect(text).not.to.match(/super secret|115,\s*117|nothing/);
    }).timeout(20_000);
  }
});

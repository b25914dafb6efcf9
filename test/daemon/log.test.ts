/** What the log prints, seen from outside: levels, both formats, and that secrets, octets and commands to the terminal are never in it. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const script = `
  import { openLog } from './lib/daemon/log.ts';
  import { SecretKey } from './lib/crypto/key.ts';
  const log = openLog('info', process.argv[1]);
  const secret = new TextEncoder().encode('super secret');
  log('debug', 'not this');
  log('info', 'this', { peer: 'sun', nothing: null, key: new SecretKey(secret), deep: { key: new SecretKey(secret), octets: secret }, octets: secret, big: 5n });
  log('error', 'two\\nlines', { evil: '\\u001b[2J a', list: ['10.0.0.0/8', 'b c'] });
`;

function logged(format: string): string[] {
  const { stderr, stdout } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script, format], { encoding: 'utf8' });
  expect(stdout).to.equal('');
  return stderr.trimEnd().split('\n');
}

describe('the log', function () {
  this.timeout(20_000);

  it('is one JSON object a line for machines', () => {
    const [first, second, ...rest] = logged('json').map((line): unknown => JSON.parse(line));
    const octets = '12 octets';
    const key = '[redacted]';
    expect(first).to.deep.include({ level: 30, msg: 'this', peer: 'sun', key, deep: { key, octets }, octets, big: '5' });
    expect(first).to.have.property('time').that.matches(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(first).not.to.have.property('nothing');
    expect(second).to.deep.include({ level: 50, msg: 'two\nlines', evil: '\u001b[2J a' });
    expect(rest).to.deep.equal([]);
  });

  it('is a line for people, with each field in one word', () => {
    const lines = logged('pretty');
    expect(lines[0]).to.match(/^\d\d:\d\d:\d\d\.\d\d\d INFO  this {2}peer=sun key="\[redacted\]" deep={"key":"\[redacted\]","octets":"12 octets"} octets="12 octets" big="5"$/);
    expect(lines[1]).to.match(/ ERROR two$/);
    expect(lines[2]).to.equal('    lines  evil="\\u001b[2J a" list=10.0.0.0/8,"b c"');
    expect(lines).to.have.length(3);
  });
});

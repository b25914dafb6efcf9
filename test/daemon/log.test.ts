/** What the log prints, seen from outside: levels, both formats, and that secrets, octets and commands to the terminal are never in it. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const script = `
  import { logBook } from './lib/daemon/log.ts';
  import { SecretKey } from './lib/crypto/key.ts';
  const { log, open } = logBook('info', process.argv[1]);
  const secret = new TextEncoder().encode('super secret');
  log('debug', 'not this');
  log('info', 'this', { peer: 'sun', nothing: null, key: new SecretKey(secret), deep: { key: new SecretKey(secret), octets: secret }, octets: secret, big: 5n });
  log('warn', 'refused', { attempt: '0a1b2c3d' });
  await open();
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
    const [first, refused, second, ...rest] = logged('json').map((line): unknown => JSON.parse(line));
    const octets = '12 octets';
    const key = '[redacted]';
    expect(first).to.deep.include({ level: 30, msg: 'this', peer: 'sun', key, deep: { key, octets }, octets, big: '5' });
    expect(first).to.have.property('time').that.matches(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(first).not.to.have.property('nothing');
    expect(refused).to.deep.include({ msg: 'refused', attempt: '0a1b2c3d' });
    expect(second).to.deep.include({ level: 50, msg: 'two\nlines', evil: '\\u{1b}[2J a' });
    expect(rest).to.deep.equal([]);
  });

  it('is lines for people, what was said before it was open first', () => {
    const text = logged('pretty').join('\n');
    expect(text).to.match(/^\[\d\d:\d\d:\d\d\.\d\d\d\] INFO: this\n[^]*peer: "sun"[^]*WARN: \[0a1b2c3d\] refused\n[^]*ERROR: two\n *lines\n/);
    expect(text).to.contain('[redacted]').and.to.contain('12 octets').and.to.contain('\\u{1b}[2J a');
    expect(text).not.to.contain('not this');
    expect(text).not.to.match(/super secret|115,\s*117|nothing|\u001b/);
  });
});

/** The store of leases on a disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LeaseFile } from '../../lib/daemon/lease-file.js';
import { address } from '../support/ike-end.js';

describe('The store of leases', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mhtun-leases-'));
  const said: string[] = [];
  const open = (at = folder): LeaseFile => new LeaseFile(at, 'mh0', (_level, message) => said.push(message));
  const leases = [{ identity: 'carol', address: address('10.77.0.2') }];

  beforeEach(() => {
    said.length = 0;
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is none at first, and holds what was written, for its owner alone', () => {
    const file = open();
    expect(file.read()).to.deep.equal([]);
    file.changed(() => leases);
    file.flush();
    expect(open().read()).to.deep.equal(leases);
    expect(statSync(file.path).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(['leases-mh0.json']);
    expect(said).to.deep.equal([]);
  });

  it('is written when it changed, and not else', () => {
    const file = open();
    file.changed(() => leases);
    file.flush();
    writeFileSync(file.path, 'untouched');
    file.flush();
    expect(readFileSync(file.path, 'utf8')).to.equal('untouched');
  });

  it('that is damaged is set aside, and said', () => {
    const file = open();
    file.changed(() => leases);
    file.flush();
    writeFileSync(file.path, readFileSync(file.path, 'utf8').slice(0, -5));
    expect(open().read()).to.deep.equal([]);
    expect(said.join()).to.match(/is damaged \(.*\): it is set aside as .*\.damaged/);
    expect(readdirSync(folder)).to.deep.equal(['leases-mh0.json.damaged']);
    expect(open().read()).to.deep.equal([]);
  });

  it('that can’t be written is said once, and nothing else happens', () => {
    const file = open('/proc/nowhere');
    for (let i = 0; i < 3; i++) {
      file.changed(() => leases);
      file.flush();
    }
    expect(said).to.have.length(1);
    expect(said[0]).to.contain('[endpoint] state');
  });
});

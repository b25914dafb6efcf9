/** The systemd unit is as tight as docs/host.md says. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../../scripts/project.js';
import { skipBecause } from '../support/skip.js';

/** In tenths, as `--threshold` has it. */
const mostExposure = 25;

describe('the systemd unit', () => {
  before(function () {
    if (spawnSync('systemd-analyze', ['--version']).error !== undefined) skipBecause(this, 'systemd-analyze is not installed here');
  });

  it(`is rated ${mostExposure / 10} or better by systemd-analyze`, () => {
    const args = ['security', '--offline=true', `--threshold=${mostExposure}`, join(root, 'systemd', 'mhtun.service')];
    const done = spawnSync('systemd-analyze', args, { encoding: 'utf8', env: { ...process.env, SYSTEMD_COLORS: '0' } });
    expect(done.status, `${done.stdout.slice(-500)}${done.stderr}`).to.equal(0);
  });
});

describe('the user of the systemd unit', () => {
  it('is not root and has the two capabilities that the program keeps when root starts it', () => {
    const text = readFileSync(join(root, 'systemd', 'mhtun.service'), 'utf8');
    for (const key of ['AmbientCapabilities', 'CapabilityBoundingSet']) expect(text).to.contain(`\n${key}=CAP_NET_ADMIN CAP_NET_BIND_SERVICE\n`);
    expect(text).to.match(/^User=mhtun$/m);
  });
});

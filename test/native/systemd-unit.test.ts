import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { skipBecause } from '../support/skip.js';

const unit = fileURLToPath(new URL('../../systemd/mhtun.service', import.meta.url));

describe('the systemd unit', function () {
  this.timeout(30_000);

  it('is exposed by 2.5 of 10 at most', function () {
    // The threshold is in tenths; past it the command fails.
    const result = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=25', unit], { encoding: 'utf8' });
    if (result.error !== undefined) skipBecause(this, 'needs systemd-analyze');
    expect(result.status, result.stdout + result.stderr).to.equal(0);
    expect(result.stdout).to.match(/Overall exposure level for mhtun\.service: [012]\.\d/);
  });

  it('gives two capabilities, the ones that the program keeps itself', () => {
    const text = readFileSync(unit, 'utf8');
    for (const key of ['AmbientCapabilities', 'CapabilityBoundingSet']) expect(text).to.contain(`\n${key}=CAP_NET_ADMIN CAP_NET_BIND_SERVICE\n`);
    expect(text).to.match(/^User=mhtun$/m);
    expect(text).to.match(/^Type=notify$/m);
  });
});

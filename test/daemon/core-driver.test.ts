/** The loop around the core, with a clock of the test's own: commands are answered, faults are caught, and nothing happens after the end. */
import { expect } from 'chai';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { executeJob } from '../../lib/pki/work.js';
import { CoreDriver, type CoreOutlet } from '../../lib/daemon/core-driver.js';
import { Endpoint } from '../../lib/endpoint/endpoint.js';
import { instant } from '../../lib/util/brands.js';
import { candidate } from '../support/candidates.js';
import { configOf } from '../support/virtual-host.js';

const text = `[endpoint]
id = "moon"
[[peer]]
name = "sun"
id = "sun"
addresses = ["10.1.0.2"]
psk = "a secret of more than twenty characters"
[[peer.child]]
name = "net"
local = ["192.168.1.0/24"]
remote = ["192.168.2.0/24"]
`;

interface Rig {
  readonly driver: CoreDriver;
  readonly faults: unknown[];
  readonly sent: number[];
  now: number;
}

function rig(more: Partial<CoreOutlet> = {}): Rig {
  const faults: unknown[] = [];
  const sent: number[] = [];
  const clock = { now: () => instant(state.now) };
  const state = { now: 1_000 };
  const options = { config: configOf(text), random: systemRandom, registry: defaultRegistry, keyLog: null, endpointId: new Uint8Array(16) };
  const endpoint = new Endpoint(clock.now(), options);
  const driver = new CoreDriver(endpoint, clock, {
    transmit: (path) => sent.push(path.remote.port),
    dataPlane: () => {},
    pathMtu: () => {},
    innerAddresses: () => {},
    leasesChanged: () => {},
    event: () => {},
    log: () => {},
    work: (job, done) => {
      if (job.kind === 'routes') done({ kind: 'routes', problems: [] });
      else if (job.kind !== 'resolve') done(executeJob(job, { registry: defaultRegistry, random: systemRandom, calendar: Date.now }));
    },
    fault: (error) => faults.push(error),
    ...more,
  });
  driver.give({ kind: 'local-addresses', addresses: [candidate('10.1.0.1', 'eth0')] });
  return Object.assign(state, { driver, faults, sent });
}

describe('the core driver', () => {
  it('gives inline results back after the drain that asked for them', () => {
    const { driver, sent, faults } = rig();
    expect(sent).to.deep.equal([500]);
    expect(faults).to.deep.equal([]);
    driver.stop();
  });

  it('answers each command, and what is open at the end', async () => {
    const { driver } = rig();
    expect(await driver.command({ kind: 'terminate', peer: 'mars', child: null })).to.deep.equal({ ok: false, error: 'no peer is called mars' });
    const open = driver.command({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 60_000 });
    driver.stop();
    expect(await open).to.deep.equal({ ok: false, error: 'shutting down' });
  });

  it('stops at a fault of ours and says so once', () => {
    const broken = rig({
      transmit: () => {
        throw new Error('nothing works');
      },
    });
    expect(broken.faults).to.have.length(1);
    broken.driver.give({ kind: 'wake' });
    expect(broken.faults).to.have.length(1);
  });

  it('does nothing any more once it is stopped', () => {
    const { driver, sent } = rig();
    driver.stop();
    const before = sent.length;
    driver.give({ kind: 'local-addresses', addresses: [] });
    driver.give({ kind: 'local-addresses', addresses: [candidate('10.3.0.1', 'eth9')] });
    expect(sent.length).to.equal(before);
  });
});

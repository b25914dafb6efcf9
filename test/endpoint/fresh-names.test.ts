import { expect } from 'chai';
import type { PathLook } from '../../lib/path/io.js';
import { Pair } from '../support/pair.js';

describe('a peer that is known by its name', () => {
  it('has the paths of the addresses that the name stands for now, not when it was called', () => {
    const pair = new Pair({
      seed: 1,
      moon: { remote: ['sun.example'] },
      sun: { remote: null, addresses: [{ address: '10.1.0.2', device: 'eth0' }, { address: '10.1.0.3', device: 'eth0' }] },
    });
    pair.names['sun.example'] = ['10.1.0.2'];
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const known = (): string[] => pair.moon.endpoint.look(pair.world.now).flatMap(({ locations }) => locations.map(({ address }) => address));
    expect(known()).to.deep.equal(['10.1.0.2']);
    pair.names['sun.example'] = ['10.1.0.9', '10.1.0.2'];
    const paths = (): PathLook[] => pair.moon.endpoint.look(pair.world.now).flatMap(({ sas }) => sas.flatMap((sa) => sa.paths));
    const remotes = (): string[] => paths().map(({ path }) => path.remote.address);
    expect(remotes()).to.not.include('10.1.0.9');
    pair.world.run(70_000);
    expect(known()).to.deep.equal(['10.1.0.2', '10.1.0.9']);
    expect(remotes()).to.include('10.1.0.9');
    // A server that fails takes nothing away.
    pair.names['sun.example'] = [];
    pair.world.run(300_000);
    expect(known()).to.deep.equal(['10.1.0.2', '10.1.0.9']);
    expect(pair.ping(), pair.story()).to.equal(true);
  });
});

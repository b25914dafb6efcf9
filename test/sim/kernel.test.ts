/** The simulated kernel: what the program puts into it holds over the program's life and death. */
import { expect } from 'chai';
import { Kernel } from '../../sim/kernel.js';
import { Pair } from '../support/pair.js';
import { configOf, ip } from '../support/virtual-host.js';

describe('a simulated kernel', () => {
  const config = configOf(new Pair({ seed: 1 }).text('moon'));
  const [inside, elsewhere] = [ip('192.168.2.10'), ip('192.0.2.1')];

  it('leads what is protected into the tunnel, nowhere when the program is dead, and out when it has ended', () => {
    const ways: string[] = [];
    const kernel: Kernel = new Kernel(() => ways.push(kernel.wayOf(inside)));
    expect([kernel.wayOf(inside), kernel.admits(inside)]).to.deep.equal(['clear', true]);
    kernel.up(config);
    expect([kernel.wayOf(inside), kernel.wayOf(elsewhere), kernel.admits(inside), kernel.admits(elsewhere)]).to.deep.equal(['tunnel', 'clear', false, true]);
    kernel.crash();
    expect([kernel.wayOf(inside), kernel.admits(inside)]).to.deep.equal(['nowhere', false]);
    kernel.up(config);
    expect(kernel.wayOf(inside)).to.equal('tunnel');
    kernel.apply(config);
    expect(new Set(ways)).to.deep.equal(new Set(['tunnel', 'nowhere']));
    kernel.down();
    expect([kernel.wayOf(inside), kernel.admits(inside)]).to.deep.equal(['clear', true]);
  });
});

import { expect } from 'chai';
import type { Way } from '../../lib/platform/host-reader.js';
import { maxWatchedWays, RouteWatch } from '../../lib/platform/route-watch.js';
import { parseAddress, type DatagramPath } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { childSaId } from '../../lib/util/brands.js';

function path(remote: string, device: string | null = 'eth0'): DatagramPath {
  return {
    local: { address: present(parseAddress('10.1.0.1'), 'an address'), port: 4500 },
    remote: { address: present(parseAddress(remote), 'an address'), port: 4500 },
    device,
  };
}

function rig(): { readonly watch: RouteWatch; readonly gone: Set<string>; readonly lost: string[]; asked: number } {
  const gone = new Set<string>();
  const lost: string[] = [];
  const watch = new RouteWatch({
    lead: (ways: readonly Way[]) => {
      out.asked += ways.length;
      return ways.map(({ remote }) => !gone.has(remote));
    },
    lost: ({ remote }) => lost.push(remote.address),
  });
  const out = { watch, gone, lost, asked: 0 };
  return out;
}

describe('the watch over routes', () => {
  it('tells once of each way that led somewhere and does not any more', () => {
    const { watch, gone, lost } = rig();
    watch.note(path('10.8.0.1'));
    watch.note(path('10.8.0.2'));
    watch.check();
    gone.add('10.8.0.2');
    watch.check();
    watch.check();
    expect(lost).to.deep.equal(['10.8.0.2']);
    gone.clear();
    watch.check();
    gone.add('10.8.0.2');
    watch.check();
    expect(lost).to.deep.equal(['10.8.0.2', '10.8.0.2']);
  });

  it('does not tell of what had no route when it began: the peer may be a neighbour', () => {
    const { watch, gone, lost } = rig();
    gone.add('10.8.0.1');
    watch.note(path('10.8.0.1'));
    watch.check();
    expect(lost).to.deep.equal([]);
  });

  it('minds the paths of ESP, and not those that the routing table chooses', () => {
    const rigged = rig();
    rigged.watch.noteAll([
      { kind: 'switch-path', children: [childSaId(1)], path: path('10.8.0.1'), reportNewSource: false },
      { kind: 'send-keepalive', path: path('10.8.0.2') },
      { kind: 'switch-path', children: [childSaId(1)], path: path('10.8.0.3', null), reportNewSource: false },
    ]);
    expect(rigged.asked).to.equal(1);
  });

  it('remembers so many, those used last, and asks nothing for what it knows, nor for more than there is room for', () => {
    const rigged = rig();
    for (let i = 0; i <= maxWatchedWays; i++) {
      rigged.watch.note(path('10.9.0.1'));
      rigged.watch.note(path(`10.8.${i >> 8}.${i & 255}`));
    }
    expect(rigged.asked).to.equal(maxWatchedWays);
    rigged.asked = 0;
    rigged.watch.check();
    expect(rigged.asked).to.equal(maxWatchedWays);
    rigged.gone.add('10.9.0.1').add('10.8.0.0');
    rigged.watch.check();
    expect(rigged.lost).to.deep.equal(['10.9.0.1']);
  });
});

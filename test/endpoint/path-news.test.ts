/** Which of a peer's addresses become ends of paths. */
import { expect } from 'chai';
import { remotesOf } from '../../lib/endpoint/path-news.js';
import type { IkeSaView } from '../../lib/ike/io.js';
import { prefixRange } from '../../lib/util/address-range.js';
import { address } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';

describe('The ends of paths that a peer has', () => {
  /** Moon's view of an SA with these networks behind sun, which tells of these addresses. */
  function view(networks: readonly (readonly [string, number])[], told: readonly string[]): IkeSaView {
    const { view: real } = IkePair.up().moon;
    const remoteTs = networks.map(([network, length]) => ({
      protocol: 0, startPort: 0, endPort: 65_535, range: prefixRange({ address: address(network), length }),
    }));
    const children = real.children.map((child) => ({ ...child, remoteTs }));
    return { ...real, peer: real.peer === null ? null : { ...real.peer, children: [] }, children, peerAddresses: told.map(address) };
  }

  const remotes = (of: IkeSaView, named: readonly string[] = []): string[] =>
    remotesOf(of, named.map((text) => ({ address: address(text), port: null }))).map((item) => `${item.address} ${item.port}`);

  it('are where it is, where the configuration says, and what it tells, each once', () => {
    expect(remotes(view([['192.168.2.0', 24]], ['10.2.0.2', '10.3.0.2']), ['10.2.0.2', '10.1.0.2'])).to.deep.equal([
      '10.2.0.2 4500', '10.1.0.2 4500', '10.3.0.2 4500',
    ]);
  });

  it('are not what lies behind it: the way there is the tunnel', () => {
    expect(remotes(view([['192.168.2.0', 24], ['fd10::', 64]], ['192.168.2.1', '10.2.0.2', 'fd10::1', 'fd02::2']))).to.deep.equal([
      '10.1.0.2 4500', '10.2.0.2 4500', 'fd02::2 4500',
    ]);
  });

  it('are what it tells where the selector is everything, or the peer itself', () => {
    expect(remotes(view([['0.0.0.0', 0], ['::', 0]], ['10.2.0.2', 'fd02::2']))).to.deep.equal(['10.1.0.2 4500', '10.2.0.2 4500', 'fd02::2 4500']);
    expect(remotes(view([['10.0.0.0', 8]], ['10.2.0.2']))).to.deep.equal(['10.1.0.2 4500', '10.2.0.2 4500']);
  });

  it('are what the configuration says, wherever that is', () => {
    expect(remotes(view([['192.168.2.0', 24]], []), ['192.168.2.1'])).to.deep.equal(['192.168.2.1 4500', '10.1.0.2 4500']);
  });
});

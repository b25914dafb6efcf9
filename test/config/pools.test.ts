/** `[[pool]]`, `pools` and `virtual`: what they read as, and what is said of mistakes in them. */
import { expect } from 'chai';
import { formatIdentity } from '../../lib/wire/identity.js';
import { load, problemsOf } from './sources.js';

function text(pool: string, peer: string, child = 'local = ["10.60.0.0/16"]\nremote = ["dynamic"]'): string {
  return `[endpoint]\nid = "moon"\n[[pool]]\nname = "clients"\n${pool}\n[[peer]]\nname = "road"\nid = "road"\npsk = "correct horse battery staple"\n${peer}\n[[peer.child]]\nname = "net"\n${child}\n`;
}

const pooled = 'pools = ["clients"]';

describe('pools in a configuration', () => {
  it('are read with everything that they say', () => {
    const pool = 'range = "10.77.0.0/16"\ndns = ["10.77.0.1", "fd77::1"]\ndomains = ["corp.example.net."]\n'
      + 'static = { "carol@example.net" = "10.77.0.5" }';
    const { pools, peers } = load(text(pool, pooled)).config;
    const shown = pools.map(({ assigned, ...rest }) => ({ ...rest, assigned: assigned.map(({ identity, address }) => [formatIdentity(identity), address]) }));
    expect(shown).to.deep.equal([
      { name: 'clients', range: { start: '10.77.0.0', end: '10.77.255.255' }, dns: ['10.77.0.1', 'fd77::1'], domains: ['corp.example.net'], assigned: [['carol@example.net', '10.77.0.5']] },
    ]);
    expect(peers.map((peer) => peer.pools)).to.deep.equal([['clients']]);
  });

  it('ask for the families of what is to be reached, unless they are named', () => {
    const asked = (virtual: string, remote: string): readonly number[] =>
      load(text('range = "10.77.0.0/16"', `addresses = ["10.1.0.2"]\nvirtual = ${virtual}`, `local = ["dynamic"]\nremote = [${remote}]`)).config.peers[0]?.virtual ?? [];
    expect(asked('true', '"10.0.0.0/8"')).to.deep.equal([4]);
    expect(asked('true', '"fd00::/8"')).to.deep.equal([6]);
    expect(asked('true', '"0.0.0.0/0", "::/0"')).to.deep.equal([4, 6]);
    expect(asked('true', '"dynamic"')).to.deep.equal([4, 6]);
    expect(asked('["ipv6", "ipv4"]', '"10.0.0.0/8"')).to.deep.equal([6, 4]);
    expect(asked('false', '"10.0.0.0/8"')).to.deep.equal([]);
  });

  const mistakes: readonly (readonly [pool: string, peer: string, child: string | undefined, key: string, words: string])[] = [
    ['range = "10.77.0.0/33"', pooled, undefined, 'pool[0].range', 'is not an address'],
    ['range = "10.77.0.9-10.77.0.1"', pooled, undefined, 'pool[0].range', 'runs backwards'],
    ['range = "10.77.0.0/24[tcp/80]"', pooled, undefined, 'pool[0].range', 'addresses alone'],
    ['range = "224.0.0.0/8"', pooled, undefined, 'pool[0].range', 'no host can have such addresses'],
    ['range = "0.0.0.0/0"', pooled, undefined, 'pool[0].range', 'no host can have such addresses'],
    ['range = "127.0.0.0/8"', pooled, undefined, 'pool[0].range', 'no host can have such addresses'],
    ['range = "10.77.0.0/24"\ndns = ["ff02::1"]', pooled, undefined, 'pool[0].dns[0]', 'no resolver'],
    ['range = "10.77.0.0/24"\ndns = ["10.77.0.1"]\ndomains = ["a b"]', pooled, undefined, 'pool[0].domains[0]', 'a domain in ASCII'],
    ['range = "10.77.0.0/24"\ndomains = ["example.net"]', pooled, undefined, 'pool[0].domains', 'name them in dns'],
    ['range = "10.77.0.0/24"\nstatic = { carol = "10.78.0.5" }', pooled, undefined, 'pool[0].static', 'is not in the range 10.77.0.0/24'],
    ['range = "10.77.0.0/24"\nstatic = { carol = "10.77.0.0" }', pooled, undefined, 'pool[0].static', 'an end of the network'],
    ['range = "10.77.0.0/24"\nstatic = { carol = "10.77.0.5", dave = "10.77.0.5" }', pooled, undefined, 'pool[0].static', 'assigned twice'],
    ['range = "10.77.0.0/24"\nstatic = { "*" = "10.77.0.5" }', pooled, undefined, 'pool[0].static', '"*" is no identity'],
    ['range = "10.77.0.0/24"\nstatic = { carol = 5 }', pooled, undefined, 'pool[0].static', 'expected the address of "carol"'],
    ['range = "10.77.0.0/24"\nstatic = 5', pooled, undefined, 'pool[0].static', 'identities with their addresses'],
    ['range = "10.77.0.0/24"\n[[pool]]\nname = "more"\nrange = "10.77.0.128/25"', pooled, undefined, 'pool[1].range', 'the pool "clients" has addresses of it, too'],
    ['range = "10.77.0.0/24"\n[[pool]]\nname = "clients"\nrange = "10.78.0.0/24"', pooled, undefined, 'pool[1].name', 'another pool is called "clients"'],
    ['range = "10.77.0.0/24"', 'pools = ["client"]', undefined, 'peer[0].pools', 'did you mean "clients"?'],
    ['range = "10.77.0.0/24"', pooled, 'local = ["10.60.0.0/16"]\nremote = ["10.77.0.0/24"]', 'peer[0].pools', 'write remote = ["dynamic"]'],
    ['range = "10.77.0.0/24"', `${pooled}\naddresses = ["10.1.0.2"]`, undefined, 'peer[0].pools', 'this end calls itself'],
    ['range = "10.77.0.0/24"', 'virtual = true\naddresses = ["10.1.0.2"]', 'local = ["10.60.0.0/16"]\nremote = ["10.77.0.0/24"]', 'peer[0].virtual', 'write local = ["dynamic"]'],
    ['range = "10.77.0.0/24"', 'virtual = true', 'local = ["dynamic"]\nremote = ["10.77.0.0/24"]', 'peer[0].virtual', 'without addresses this one only waits'],
    ['range = "10.77.0.0/24"', 'virtual = "yes"', undefined, 'peer[0].virtual', 'expected true, false, or families'],
    ['range = "10.77.0.0/24"', 'virtual = ["ip"]', undefined, 'peer[0].virtual[0]', 'ipv4'],
  ];
  for (const [pool, peer, child, key, words] of mistakes) {
    it(`are refused with the reason: ${[pool, peer, child].filter((part) => part !== undefined).join('; ').replaceAll('\n', '; ')}`, () => {
      const problems = problemsOf(text(pool, peer, child));
      expect(problems.map((problem) => problem.key)).to.include(key);
      expect(problems.find((problem) => problem.key === key)?.message).to.include(words);
    });
  }
});

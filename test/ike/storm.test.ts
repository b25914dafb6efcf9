/** Every command from both ends at random moments, over a network that loses, repeats and reorders: in the end both agree, and everybody is answered once. */
import { expect } from 'chai';
import type { IkeCommand } from '../../lib/ike/io.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { after } from '../../lib/util/brands.js';
import { IkePair } from '../support/ike-pair.js';
import { outbound, testOf } from '../support/path-news.js';
import { path, type Flight, type IkeEnd } from '../support/ike-end.js';
import { SeededRandom } from '../support/world.js';

/** More by `STORM_SEEDS=1000 STORM_FROM=1`. */
const seeds = Number(process.env['STORM_SEEDS'] ?? 25);
const firstSeed = Number(process.env['STORM_FROM'] ?? 1);

describe('A storm of commands', () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    it(`ends with one IKE SA that both know, and every command answered once (seed ${seed})`, () => {
      run(seed);
    });
  }
});

function run(seed: number): void {
  const random = new SeededRandom(seed);
  const pair = IkePair.up({ seed, sun: { ownAddresses: ['10.1.0.2', '10.2.0.2'] }, moon: { ownAddresses: ['10.1.0.1', '10.2.0.1'] } });
  const loss = [0, 0.1, 0.3][seed % 3] ?? 0;
  const asked: { readonly end: IkeEnd; readonly id: number; readonly command: IkeCommand }[] = [];
  const flying: Flight[] = [];
  const slow = seed % 2 === 0;
  for (let step = 0; step < 150; step++) {
    if (random.fraction() < 0.15) {
      const end = random.fraction() < 0.5 ? pair.moon : pair.sun;
      const sa = end.established.at(-1);
      if (sa !== undefined) {
        const command = wish(random, end, pair);
        asked.push({ end, id: end.command(command, sa), command });
      }
    }
    for (const end of [pair.moon, pair.sun]) {
      end.holdsWork = slow && random.fraction() < 0.5;
      if (!end.holdsWork || random.fraction() < 0.5) end.doWork(true);
      for (const flight of end.outbox.splice(0)) {
        if (random.fraction() < loss) continue;
        flying.push(flight);
        if (random.fraction() < loss) flying.push(flight);
      }
    }
    const [flight] = flying.splice(random.below(flying.length), 1);
    if (flight !== undefined && random.fraction() < 0.8) pair.deliver(flight);
    else if (flight !== undefined) flying.push(flight);
    pair.clock.now = after(pair.clock.now, random.below(200));
    pair.moon.wake();
    pair.sun.wake();
  }
  for (const end of [pair.moon, pair.sun]) {
    end.holdsWork = false;
    end.doWork();
  }
  for (const flight of flying) pair.deliver(flight);
  pair.settle();
  pair.advance(400_000);
  for (const { end, id, command } of asked) {
    expect(end.answer(id), `${end.name}: ${command.kind} (${id})\n${story(pair)}`).to.not.equal(null);
  }
  if (pair.moon.sas.length === 0) throw new Error(`the IKE SA is gone:\n${story(pair)}`);
  pair.expectOne(pair.moon.children.length);
  expect([pair.moon.view.path.local.address, pair.moon.view.path.remote.address], story(pair))
    .to.deep.equal([pair.sun.view.path.remote.address, pair.sun.view.path.local.address]);
  pair.ask(pair.sun, { kind: 'return-traffic' });
  for (const end of [pair.moon, pair.sun]) {
    expect(end.view.trafficPath, `${end.name}\n${story(pair)}`).to.deep.equal(end.view.path);
    expect(outbound(end), story(pair)).to.deep.equal(end.children.map(() => end.view.path.remote.address));
    const tests = asked.flatMap((wish) => (wish.end === end && wish.command.kind === 'test-paths' ? [wish.command] : []));
    for (const { test, paths } of tests) {
      expect(end.paths.filter((news) => news.kind === 'path-tested' && news.test === test), `${end.name}: test ${test}`).to.have.lengthOf(paths.length);
    }
  }
  pair.expectNothingLeft();
  for (const end of [pair.moon, pair.sun]) expect(end.count('ike-down'), story(pair)).to.equal(0);
}

function wish(random: SeededRandom, end: IkeEnd, pair: IkePair): IkeCommand {
  const from = end === pair.moon ? ['10.1.0.1', '10.2.0.1'] : ['10.1.0.2', '10.2.0.2'];
  const to = end === pair.moon ? '10.1.0.2' : '10.1.0.1';
  const wishes: IkeCommand[] = [
    { kind: 'rekey-child', name: null }, { kind: 'rekey-child', name: 'net' }, { kind: 'rekey-ike' }, { kind: 'rekey-ike' },
    { kind: 'create-child', name: 'net' }, { kind: 'delete-child', name: 'net' }, { kind: 'check-liveness' }, { kind: 'announce-addresses' },
    { kind: 'move', path: path(`${from[random.below(2)] ?? ''}:4500`, `${to}:4500`), cause: 'test', early: random.fraction() < 0.5 },
    { kind: 'return-traffic' }, testOf([pairOf(from, random)], { alone: true, timeoutMs: 1 + random.below(500) }),
    testOf([pairOf(from, random), pairOf(from, random)], { timeoutMs: 1 + random.below(500) }),
    testOf([pairOf(from, random)], { alone: true, timeoutMs: 1 + random.below(500), padToBytes: 1_000 + random.below(2_000) }),
  ];
  return wishes[random.below(wishes.length)] ?? { kind: 'check-liveness' };
}

/** Any of the four pairs. */
function pairOf(from: readonly string[], random: SeededRandom): DatagramPath {
  const other = from[0] === '10.1.0.1' ? ['10.1.0.2', '10.2.0.2'] : ['10.1.0.1', '10.2.0.1'];
  return path(`${from[random.below(2)] ?? ''}:4500`, `${other[random.below(2)] ?? ''}:4500`);
}

function story(pair: IkePair): string {
  return [...pair.moon.logs, ...pair.sun.logs].sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b)).slice(-150).join('\n');
}

/** Two ends that do not fit together, each in one thing that people get wrong: at least one of them names it, in words that say what to change. */
import { expect } from 'chai';
import { lapsedCertificates } from '../../lib/config/certificate-times.js';
import { loadConfig } from '../../lib/config/load.js';
import { overlappingNetworks } from '../../lib/config/overlaps.js';
import type { Config } from '../../lib/config/types.js';
import { misfitInWords, type MisfitPart } from '../../lib/ike/attempt.js';
import { ConfigError, formatProblem } from '../../lib/util/errors.js';
import { misconfigurations, type Misconfiguration, type Witness } from './misconfigurations.js';
import { testCalendarMs } from '../support/ike-end.js';
import { Pair, pairText } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

const sides = ['moon', 'sun'] as const;
type Side = (typeof sides)[number];

/** What each end says, and which parts it says do not fit. */
interface Testimony {
  readonly words: Record<Witness, string>;
  readonly parts: ReadonlySet<MisfitPart>;
}

/** What `mhtun check` says of one end; `config` null: it is refused. */
function check(item: Misconfiguration, side: Side): { readonly words: string; readonly config: Config | null } {
  const text = pairText(side, item[side] ?? {});
  const files = { read: (path: string) => ({ ok: true, text: item.files?.[path] ?? text, mode: 0o600 }) as const, glob: () => [] };
  try {
    const { config, warnings } = loadConfig(files, '/etc/mhtun/mhtun.toml');
    return { words: [...warnings.map(formatProblem), ...lapsedCertificates(config, testCalendarMs)].join('\n'), config };
  } catch (error) {
    if (error instanceof ConfigError) return { words: error.message, config: null };
    throw error;
  }
}

function play(item: Misconfiguration): Testimony {
  const checks = { moon: check(item, 'moon'), sun: check(item, 'sun') };
  const words: Record<Witness, string> = { moon: '', sun: '', 'check moon': checks.moon.words, 'check sun': checks.sun.words };
  if (sides.some((side) => checks[side].config === null)) return { words, parts: new Set() };
  const { moon, sun, files } = item;
  const pair = new Pair({ seed: 1, ...(moon === undefined ? {} : { moon }), ...(sun === undefined ? {} : { sun }), ...(files === undefined ? {} : { files }) });
  item.stage?.(pair);
  pair.world.run(15_000);
  item.act?.(pair);
  pair.world.run(20_000);
  for (const side of sides) words[side] = said(pair[side], checks[side].config);
  const parts = sides.flatMap((side) => pair[side].endpoint.attempts.flatMap(({ misfits }) => misfits.map(({ part }) => part)));
  return { words, parts: new Set(parts) };
}

/** What a person sees of it: the log from `info` on, what events carry, why a peer is down, networks on both sides, and what `mhtun explain` has to say. */
function said(host: VirtualHost, config: Config | null): string {
  const logged = host.logs.filter((line) => / (info|warn|error): /.test(line));
  const told = host.events.filter(({ event, fields }) => 'reason' in fields || event.endsWith('-failed')).map((event) => JSON.stringify(event.fields['reason']).replaceAll('\\"', '"'));
  const down = host.endpoint.look(host.clock.now()).map(({ downReason }) => downReason ?? '');
  const overlaps = config === null ? [] : overlappingNetworks(config.peers, host.endpoint.ownAddresses().map(({ network }) => network));
  const explained = host.endpoint.attempts.flatMap(({ misfits }) => misfits.map(misfitInWords));
  return [...new Set([...logged, ...told, ...down, ...overlaps, ...explained])].join('\n');
}

function draw({ words }: Testimony): string {
  return Object.entries(words).map(([who, text]) => `--- ${who}:\n${text === '' ? '(nothing)' : text}`).join('\n');
}

describe('A misconfiguration', () => {
  it('is one of at least thirty', () => {
    expect(misconfigurations.length).to.be.at.least(30);
    expect(new Set(misconfigurations.map(({ what }) => what)).size).to.equal(misconfigurations.length);
  });

  it('is none where everything fits: nobody says anything does not', () => {
    const { words, parts } = play({ what: 'nothing', sun: { remote: null }, part: null, named: {} });
    expect([...parts], `${words.moon}\n${words.sun}`).to.deep.equal([]);
  });

  for (const item of misconfigurations) {
    it(`is named, with what to change: ${item.what}`, () => {
      const testimony = play(item);
      for (const who of ['moon', 'sun', 'check moon', 'check sun'] as const) {
        const expected = item.named[who];
        // Not by `expect`: what follows its words is cut from the report.
        if (expected?.test(testimony.words[who]) === false) throw new Error(`${who} should say ${String(expected)}\n${draw(testimony)}`);
      }
      const wrong = [...testimony.parts].filter((part) => part !== item.part && part !== 'refusal');
      expect(wrong, `parts that fit, and are said not to\n${draw(testimony)}`).to.deep.equal([]);
    });
  }
});

/** See README.md. */
import type { SiteName } from '../../lab/addressing.js';
import { ensure } from '../../lab/exec.js';
import { field, items, Mhtun } from '../../lab/mhtun.js';
import { succeeded } from '../../lab/stage.js';
import type { Variables } from '../../lab/template.js';
import { bothRoles, everyPair, type Scenario, type Variant } from '../../scenario.js';

interface Ppk {
  readonly id: string;
  readonly secret: string;
}

const right: Ppk = { id: 'moon-sun', secret: 'a post-quantum secret of the lab, 0123456789' };
const renamed: Ppk = { ...right, id: 'something-else' };
const other: Ppk = { ...right, secret: 'another post-quantum secret, 0123456789abcd' };

interface Case extends Readonly<Record<SiteName, readonly Ppk[]>> {
  readonly required: readonly SiteName[];
  /** Null: no tunnel. */
  readonly used: boolean | null;
}

/** What each end has; the first is the one it names. */
const cases: Readonly<Record<string, Case>> = {
  required: { moon: [right], sun: [right, renamed], required: ['moon', 'sun'], used: true },
  optional: { moon: [renamed], sun: [right], required: [], used: false },
  unknown: { moon: [renamed], sun: [right], required: ['sun'], used: null },
  other: { moon: [other], sun: [right], required: [], used: null },
  'moon-alone': { moon: [right], sun: [], required: ['moon'], used: null },
  'sun-alone': { moon: [], sun: [right], required: ['sun'], used: null },
};

function caseOf({ name }: Variant): Case {
  const found = cases[name];
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found;
}

function values(at: SiteName, variant: Variant): Variables {
  const { [at]: known, required } = caseOf(variant);
  const [first, second] = known;
  const insists = required.includes(at);
  if (first === undefined) return { connection: '', secrets: '', ppk: '' };
  const own = second === undefined ? `ppk = "${first.secret}"` : 'ppks_file = "ppks"';
  // As responder strongSwan takes what it has a secret for; with a ppk_id it would refuse any other.
  const named = variant.name === 'optional' && at === 'sun' ? '' : `    ppk_id = "${first.id}"\n`;
  return {
    connection: `${named}    ppk_required = ${insists ? 'yes' : 'no'}`,
    secrets: known.map(({ id, secret }, i) => `  ppk-${i} {\n    id = "${id}"\n    secret = "${secret}"\n  }`).join('\n'),
    ppk: `${own}\nppk_id = "${first.id}"\nppk_required = ${insists ? 'true' : 'false'}`,
  };
}

export const scenario: Scenario = {
  variants: Object.keys(cases).map((name) => ({ name, pairs: name === 'required' ? everyPair : bothRoles })),
  values,
  files: (site, variant) => ({ ppks: caseOf(variant)[site].map(({ id, secret }) => `${id} ${secret}\n`).join('') }),
  async play(stage) {
    const { used } = caseOf(stage.variant);
    if (used === null) {
      ensure(!(await stage.moon.initiate('net')).ok, 'the tunnel came up');
      for (const party of stage.parties) ensure((await party.sas()).every(({ established }) => !established), `${party.site.name} has an IKE SA`);
      return;
    }
    await stage.connect();
    await stage.settled(1, 1);
    for (const party of stage.parties) {
      if (!(party instanceof Mhtun)) continue;
      const [sa] = items(field(await party.status(), 'peers')).flatMap((peer) => items(field(peer, 'ike_sas')));
      ensure(field(sa, 'ppk') === used, `${party.site.name} says of the PPK: ${String(field(sa, 'ppk'))}`);
    }
    if (!used) return;
    succeeded(await stage.moon.rekeyChild('net'), 'rekey of the Child SA');
    await stage.reaches();
    succeeded(await stage.sun.rekeyIke(), 'rekey of the IKE SA');
    succeeded(await stage.sun.rekeyChild('net'), 'rekey of the Child SA');
    await stage.reaches();
    await stage.settled(1, 1);
    await stage.keptSecrets([right, renamed].map(({ id, secret }) => ({ name: `PPK ${id}`, octets: Buffer.from(secret) })));
  },
};

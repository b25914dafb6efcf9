/** See README.md. */
import { eapFiles, eapValues, labPassword, type EapCase } from '../../lab/eap.js';
import { ensure } from '../../lab/exec.js';
import { failedSaying, succeeded, type Stage } from '../../lab/stage.js';
import { bothRoles, everyPair, type Scenario } from '../../scenario.js';

const wrongPassword = 'not the one that the gateway has';

const cases: Readonly<Record<string, EapCase>> = {
  right: {},
  named: { id: 'carol@lab.example.net' },
  wrong: { password: wrongPassword },
  unknown: { user: 'mallory' },
};

export const scenario: Scenario = {
  variants: Object.keys(cases).map((name) => ({ name, pairs: name === 'right' ? everyPair : bothRoles })),
  values: (site, { name }) => eapValues(site, cases[name] ?? {}),
  files: eapFiles,
  async play(stage) {
    if (cases[stage.variant.name]?.password !== undefined || cases[stage.variant.name]?.user !== undefined) await isRefused(stage);
    else await isLetIn(stage);
    await stage.keptSecrets([labPassword, wrongPassword].map((text) => ({ name: 'a password', octets: Buffer.from(text) })));
  },
};

async function isLetIn(stage: Stage): Promise<void> {
  await stage.connect();
  await stage.settled(1, 1);
  const { remoteId } = await stage.ike(stage.sun);
  ensure(stage.sun.kind !== 'mhtun' || remoteId === 'carol', `sun has ${remoteId} as its peer`);
  ensure((await stage.ike(stage.moon)).remoteId === 'sun', 'moon does not know whom it called');
  succeeded(await stage.moon.rekeyIke(), 'rekey of the IKE SA');
  succeeded(await stage.sun.rekeyChild('net'), 'rekey of the Child SA');
  await stage.reaches();
  await stage.settled(1, 1);
}

async function isRefused(stage: Stage): Promise<void> {
  const user = cases[stage.variant.name]?.user ?? 'carol';
  const outcome = await stage.moon.initiate();
  if (stage.moon.kind === 'mhtun') failedSaying(outcome, new RegExp(`the gateway refuses user ${user}’s password`), 'initiate');
  else await stage.logged(stage.moon, /EAP-MS-CHAPv2 failed with error ERROR_AUTHENTICATION_FAILURE/);
  if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, user === 'carol' ? /user carol: wrong password/ : /user mallory: there is no such user/);
  await stage.settled(0, 0);
}

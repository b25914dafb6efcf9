/** `mhtun reload`: have the daemon read its configuration again. */
import { ask, doneView, print, type Register } from './context.js';

export const registerReload: Register = (parser, io, done) =>
  parser.command(
    'reload',
    'read the configuration again and apply the difference',
    (y) => y.example('mhtun reload', 'SAs that the difference does not touch stay; a wrong configuration changes nothing'),
    async (args) => {
      const result = await ask(io, args, { verb: 'reload' }, { timeoutMs: reloadTimeoutMs });
      done(print(io, args, result, () => doneView(result, 'the configuration was read again')));
    },
  );

/** Milliseconds: peers that are no longer configured get their deletes. */
const reloadTimeoutMs = 15_000;

/** `mhtun reload`: have the daemon read its configuration again. */
import { loadConfig } from '../config/load.js';
import { recordFiles, type RecordedFiles } from '../config/recorded-files.js';
import { configDisk } from '../control/config-disk.js';
import type { ControlRequest } from '../control/messages.js';
import { ask, doneView, print } from './context.js';
import type { Verb } from './verb.js';

export const reload: Verb = {
  summary: 'read the configuration again and apply the difference',
  operands: [],
  options: [],
  examples: [['mhtun reload', 'SAs that the difference does not touch stay; a wrong configuration changes nothing']],
  more: '',
  async run(io, args) {
    const files = readFor(await ask(io, args, { verb: 'status' }));
    const request: ControlRequest = files === null ? { verb: 'reload' } : { verb: 'reload', files };
    const result = await ask(io, args, request, { timeoutMs: reloadTimeoutMs });
    return print(io, args, result, () => doneView(result, 'the configuration was read again'));
  },
};

/**
 * A daemon that gave up being root can't read root's files: whoever may read them, as root does, brings them along. Null:
 * the daemon shall read them itself. @throws ConfigError, as the daemon would answer
 */
function readFor(status: unknown): RecordedFiles | null {
  const path = configPath(status);
  if (path === null || !configDisk.read(path).ok) return null;
  const { files, recorded } = recordFiles(configDisk);
  loadConfig(files, path);
  return recorded;
}

function configPath(status: unknown): string | null {
  if (typeof status !== 'object' || status === null || !('endpoint' in status)) return null;
  const { endpoint } = status;
  if (typeof endpoint !== 'object' || endpoint === null || !('config' in endpoint)) return null;
  return typeof endpoint.config === 'string' ? endpoint.config : null;
}

/** Milliseconds: peers that are no longer configured get their deletes. */
const reloadTimeoutMs = 15_000;

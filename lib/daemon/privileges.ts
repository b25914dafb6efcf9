/**
 * The first thing `mhtun up` does: to stop being root. As root it reads the configuration, so that a mistake in it is said
 * at once, and becomes the service's user (lib/platform/privileges.ts), which is given what it may not read itself.
 */
import { loadConfig } from '../config/load.js';
import type { ConfigFiles } from '../config/files.js';
import { recordFiles, replayFiles } from '../config/recorded-files.js';
import { configDisk } from '../control/config-disk.js';
import { clearStaleSocket } from '../control/server.js';
import { giveUpRoot, hardenProcess, hasRootToGiveUp, takeHandedOver } from '../platform/privileges.js';

/** What the daemon starts with. */
export interface Start {
  readonly files: ConfigFiles;
  /** A control socket that listens already; null: the daemon makes it. */
  readonly controlDescriptor: number | null;
  /** For the log, as warnings. */
  readonly notes: readonly string[];
}

/**
 * @param controlPath overrides `endpoint.control`
 * @throws ConfigError
 * @throws PlatformError when another daemon runs, or rights are missing
 */
export async function startUnprivileged(configPath: string, controlPath: string | null): Promise<Start> {
  const handed = takeHandedOver();
  if (handed !== null) {
    hardenProcess();
    return { files: replayFiles(handed.files), controlDescriptor: handed.controlDescriptor, notes: handed.notes };
  }
  const { files, recorded } = recordFiles(configDisk);
  let notes: readonly string[] = [];
  if (hasRootToGiveUp()) {
    const { config } = loadConfig(files, configPath);
    const control = controlPath ?? config.endpoint.control;
    await clearStaleSocket(control);
    const keyLog = process.env['MHTUN_KEYLOG'] ?? '';
    notes = giveUpRoot({ files: recorded, controlPath: control, ownFolders: keyLog === '' ? [] : [keyLog], stateFolder: config.pools.length === 0 ? null : config.endpoint.state });
  }
  hardenProcess();
  return { files, controlDescriptor: null, notes };
}

/** What an authority has issued: `register.json` in its folder. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './context.js';

export interface Register {
  /** Of the newest list of what is revoked. */
  readonly listNumber: number;
  readonly issued: readonly {
    readonly name: string;
    /** In hex. */
    readonly serial: string;
    /** Milliseconds since 1970; `revoked` null: it is not. */
    readonly notAfter: number;
    readonly revoked: number | null;
  }[];
}

/** Empty where there is none yet. @throws CliError where it is none */
export function readRegister(folder: string): Register {
  const path = join(folder, 'register.json');
  if (!existsSync(path)) return { listNumber: 0, issued: [] };
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    parsed = null;
  }
  if (!isRegister(parsed)) throw new CliError(`${path} is not what mhtun pki wrote`, 1);
  return parsed;
}

export function writeRegister(folder: string, register: Register): void {
  writeFileSync(join(folder, 'register.json'), `${JSON.stringify(register, null, 2)}\n`, { mode: 0o600 });
}

function isRegister(value: unknown): value is Register {
  if (typeof value !== 'object' || value === null || !('listNumber' in value) || !('issued' in value) || !Array.isArray(value.issued)) return false;
  const entries: readonly unknown[] = value.issued;
  return Number.isSafeInteger(value.listNumber) && entries.every(isEntry);
}

function isEntry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!('name' in value && 'serial' in value && 'notAfter' in value && 'revoked' in value)) return false;
  const { name, serial, notAfter, revoked } = value;
  return typeof name === 'string' && typeof serial === 'string' && /^([0-9a-f]{2})+$/.test(serial) && typeof notAfter === 'number' && (revoked === null || typeof revoked === 'number');
}

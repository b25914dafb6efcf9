/** The keys of SAs as one of the two ends tells them: its key log has those of ESP, programs/key-tap.mjs what else was a key. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../lib/util/bytes.js';
import type { Needle } from './memory.js';

export interface LearntFrom {
  /** The file of programs/key-tap.mjs. */
  readonly tap: string;
  /** The folder of MHTUN_KEYLOG. */
  readonly keyLog: string;
  /** How long SK_d and its like are: a key of HMAC with another length is none of them, but public (Ni | Nr). */
  readonly prfOctets: number;
  /** In hex: what is made of the PSK alone stays as long as that. */
  readonly configured: string;
}

/** The keys that the other end has used, new ones each time. */
export class LearntKeys {
  readonly #of: LearntFrom;
  readonly #known = new Set<string>();

  constructor(of: LearntFrom) {
    this.#of = of;
  }

  fresh(): Needle[] {
    const { tap, keyLog, prfOctets, configured } = this.#of;
    const esp = linesOf(join(keyLog, 'esp_sa')).flatMap((line) => [...line.matchAll(/"0x([0-9a-f]{32,})"/g)].map(([, hex = '']) => ['ESP key', hex] as const));
    const tapped = linesOf(tap).map((line) => line.split(' ')).flatMap(([kind = '', hex = '']) => {
      const isKey = kind !== 'hmac' || (hex.length === prfOctets * 2 && hex !== configured);
      return isKey && hex.length > 0 ? [[kind === 'agreed' ? 'shared secret' : kind === 'hmac' ? 'SK_d, SK_p, SK_a or SKEYSEED' : 'SK_e', hex] as const] : [];
    });
    const fresh: Needle[] = [];
    // First those of ESP: with the TypeScript data plane they are among the tapped ones, too.
    for (const [name, hex] of [...esp, ...tapped]) {
      const start = hex.slice(0, 32);
      if (this.#known.has(start)) continue;
      this.#known.add(start);
      fresh.push({ name, octets: fromHex(hex) });
    }
    return fresh;
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '') : [];
}

/** The EAP methods that there are. */
import type { EapMethod, EapMethodName } from './method.js';
import { md5Method } from './methods/md5.js';
import { mschapv2Method } from './methods/mschapv2.js';

const methods: readonly EapMethod[] = [mschapv2Method, md5Method];

export function methodNamed(name: EapMethodName): EapMethod | null {
  return methods.find((method) => method.name === name) ?? null;
}

export function methodOfType(type: number): EapMethod | null {
  return methods.find((method) => method.type === type) ?? null;
}

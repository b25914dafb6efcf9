/** Every kind of fault, by its name. */
import { attackerFaults } from './attackers.js';
import { hostFaults } from './hosts.js';
import type { FaultKind } from './kind.js';
import type { FaultName } from './names.js';
import { networkFaults } from './network.js';
import { operatorFaults } from './operators.js';

export const faultKinds: Readonly<Record<FaultName, FaultKind>> = { ...networkFaults, ...hostFaults, ...operatorFaults, ...attackerFaults };

export const faultNames: readonly FaultName[] = Object.keys(faultKinds).filter(isFaultName);

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultKinds, name);
}

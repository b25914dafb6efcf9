/** What a test wishes of the paths of an IKE SA, and what it said and did of them, in short words. */
import type { IkeCommand } from '../../lib/ike/io.js';
import type { DatagramPath } from '../../lib/util/address.js';
import { path, reversed, type IkeEnd } from './ike-end.js';

/** Three pairs between moon and sun, as moon sees them. */
export const home: DatagramPath = path('10.1.0.1:4500', '10.1.0.2:4500');
export const second: DatagramPath = { ...path('10.2.0.1:4500', '10.2.0.2:4500'), device: 'eth1' };
export const third: DatagramPath = { ...path('10.3.0.1:4500', '10.3.0.2:4500'), device: 'eth2' };

/** The same pair as the other end sees it. */
export function mirrored(pair: DatagramPath): DatagramPath {
  return { ...reversed(pair), device: pair.device };
}

let lastTest = 0;

export function testOf(paths: readonly DatagramPath[], options: Partial<TestCommand> = {}): TestCommand {
  return { kind: 'test-paths', test: ++lastTest, paths, alone: false, desperate: false, asksNat: false, timeoutMs: 1_000, padToBytes: null, ...options };
}

export function aloneOn(path: DatagramPath, timeoutMs = 1_000): TestCommand {
  return testOf([path], { alone: true, timeoutMs });
}

export function moveTo(path: DatagramPath, early = false): Extract<IkeCommand, { readonly kind: 'move' }> {
  return { kind: 'move', path, cause: 'test', early };
}

/** Every verdict: `10.2.0.1 answered 20 validated`. */
export function verdicts(end: IkeEnd): string[] {
  return end.paths.flatMap((news) => {
    if (news.kind !== 'path-tested') return [];
    return [`${news.path.local.address} ${news.outcome}${milliseconds(news.rttMs)}${news.validated ? ' validated' : ''}`];
  });
}

/** Every path that something came over: `10.2.0.1 20`. */
export function heard(end: IkeEnd): string[] {
  return end.paths.flatMap((news) => (news.kind === 'path-heard' ? [`${news.path.local.address}${milliseconds(news.rttMs)}`] : []));
}

/** Every path that outbound Child SAs were switched to: `10.2.0.1 → 10.2.0.2`. */
export function switches(end: IkeEnd): string[] {
  return end.outputs.flatMap((output) => (output.kind === 'data-plane' ? output.commands : []))
    .flatMap((command) => (command.kind === 'switch-path' ? [`${command.path.local.address} → ${command.path.remote.address}`] : []));
}

/** Where each outbound half sends. */
export function outbound(end: IkeEnd): string[] {
  const paths = new Map<number, string>();
  for (const command of end.outputs.flatMap((o) => (o.kind === 'data-plane' ? o.commands : []))) {
    if (command.kind === 'install-outbound') paths.set(command.child, command.path.remote.address);
    if (command.kind === 'switch-path') for (const child of command.children) if (paths.has(child)) paths.set(child, command.path.remote.address);
    if (command.kind === 'remove-outbound') paths.delete(command.child);
  }
  return [...paths.values()];
}

type TestCommand = Extract<IkeCommand, { readonly kind: 'test-paths' }>;

function milliseconds(rttMs: number | null): string {
  return rttMs === null ? '' : ` ${rttMs}`;
}

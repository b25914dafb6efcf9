/** Our configuration as text. */
import { configKeys, type Section } from '../config/keys.js';
import type { Draft, DraftPart, DraftTable, DraftValue } from './model.js';

/** Keys in the order of the manual page. */
export function configText(draft: Draft): string {
  const blocks = [block('[endpoint]', 'endpoint', draft.endpoint), ...draft.peers.map(peerText)];
  return `${blocks.join('\n\n')}\n`;
}

function peerText({ table, children }: { readonly table: DraftTable; readonly children: readonly DraftPart[] }): string {
  return [block('[[peer]]', 'peer', table), ...children.map((child) => block('[[peer.child]]', 'child', child.table))].join('\n');
}

function block(title: string, section: Section, table: DraftTable): string {
  const lines = configKeys[section].flatMap((key) => {
    const value = table.get(key);
    return value === undefined ? [] : [`${key} = ${valueText(value)}`];
  });
  return [title, ...lines].join('\n');
}

function valueText(value: DraftValue): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' ? `[${value.map(quoted).join(', ')}]` : String(value);
}

/** TOML's basic string. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

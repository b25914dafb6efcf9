/** Fills the configuration of a scenario: `{{name}}` stands for a value, a list as the format writes lists. */
import { LabError } from './exec.js';

export type Variables = Readonly<Record<string, string | readonly string[]>>;

/** How each format writes a list. */
const listStyles = {
  toml: (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(', ')}]`,
  swanctl: (items: readonly string[]) => items.join(', '),
} as const;

/** @throws LabError for a name that has no value */
export function fill(template: string, format: 'toml' | 'swanctl', variables: Variables): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new LabError(`the template names {{${name}}}, which has no value`);
    return typeof value === 'string' ? value : listStyles[format](value);
  });
}

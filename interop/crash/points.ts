/** Which of the many steps in a daemon's life are worth dying at. */

/**
 * So many of the labels, in their order: the first of each kind of step, before and after it, then the last of each kind, then any others, all
 * spread evenly where there are more than are wanted.
 */
export function choosePoints(labels: readonly string[], count: number): string[] {
  const kindOf = (label: string): string => label.replace(/ #\d+$/, '');
  const chosen = new Set<string>();
  const first = new Map<string, string>();
  const last = new Map<string, string>();
  for (const label of labels) {
    if (!first.has(kindOf(label))) first.set(kindOf(label), label);
    last.set(kindOf(label), label);
  }
  for (const group of [[...first.values()], [...last.values()].filter(isEarly), labels.filter(isEarly)]) {
    const fresh = group.filter((label) => !chosen.has(label));
    for (const label of spread(fresh, count - chosen.size)) chosen.add(label);
  }
  return labels.filter((label) => chosen.has(label));
}

/** Later ones of a kind do not come in every life: how often paths are tested depends on time. */
function isEarly(label: string): boolean {
  return Number(/#(\d+)$/.exec(label)?.[1] ?? '0') <= latestCounted;
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: Math.max(0, count) }, (_, index) => items[Math.floor((index * items.length) / count)]).filter((item) => item !== undefined);
}

const latestCounted = 6;

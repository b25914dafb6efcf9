/** The known word that a mistyped one most likely stands for. */

/**
 * The candidate with the smallest edit distance to `word`, or null where none is near enough to be meant:
 * at most two edits, and no more than a third of the word (one for very short words). Failing that, the first that `word` begins.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | null {
  const typed = normalise(word);
  const known = [...candidates];
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.min(2, Math.floor(typed.length / 3))) + 1;
  for (const candidate of known) {
    const distance = editDistance(typed, normalise(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? (typed.length < minBeginning ? null : (known.find((candidate) => normalise(candidate).startsWith(typed)) ?? null));
}

/** Letters from which on the beginning of a word stands for it. */
const minBeginning = 3;

/** How many letters have to be inserted, deleted, replaced or swapped with their neighbour to make one of the other. */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > maxEditDistance || a.length > maxWordLength) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_unused, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? Infinity;
}

/** Words further apart than this are never near; it keeps hostile input from costing anything. */
const maxEditDistance = 8;
const maxWordLength = 64;

/** `natPort` and `nat-port` are as good as `nat_port`. */
function normalise(word: string): string {
  return word.replaceAll('-', '_').replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}

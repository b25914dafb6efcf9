/** Patterns as people write them for names of files, interfaces and identities. */

/** `*` and `?` as a shell has them: any run of characters, and any one. */
export function globMatches(text: string, pattern: string): boolean {
  return covers(text, pattern, '?');
}

/** `*` stands for any run of characters, the rest, `?` too, for itself. */
export function wildcardMatches(text: string, pattern: string): boolean {
  return covers(text, pattern, null);
}

/** In time linear in most cases, and the product of lengths at worst: a mismatch goes back to the last star alone. */
function covers(text: string, pattern: string, anyOne: string | null): boolean {
  let at = 0;
  let want = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[want];
    if (wanted === '*') {
      star = want++;
      resume = at;
    } else if (wanted !== undefined && (wanted === text[at] || wanted === anyOne)) {
      want++;
      at++;
    } else if (star >= 0) {
      want = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[want] === '*') want++;
  return want === pattern.length;
}

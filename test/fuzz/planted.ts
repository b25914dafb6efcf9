/** Faults for the fuzzer to find, behind branches that chance does not take. */

/** Throws for one beginning in 2^40. */
export function staircase(input: Uint8Array): void {
  if (input[0] !== 0x4d) return;
  if (input[1] !== 0x17) return;
  if (input[2] !== 0x99) return;
  if (input[3] !== 0x03) return;
  if (input[4] === 0xe0) throw new Error('the top of the stairs');
}

/** Takes a piece that says how long it is, and throws for three of them in a row that fill the input. */
export function pieces(input: Uint8Array): void {
  let at = 0;
  let count = 0;
  while (at < input.length) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    if (length < 6 || at + length > input.length) return;
    at += length;
    if (++count === 2) continue;
    if (count === 3 && at === input.length) throw new Error('three pieces');
  }
}

/** Never ends, or is slow. */
export function forEver(input: Uint8Array): void {
  for (let left = input[0] === 0x07 ? Infinity : 0; left > 0; left--) input[1] = 0;
  if (input[0] === 0x08) for (let i = 0; i < 1e8; i++) input[2] = i;
}

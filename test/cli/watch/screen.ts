/** A terminal as far as a live view needs one: cells, the cursor, and the sequences that the view writes. An unknown one is a failure. */

export class Screen {
  readonly #columns: number;
  #cells: string[][];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#cells = Array.from({ length: rows }, () => this.#blank());
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|[^\u001b]|\u001b/gu)) {
      if (token.startsWith('\u001b')) this.#command(token.slice(1));
      else this.#put(token);
    }
  }

  /** As a person sees them. */
  lines(): string[] {
    return this.#cells.map((row) => row.join('').trimEnd());
  }

  #put(letter: string): void {
    const row = this.#cells[this.#row];
    if (row === undefined || letter < ' ') throw new Error(`out of the screen or a control letter: ${JSON.stringify(letter)}`);
    row[this.#column] = letter;
    // Without line wrap the cursor stays on the last cell.
    this.#column = Math.min(this.#columns - 1, this.#column + 1);
  }

  #command(sequence: string): void {
    const place = /^\[(\d+);(\d+)H$/.exec(sequence);
    if (place !== null) {
      this.#row = Number(place[1]) - 1;
      this.#column = Number(place[2]) - 1;
    } else if (sequence === '[H') {
      this.#row = this.#column = 0;
    } else if (sequence === '[2J') {
      this.#cells = this.#cells.map(() => this.#blank());
    } else if (sequence === '[K') {
      this.#cells[this.#row]?.fill(' ', this.#column);
    } else if (!/^\[\d*m$/.test(sequence)) {
      throw new Error(`a sequence that nobody expects: ${JSON.stringify(sequence)}`);
    }
  }

  #blank(): string[] {
    return Array.from({ length: this.#columns }, () => ' ');
  }
}

/** What the demo shows: a picture of the lab and one line for each step, with a tick and the figure. */

export class Screen {
  readonly #live: boolean = process.stdout.isTTY;
  readonly #colour: boolean = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  #pending = '';

  /** The title and the picture. */
  open(): void {
    const path1 = (text: string): string => this.#paint('36', text);
    const path2 = (text: string): string => this.#paint('33', text);
    const picture = [
      '',
      `  ${this.#bold('mhtun')}  ${this.#dim('one tunnel between two hosts, over either of their two uplinks')}`,
      '',
      `                          ${path1('╭────── isp 1 ──────╮')}`,
      `      alice ───── ${this.#bold('moon')} ───┤                   ├─── ${this.#bold('sun')} ───── bob`,
      `  ${this.#dim('192.168.1.10')}            ${path2('╰────── isp 2 ──────╯')}           ${this.#dim('192.168.2.10')}`,
      '',
    ];
    process.stdout.write(`${picture.join('\n')}\n`);
  }

  /** What is being done; replaced by the next `done` where the terminal can. */
  doing(text: string): void {
    this.#pending = text;
    if (this.#live) process.stdout.write(`  ${this.#dim('·')} ${this.#dim(text)}`);
  }

  done(figure: string, text: string = this.#pending, more: string = ''): void {
    this.#line(this.#paint('32', '✓'), text, figure, more);
  }

  failed(reason: string): void {
    this.#line(this.#paint('31', '✗'), this.#pending, '', '');
    process.stdout.write(`\n  ${reason.replaceAll('\n', '\n  ')}\n`);
  }

  say(text: string): void {
    process.stdout.write(`  ${text}\n`);
  }

  blank(): void {
    process.stdout.write('\n');
  }

  /** What the lines after it have in common. */
  heading(text: string): void {
    process.stdout.write(`\n  ${this.#bold(text)}\n`);
  }

  #line(mark: string, text: string, figure: string, more: string): void {
    const erase = this.#live ? '\r\u001b[K' : '';
    const figures = more === '' ? this.#bold(figure) : `${this.#bold(figure.padStart(figureWidth))}   ${this.#dim(more)}`;
    process.stdout.write(`${erase}  ${mark} ${text.padEnd(textWidth)} ${figures}\n`);
  }

  #dim(text: string): string {
    return this.#paint('2', text);
  }

  #bold(text: string): string {
    return this.#paint('1', text);
  }

  #paint(code: string, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** Wide enough for the longest step, and for what an event costs. */
const textWidth = 58;
const figureWidth = 8;

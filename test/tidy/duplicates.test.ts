/** The same lines twice are one thing without a name. */
import { expect } from 'chai';
import { readProjectFile, typescriptFiles } from './project-files.js';

/** So many lines of code in a row that two places share are no coincidence. */
const windowLines = 8;

describe('the code of lib/', () => {
  it(`says nothing twice that takes ${windowLines} lines or more`, () => {
    const first = new Map<string, string>();
    const repeats = new Set<string>();
    for (const path of typescriptFiles('lib', 'bin')) {
      const lines = codeLines(path);
      for (let i = 0; i + windowLines <= lines.length; i++) {
        const window = lines.slice(i, i + windowLines);
        const text = window.map((line) => line.text).join('\n');
        const where = `${path}:${window[0]?.number ?? 0}`;
        const known = first.get(text);
        if (known === undefined) first.set(text, where);
        else repeats.add(`${known} = ${where}`);
      }
    }
    expect([...repeats]).to.deep.equal([]);
  });
});

/** Lines that do something: no blanks, comments, imports, brackets alone, fields of an interface, nor digits of a prime. */
function codeLines(path: string): { readonly text: string; readonly number: number }[] {
  return readProjectFile(path)
    .split('\n')
    .map((line, index) => ({ text: line.trim(), number: index + 1 }))
    .filter(({ text }) => !/^(|\/?\*.*|\/\/.*|import .*|\} from .*|[\])},;({[]+|readonly \w+\??: .*;|[0-9A-Fa-f ]{32,})$/.test(text));
}

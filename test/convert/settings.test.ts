import { expect } from 'chai';
import { Remarks } from '../../lib/convert/model.js';
import { View } from '../../lib/convert/section.js';
import { readSettings } from '../../lib/convert/settings.js';
import { Sources } from '../../lib/convert/sources.js';
import { memoryFiles, type MemoryFiles } from '../config/sources.js';
import { refusal } from './imported.js';

interface Tree {
  readonly [key: string]: string | Tree;
}

/** What counts, as nested objects. */
function treeOf(files: MemoryFiles): { readonly tree: Tree; readonly remarks: Remarks } {
  const remarks = new Remarks();
  const sources = new Sources(memoryFiles(files), remarks);
  const root = readSettings(sources, remarks, '/etc/a.conf', sources.read('/etc/a.conf'));
  return { tree: shown(new View(root)), remarks };
}

function shown(view: View): Tree {
  const entries: readonly (readonly [string, string | Tree])[] = [
    ...view.values().map(([key, value]): [string, string] => [key, value.text]),
    ...view.sectionsFrom('').map(([name, section]): [string, Tree] => [name, shown(section)]),
  ];
  return Object.fromEntries(entries);
}

const texts: readonly (readonly [title: string, text: string, tree: Tree])[] = [
  ['keys, sections, comments', '# one\na = b # two\ns { x = 1\n  t\n {\ny=2} }\r\n', { a: 'b', s: { x: '1', t: { y: '2' } } }],
  ['words with one blank between', 'a =  b \t c   \nb = x{y:z,=\n', { a: 'b c', b: 'x{y:z,=' }],
  ['strings', 'a = "b  # c }" d\nb = "x\\"y\\\\z\\n\\t\\r\\q"\nc = "two\nlines" end\nd = "joined \\\nup"\n', { a: 'b  # c } d', b: 'x"y\\z\n\t\rq', c: 'two\nlines end', d: 'joined up' }],
  ['the last of two values', 'a = 1\na = 2\ns { a = 1 }\ns { b = 2\na = 3 }\n', { a: '2', s: { a: '3', b: '2' } }],
  ['an empty value as none', 'a =\nb = ""\ns { c = \n d = 1 }\n', { s: { d: '1' } }],
  ['inheritance', 'base { a = 1\n b = 1\n part { x = 1\n y = 1 } }\none : base { b = 2\n part { y = 2 } }\n', {
    base: { a: '1', b: '1', part: { x: '1', y: '1' } }, one: { a: '1', b: '2', part: { x: '1', y: '2' } },
  }],
  ['inheritance from what comes later and from several, the first counting', 'one : s.x , s.y { }\ns { x { a = 1 }\n y { a = 2\n b = 2 } }\n', {
    one: { a: '1', b: '2' }, s: { x: { a: '1' }, y: { a: '2', b: '2' } },
  }],
  ['an empty value that hides an inherited one', 'base { a = 1 }\none : base { a = \n }\n', { base: { a: '1' }, one: {} }],
  ['a circle of inheritance', 'a : b { x = 1 }\nb : a { y = 2 }\n', { a: { x: '1', y: '2' }, b: { x: '1', y: '2' } }],
  ['a key that is called include', 'include = x\n', { include: 'x' }],
];

describe('the settings of strongSwan', () => {
  for (const [title, text, tree] of texts) {
    it(`read ${title}`, () => {
      expect(treeOf({ '/etc/a.conf': text }).tree).to.deep.equal(tree);
    });
  }

  it('include files where they are named, from the folder of the file that names them', () => {
    const { tree, remarks } = treeOf({
      '/etc/a.conf': 's {\ninclude conf.d/*.conf # all\n}\ninclude "b c"\ninclude none',
      '/etc/conf.d/1.conf': 'a = 1\ninclude sub/x', '/etc/conf.d/2.conf': 'b = 2', '/etc/conf.d/sub/x': 'c = 3', '/etc/b c': 'd = 4',
    });
    expect(tree).to.deep.equal({ s: { a: '1', b: '2', c: '3' }, d: '4' });
    expect(remarks.list.map(({ line, says }) => `${line} ${says}`)).to.deep.equal(['5 include none']);
  });

  it('say where nothing is inherited for want of the section', () => {
    const { remarks } = treeOf({ '/etc/a.conf': '\na : b.c { }\n' });
    expect(remarks.list).to.deep.equal([{ file: '/etc/a.conf', line: 2, says: ': b.c', message: 'nothing is inherited: there is no section of this name' }]);
  });

  const mistakes: readonly (readonly [text: string, said: string])[] = [
    ['a {\n b {\n }\n', 'a.conf:1: expected "}" for the section that begins here; got the end of the file'],
    ['a = 1\n}\n', 'a.conf:2: got "}" where no section is open'],
    ['a = "x\ny', 'a.conf:1: expected a quote that closes the string which begins here; got the end of the file'],
    ['a = "x\\\ny\nz"\nb c', 'a.conf:4: expected "=" or "{" after this name; got another word'],
    ['\na b\n', 'a.conf:2: expected "=" or "{" after this name; got another word'],
    ['a\n', 'a.conf:1: expected "=" or "{" after this name; got the end of the file'],
    ['"hush" = 1\n', 'a.conf:1: expected a key or the name of a section; got a string in quotes'],
    ['{ }\n', 'a.conf:1: expected a key or the name of a section; got "{"'],
    ['a : { }\n', 'a.conf:1: expected the name of a section to inherit from; got "{"'],
    ['a {\n'.repeat(65), 'a.conf:65: sections are at most 64 deep in each other'],
    ['include a.conf\n', 'a.conf:1: files include each other at most 8 deep'],
    [`${Array.from({ length: 70 }, (_, i) => `s${i} : s${i + 1} { }\n`).join('')}connections : s0 { }\n`, 'a.conf:64: a section inherits from at most 64 others'],
  ];
  for (const [text, said] of mistakes) {
    it(`are refused: ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(refusal(text, 'swanctl')).to.deep.equal([said]);
    });
  }
});

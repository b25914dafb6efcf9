import { expect } from 'chai';
import { table, type Column } from '../../lib/cli/table.js';
import { page } from './fixtures.js';

interface Row {
  readonly name: string;
  readonly figure: string;
  readonly why: string;
  readonly rest: string;
}

const columns: readonly Column<Row>[] = [
  { heading: 'NAME', cell: ({ name }) => ({ text: name }) },
  { heading: 'FIGURE', right: true, least: 8, cell: ({ figure }) => ({ text: figure }), yields: { turn: 3, to: 'nowhere' } },
  { heading: 'WHY', cell: ({ why }) => ({ text: why }), yields: { turn: 1, to: 'beneath' } },
  { heading: 'R', cell: ({ rest }) => ({ text: rest }), yields: { turn: 2, to: 'nowhere' } },
];
const rows: readonly Row[] = [
  { name: 'sun', figure: '7', why: 'it is the nearest star', rest: 'x' },
  { name: 'ääää', figure: '12', why: '', rest: '' },
];
const options = { indent: '  ', marker: ({ name }: Row) => (name === 'sun' ? '> ' : '  ') };

describe('a table', () => {
  it('aligns columns by what is seen, without trailing spaces, on one line a row where nothing limits it', () => {
    expect(table(rows, columns, page(), options)).to.deep.equal([
      '  NAME  FIGURE  WHY                     R',
      '> sun        7  it is the nearest star  x',
      '  ääää      12',
    ]);
  });

  it('puts beneath the line what yields first, wrapped', () => {
    expect(table(rows, columns, page(20), options)).to.deep.equal([
      '  NAME  FIGURE  R',
      '> sun        7  x',
      '    it is the',
      '    nearest star',
      '  ääää      12',
    ]);
  });

  it('says once what several rows in a row have beneath them', () => {
    const alike = [...rows, { name: 'a', figure: '', why: 'too far away', rest: '' }, { name: 'b', figure: '', why: 'too far away', rest: '' }];
    expect(table(alike, columns, page(30), options).slice(3)).to.deep.equal(['  ääää      12', '  a', '  b', '    too far away']);
  });

  it('leaves out columns in their turn, and takes back what then fits', () => {
    expect(table(rows, columns, page(16), options)[0]).to.equal('  NAME  FIGURE');
    expect(table(rows, columns, page(13), options)[0]).to.equal('  NAME  R');
    expect(table(rows, columns, page(4), options).slice(0, 2)).to.deep.equal(['  NAME', '> sun']);
  });

  it('has no column without a word in it', () => {
    const silent = rows.map((row) => ({ ...row, why: '', rest: '' }));
    expect(table(silent, columns, page(), options)[0]).to.equal('  NAME  FIGURE');
  });

  it('keeps room for larger figures on a page that is shown again and again', () => {
    expect(table(rows, columns, page(null, true), options)[1]).to.equal('> sun          7  it is the nearest star  x');
  });
});

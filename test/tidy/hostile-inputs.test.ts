/** What needs no input to be safe stays so: whatever a peer says of itself can't reach a shell that nobody starts. */
import { expect } from 'chai';
import { typescriptFiles } from './project-files.js';
import { importsOf } from './sources.js';

describe('the program', () => {
  it('starts no other program', () => {
    const found = typescriptFiles('lib', 'bin').filter((path) => importsOf(path).some(({ target }) => target === 'node:child_process' || target === 'child_process'));
    expect(found).to.deep.equal([]);
  });
});

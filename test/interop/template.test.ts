/** How the configurations of scenarios are filled. */
import { expect } from 'chai';
import { LabError } from '../../interop/lab/exec.js';
import { fill } from '../../interop/lab/template.js';

describe('a template', () => {
  it('takes text as it is', () => {
    expect(fill('id = "{{id}}"', 'toml', { id: 'moon' })).to.equal('id = "moon"');
  });

  it('writes a list as each format has it', () => {
    const values = { nets: ['10.0.0.0/8', 'fd00::/8'] };
    expect(fill('{{nets}}', 'toml', values)).to.equal('["10.0.0.0/8", "fd00::/8"]');
    expect(fill('{{nets}}', 'swanctl', values)).to.equal('10.0.0.0/8, fd00::/8');
  });

  it('refuses a name without a value', () => {
    expect(() => fill('{{nobody}}', 'toml', {})).to.throw(LabError, /nobody/);
  });
});

/** The search for secrets finds one in every form in which programs say octets, and says which without saying it. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { secretsIn, secretsOfConfig } from '../../scripts/secret-search.js';
import { toHex } from '../../lib/util/bytes.js';
import { SecretKey } from '../../lib/crypto/key.js';

const octets = Uint8Array.from({ length: 36 }, (_, index) => (index * 53 + 7) & 0xff);
const secret = { name: 'SK_d', octets };

describe('the search for secrets', () => {
  const forms: readonly (readonly [string, string])[] = [
    ['hex', toHex(octets)],
    ['base64', Buffer.from(octets).toString('base64')],
    ['what Node prints of a Uint8Array', inspect(octets, { breakLength: Infinity })],
    ['what Node prints of a Buffer', inspect(Buffer.from(octets))],
    ['JSON of a Uint8Array', JSON.stringify(octets)],
    ['JSON of a Buffer', JSON.stringify(Buffer.from(octets))],
    ['the octets themselves', Buffer.from(octets).toString('latin1')],
  ];
  for (const [title, text] of forms) {
    it(`finds one as ${title}`, () => {
      const found = secretsIn([{ where: 'a log', text: `12:00 debug key=${text} and more` }], [secret]);
      expect(found).not.to.be.empty;
      expect(found.join()).to.include('SK_d').and.to.include('a log').and.not.to.include(text);
    });
  }

  it('finds nothing where a key prints itself', () => {
    const key = new SecretKey(octets);
    expect(secretsIn([{ where: 'a log', text: `${inspect(key)} ${JSON.stringify(key)} ${String(key)}` }], [secret])).to.be.empty;
  });

  it('takes the secrets of configurations, and finds them as text', () => {
    const [psk, other] = secretsOfConfig('[[peer]]\npsk = "a secret of more than twenty characters"\n secret = "for the other end, as long as that"\n');
    expect(Buffer.from(other?.octets ?? []).toString()).to.equal('for the other end, as long as that');
    expect(secretsIn([{ where: 'an error', text: 'no peer takes "a secret of more than twenty characters"' }], psk === undefined ? [] : [psk])).to.have.length(2);
  });
});

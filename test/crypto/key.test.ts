/** Secrets do not show, whichever way they are printed. */
import { expect } from 'chai';
import { format, inspect } from 'node:util';
import { SecretKey } from '../../lib/crypto/key.js';
import { systemRandom } from '../../lib/crypto/random.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';

describe('SecretKey', () => {
  const octets = Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 0x5e, 0xc2, 0xe7, 0x01);
  /** Every way in which these octets could show: hex, decimal in a list, base64, raw. */
  const traces = [/de,? ?ad,? ?be,? ?ef/i, /222,\s*173/, /"0":\s*222/, /3q2\+7/, /\u00de\u00ad/];

  const printed = (value: object): string[] => [
    JSON.stringify(value),
    JSON.stringify({ value }),
    JSON.stringify([value]),
    JSON.stringify({ ...value }),
    JSON.stringify(Object.entries(value)),
    inspect(value),
    inspect(value, { showHidden: true, depth: null, getters: true }),
    inspect({ nested: { value } }, { showHidden: true, depth: null }),
    format('%s %o %O %j', value, value, value, value),
  ];

  it('never prints its octets', () => {
    for (const text of printed(new SecretKey(octets))) for (const trace of traces) expect(text).not.to.match(trace);
  });

  it('would be caught printing them', () => {
    for (const trace of traces.slice(0, 2)) expect(printed(octets).concat(inspect(Buffer.from(octets))).join('\n')).to.match(trace);
  });

  it('never prints them inside a key pair or a job either', () => {
    const pair = { privateKey: new SecretKey(octets), publicValue: new Uint8Array(1) };
    const job = { kind: 'ke-derive', group: 31, privateKey: new SecretKey(octets), peerPublic: new Uint8Array(1) };
    for (const text of [...printed(pair), ...printed(job)]) for (const trace of traces) expect(text).not.to.match(trace);
  });

  it('says that it is redacted', () => {
    expect(String(new SecretKey(octets))).to.equal('[redacted]');
    expect(JSON.stringify({ key: new SecretKey(octets) })).to.equal('{"key":"[redacted]"}');
  });

  it('owns a copy, and wipes it alone', () => {
    const source = Uint8Array.from(octets);
    const key = new SecretKey(source);
    source[0] = 0;
    expect(key.expose()).to.deep.equal(octets);
    key.wipe();
    expect(key.expose()).to.deep.equal(new Uint8Array(8));
    expect(source[1]).to.equal(0xad);
  });

  it('stays unprinted when an algorithm makes it', () => {
    for (const ke of defaultRegistry.kes) {
      const a = ke.generate(systemRandom);
      const b = ke.generate(systemRandom);
      const secret = ke.derive(a.privateKey, b.publicValue);
      expect(JSON.stringify([a.privateKey, secret]), ke.name).to.equal('["[redacted]","[redacted]"]');
    }
  });
});
